"""State vectors by phases, against Cirq and finite differences: what is special to this method."""

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tests.helpers.reference import expectations
from tfq_resqunn import QuanvCircuit
from tfq_resqunn.circuits import (
    angle_encoder,
    basic_entangler,
    brick,
    iqp_encoder,
    strongly_entangling,
)
from tfq_resqunn.simulation.gates.absorbing import absorb
from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.product_bases import product_basis
from tfq_resqunn.simulation.gates.spectral import gates_of
from tfq_resqunn.simulation.phases import method as phases_method
from tfq_resqunn.simulation.phases.method import PhaseStates
from tfq_resqunn.simulation.phases.program import Block, Constant, Move, Multiply
from tfq_resqunn.simulation.protocols import NotOpen

pytestmark = pytest.mark.once

X = sympy.symbols("x_000:010")
W = sympy.symbols("w_000:090")


def reuploading(n_qubits, rotations=(cirq.ry, cirq.ry, cirq.ry)):
    """Data before each layer; of the weights' qubits, each is rotated and entangled in a ring."""
    qubits, weights = cirq.LineQubit.range(n_qubits), iter(W)
    circuit = cirq.Circuit()
    for rotation in rotations:
        circuit += [rotation(np.pi * x)(q) for x, q in zip(X, qubits, strict=False)]
        circuit += [(cirq.ry(next(weights))(q), cirq.rz(next(weights))(q)) for q in qubits]
        ring = zip(qubits, qubits[1:] + qubits[:1], strict=True)
        circuit += [cirq.CNOT(q, p) for q, p in ring if q != p]
    return circuit


def slopes(method, x, w, mix, dtype=tf.float64, jit_compile=None):
    """Expectations, and the gradients of their sum weighted by `mix`."""

    def run(features, weights):
        with tf.GradientTape() as tape:
            tape.watch([features, weights])
            found = method(features, weights)
            total = tf.reduce_sum(found * tf.constant(mix, dtype))
        by = tape.gradient(total, [features, weights], unconnected_gradients="zero")
        return found, *by

    run = run if jit_compile is None else tf.function(run, jit_compile=jit_compile)
    return [t.numpy() for t in run(tf.constant(x.T, dtype), tf.constant(w, dtype))]


def truth(circuit, x, w, mix, directions, step=1e-5):
    """The same by Cirq; the gradients along one direction each, by finite differences."""

    def total(sign, k):
        moved = [x, w]
        moved[k] = moved[k] + sign * step * directions[k]
        return np.sum(mix * of_all_filters(circuit, *moved))

    by = [(total(1, k) - total(-1, k)) / (2 * step) for k in (0, 1)]
    return of_all_filters(circuit, x, w), *by


def of_all_filters(circuit, x, w):
    return np.concatenate([expectations(circuit, x, row).T for row in w])


def check(circuit, n_groups=None, filters=1, n=2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, len(circuit.inputs)))
    w = rng.uniform(-3, 3, (filters, len(circuit.weights)))
    mix = rng.normal(size=(filters * len(circuit.observables), n))
    directions = [rng.normal(size=x.shape), rng.normal(size=w.shape)]
    method = PhaseStates(GateCircuit.of(circuit), n_groups)
    value, by_x, by_w = truth(circuit, x, w, mix, directions)
    for dtype, close, near in ((tf.float64, 1e-10, 1e-6), (tf.float32, 1e-5, 2e-4)):
        found = slopes(method, x, w, mix, dtype)
        np.testing.assert_allclose(found[0], value, atol=close)
        np.testing.assert_allclose(np.sum(found[1].T * directions[0]), by_x, atol=near, rtol=near)
        np.testing.assert_allclose(np.sum(found[2] * directions[1]), by_w, atol=near, rtol=near)
    return method


