"""Matrix products along the qubits: any gates on one and two qubits, wherever they lie."""

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tests.helpers.reference import expectations
from tfq_resqunn import QuanvCircuit
from tfq_resqunn.circuits import angle_encoder, basic_entangler
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.halves.method import Halves
from tfq_resqunn.simulation.matrix_products import columns
from tfq_resqunn.simulation.matrix_products.cuts import cut_strings
from tfq_resqunn.simulation.matrix_products.method import MatrixProducts
from tfq_resqunn.simulation.pauli_vectors.method import PauliVectors
from tfq_resqunn.simulation.protocols import NotOpen
from tfq_resqunn.simulation.state_vectors.method import StateVectors

pytestmark = pytest.mark.once

W = sympy.symbols("w_0:6")
PAIRS = {
    "chain": [(0, 1), (1, 2), (2, 3), (3, 4)],
    "ring": [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)],
    "backwards": [(4, 3), (3, 2), (2, 1), (1, 0)],
    "brickwork": [(0, 1), (2, 3), (1, 2), (3, 4)],
    "next but one": [(0, 2), (1, 3), (2, 4)],
    "star": [(2, 0), (2, 4), (2, 1), (2, 3)],
    "one pair twice": [(1, 3), (3, 1)],
}
GATES = {
    "CNOT": lambda a, b, w: cirq.CNOT(a, b),
    "CZ": lambda a, b, w: cirq.CZ(a, b),
    "SWAP": lambda a, b, w: cirq.SWAP(a, b),
    "ISWAP": lambda a, b, w: cirq.ISWAP(a, b) ** 0.5,
    "ZZ**w": lambda a, b, w: cirq.ZZ(a, b) ** w,
    "XX**w": lambda a, b, w: cirq.XX(a, b) ** w,
    "CNOT**w": lambda a, b, w: cirq.CNOT(a, b) ** w,
    "controlled ry(w)": lambda a, b, w: cirq.ry(w)(b).controlled_by(a),
    "fsim(w)": lambda a, b, w: cirq.FSimGate(w, 0.3)(a, b),
    "any": lambda a, b, w: cirq.MatrixGate(cirq.testing.random_unitary(4, random_state=1))(a, b),
}
WIDE = {"ISWAP", "CNOT**w", "controlled ry(w)", "fsim(w)", "any"}  # bonds of up to 16 values
TOO_FAR = ("one pair twice", "ring", "next but one")  # for these
# Each gate and each arrangement, with each other at least once in turn.
TABLE = [
    (gate, pairs)
    for i, gate in enumerate(GATES)
    for j, pairs in enumerate(PAIRS)
    if gate == "CNOT" or ((i + j) % 3 == 0 and (gate not in WIDE or pairs not in TOO_FAR))
]


def circuit_of(gate, pairs, observables="z"):
    qubits = cirq.LineQubit.range(5)
    operations = [cirq.ry(sympy.Symbol(f"x_{i}"))(q) for i, q in enumerate(qubits)]
    for layer in range(1 if gate in WIDE else 2):
        rotation = (cirq.ry, cirq.rx)[layer]
        operations += [rotation(W[(i + layer) % 6])(q) for i, q in enumerate(qubits)]
        for k, (a, b) in enumerate(PAIRS[pairs]):
            operations.append(GATES[gate](qubits[a], qubits[b], W[(k + 2) % 6]))
    return QuanvCircuit(cirq.Circuit(operations), observables)


def values_and_gradients(method, x, w, mix):
    with tf.GradientTape() as tape:
        tape.watch([x, w])
        found = method(x, w)
        total = tf.reduce_sum(found * mix)
    return found, *tape.gradient(total, [x, w], unconnected_gradients="zero")


def check_against_cirq(circuit, method, rng, filters=2):
    """Values, and the slopes of a mix of them along one direction of data and one of weights."""
    x, w = rng.random((3, len(circuit.inputs))), rng.uniform(0, 6, (filters, len(circuit.weights)))
    mix = rng.normal(size=(filters * len(circuit.observables), 3))

    def outcomes(x, w):
        return np.concatenate([expectations(circuit, x, row) for row in w], axis=1).T

    found = values_and_gradients(method, *map(tf.constant, (x.T, w, mix)))
    np.testing.assert_allclose(found[0], outcomes(x, w), atol=1e-10)
    along = rng.normal(size=x.shape), rng.normal(size=w.shape)
    gradients = found[1].numpy().T, found[2].numpy()
    for point, (direction, gradient) in enumerate(zip(along, gradients, strict=True)):
        ends = []
        for step in (1e-5, -1e-5):
            moved = [x, w]
            moved[point] = moved[point] + step * direction
            ends.append(np.sum(mix * outcomes(*moved)))
        slope = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(np.sum(gradient * direction), slope, atol=1e-7)


