"""Classical surrogates: linear maps that contain every function of their circuits."""

import functools

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tfq_resqunn import Quanv1D, Quanv2D, QuanvCircuit
from tfq_resqunn.circuits import ENCODERS, angle_encoder, basic_entangler
from tfq_resqunn.layers.surrogate import FourierMap, Surrogate1D, Surrogate2D, fourier_features
from tfq_resqunn.simulation.spectrum import spectrum

A, B = cirq.LineQubit.range(2)
X, Y, W = sympy.symbols("x_0 x_1 w_0")


def of_gates(*gates):
    return QuanvCircuit(cirq.Circuit(*gates, cirq.rx(W)(A)))


# A circuit, and the frequencies of its data symbols.
SPECTRA = {
    "a rotation": (of_gates(cirq.rx(X)(A)), [[1]]),
    "a power": (of_gates(cirq.Y(A) ** X), [[np.pi]]),
    "a factor and an offset": (of_gates(cirq.ry(3 * X + 1)(A)), [[3]]),
    "a negative factor": (of_gates(cirq.rz(-2 * X)(A)), [[2]]),
    "twice": (of_gates(cirq.rx(X)(A), cirq.ry(X)(B)), [[1, 2]]),
    "of two sizes": (of_gates(cirq.rx(X)(A), cirq.rx(3 * X)(A)), [[1, 2, 3, 4]]),
    "two symbols": (of_gates(cirq.rx(X)(A), cirq.rx(Y)(B)), [[1], [1]]),
    "controlled": (of_gates(cirq.CZ(A, B) ** X), [[np.pi]]),
    "on two qubits": (of_gates(cirq.ISWAP(A, B) ** X), [[np.pi / 2, np.pi]]),
}


@pytest.mark.once
@pytest.mark.parametrize("name", SPECTRA)
def test_spectra(name):
    circuit, expected = SPECTRA[name]
    found = spectrum(circuit)
    assert len(found) == len(expected)
    for of_one, frequencies in zip(found, expected, strict=True):
        np.testing.assert_allclose(of_one, frequencies, atol=1e-8)


@pytest.mark.once
@pytest.mark.parametrize(
    "exponent", [X * Y, X + Y, X**2, sympy.sin(X), X * W], ids=lambda exponent: str(exponent)
)
def test_data_that_enters_otherwise_has_no_spectrum(exponent):
    circuit = QuanvCircuit(cirq.Circuit(cirq.rx(exponent)(A), cirq.rx(W)(A)), inputs=None)
    with pytest.raises(ValueError, match="spectrum: each data symbol must enter gates as a mult"):
        spectrum(circuit)


@pytest.mark.once
def test_too_many_frequencies():
    powers = [cirq.rx(2**k * 1.37**k * X)(A) for k in range(12)]
    with pytest.raises(ValueError, match="up to 1000 frequencies"):
        spectrum(of_gates(*powers))


OF_LAYERS = {
    "default": {},
    "two uploads": {"n_uploads": 2, "kernel_size": (1, 2)},
    "three uploads": {"n_uploads": 3, "kernel_size": (1, 2)},
    "dense": {"encoder": "dense_angle"},
    "radians": {"encoder": functools.partial(angle_encoder, scale=1.0)},
    "strong entanglement": {"ansatz": "strongly_entangling", "n_layers": 2},
    "products": {"observables": ["Z0*Z1", "X2", "Z0*Z1*Z2*Z3"]},
    "filters": {"filters": 3, "kernel_size": (1, 2)},
}


@pytest.mark.parametrize("name", OF_LAYERS)
def test_a_surrogate_can_be_what_its_circuit_is(name, rng):
    """A map that fits one half of the images is exact on the other half."""
    quanv = Quanv2D(**OF_LAYERS[name], dtype="float64")
    surrogate = Surrogate2D(**OF_LAYERS[name], dtype="float64")
    images = rng.random((90, 8, 8, 1))
    outputs = np.asarray(quanv(images))
    assert tuple(surrogate(images).shape) == outputs.shape
    n_values = int(np.prod(quanv.kernel_size))
    patches = tf.image.extract_patches(
        images, [1, *quanv.kernel_size, 1], [1, *quanv.kernel_size, 1], [1] * 4, "VALID"
    )
    values = np.transpose(np.reshape(patches, [-1, n_values]))
    features = np.transpose(fourier_features(tf.constant(values), spectrum(quanv.circuit)))
    outputs = outputs.reshape(len(features), -1)
    half = len(features) // 2
    fitted, *_ = np.linalg.lstsq(features[:half], outputs[:half], rcond=None)
    np.testing.assert_allclose(features[half:] @ fitted, outputs[half:], atol=1e-6)
    surrogate.set_weights([fitted.T])
    np.testing.assert_allclose(surrogate(images), quanv(images), atol=1e-6)


def of_values(n, n_uploads=1, observables="z"):
    return QuanvCircuit.from_parts(n_uploads * angle_encoder(n), basic_entangler(n), observables)


# A circuit, and the number of filters.
OF_MAPS = {
    "one value": (of_gates(cirq.rx(X)(A)), 2),
    "a value without frequencies": (of_gates(cirq.rx(X)(A), cirq.I(B) ** Y), 1),
    "two values": (of_gates(cirq.rx(X)(A), cirq.rx(Y)(B)), 1),
    "unlike values": (of_gates(cirq.rx(X)(A), cirq.rx(3 * X)(A), cirq.Y(B) ** Y), 2),
    "three values": (of_values(3), 1),
    "four values": (of_values(4), 1),
    "one output": (of_values(4, observables=["Z0"]), 1),
    "filters": (of_values(4), 4),
    "more outputs than features": (of_values(2), 9),
    "two uploads": (of_values(4, n_uploads=2), 1),
    "nine values": (of_values(9), 1),
}


