"""Encoders against states and unitaries written out with NumPy."""

import functools
import itertools

import cirq
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.reference import BACKENDS, expectations
from tfq_resqunn import EncodedPQC, Quanv2D, QuanvCircuit
from tfq_resqunn.circuits import (
    ENCODERS,
    amplitude_encoder,
    basic_entangler,
    dense_angle_encoder,
    iqp_encoder,
    threshold_encoder,
    zz_feature_map,
)

pytestmark = pytest.mark.once

Z = np.diag([1, -1])
H = np.array([[1, 1], [1, -1]]) / np.sqrt(2)


def resolved(circuit, values):
    symbols = sorted(cirq.parameter_names(circuit))
    return cirq.resolve_parameters(circuit, dict(zip(symbols, map(float, values), strict=True)))


def state(circuit, values):
    simulator = cirq.Simulator(dtype=np.complex128)
    return simulator.simulate(resolved(circuit, values)).final_state_vector


def assert_same_state(found, expected):
    """Up to a global phase."""
    assert abs(np.vdot(found, expected)) == pytest.approx(1, abs=1e-12)


def on(n, *qubits):
    """Z on these qubits of n, as a diagonal."""
    factors = [np.diag(Z) if q in qubits else np.ones(2) for q in range(n)]
    return functools.reduce(np.kron, factors)


# --- dense angle -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_features", "values_per_qubit", "n_qubits"),
    [(4, 2, 2), (5, 2, 3), (12, 3, 4), (3, 1, 3), (2, 5, 1)],
)
def test_dense_angle_takes_few_qubits(n_features, values_per_qubit, n_qubits):
    circuit = dense_angle_encoder(n_features, values_per_qubit=values_per_qubit)
    assert len(circuit.all_qubits()) == n_qubits
    assert len(cirq.parameter_symbols(circuit)) == n_features


def test_dense_angle_is_the_state_of_its_definition(rng):
    a, b = rng.random(2)
    expected = [np.cos(np.pi * a / 2), np.exp(1j * np.pi * b) * np.sin(np.pi * a / 2)]
    assert_same_state(state(dense_angle_encoder(2), [a, b]), expected)


# --- threshold -------------------------------------------------------------------------------


def test_threshold_gives_basis_states():
    found = state(threshold_encoder(3, threshold=0.4), [0.1, 0.4, 0.5])
    np.testing.assert_allclose(np.abs(found) ** 2, np.eye(8)[0b001], atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_threshold_has_a_gradient_of_zero(backend, rng):
    x = tf.constant(rng.random((1, 4, 4, 1)), tf.float32)
    layer = Quanv2D(encoder="threshold", n_layers=2, backend=backend)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x) ** 2)
    by_data, by_weights = tape.gradient(loss, [x, layer.trainable_weights[0]])
    np.testing.assert_array_equal(by_data, np.zeros(x.shape))
    assert np.any(by_weights)


# --- commuting gates -------------------------------------------------------------------------


@pytest.mark.parametrize("pairs", ["all", "neighbours"])
@pytest.mark.parametrize("encoder", [iqp_encoder, zz_feature_map])
def test_commuting_gates_are_diagonals_between_hadamards(encoder, pairs, rng):
    n, x = 3, rng.random(3)
    a = np.pi * x
    chosen = itertools.combinations(range(n), 2) if pairs == "all" else [(0, 1), (1, 2)]
    if encoder is iqp_encoder:
        phase = sum(-a[i] / 2 * on(n, i) for i in range(n))
        phase = phase + sum(-a[i] * a[j] / 2 * on(n, i, j) for i, j in chosen)
    else:
        phase = sum(a[i] * on(n, i) for i in range(n))
        phase = phase + sum((np.pi - a[i]) * (np.pi - a[j]) * on(n, i, j) for i, j in chosen)
    once = np.diag(np.exp(1j * phase)) @ functools.reduce(np.kron, [H] * n)
    expected = once @ once @ np.eye(2**n)[0]
    assert_same_state(state(encoder(n, pairs=pairs), x), expected)


# --- amplitude -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 9, 12, 16])
def test_amplitude_prepares_the_values(n, rng):
    values = rng.normal(size=n)
    found = state(amplitude_encoder(n), values)
    expected = np.pad(values / np.linalg.norm(values), (0, len(found) - n))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert len(amplitude_encoder(n).all_qubits()) == max(1, int(np.ceil(np.log2(n))))


