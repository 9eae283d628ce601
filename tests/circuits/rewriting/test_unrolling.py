"""Subcircuits, against the same circuits written out by hand."""

import json

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tests.helpers.reference import BACKENDS, EXACT, expectations
from tests.layers.test_pqc import slopes
from tfq_resqunn import EncodedPQC, Quanv2D, QuanvCircuit, export_circuits
from tfq_resqunn.catalogue.entries import Entry
from tfq_resqunn.circuits import reupload
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.circuits.rewriting.unrolling import unroll

pytestmark = pytest.mark.once

A, B, C = Q = cirq.LineQubit.range(3)
X, W, V, P = sympy.symbols("x_0 w_0 w_1 p")
VIRTUAL = cirq.VirtualTag()


def block(*operations, **options):
    options = {"use_repetition_ids": False, **options}
    return cirq.CircuitOperation(cirq.FrozenCircuit(*operations), **options)


PAIR = (cirq.ry(W)(A), cirq.CX(A, B))
START = [cirq.ry(X)(A), cirq.rx(V)(B), cirq.H(C)]
# Name: operations with subcircuits, and by hand, a list a moment.
CASES = {
    "plain": ([block(*PAIR)], [[cirq.ry(W)(A)], [cirq.CX(A, B)]]),
    "repeated": ([block(*PAIR, repetitions=3)], [[cirq.ry(W)(A)], [cirq.CX(A, B)]] * 3),
    "repetition_ids": (
        [block(*PAIR, repetitions=2, repetition_ids=["one", "two"], use_repetition_ids=True)],
        [[cirq.ry(W)(A)], [cirq.CX(A, B)]] * 2,
    ),
    "inverted": ([block(*PAIR, repetitions=-1)], [[cirq.CX(A, B) ** -1], [cirq.ry(-W)(A)]]),
    "qubit_map": (
        [block(*PAIR, qubit_map={A: C, B: A})], [[cirq.ry(W)(C)], [cirq.CX(C, A)]],
    ),
    "parameters": (
        [block(cirq.ry(P)(A), cirq.rx(P * V)(B), param_resolver={P: 2 * W})],
        [[cirq.ry(2 * W)(A), cirq.rx(2 * W * V)(B)]],
    ),
    "nested": (
        [block(block(*PAIR, repetitions=2, qubit_map={B: C}), cirq.T(B), cirq.X(B) ** W,
               repetitions=2)],
        [[cirq.ry(W)(A), cirq.T(B)], [cirq.CX(A, C)], [cirq.ry(W)(A)], [cirq.CX(A, C)],
         [cirq.X(B) ** W]] * 2,
    ),
    "side_by_side": (
        [cirq.Moment(block(*PAIR), cirq.rx(W)(C))],
        [[cirq.ry(W)(A), cirq.rx(W)(C)], [cirq.CX(A, B)]],
    ),
    "tagged": ([block(*PAIR).with_tags("tag")], [[cirq.ry(W)(A)], [cirq.CX(A, B)]]),
    "controlled": (
        [block(*PAIR).controlled_by(C, control_values=[0])],
        [[cirq.ry(W)(A).controlled_by(C, control_values=[0])],
         [cirq.CX(A, B).controlled_by(C, control_values=[0])]],
    ),
    "controlled_twice": (
        [block(block(cirq.ry(W)(A), cirq.T(A), cirq.global_phase_operation(1j),
                     qubit_map={A: B}).controlled_by(A)).controlled_by(C)],
        [[cirq.ry(W)(B).controlled_by(C, A)],
         [cirq.global_phase_operation(1j).controlled_by(C, A)], [cirq.T(B).controlled_by(C, A)]],
    ),
    "never": ([cirq.ry(W)(A), block(*PAIR, repetitions=0)], [[cirq.ry(W)(A)]]),
    "virtual": (
        [block(*PAIR).with_tags(VIRTUAL), cirq.ry(W)(C)],
        [[cirq.ry(W)(A).with_tags(VIRTUAL), cirq.ry(W)(C)], [cirq.CX(A, B).with_tags(VIRTUAL)]],
    ),
    "virtual_inside": (
        [block(cirq.ry(W)(A).with_tags(VIRTUAL), cirq.CX(A, B))],
        [[cirq.ry(W)(A).with_tags(VIRTUAL)], [cirq.CX(A, B)]],
    ),
    "virtual_only_here": (
        [cirq.Z(A).with_tags(VIRTUAL), cirq.rz(W)(B).with_tags(VIRTUAL), cirq.rx(W)(B)],
        [[cirq.Z(A).with_tags(VIRTUAL), cirq.rz(W)(B).with_tags(VIRTUAL)], [cirq.rx(W)(B)]],
    ),
}  # fmt: skip
OBSERVABLES = ["z", "X0*Y1", "Z1*X2"]


