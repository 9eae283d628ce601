import warnings

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tests.helpers.reference import BACKENDS, HAS_TFQ, expectations, needs_tfq, tfq
from tfq_resqunn import EncodedPQC, QuanvCircuit
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.circuits import angle_encoder, basic_entangler, strongly_entangling
from tfq_resqunn.circuits.parts import Parts

Q = cirq.NamedQubit.range(3, prefix="q")
X = sympy.symbols("x_0:2")
W = sympy.symbols("w_0:3")

# More than TensorFlow Quantum serialises: products, functions, named qubits, re-uploaded data.
REUPLOADING = QuanvCircuit(
    cirq.Circuit(
        cirq.ry(X[0])(Q[0]),
        cirq.rx(X[1] * W[0])(Q[1]),
        cirq.CZ(*Q[:2]) ** W[1],
        cirq.ry(sympy.sin(X[0]) + W[2])(Q[0]),
        cirq.CCX(*Q),
        cirq.H(Q[2]) ** (X[1] * X[0]),
        cirq.ISWAP(Q[1], Q[2]) ** 0.4,
    ),
    [cirq.Z(Q[0]) * cirq.X(Q[1]) + 0.5 * cirq.Y(Q[2]) - 0.25, cirq.Z(Q[2])],
)
NAMED = QuanvCircuit.from_parts(angle_encoder(3), strongly_entangling(3, 2))
CIRCUITS = {"named": NAMED, "reuploading": REUPLOADING}


@pytest.fixture(params=CIRCUITS)
def circuit(request):
    return CIRCUITS[request.param]


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def features(circuit, n, rng):
    return rng.random((n, len(circuit.inputs))).astype("float32")


def test_is_a_pqc(circuit):
    layer = EncodedPQC(circuit)
    assert isinstance(layer, tfq.layers.PQC if HAS_TFQ else keras.layers.Layer)
    assert layer.symbols == list(circuit.weights)


@pytest.mark.parametrize("filters", [1, 3])
def test_forward_is_cirqs(circuit, filters, backend, rng):
    layer = EncodedPQC(circuit, filters=filters, backend=backend)
    x = features(circuit, 5, rng)
    found = layer(x)
    weights = layer.get_weights()[0]
    assert weights.shape == (filters, len(circuit.weights))
    truth = np.concatenate([expectations(circuit, x, w) for w in weights], axis=1)
    assert tuple(found.shape) == layer.compute_output_shape(x.shape) == truth.shape
    np.testing.assert_allclose(found, truth, atol=1e-5)


@needs_tfq
def test_weights_are_the_same_on_every_backend(circuit, rng):
    x = features(circuit, 4, rng)
    compiled, noiseless = (EncodedPQC(circuit, filters=2, backend=b) for b in BACKENDS)
    noiseless.set_weights(compiled.get_weights())
    np.testing.assert_allclose(noiseless(x), compiled(x), atol=1e-5)
    compiled.set_weights(noiseless.get_weights())
    np.testing.assert_allclose(noiseless(x), compiled(x), atol=1e-5)


def test_symbol_values_are_the_weights():
    layer = EncodedPQC(NAMED)
    assert list(layer.symbol_values()) == list(NAMED.weights)
    np.testing.assert_array_equal(list(layer.symbol_values().values()), layer.get_weights()[0][0])
    several = EncodedPQC(NAMED, filters=2)
    assert several.symbol_values()[NAMED.weights[0]].shape == (2,)


DIFFERENTIATORS = ["compiled"]
if HAS_TFQ:
    DIFFERENTIATORS += [
        None,
        "adjoint",
        "parameter_shift",
        tfq.differentiators.ParameterShift(),
        tfq.differentiators.CentralDifference(grid_spacing=0.01),
        "forward_difference",
    ]