@pytest.mark.parametrize(("gate", "pairs"), TABLE)
def test_gates_on_two_qubits_wherever_they_lie(gate, pairs, rng):
    circuit = circuit_of(gate, pairs)
    for kind in (MatrixProducts, Halves):
        check_against_cirq(circuit, kind(GateCircuit.of(circuit)), rng)


@pytest.mark.parametrize("pairs", ["ring", "next but one", "star"])
@pytest.mark.parametrize("sliced", [True, False])
def test_bonds_are_carried_or_sliced(pairs, sliced, rng, monkeypatch):
    def choose(bonds, n_qubits):
        return [gate for gate, bond in bonds.items() if sliced and bond.right - bond.left > 1]

    monkeypatch.setattr(columns, "_choose_slices", choose)
    circuit = circuit_of("CNOT", pairs)
    check_against_cirq(circuit, MatrixProducts(GateCircuit.of(circuit)), rng)


@pytest.mark.parametrize(
    "observables",
    {
        "sums": "2*X0*Y3 - 0.5*Z1*Z4, Z2 + X2, 3*Y4",
        "one twice": "Z1, Z1, 2*Z1",
        "a constant": "1 + Z0, Z3",
        "all of them": "X0*X1*X2*X3*X4, Y0*Z1*Z2*Z3*Y4",
    }.items(),
    ids=lambda item: item[0],
)
def test_observables(observables, rng):
    q = cirq.LineQubit.range(5)
    letters = {f"{a}{i}": getattr(cirq, a)(q[i]) for a in "XYZ" for i in range(5)}
    sums = [eval(term, {}, letters) + cirq.PauliSum() for term in observables[1].split(",")]
    circuit = circuit_of("CZ", "ring", sums)
    for kind in (MatrixProducts, Halves):
        check_against_cirq(circuit, kind(GateCircuit.of(circuit)), rng)


@pytest.mark.parametrize("kind", [MatrixProducts, Halves])
def test_letters_that_depend_on_weights(kind, rng):
    """Weights before the data: then each filter has letters of its own."""
    qubits, x = cirq.LineQubit.range(3), sympy.symbols("x_0:3")
    first = [[cirq.rx(w)(q), cirq.ry(s)(q)] for w, q, s in zip(W[:3], qubits, x, strict=True)]
    operations = [*first, cirq.CNOT(*qubits[:2]), cirq.ry(W[3])(qubits[1]), cirq.CZ(*qubits[1:])]
    circuit = QuanvCircuit(cirq.Circuit(operations))
    for filters in (1, 3):
        check_against_cirq(circuit, kind(GateCircuit.of(circuit)), rng, filters)


@pytest.mark.parametrize("kind", [MatrixProducts, Halves])
@pytest.mark.parametrize("strengths", [{"depolarizing": 0.1}, {"amplitude_damping": 0.2}])
def test_noise(kind, strengths, rng):
    gates = GateCircuit.of(circuit_of("CNOT", "chain"), Noise.of(strengths, "test"))
    x, w = rng.random((5, 3)), rng.uniform(0, 6, (2, len(gates.weights)))
    given = [*map(tf.constant, (x, w, rng.normal(size=(10, 3))))]
    # Pauli vectors are compared with Cirq's density matrices elsewhere.
    expected = values_and_gradients(PauliVectors(gates), *given)
    for found, truth in zip(values_and_gradients(kind(gates), *given), expected, strict=True):
        np.testing.assert_allclose(found, truth, atol=1e-10)