ENCODERS = {
    "rx": lambda n: angle_encoder(n, rotation="rx"),
    "ry": lambda n: angle_encoder(n, rotation="ry"),
    "rz": lambda n: angle_encoder(n, rotation="rz"),
    "iqp": lambda n: iqp_encoder(n, pairs="neighbours"),
    "reuploading": reuploading,
    "three axes": lambda n: reuploading(n, (cirq.rx, cirq.ry, cirq.rz)),
}
ANSATZES = (basic_entangler, strongly_entangling, brick)


@pytest.mark.parametrize("n_qubits", range(1, 11))
@pytest.mark.parametrize("encoder", ENCODERS)
def test_encoders(encoder, n_qubits):
    ansatz = ANSATZES[(n_qubits + len(encoder)) % 3]
    parts = ENCODERS[encoder](n_qubits)
    if encoder in ("reuploading", "three axes"):
        circuit = QuanvCircuit(parts)
    else:
        circuit = QuanvCircuit.from_parts(parts, ansatz(n_qubits, 2))
    check(circuit, n=1, seed=n_qubits)


@pytest.mark.parametrize("filters", [1, 3])
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("n_qubits", [2, 3])
def test_two_groups_of_few_qubits(encoder, n_qubits, filters):
    if encoder in ("reuploading", "three axes"):
        circuit = QuanvCircuit(ENCODERS[encoder](n_qubits))
    else:
        circuit = QuanvCircuit.from_parts(
            ENCODERS[encoder](n_qubits), strongly_entangling(n_qubits, 2)
        )
    check(circuit, n_groups=2, filters=filters, n=3)


Q = cirq.LineQubit.range(4)
OBSERVABLES = {
    "x": [cirq.X(q) for q in Q],
    "y and z": [cirq.Y(Q[0]) * cirq.Z(Q[1]), 0.5 * cirq.Z(Q[1]) - cirq.Y(Q[0]), cirq.Z(Q[3])],
    "all letters of one qubit": [cirq.X(Q[1]), cirq.Y(Q[1]), cirq.Z(Q[1])],
    "sums": [
        2 * cirq.X(Q[0]) * cirq.Y(Q[3]) - cirq.Z(Q[2]) + 0.3,
        cirq.Y(Q[0]) * cirq.Y(Q[1]) * cirq.X(Q[2]) + cirq.X(Q[0]),
    ],
}


@pytest.mark.parametrize("n_groups", [1, 2])
@pytest.mark.parametrize("observables", OBSERVABLES)
def test_observables(observables, n_groups):
    circuit = reuploading(4)
    check(QuanvCircuit(circuit, OBSERVABLES[observables]), n_groups, filters=2)


