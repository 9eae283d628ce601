"""Exact noisy expectations against Cirq's density matrices."""

import itertools

import cirq
import numpy as np
import pytest
import tensorflow as tf

from tfq_resqunn import Quanv2D
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.circuits.noise.strengths import NAMES
from tfq_resqunn.circuits.parts import Parts
from tfq_resqunn.simulation.pauli_vectors import method
from tfq_resqunn.simulation.plan import compile_circuit

pytestmark = pytest.mark.once

# encoder, ansatz, n_layers, n_uploads, observables
CIRCUITS = {
    "strings": ("angle", "basic_entangler", 2, 1, "z"),
    "turned": ("angle_rz", "strongly_entangling", 1, 1, ["xyz", "parity"]),
    "matrices": ("angle", "strongly_entangling", 3, 1, ["z", "0.5*X0*Y1 - Z2"]),
    "entangled": ("iqp", "basic_entangler", 2, 1, "z"),
    "uploads": ("dense_angle", "basic_entangler", 1, 2, "x"),
}
NOISES = {
    **{name: {name: 0.1} for name in NAMES},
    "several": {"depolarizing": 0.02, "amplitude_damping": 0.1, "readout_error": 0.05},
    "cirq": cirq.ConstantQubitNoiseModel(cirq.generalized_amplitude_damp(0.6, 0.2)),
}


def truth(circuit, noise, features, weights):
    """Gives [filters * n_observables, n], by one density matrix after the other."""
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    places = {q: i for i, q in enumerate(circuit.qubits)}
    noisy = noise.apply(circuit.circuit)
    rows = []
    for w in weights:
        angles = {s.name: float(v) for s, v in zip(circuit.weights, w, strict=True)}
        for x in features.T:
            data = {s.name: float(v) for s, v in zip(circuit.inputs, x, strict=True)}
            resolved = cirq.resolve_parameters(noisy, {**angles, **data})
            rho = simulator.simulate(resolved, qubit_order=circuit.qubits).final_density_matrix
            rows.append(
                [o.expectation_from_density_matrix(rho, places).real for o in circuit.observables]
            )
    shape = [len(weights), features.shape[1], len(circuit.observables)]
    return np.reshape(rows, shape).transpose(0, 2, 1).reshape(-1, features.shape[1])


def random_point(circuit, rng, filters=2, n=2):
    features = rng.random((len(circuit.inputs), n))
    return features, rng.normal(size=(filters, len(circuit.weights)))


# Each circuit and each noise at least once; all pairs are slow.
PAIRS = set(zip(CIRCUITS, NOISES, strict=False)) | {("matrices", n) for n in NOISES}


@pytest.mark.parametrize(
    ("name", "noise"),
    [
        pytest.param(*pair, marks=[] if pair in PAIRS else pytest.mark.slow)
        for pair in itertools.product(CIRCUITS, NOISES)
    ],
)
def test_expectations_are_those_of_density_matrices(name, noise, rng):
    circuit, noise = Parts(*CIRCUITS[name]).build(4), Noise.of(NOISES[noise])
    features, weights = random_point(circuit, rng)
    expected = truth(circuit, noise, features, weights)
    _, run = compile_circuit(circuit, noise)
    found = run(tf.constant(features), tf.constant(weights))
    np.testing.assert_allclose(found, expected, atol=1e-10)
    single = run(tf.constant(features, tf.float32), tf.constant(weights, tf.float32))
    np.testing.assert_allclose(single, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "jit"), [("strings", True), ("matrices", False), ("uploads", True)]
)
def test_gradients_are_finite_differences(name, jit, rng):
    parts = dict(CIRCUITS, matrices=("angle", "strongly_entangling", 3, 1, ["z", "0.5*X0*Y1"]))
    circuit = Parts(*parts[name]).build(3 if name == "strings" else 2)
    noise = Noise.of({"amplitude_damping": 0.1, "depolarizing": 0.05})
    features, weights = map(tf.constant, random_point(circuit, rng))
    _, run = compile_circuit(circuit, noise)

    @tf.function(jit_compile=jit)
    def evaluate(features, weights):
        with tf.GradientTape() as tape:
            tape.watch([features, weights])
            outcomes = run(features, weights)
            total = tf.reduce_sum(outcomes * mix)
        return total, tape.gradient(total, [features, weights])

    mix = rng.normal(size=run(features, weights).shape)
    _, (by_features, by_weights) = evaluate(features, weights)
    step = 1e-6
    for point, found in ((features, by_features), (weights, by_weights)):
        for i in (np.zeros(2, int), np.array(point.shape) - 1):
            shift = np.zeros(point.shape)
            shift[tuple(i)] = step
            ends = []
            for sign in (1, -1):
                moved = point + sign * shift
                at = (moved, weights) if point is features else (features, moved)
                ends.append(float(evaluate(*at)[0]))
            assert found[tuple(i)].numpy() == pytest.approx(
                (ends[0] - ends[1]) / (2 * step), abs=1e-6
            )