@pytest.mark.parametrize("kind", [MatrixProducts, Halves])
@pytest.mark.parametrize("noisy", [False, True], ids=["", "all noise"])
def test_strings_of_which_nothing_is_left(kind, noisy, rng):
    """X is 0 on a qubit that `rx` has turned; noise can leave nothing of any qubit."""
    a, b = cirq.LineQubit.range(2)
    x = sympy.symbols("x_0:2")
    operations = [cirq.rx(x[0])(a), cirq.ry(x[1])(b)]
    operations += [cirq.rz(W[0])(b), cirq.ry(W[1])(b)]
    observables = [cirq.X(a) * cirq.Z(b), cirq.Z(a) * 0.5 + 0.25]
    noise = Noise.of({"depolarizing": 0.75}, "test") if noisy else None
    gates = GateCircuit.of(QuanvCircuit(cirq.Circuit(operations), observables), noise)
    given = rng.random((2, 3)), rng.random((2, 2)), rng.normal(size=(4, 3))
    given = [*map(tf.constant, given)]
    truth = PauliVectors(gates) if noisy else StateVectors(gates)
    expected = values_and_gradients(truth, *given)
    for found, true in zip(values_and_gradients(kind(gates), *given), expected, strict=True):
        np.testing.assert_allclose(found, true, atol=1e-10)


@pytest.mark.parametrize("weak", [3e-3, 3e-5, 1e-8])
def test_weak_gates_are_exact_too(weak, rng):
    q, x = cirq.LineQubit.range(4), sympy.symbols("x_0:4")
    operations = [cirq.ry(s)(p) for s, p in zip(x, q, strict=True)]
    operations += [cirq.rx(w)(p) for w, p in zip(W[:4], q, strict=True)]
    operations += [cirq.CZ(q[0], q[3]) ** weak, cirq.CNOT(*q[1:3]), cirq.CZ(q[1], q[3]) ** weak]
    operations += [cirq.ry(w)(p) for w, p in zip(W[2:6], q, strict=True)]
    circuit = QuanvCircuit(cirq.Circuit(operations))
    check_against_cirq(circuit, MatrixProducts(GateCircuit.of(circuit)), rng)


def test_a_thousand_qubits_in_a_chain(rng):
    n = 1100
    q = cirq.LineQubit.range(n)
    operations = [cirq.ry(sympy.Symbol(f"x_{i:04d}"))(q[i]) for i in range(n)]
    operations += [cirq.CNOT(q[i], q[i + 1]) for i in range(n - 1)]
    operations.append(cirq.ry(W[0])(q[2]))
    gates = GateCircuit.of(QuanvCircuit(cirq.Circuit(operations), [cirq.Z(q[2])]))
    x = rng.random((n, 2))
    # Before the CNOTs, Z on qubit 2 is Z on all up to it, and X is X on it and on the next.
    found = MatrixProducts(gates)(tf.constant(x), tf.constant([[0.7]], tf.float64)).numpy()[0]
    expected = np.cos(0.7) * np.cos(x[:3]).prod(axis=0)
    expected -= np.sin(0.7) * np.sin(x[2]) * np.sin(x[3])
    np.testing.assert_allclose(found, expected, atol=1e-10)


# --- many qubits -------------------------------------------------------------------------------


def brickwork(n_qubits, n_layers):
    q = cirq.LineQubit.range(n_qubits)
    operations = [cirq.ry(sympy.Symbol(f"x_{i:03d}"))(q[i]) for i in range(n_qubits)]
    number = 0
    for layer in range(n_layers):
        for i in range(n_qubits):
            operations.append((cirq.ry, cirq.rx)[i % 2](sympy.Symbol(f"w_{number:04d}"))(q[i]))
            number += 1
        operations += [cirq.CZ(q[i], q[i + 1]) for i in range(layer % 2, n_qubits - 1, 2)]
    return q, cirq.Circuit(operations)


@pytest.mark.parametrize(("n_qubits", "place"), [(25, 12), (49, 0), (49, 30), (49, 48)])
def test_light_cones_in_wide_circuits(n_qubits, place, rng):
    """A gate outside of an observable's light cone changes nothing: Cirq simulates what is left."""
    q, whole = brickwork(n_qubits, 3)
    observable = cirq.Z(q[place]) * 1.0
    wide = QuanvCircuit(whole, [observable, cirq.X(q[(place + 7) % n_qubits]) * 1.0])
    method = MatrixProducts(GateCircuit.of(wide))
    x, w = rng.random((1, n_qubits)), rng.uniform(0, 6, (1, len(wide.weights)))
    found = method(tf.constant(x.T), tf.constant(w)).numpy()[0]
    near = [qubit for i, qubit in enumerate(q) if abs(i - place) <= 4]
    inside = cirq.Circuit(op for op in whole.all_operations() if set(op.qubits) <= set(near))
    small = QuanvCircuit(inside, [observable])
    values = dict(zip(wide.inputs, x[0], strict=True)) | dict(zip(wide.weights, w[0], strict=True))
    own = [[[values[s] for s in symbols]] for symbols in (small.inputs, small.weights)]
    np.testing.assert_allclose(found, expectations(small, own[0], own[1][0])[:, 0], atol=1e-10)