MIXED = {
    "product": [cirq.rx(X[0] * W[0])(q) for q in Q],
    "sum": [cirq.ry(X[i] + W[i])(q) for i, q in enumerate(Q)],
    "both kinds": [cirq.rz(X[0])(Q[0]), cirq.rz(X[1] * W[0] + 0.2)(Q[1]), cirq.ZZ(*Q[1:3]) ** X[2]],
    "crossing": [cirq.XX(Q[1], Q[2]) ** (X[0] - W[1]), cirq.rx(X[1])(Q[3])],
    "functions": [cirq.ry(sympy.sin(X[0]) * W[0] ** 2)(Q[2]), cirq.rx(X[1])(Q[2])],
}
GATES = {
    "controlled by data": [cirq.ry(X[0])(Q[1]).controlled_by(Q[2]), cirq.cphase(X[1])(Q[0], Q[3])],
    "YY of data": [cirq.YY(Q[0], Q[2]) ** X[0], cirq.YY(Q[2], Q[3]) ** X[1]],
    "CCZ of data": [cirq.CCZ(Q[0], Q[1], Q[3]) ** X[0]],
    "crossing weights": [
        cirq.cphase(W[8])(Q[1], Q[2]), cirq.XX(Q[0], Q[3]) ** W[9], cirq.ry(X[0])(Q[0]),
        cirq.rx(W[10])(Q[2]).controlled_by(Q[1]), cirq.ry(X[0])(Q[2]),
    ],
    "crossing constants": [
        cirq.ISWAP(Q[1], Q[2]), cirq.XX(Q[0], Q[3]) ** 0.3, cirq.rx(X[0])(Q[1]),
        cirq.CZ(Q[0], Q[2]) ** 0.4, cirq.CSWAP(*Q[:3]), cirq.YY(Q[0], Q[3]), cirq.ry(X[1])(Q[3]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("n_groups", [1, 2])
@pytest.mark.parametrize("name", [*MIXED, *GATES])
def test_gates(name, n_groups):
    gates = {**MIXED, **GATES}[name]
    rotated = [[cirq.ry(W[i])(q), cirq.rx(W[4 + i])(q)] for i, q in enumerate(Q)]
    entangled = [cirq.CNOT(a, b) for a, b in zip(Q, Q[1:], strict=False)]
    circuit = cirq.Circuit(rotated, entangled, gates, rotated, cirq.H.on_each(*Q), gates, rotated)
    check(QuanvCircuit(circuit), n_groups, filters=2)


@pytest.mark.parametrize("n_groups", [1, 2])
@pytest.mark.parametrize("symbols", [X, W])
def test_circuits_of_data_or_of_weights_alone(symbols, n_groups):
    rotations = [cirq.ry(s)(q) for s, q in zip(symbols, Q, strict=False)]
    entangled = [cirq.CNOT(a, b) for a, b in zip(Q, Q[1:], strict=False)]
    circuit = cirq.Circuit(rotations, entangled, cirq.rx(symbols[4]).on_each(*Q), entangled)
    check(QuanvCircuit(circuit, [cirq.Z(Q[3]), cirq.X(Q[0])]), n_groups, filters=2, n=3)


@pytest.mark.parametrize("n_groups", [1, 2])
def test_weights_before_data(n_groups):
    rotations = [[cirq.rx(W[i])(q), cirq.rz(W[4 + i])(q)] for i, q in enumerate(Q)]
    data = [cirq.ry(x)(q) for x, q in zip(X, Q, strict=False)]
    entangled = [cirq.CNOT(a, b) for a, b in zip(Q, Q[1:], strict=False)]
    circuit = cirq.Circuit(rotations, entangled, data, entangled[::-1], rotations)
    check(QuanvCircuit(circuit), n_groups, filters=2, n=3)


@pytest.mark.parametrize("n_groups", [1, 2])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_graphs_and_xla(jit_compile, n_groups, rng):
    method = PhaseStates(GateCircuit.of(QuanvCircuit(reuploading(3))), n_groups)
    x, w, mix = rng.random((5, 3)), rng.uniform(0, 6, (2, 18)), rng.normal(size=(6, 5))
    expected = slopes(method, x, w, mix)
    found = slopes(method, x, w, mix, tf.float32, jit_compile)
    for part, whole in zip(found, expected, strict=True):
        np.testing.assert_allclose(part, whole, atol=1e-4)


@pytest.mark.parametrize("n_groups", [1, 2])
@pytest.mark.parametrize("filters", [1, 2])
def test_chunks(filters, n_groups, monkeypatch, rng):
    method = PhaseStates(GateCircuit.of(QuanvCircuit(reuploading(3))), n_groups)
    x, w = rng.random((7, 3)), rng.uniform(0, 6, (filters, 18))
    mix = rng.normal(size=(3 * filters, 7))
    whole = slopes(method, x, w, mix)
    monkeypatch.setattr(phases_method, "CHUNK_AMPLITUDES", 2**3 * filters * 4)  # four patches
    for jit_compile in (None, False):
        found = slopes(method, x, w, mix, jit_compile=jit_compile)
        for part, expected in zip(found, whole, strict=True):
            np.testing.assert_allclose(part, expected, atol=1e-12)


@pytest.mark.parametrize("n_groups", [1, 2])
def test_batches_of_unknown_size(n_groups, monkeypatch, rng):
    monkeypatch.setattr(phases_method, "CHUNK_AMPLITUDES", 2**3 * 2 * 4)
    circuit = QuanvCircuit(reuploading(3))
    method = PhaseStates(GateCircuit.of(circuit), n_groups)
    w = rng.uniform(0, 6, (2, 18))

    @tf.function(input_signature=[tf.TensorSpec([3, None], tf.float64)])
    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            found = method(x, tf.constant(w))
            total = tf.reduce_sum(found**2)
        return found, tape.gradient(total, x)

    for n in (0, 1, 4, 6):
        x = rng.random((n, 3))
        found, by_x = both(tf.constant(x.T))
        expected = of_all_filters(circuit, x, w) if n else np.zeros([6, 0])
        np.testing.assert_allclose(found, expected, atol=1e-10)
        step = 1e-5 * rng.normal(size=x.shape)
        ends = [np.sum(of_all_filters(circuit, x + s * step, w) ** 2) for s in (1, -1)]
        np.testing.assert_allclose(
            np.sum(by_x.numpy().T * step), (ends[0] - ends[1]) / 2, rtol=1e-6
        )


@pytest.mark.parametrize("n_groups", [1, 2])
def test_a_batch_of_unknown_size_takes_no_far_larger_graph(n_groups):
    """The last batch of an epoch is often smaller; Keras then traces the step for any size."""
    method = PhaseStates(GateCircuit.of(QuanvCircuit(reuploading(4))), n_groups)

    def step(features, weights):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            total = tf.reduce_sum(method(features, weights) ** 2)
        return tape.gradient(total, weights)

    sizes = []
    for n in (32, None):
        specs = [tf.TensorSpec([4, n]), tf.TensorSpec([1, 24])]
        graph = tf.function(step).get_concrete_function(*specs).graph.as_graph_def()
        nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
        assert not [node.op for node in nodes if node.op in ("If", "StatelessIf")]
        sizes.append(len(nodes))
    assert sizes[1] < 2.5 * sizes[0]


@pytest.mark.parametrize("n_groups", [1, 2])
@pytest.mark.parametrize("in_graph", [False, True])
def test_second_derivatives(in_graph, n_groups, rng):
    circuit = QuanvCircuit(reuploading(2), [cirq.Z(Q[0]), cirq.X(Q[0]) * cirq.Y(Q[1])])
    method = PhaseStates(GateCircuit.of(circuit), n_groups)
    x, w = rng.random((2, 3)), rng.uniform(0, 6, (2, 12))
    toward = [rng.normal(size=x.shape), rng.normal(size=w.shape)]

    def slope(x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            total = tf.reduce_sum(method(x, w) ** 3)
        by_x, by_w = tape.gradient(total, [x, w])
        return tf.reduce_sum(by_x * toward[0]) + tf.reduce_sum(by_w**2)

    def curvature(x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            total = slope(x, w)
        return tape.gradient(total, [x, w])

    run = tf.function(curvature) if in_graph else curvature
    found = run(tf.constant(x), tf.constant(w))
    for k, direction in enumerate(toward):
        ends = []
        for sign in (1, -1):
            moved = [x, w]
            moved[k] = moved[k] + sign * 1e-5 * direction
            ends.append(float(slope(*map(tf.constant, moved))))
        expected = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(np.sum(found[k] * direction), expected, rtol=1e-6)


def kinds(method):
    return [type(i) for i in method._instructions]


def test_commuting_data_are_multiplied_at_once():
    method = PhaseStates(GateCircuit.of(QuanvCircuit(reuploading(4))))
    assert kinds(method) == [Multiply, Block] * 3
    assert len(method._phases) == 1  # the uploads share their phases
    # In two groups, each starts with a state of its own.
    method = PhaseStates(GateCircuit.of(QuanvCircuit(reuploading(9))))
    assert [k for k in kinds(method) if k in (Multiply, Move)] == [
        Multiply, Multiply, Move, Multiply, Move, Multiply
    ]  # fmt: skip
    constants = [i.matrix.dtype for i in method._instructions if isinstance(i, Constant)]
    assert constants == [float] * 4  # the permutations took their phases over


@pytest.mark.parametrize(
    ("gates", "observables", "kept"),
    [
        ([cirq.ry(W[0])(Q[0]), cirq.rz(W[1])(Q[0]), cirq.CNOT(*Q[:2])], [cirq.Z(Q[1])], 1),
        ([cirq.ry(W[0])(Q[0]), cirq.ry(W[1])(Q[1])], [cirq.Z(Q[0])], 1),
        ([cirq.ry(W[0])(Q[0]), cirq.CZ(*Q[:2]), cirq.H(Q[0])], [cirq.Z(Q[0])], 1),
        ([cirq.ry(W[0])(Q[0]), cirq.T(Q[0])], [cirq.X(Q[0])], 2),
        # Before the CNOT these are Z0 Z1 and X0 X1, which are not measured in one product basis.
        ([cirq.ry(W[0])(Q[0]), cirq.ry(W[1])(Q[1]), cirq.CNOT(Q[1], Q[0])],
         [cirq.Z(Q[0]), cirq.X(Q[1])], 3),
    ],
)  # fmt: skip
def test_what_observables_absorb(gates, observables, kept):
    circuit = QuanvCircuit(cirq.Circuit(gates, [cirq.I(q) for q in Q[:2]]), observables)
    exact = GateCircuit.of(circuit)
    assert len(absorb(exact, together=True).gates) == kept
    check(circuit, n=1)


@pytest.mark.parametrize(
    ("gate", "is_diagonal"),
    [
        (cirq.rx(X[0])(Q[0]), True),
        (cirq.H(Q[0]) ** X[0], True),
        (cirq.YY(*Q[:2]) ** X[0], True),
        (cirq.ry(X[0])(Q[0]).controlled_by(Q[1]), True),
        (cirq.CCX(*Q[:3]) ** X[0], True),
        (cirq.SWAP(*Q[:2]) ** X[0], False),
        (cirq.ISWAP(*Q[:2]) ** X[0], False),
    ],
)
def test_product_bases(gate, is_diagonal):
    [found] = gates_of(cirq.FrozenCircuit(gate), gate.qubits)
    bases = product_basis(found)
    assert (bases is not None) == is_diagonal
    if bases:
        for basis in bases:
            np.testing.assert_allclose(basis.conj().T @ basis, np.eye(2), atol=1e-12)
        whole = bases[0]
        for basis in bases[1:]:
            whole = np.kron(whole, basis)
        unitary = cirq.unitary(cirq.resolve_parameters(gate, {X[0]: 0.7}))
        rotated = whole.conj().T @ unitary @ whole
        np.testing.assert_allclose(rotated, np.diag(np.diag(rotated)), atol=1e-12)


@pytest.mark.parametrize(
    ("n_qubits", "gates", "why"),
    [
        (2, [cirq.SWAP(*Q[:2]) ** X[0]], "a gate of data is not diagonal"),
        (6, [cirq.ISWAP(*cirq.LineQubit.range(2, 4)) ** W[1], cirq.rx(X[0])(Q[0])],
         "a gate of weights is not diagonal"),
        (6, [cirq.ISWAP(*cirq.LineQubit.range(2, 4)) ** 0.5, cirq.rx(X[0])(Q[0])],
         "a gate of constants is not diagonal"),
        (11, [cirq.rx(X[0])(Q[0])], "11 qubits are more than 10"),
    ],
)  # fmt: skip
def test_what_it_cannot_compute(n_qubits, gates, why):
    qubits = cirq.LineQubit.range(n_qubits)
    circuit = QuanvCircuit(
        cirq.Circuit(cirq.ry(W[0]).on_each(*qubits), gates, cirq.ry(W[0]).on_each(*qubits))
    )
    with pytest.raises(NotOpen, match=why):
        PhaseStates(GateCircuit.of(circuit))