@pytest.mark.parametrize(
    ("dtype", "jit_compile"), [("float64", False), ("float64", True), ("float32", True)]
)
@pytest.mark.parametrize("name", OF_MAPS)
def test_a_map_is_its_kernel_times_all_products(name, dtype, jit_compile, rng):
    circuit, filters = OF_MAPS[name]
    layer = FourierMap(circuit, filters=filters, dtype=dtype)
    values = rng.normal(size=(len(circuit.inputs), 5)).astype(dtype)
    [kernel] = layer.get_weights()
    upstream = rng.normal(size=(len(kernel), 5))
    by_value, features = slopes_and_products(values.astype("float64"), spectrum(circuit))

    @tf.function(jit_compile=jit_compile)
    def differentiated(values, upstream):
        with tf.GradientTape() as tape:
            tape.watch(values)
            outputs = layer.expectations(values)
        sources = [values, *layer.trainable_weights]
        return outputs, *tape.gradient(outputs, sources, output_gradients=upstream)

    outputs, *gradients = differentiated(tf.constant(values), tf.constant(upstream, dtype))
    close = {"rtol": 1e-10, "atol": 1e-10} if dtype == "float64" else {"rtol": 1e-4, "atol": 1e-3}
    np.testing.assert_allclose(outputs, kernel @ features, **close)
    expected = [np.sum(upstream * (kernel @ slope), axis=0) for slope in by_value]
    np.testing.assert_allclose(gradients[0], expected, **close)
    np.testing.assert_allclose(gradients[1], upstream @ features.T, **close)


def slopes_and_products(values, frequencies):
    """Products of 1, cosines and sines by NumPy, and their derivatives by each value."""
    waves = [
        np.concatenate([np.ones((1, x.size)), np.cos(f * x), np.sin(f * x)])
        for x, f in zip(values, map(column, frequencies), strict=True)
    ]
    slopes = [
        np.concatenate([np.zeros((1, x.size)), -f * np.sin(f * x), f * np.cos(f * x)])
        for x, f in zip(values, map(column, frequencies), strict=True)
    ]
    by_value = [products([*waves[:i], slopes[i], *waves[i + 1 :]]) for i in range(len(waves))]
    return by_value, products(waves)


def column(numbers):
    return np.reshape(numbers, (-1, 1))


def products(factors):
    return functools.reduce(
        lambda a, b: np.einsum("an,bn->abn", a, b).reshape(-1, a.shape[1]), factors
    )


def test_no_more_is_computed_than_two_halves_of_the_features():
    """Nine values have 19,683 features; of 100,000 patches they would fill 7 gigabytes."""
    layer = FourierMap(of_values(9))
    graph = tf.function(layer.expectations).get_concrete_function(tf.TensorSpec([9, 100_000]))
    sizes = [t.shape.num_elements() for op in graph.graph.get_operations() for t in op.outputs]
    assert max(size for size in sizes if size) <= 3**6 * 100_000


def test_a_surrogate_is_a_linear_map_that_learns(rng):
    surrogate = Surrogate1D(kernel_size=2)
    x = rng.random((3, 6, 1)).astype("float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(surrogate(x) ** 2)
    [gradient] = tape.gradient(loss, surrogate.trainable_weights)
    kernel = surrogate.get_weights()[0]
    step = 1e-3 * np.sign(kernel)
    surrogate.set_weights([kernel + step])
    after = float(tf.reduce_sum(surrogate(x) ** 2))
    surrogate.set_weights([kernel - step])
    before = float(tf.reduce_sum(surrogate(x) ** 2))
    assert (after - before) / 2 == pytest.approx(float(np.sum(gradient * step)), rel=1e-2)


def test_its_input_gradient_can_be_stopped():
    x = tf.ones((1, 4, 1))
    for input_gradient in (True, False):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = Surrogate1D(input_gradient=input_gradient)(x)
        assert (tape.gradient(y, x) is not None) == input_gradient


def test_what_a_surrogate_has_not(rng):
    surrogate = Surrogate1D()
    surrogate(np.ones((1, 4, 1)))
    assert surrogate.plan is None
    assert surrogate.circuit == built(Quanv1D()).circuit
    for ask in (lambda: surrogate.angles, lambda: surrogate.set_angles({})):
        with pytest.raises(AttributeError, match="a surrogate has a linear map"):
            ask()


def built(layer):
    layer(np.ones((1, 4, 1)))
    return layer


@pytest.mark.parametrize("encoder", ENCODERS.built_in)
def test_each_encoder_has_a_surrogate_or_an_error(encoder):
    layer = Surrogate2D(encoder=encoder)
    if "angle" in encoder:
        layer(np.ones((1, 4, 4, 1)))
    else:
        with pytest.raises(ValueError, match="spectrum: each data symbol must"):
            layer(np.ones((1, 4, 4, 1)))


def test_too_many_features():
    with pytest.raises(ValueError, match="up to 20,000 features. Received a circuit with 43,046"):
        Surrogate2D(kernel_size=4)(np.ones((1, 4, 4, 1)))


def test_groups_start_with_maps_of_their_own():
    layer = Surrogate1D(2, groups=2)
    layer(np.ones((1, 4, 2)))
    first, second = layer.get_weights()
    assert first.shape == second.shape
    assert not np.array_equal(first, second)