@pytest.mark.parametrize(("rotation", "n_layers"), [("rx", 3), ("ry", 2), ("ry", 3)])
def test_rings_of_many_qubits(rotation, n_layers, rng):
    n = 12
    circuit = QuanvCircuit.from_parts(
        angle_encoder(n), basic_entangler(n, n_layers, rotation=rotation)
    )
    method = MatrixProducts(GateCircuit.of(circuit))
    x, w = rng.random((2, n)), rng.uniform(0, 6, (1, len(circuit.weights)))
    found = method(tf.constant(x.T), tf.constant(w)).numpy().T
    np.testing.assert_allclose(found, expectations(circuit, x, w[0]), atol=1e-10)
    x, w = tf.constant(x.T, tf.float32), tf.constant(w, tf.float32)
    np.testing.assert_allclose(method(x, w).numpy().T, found, atol=1e-5)


@pytest.mark.parametrize(
    ("rotation", "n_layers", "widest"), [("rx", 2, 8), ("ry", 2, 12), ("rx", 3, 64), ("ry", 3, 160)]
)
def test_only_what_can_be_reached_and_seen_is_carried(rotation, n_layers, widest):
    """Of the 16 or 256 values of all bonds, in rings of any number of qubits."""
    for n in (9, 25):
        parts = angle_encoder(n), basic_entangler(n, n_layers, rotation=rotation)
        network = MatrixProducts(GateCircuit.of(QuanvCircuit.from_parts(*parts)))._network
        widths = [c.vectors.shape[2] * len(c.slices) for c in network.coordinates.values()]
        assert max(widths) <= widest


# --- what is not open --------------------------------------------------------------------------


def test_what_is_too_much_says_how_much():
    circuit = QuanvCircuit.from_parts(angle_encoder(25), basic_entangler(25, 6))
    with pytest.raises(NotOpen, match=r"1024 slices x 1024\*\*2 values .* are more than 8192"):
        MatrixProducts(GateCircuit.of(circuit))
    q = cirq.LineQubit.range(3)
    three = cirq.Circuit(
        cirq.ry(sympy.Symbol("x_0"))(q[0]), cirq.ry(W[0])(q[2]), cirq.CCX(*q), cirq.H.on_each(*q)
    )
    with pytest.raises(NotOpen, match="a gate acts on 3 qubits"):
        MatrixProducts(GateCircuit.of(QuanvCircuit(three, [cirq.X(q[2]) * 1.0])))
    with pytest.raises(NotOpen, match="coefficients are too many"):
        Halves(GateCircuit.of(QuanvCircuit.from_parts(angle_encoder(16), basic_entangler(16))))


# --- cuts and spaces ---------------------------------------------------------------------------


def test_strings_share_what_is_computed_from_either_end():
    n = 8
    prefixes = [tuple(3 if i <= k else 0 for i in range(n)) for k in range(n)]
    single = [tuple(3 if i == k else 0 for i in range(n)) for k in range(n)]
    for strings in (prefixes, single):
        cuts = cut_strings(strings)
        for string, (left, right) in zip(strings, cuts.pairs, strict=True):
            assert left.letters + right.letters[::-1] == string
        assert len(cuts.left) + len(cuts.right) <= 3 * n
        for nodes in (cuts.left, cuts.right):
            for i, node in enumerate(nodes):
                assert node.parent is None or node.parent in nodes[:i]


def test_equal_spaces_are_the_same_object():
    parts = angle_encoder(25), basic_entangler(25, 2, rotation="ry")
    network = MatrixProducts(GateCircuit.of(QuanvCircuit.from_parts(*parts)))._network
    assert len({id(own) for own in network.coordinates.values()}) < 25