def circuits(name):
    """The circuit with subcircuits, and the one by hand."""
    rolled, by_hand = CASES[name]
    end = [cirq.ISWAP(B, C) ** 0.3]
    return (
        QuanvCircuit(cirq.Circuit(START, rolled, end), OBSERVABLES),
        cirq.Circuit(cirq.Circuit(START), *map(cirq.Moment, by_hand), cirq.Moment(end)),
    )


@pytest.mark.parametrize("name", CASES)
def test_written_out(name):
    circuit, by_hand = circuits(name)
    found = unroll(circuit.circuit)
    assert list(map(len, found)) == list(map(len, by_hand))
    if name != "parameters":  # Cirq writes the pi in an angle that it resolves as a decimal
        assert found.to_text_diagram() == by_hand.to_text_diagram()
    assert unroll(found) is found
    numbers = {"x_0": 0.3, "w_0": 0.7, "w_1": 1.1}
    given, expected = (
        cirq.resolve_parameters(c, numbers).unitary(qubits_that_should_be_present=Q)
        for c in (circuit.circuit, by_hand)
    )
    np.testing.assert_allclose(given, expected, atol=1e-9)
    # What is shown and saved is the user's own.
    assert circuit.circuit == cirq.Circuit(START, CASES[name][0], cirq.ISWAP(B, C) ** 0.3)
    assert set(circuit.weights) == {W, V}


@pytest.mark.parametrize("backend", EXACT)
@pytest.mark.parametrize("name", ["nested", "controlled_twice", "inverted", "parameters"])
def test_values_and_gradients(name, backend, rng):
    circuit, by_hand = circuits(name)
    layer = EncodedPQC(circuit, backend=backend)
    truth = QuanvCircuit(by_hand, OBSERVABLES)
    x = rng.random((2, 1))
    weights = layer.get_weights()[0].astype(float)
    mix = rng.normal(size=(2, len(truth.observables)))

    def loss(x, w):
        return np.sum(mix * expectations(truth, x, w[0]))

    features = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(features)
        found = layer(features)
        total = tf.reduce_sum(found * mix)
    np.testing.assert_allclose(found, expectations(truth, x, weights[0]), atol=1e-5)
    for i, gradient in enumerate(tape.gradient(total, [features, layer.trainable_weights[0]])):
        np.testing.assert_allclose(gradient, slopes(loss, [x, weights], i), atol=2e-3)


@pytest.mark.parametrize("name", CASES)
def test_values_on_a_simulator_of_cirq(name, rng):
    circuit, by_hand = circuits(name)
    layer, x = EncodedPQC(circuit, backend=cirq.Simulator()), rng.random((2, 1))
    truth = QuanvCircuit(by_hand, OBSERVABLES)
    expected = expectations(truth, x, layer.get_weights()[0][0])
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)


MODELS = {
    "constant": cirq.ConstantQubitNoiseModel(cirq.depolarize(0.03)),
    "prepended": cirq.ConstantQubitNoiseModel(cirq.amplitude_damp(0.05), prepend=True),
}


@pytest.mark.parametrize(
    "noise", ["constant", pytest.param("prepended", marks=pytest.mark.slow), "strengths"]
)
@pytest.mark.parametrize("name", CASES)
def test_noise_acts_on_what_is_inside(name, noise, rng):
    circuit, by_hand = circuits(name)
    if noise == "strengths":
        given = {"depolarizing": 0.03, "amplitude_damping": 0.05}
        noisy = cirq.Circuit()
        for moment in by_hand:
            noisy += moment
            struck = [q for op in moment if VIRTUAL not in op.tags for q in op.qubits]
            noisy += cirq.Moment(cirq.depolarize(0.03).on_each(*struck))
            noisy += cirq.Moment(cirq.amplitude_damp(0.05).on_each(*struck))
    else:
        given = MODELS[noise]
        noisy = by_hand.with_noise(given)
    layer, x = EncodedPQC(circuit, noise=given), rng.random((2, 1))
    angles = {str(s): float(v) for s, v in layer.symbol_values().items()}
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    expected = [
        simulator.simulate_expectation_values(
            noisy, list(circuit.observables), {**angles, "x_0": value}, qubit_order=Q
        )
        for value in x[:, 0]
    ]
    np.testing.assert_allclose(layer(x), np.real(expected), atol=1e-5)


def test_a_qubit_whose_subcircuit_never_runs_is_there():
    circuit = cirq.Circuit(cirq.ry(X + W)(A), block(cirq.X(B), repetitions=0))
    noisy = Noise.of(cirq.ConstantQubitNoiseModel(cirq.bit_flip(0.25))).apply(circuit)
    assert noisy.all_qubits() == {A, B}
    for backend in BACKENDS:
        found = EncodedPQC(QuanvCircuit(circuit), backend=backend)(tf.constant([[0.1]]))
        np.testing.assert_allclose(found[0, 1], 1.0, atol=1e-6)
    # The subcircuit's moment is a time in which both wait, as in Cirq.
    found = EncodedPQC(QuanvCircuit(circuit), noise=MODELS["constant"])(tf.constant([[0.1]]))
    assert found[0, 1] < 1 - 1e-3


