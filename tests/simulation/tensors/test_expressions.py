import numpy as np
import pytest
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.tensors.expressions import tensor_function

pytestmark = pytest.mark.once

X, Y = sympy.symbols("x y", real=True)
EXPRESSIONS = [
    sympy.pi * X, sympy.sin(X) + Y, sympy.atan2(X, Y), sympy.sqrt(X**2 + Y**2), sympy.exp(-X),
    sympy.Piecewise((1, X > 0.5), (Y, True)), sympy.Max(X, Y), sympy.acos(X * Y),
    X ** sympy.Rational(1, 3), sympy.Abs(X - 1), sympy.log(X), sympy.tanh(Y), X / (1 + Y),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_value_and_gradient_are_sympys(expression, dtype):
    x, y = tf.constant([0.3, 0.7], dtype), tf.constant([0.6, 0.2], dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        (value,) = tensor_function([X, Y], [expression])(x, y)
    assert value.dtype == dtype
    points = list(zip([0.3, 0.7], [0.6, 0.2], strict=True))
    truth = [float(expression.subs({X: a, Y: b})) for a, b in points]
    slope = [float(expression.diff(X).subs({X: a, Y: b})) for a, b in points]
    tolerance = 1e-5 if dtype == tf.float32 else 1e-12
    np.testing.assert_allclose(value, truth, atol=tolerance)
    gradient = tape.gradient(value, x, unconnected_gradients="zero")
    np.testing.assert_allclose(gradient, slope, atol=tolerance)


BESIDE_NUMBERS = [
    sympy.Max(0, X), sympy.Min(X, 1), sympy.Max(0, X, Y), sympy.Min(0.5, Y, X), sympy.atan2(1, X),
    sympy.Max(0, sympy.sign(X - 0.5)), sympy.Mod(X, 1), sympy.Max(0, sympy.Min(1, X + Y)),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("expression", BESIDE_NUMBERS, ids=str)
def test_numbers_beside_tensors_have_their_dtype_in_a_graph_too(expression, dtype):
    x, y = tf.constant([0.3, 0.7], dtype), tf.constant([0.6, 0.2], dtype)
    function = tensor_function([X, Y], [expression])
    (value,) = tf.function(function, autograph=False)(x, y)
    truth = [float(expression.subs({X: a, Y: b})) for a, b in [(0.3, 0.6), (0.7, 0.2)]]
    assert value.dtype == dtype
    np.testing.assert_allclose(value, truth, atol=1e-6)


def test_names_that_python_cannot_have():
    symbol = sympy.Symbol("my angle, 2")
    assert tensor_function([symbol], [symbol + 1])(tf.constant(1.0))[0].numpy() == 2


def test_unsupported_functions_are_named():
    with pytest.raises(ValueError, match="No TensorFlow form of one of .*zeta"):
        tensor_function([X], [sympy.zeta(X)])


def test_numbers_do_not_depend_on_dummies_that_others_have_made(monkeypatch):
    symbols = sympy.symbols("a:8")
    expressions = [sympy.prod(symbols), sum(symbols), sympy.pi * symbols[0] * symbols[5]]
    values = np.random.default_rng(0).random((8, 50)).astype("float32")
    found = []
    for count in (20, 94):  # sympy orders them by name: "Dummy_100" comes before "Dummy_99"
        monkeypatch.setattr(sympy.Dummy, "_count", count)
        found.append(np.array(tensor_function(symbols, expressions)(*tf.constant(values))))
    np.testing.assert_array_equal(*found)