@pytest.mark.parametrize("differentiator", DIFFERENTIATORS)
def test_gradients_are_finite_differences(circuit, differentiator, rng):
    how = {"backend": "noiseless", "differentiator": differentiator}
    layer = EncodedPQC(circuit, filters=2, **({} if differentiator == "compiled" else how))
    x = tf.constant(features(circuit, 3, rng))
    layer(x)
    mix = rng.normal(size=(3, 2 * len(circuit.observables)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x) * mix)
    by_inputs, by_weights = tape.gradient(loss, [x, layer.trainable_weights[0]])
    weights = layer.get_weights()[0].astype("float64")

    def truth(x, w):
        return np.sum(np.concatenate([expectations(circuit, x, row) for row in w], 1) * mix)

    point = [x.numpy().astype("float64"), weights]
    tolerance = 2e-2 if differentiator == "forward_difference" else 1e-3
    np.testing.assert_allclose(by_inputs, slopes(truth, point, 0), rtol=1e-3, atol=tolerance)
    np.testing.assert_allclose(by_weights, slopes(truth, point, 1), rtol=1e-3, atol=tolerance)


def slopes(f, point, which, step=1e-5):
    out = np.zeros_like(point[which])
    for index in np.ndindex(out.shape):
        values = []
        for sign in (1, -1):
            moved = [p.copy() for p in point]
            moved[which][index] += sign * step
            values.append(f(*moved))
        out[index] = (values[0] - values[1]) / (2 * step)
    return out


def test_input_gradient_can_be_cut(backend, rng):
    x = tf.constant(features(NAMED, 3, rng))
    layer = EncodedPQC(NAMED, input_gradient=False, backend=backend)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x))
    by_inputs, by_weights = tape.gradient(loss, [x, layer.trainable_weights[0]])
    assert by_inputs is None
    assert np.any(by_weights.numpy())


def test_pqcs_arguments_work(backend, rng):
    layer = EncodedPQC(
        NAMED,
        backend=backend,
        initializer=keras.initializers.Constant(2.0),
        regularizer=keras.regularizers.L2(0.5),
        constraint=keras.constraints.UnitNorm(axis=1),
    )
    x = features(NAMED, 2, rng)
    layer(x)
    n = len(NAMED.weights)
    np.testing.assert_allclose(layer.get_weights()[0], np.full((1, n), 2.0))
    np.testing.assert_allclose(layer.losses[0], 0.5 * 4 * n, rtol=1e-6)
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile("sgd", "mse")
    model.fit(x, np.zeros((2, 3)), verbose=0)
    np.testing.assert_allclose(np.linalg.norm(layer.get_weights()[0]), 1.0, rtol=1e-6)


def test_default_weights_are_uniform_over_a_turn():
    circuit = QuanvCircuit.from_parts(angle_encoder(4), basic_entangler(4))
    weights = EncodedPQC(circuit, filters=100).get_weights()[0]
    assert 0 <= weights.min() < 0.2
    assert 2 * np.pi - 0.2 < weights.max() <= 2 * np.pi
    assert not np.array_equal(weights, EncodedPQC(circuit, filters=100).get_weights()[0])


@needs_tfq
def test_config_round_trip(circuit, rng):
    layer = EncodedPQC(
        circuit,
        filters=2,
        backend="noiseless",
        differentiator=tfq.differentiators.CentralDifference(4, 0.02),
        initializer=keras.initializers.Zeros(),
        regularizer=keras.regularizers.L2(0.25),
        constraint=keras.constraints.NonNeg(),
        input_gradient=False,
        name="pqc",
        trainable=False,
    )
    again = EncodedPQC.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.circuit == circuit
    assert not again.trainable_weights
    x = features(circuit, 2, rng)
    again.build((None, len(circuit.inputs)))
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x), layer(x))


@pytest.mark.parametrize("policy", ["float32", "float64", "mixed_float16", "mixed_bfloat16"])
def test_dtype_policies(policy, backend, rng):
    layer = EncodedPQC(NAMED, dtype=policy, backend=backend)
    x = features(NAMED, 2, rng)
    found = layer(x)
    half = policy.startswith("mixed")
    assert found.dtype.name == (policy[6:] if half else policy)
    assert layer.parameters.dtype in ("float32", "float64")
    truth = expectations(NAMED, x, layer.get_weights()[0][0])
    np.testing.assert_allclose(
        tf.cast(found, tf.float64), truth, atol={"mixed_bfloat16": 0.1}.get(policy, 5e-3)
    )