def test_export_counts_what_is_inside(tmp_path):
    circuit = QuanvCircuit(cirq.Circuit(cirq.rx(X)(A), block(*PAIR, repetitions=3)))
    manifest = export_circuits(EncodedPQC(circuit), np.zeros((1, 1)), tmp_path / "out")
    cost = manifest["layers"][0]["cost"]
    assert (cost["depth"], cost["two_qubit_gates"]) == (7, 3)
    assert manifest["layers"][0]["circuits"][0]["gates"] == {"1": 4, "2": 3}
    folder = tmp_path / "out" / manifest["layers"][0]["folder"]
    assert QuanvCircuit.from_json((folder / "circuit.json").read_text()) == circuit
    assert (folder / "00000.qasm").read_text().count("cx ") == 3
    assert "CircuitOperation" not in json.dumps(json.loads((folder / "00000.json").read_text()))


def test_the_catalogue_counts_what_is_inside():
    entry = Entry("ansatz", "mine", None, cirq.FrozenCircuit(block(*PAIR, repetitions=3)))
    assert (entry.n_symbols, entry.depth, entry.n_two_qubit_gates) == (1, 6, 3)


def test_parts_and_uploads():
    encoder = cirq.Circuit(block(cirq.rx(X)(A), cirq.rx(X)(B)))
    ansatz = cirq.Circuit(block(*PAIR, cirq.rz(V)(B), repetitions=2))
    twice = reupload(encoder, ansatz, 2)
    assert cirq.parameter_names(twice) == {"x_0", "w_000", "w_001", "w_002", "w_003"}
    layer = Quanv2D(kernel_size=1, encoder=encoder, ansatz=ansatz, n_uploads=2)
    layer.build((None, 2, 2, 1))
    assert layer.pqcs[0].circuit.circuit == twice
    again = Quanv2D.from_config(layer.get_config())
    again.build((None, 2, 2, 1))
    assert again.pqcs[0].circuit == layer.pqcs[0].circuit


def towers(n):
    circuit = cirq.FrozenCircuit(cirq.X(A) ** W)
    for _ in range(n):
        circuit = cirq.FrozenCircuit(
            cirq.CircuitOperation(circuit, repetitions=1000, use_repetition_ids=False),
            cirq.CircuitOperation(circuit, repetitions=1000, use_repetition_ids=False),
        )
    return circuit


ASSUMED = sympy.Symbol("a", real=True)
ERRORS = {
    "measurement": (block(cirq.measure(A)), "must not measure. Received cirq.MeasurementGate"),
    "control": (
        block(cirq.measure(A, key="m"), cirq.X(B).with_classical_controls("m")), "must not measure",
    ),
    "control_from_outside": (
        cirq.X(B).with_classical_controls("m"), "must not measure, nor depend on what is measured",
    ),
    "reset": (block(cirq.reset(A)), r"unitary operations. Received reset\(q\(0\)\)"),
    "channel": (
        block(block(cirq.bit_flip(0.1)(B))), r"unitary operations. Received bit_flip\(p=0.1\)",
    ),
    "until": (
        block(cirq.X(A), cirq.measure(A, key="m"), repeat_until=cirq.KeyCondition(
            cirq.MeasurementKey("m"))),
        "must not repeat until a measurement says otherwise. .* with repeat_until=m. Use `rep",
    ),
    "times_symbol": (
        block(cirq.X(A), repetitions=sympy.Symbol("n")),
        "must repeat a fixed number of times. .* with repetitions=n. Use an integer",
    ),
    "too_often": (block(cirq.X(A), repetitions=10**7), "at most 100000 operations. .*10000001"),
    "towers": (
        cirq.CircuitOperation(towers(40), use_repetition_ids=False), "at most 100000 operations",
    ),
    "assumptions": (
        block(cirq.rx(ASSUMED)(A)), r"a has assumptions \(real=True, say\). Use sympy.Symbol\('a'",
    ),
    "qudit": (block(cirq.IdentityGate(1, (3,))(cirq.LineQid(0, 3))), "on qudits"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:In cirq 1.6:FutureWarning")
@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    operation, message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        QuanvCircuit(cirq.Circuit(cirq.rx(X)(B), operation))
    ansatz = cirq.Circuit(cirq.rx(W)(B), operation)
    with pytest.raises(ValueError, match=message):
        Quanv2D(kernel_size=1, encoder=cirq.Circuit(cirq.rx(X)(B)), ansatz=ansatz)


@pytest.mark.parametrize(
    "circuit",
    [
        cirq.Circuit(),
        cirq.Circuit(cirq.Moment(), cirq.Moment()),
        cirq.Circuit(block(cirq.X(A), repetitions=0)),
        cirq.Circuit(cirq.global_phase_operation(1j)),
    ],
)
def test_nothing_is_no_circuit(circuit):
    with pytest.raises(ValueError, match="`circuit` must hold gates. Received an empty circuit"):
        QuanvCircuit(circuit)
    with pytest.raises(ValueError, match="`ansatz` must have weights"):
        Quanv2D(ansatz=circuit)