def test_many_patches_are_taken_in_chunks(monkeypatch, rng):
    circuit = Parts("iqp", "basic_entangler").build(2)
    noise = Noise.of({"depolarizing": 0.1})
    features, weights = map(tf.constant, random_point(circuit, rng, filters=1, n=3))
    _, run = compile_circuit(circuit, noise)

    @tf.function
    def evaluate(features):
        with tf.GradientTape() as tape:
            tape.watch([features, weights])
            outcomes = run(features, weights)
        return outcomes, *tape.gradient(outcomes, [features, weights])

    expected = evaluate(features)
    monkeypatch.setattr(method, "CHUNK_NUMBERS", 2 * 4**2)
    found = tf.function(evaluate.python_function)(features)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_models_without_a_hash():
    model = cirq.devices.InsertionNoiseModel(
        {cirq.OpIdentifier(cirq.Ry): cirq.depolarize(0.1).on(cirq.LineQubit(0))}
    )
    circuit, noise = Parts(*CIRCUITS["strings"]).build(4), Noise.of(model)
    assert compile_circuit(circuit, noise)[0].chosen


def test_no_noise_is_none():
    assert Noise.of(None) is None
    assert Noise.of({"depolarizing": 0.0}) is None
    assert Noise.of(cirq.NO_NOISE) is None


@pytest.mark.parametrize("name", NOISES)
def test_config_goes_round(name):
    noise = Noise.of(NOISES[name])
    assert Noise.of(noise.get_config()) == noise
    assert hash(Noise.of(noise.get_config())) == hash(noise)
    assert str(noise)


def test_more_qubits_than_vectors_take():
    circuit = Parts("iqp", "basic_entangler").build(7)
    with pytest.raises(ValueError, match=r"4\*\*7 numbers a patch are too many.*\n.*'noisy'"):
        compile_circuit(circuit, Noise.of({"bit_flip": 0.1}))


ERRORS = {
    "kind": (0.1, TypeError, "test: `noise` must be a dict such as {'depolarizing': 0.01}"),
    "name": ({"depolarising": 0.1}, ValueError, "must name some of 'depolarizing', .* 'depolaris"),
    "number": ({"bit_flip": "0.1"}, TypeError, r"`noise\['bit_flip'\]` must be a number"),
    "range": ({"bit_flip": 1.1}, ValueError, "must lie between 0 and 1. Received 1.1"),
    "readout": ({"readout_error": 0.6}, ValueError, "must lie between 0 and 0.5. Received 0.6"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    value, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        Noise.of(value, "test")


@pytest.mark.parametrize("kernel_size", [2, 3])
def test_noise_that_leaves_nothing(kernel_size):
    layer = Quanv2D(kernel_size=kernel_size, noise={"depolarizing": 0.75}, filters=2)
    images = tf.ones((3, 6, 6, 1))
    with tf.GradientTape() as tape:
        outcomes = layer(images)
        loss = tf.reduce_sum(outcomes)
    assert outcomes.shape == layer.compute_output_shape(images.shape)
    np.testing.assert_array_equal(outcomes, 0)
    found = tape.gradient(loss, layer.trainable_weights, unconnected_gradients="zero")
    np.testing.assert_array_equal(found[0], 0)