@pytest.mark.parametrize("values", [[0, 0, 0, 1], [0, -1, 0, 0], [0, 0, 2, 0], [1, 0, 0, 0]])
def test_amplitude_with_zeros_among_the_values(values):
    found = amplitude_layer()(np.array([values], "float32"))
    truth = cirq.Simulator(dtype=np.complex128).simulate_expectation_values(
        cirq.Circuit(cirq.IdentityGate(2).on(*cirq.LineQubit.range(2))),
        [cirq.Z(q) for q in cirq.LineQubit.range(2)],
        initial_state=np.array(values, "complex128") / np.linalg.norm(values),
    )
    np.testing.assert_allclose(found[0], np.real(truth), atol=1e-6)


def amplitude_layer(initializer="zeros"):
    circuit = QuanvCircuit.from_parts(amplitude_encoder(4), basic_entangler(2, 2))
    return EncodedPQC(circuit, initializer=initializer)  # with zeros, its two CNOTs cancel


@pytest.mark.parametrize("jit", [False, True])
def test_amplitude_of_nothing_has_a_finite_gradient(jit):
    layer = amplitude_layer(initializer="ones")
    x = tf.zeros((2, 4))

    @tf.function(jit_compile=jit)
    def gradients(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        return (y, *tape.gradient(y, [x, layer.parameters]))

    y, by_data, by_weights = gradients(x)
    np.testing.assert_array_equal(by_data, np.zeros((2, 4)))
    assert np.all(np.isfinite(by_weights))
    ansatz = cirq.resolve_parameters(basic_entangler(2, 2), {f"w_00{i}": 1.0 for i in range(4)})
    z = [cirq.Z(q) for q in cirq.LineQubit.range(2)]
    truth = cirq.Simulator(dtype=np.complex128).simulate_expectation_values(ansatz, z)
    np.testing.assert_allclose(y, np.real([truth, truth]), atol=1e-6)


@pytest.mark.parametrize("n_features", [3, 4, 5])
def test_amplitude_gradients_are_finite_differences(n_features, rng):
    circuit = QuanvCircuit.from_parts(
        amplitude_encoder(n_features),
        basic_entangler(len(amplitude_encoder(n_features).all_qubits()), 2),
    )
    layer = EncodedPQC(circuit, dtype="float64")
    x = rng.normal(size=(1, n_features))
    mix = rng.normal(size=len(circuit.observables))
    weights = layer.get_weights()[0][0]
    with tf.GradientTape() as tape:
        inputs = tf.constant(x)
        tape.watch(inputs)
        y = tf.reduce_sum(layer(inputs) * mix)
    found = tape.gradient(y, inputs)[0]
    step = 1e-6
    for i in range(n_features):
        shift = step * np.eye(n_features)[i]
        ends = expectations(circuit, [x[0] + shift, x[0] - shift], weights) @ mix
        assert found[i].numpy() == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-7)


# --- all of them -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENCODERS)
def test_colour_images_and_odd_sizes(name, rng):
    images = rng.random((1, 2, 3, 3)).astype("float32")
    layer = Quanv2D(kernel_size=(1, 2), encoder=name)
    found = layer(images)
    circuit = layer.pqcs[0].circuit
    assert len(circuit.inputs) == 6
    truth = expectations(circuit, [i[:2].ravel() for i in images[0]], layer.get_weights()[0][0])
    np.testing.assert_allclose(found[0, :, 0], truth, atol=1e-5)


ERRORS = {
    "count": (lambda: iqp_encoder(0), ValueError, "iqp_encoder: `n_features` must be at least 1"),
    "kind": (lambda: amplitude_encoder(2.5), TypeError, "`n_features` must be an integer"),
    "pairs": (lambda: iqp_encoder(2, pairs="none"), ValueError, "`pairs` must be one of 'all', 'n"),
    "scale": (lambda: zz_feature_map(2, scale=0), ValueError, "zz_feature_map: `scale` must be a"),
    "threshold": (
        lambda: threshold_encoder(2, threshold=np.inf), ValueError, "must be a finite number",
    ),
    "values": (
        lambda: dense_angle_encoder(2, values_per_qubit=0), ValueError, "`values_per_qubit` must",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()