@pytest.mark.parametrize("policy", ["float64", "mixed_bfloat16", "float16"])
def test_global_dtype_policies(policy, backend, rng):
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(policy)
    try:
        layer = EncodedPQC(NAMED, backend=backend)
        model = keras.Sequential([keras.Input((3,)), layer])
        found = model.predict(features(NAMED, 2, rng), verbose=0)
    finally:
        keras.mixed_precision.set_global_policy(before)
    assert layer.parameters.dtype == ("float64" if policy == "float64" else "float32")
    assert found.shape == (2, 3)


ERRORS = {
    "circuit": (
        lambda: EncodedPQC(cirq.Circuit()),
        TypeError,
        "`circuit` must be a QuanvCircuit. Received Circuit",
    ),
    "no_data": (
        lambda: EncodedPQC(QuanvCircuit(basic_entangler(2))),
        ValueError,
        "at least one data symbol .* Received one with the symbols w_000, w_001",
    ),
    "no_weights": (
        lambda: EncodedPQC(QuanvCircuit(angle_encoder(2))),
        ValueError,
        r"at least one weight.* data symbols only \(x_000, x_001\).*use trainable=False",
    ),
    "backend": (
        lambda: EncodedPQC(NAMED, backend="noiseles"),
        ValueError,
        "EncodedPQC: `backend` must be one of .*'noiseless'.* Received 'noiseles'",
    ),
    "filters": (lambda: EncodedPQC(NAMED, filters=0), ValueError, "`filters` must be at least 1"),
    "differentiator": (
        lambda: EncodedPQC(NAMED, backend=cirq.Simulator(), differentiator="shift"),
        ValueError,
        "`differentiator` must be None, one of 'adjoint', .* Received 'shift'",
    ),
    "differentiator_compiled": (
        lambda: EncodedPQC(NAMED, differentiator="adjoint"),
        ValueError,
        "'compiled' has exact gradients of its own. Received differentiator='adjoint'. Drop it, or",
    ),
    "n_features": (
        lambda: EncodedPQC(NAMED)(np.zeros((2, 4))),
        ValueError,
        r"shape \(n, 3\): one feature for each data symbol of `circuit` "
        r"\(x_000, x_001, x_002\). Received shape \(2, 4\)",
    ),
}


@pytest.mark.parametrize(
    "difference",
    [
        {},
        {"weights": [1, 2]},
        {"weights": [1, 2], "perturbations": [0, 1], "grid": 1},
        {"weights": "12", "perturbations": [0, 1]},
        {"weights": [1, None], "perturbations": [0, 1]},
        {"weights": [1, float("nan")], "perturbations": [0, 1]},
        {"weights": [1, 10**400], "perturbations": [0, 1]},
        {"weights": [1], "perturbations": [0]},
        {"weights": [1, 2], "perturbations": [0, 0]},
        {"weights": [1, 2, 3], "perturbations": [0, 1]},
    ],
)
def test_files_with_a_difference_that_is_none(difference):
    config = {**EncodedPQC(NAMED).get_config(), "differentiator": difference}
    with pytest.raises(ValueError, match="EncodedPQC: `differentiator`.* must .*perturbations"):
        EncodedPQC.from_config(config)


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize(("encoder", "n", "xla"), [("angle", 4, True), ("iqp", 6, False)])
def test_keras_is_told_where_xla_helps(encoder, n, xla):
    """On a GPU it always does; on a CPU it makes state vectors slower."""
    layer = EncodedPQC(Parts(encoder, "basic_entangler").build(n))
    assert layer.supports_jit == (xla or bool(tf.config.get_visible_devices("GPU")))
    model = keras.Sequential([keras.Input((n,)), layer])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras says what it does instead
        model.compile("sgd", "mse", jit_compile=True)
    if IS_KERAS_3:
        assert model.jit_compile == layer.supports_jit
    history = model.fit(np.zeros((2, n)), np.zeros((2, n)), verbose=0)
    assert np.isfinite(history.history["loss"]).all()
