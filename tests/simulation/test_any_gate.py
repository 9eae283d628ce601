"""Gates of every kind, on qubits in every order: against cirq.Simulator, on each backend."""

import itertools

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf
from cirq.circuits.qasm_output import QasmTwoQubitGate, QasmUGate

from tests.helpers.reference import BACKENDS, EXACT, expectations
from tests.layers.test_pqc import slopes
from tests.models.test_export import READERS, values_of
from tfq_resqunn import EncodedPQC, Quanv2D, QuanvCircuit, export_circuits
from tfq_resqunn.circuits import reupload
from tfq_resqunn.circuits.free_symbols import symbols_of
from tfq_resqunn.circuits.rewriting import decomposing
from tfq_resqunn.circuits.rewriting.decomposing import by_its_unitary, decomposed

pytestmark = pytest.mark.once

Q = cirq.LineQubit.range(4)
X, W, V = sympy.symbols("x_0 w_0 w_1")
START = [cirq.ry(X + i)(q) for i, q in enumerate(Q)] + [cirq.CX(Q[0], Q[1]), cirq.CX(Q[2], Q[3])]
END = [cirq.ry(W)(q) for q in Q] + [cirq.X(q) ** 0.3 for q in Q]
OBSERVABLES = ["z", "X0*Y1", "Y2*Z3"]


def matrix(n, seed=0):
    return cirq.MatrixGate(cirq.testing.random_unitary(2**n, random_state=seed))


class Opaque(cirq.Gate):
    """A constant gate of which nothing is known but its unitary."""

    def __init__(self, n):
        self.n = n

    def _num_qubits_(self):
        return self.n

    def _unitary_(self):
        return cirq.testing.random_unitary(2**self.n, random_state=self.n)


CONSTANT = {
    "matrix_1": matrix(1),
    "matrix_2": matrix(2),
    "matrix_3": matrix(3),
    "matrix_4": matrix(4),
    "controlled_matrix_1": matrix(1).controlled(2),
    "controlled_matrix_2": matrix(2).controlled(1),
    "controlled_by_zero": cirq.ControlledGate(matrix(2), control_values=[0]),
    "controlled_matrix_3": matrix(3).controlled(1),
    "controlled_sum": cirq.ControlledGate(
        matrix(1), control_values=cirq.SumOfProducts([[0, 1], [1, 0]])
    ),
    "parallel": cirq.ParallelGate(matrix(1), 2),
    "opaque_1": Opaque(1),
    "opaque_2": Opaque(2),
    "opaque_3": Opaque(3),
    "controlled_opaque": Opaque(2).controlled(1),
    "kak": QasmTwoQubitGate.from_matrix(cirq.testing.random_unitary(4, random_state=5)),
    "diagonal": cirq.ThreeQubitDiagonalGate([0.1, 0.9, 0.4, 0.3, 1.2, 0.8, 0.7, 0.2]),
    "permutation": cirq.QubitPermutationGate([1, 2, 0]),
    "fourier": cirq.QuantumFourierTransformGate(3),
    "superposition": cirq.H.controlled(1),
    "clifford": cirq.CliffordGate.from_op_list([cirq.CX(*Q[:2]), cirq.S(Q[0])], Q[:2]),
    "phased_fsim": cirq.PhasedFSimGate(0.3, 0.4, 0.5, 0.6, 0.7),
}


NUMBERS_OF_SYMPY = {
    "rotation": (cirq.ry(sympy.pi / 4), cirq.ry(np.pi / 4)),
    "power": (cirq.X ** sympy.Rational(1, 3), cirq.X ** (1 / 3)),
    "controlled": (cirq.ry(sympy.pi / 4).controlled(2), cirq.ry(np.pi / 4).controlled(2)),
    "fsim": (cirq.FSimGate(sympy.pi / 4, sympy.S(1)), cirq.FSimGate(np.pi / 4, 1.0)),
}


@pytest.mark.parametrize("name", NUMBERS_OF_SYMPY)
def test_numbers_of_sympy_are_numbers(name):
    found, expected = (
        EncodedPQC(
            QuanvCircuit(cirq.Circuit(START, gate.on(*Q[: gate.num_qubits()]), END), OBSERVABLES),
            initializer="ones",
        )(np.full((1, 1), 0.3))
        for gate in NUMBERS_OF_SYMPY[name]
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)


# Each on the compiled backend; what TensorFlow Quantum needs decomposed differs by kind alone.
DECOMPOSED = ("matrix_2", "matrix_3", "matrix_4", "controlled_matrix_2", "opaque_2", "kak")
RUNS = [("compiled", name) for name in CONSTANT]
RUNS += [("noiseless", name) for name in DECOMPOSED if "noiseless" in BACKENDS]
RUNS += [pytest.param(cirq.Simulator(), name, id=f"cirq-{name}") for name in DECOMPOSED]


@pytest.mark.parametrize(("backend", "name"), RUNS)
def test_constant_gates_on_qubits_in_any_order(backend, name, rng):
    gate = CONSTANT[name]
    n = gate.num_qubits()
    orders = [Q[:n][::-1], Q[1 : n + 1], (Q[2:] + Q[:2])[:n]] if n < 4 else [Q[::-1]]
    for order in orders if backend == "compiled" else orders[:1]:
        circuit = QuanvCircuit(cirq.Circuit(START, gate.on(*order), END), OBSERVABLES)
        layer, x = EncodedPQC(circuit, backend=backend), rng.random((1, 1))
        truth = expectations(circuit, x, layer.get_weights()[0][0])
        np.testing.assert_allclose(layer(x), truth, atol=2e-5)


@pytest.mark.parametrize("name", [n for n, g in CONSTANT.items() if g.num_qubits() < 4])
def test_decompositions_on_qubits_in_any_order(name):
    gate = CONSTANT[name]
    for order in itertools.permutations(Q[:3], gate.num_qubits()):
        parts = decomposed(gate.on(*order))
        if parts is None:
            parts = by_its_unitary(gate.on(*order))
        found, expected = (
            cirq.Circuit(ops).unitary(qubit_order=Q, qubits_that_should_be_present=Q)
            for ops in (parts, gate.on(*order))
        )
        cirq.testing.assert_allclose_up_to_global_phase(found, expected, atol=1e-6)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ["matrix_1", "matrix_2", "matrix_3", "controlled_matrix_2"])
def test_they_are_exported(name, reader, tmp_path):
    gate, x = CONSTANT[name], np.full((1, 1), 0.3)
    circuit = cirq.Circuit(START, gate.on(*Q[: gate.num_qubits()][::-1]), END)
    layer = EncodedPQC(QuanvCircuit(circuit, OBSERVABLES))
    manifest = export_circuits(layer, x, tmp_path / "out")
    (found,) = values_of(manifest["layers"][0], tmp_path / "out", READERS[reader]).values()
    np.testing.assert_allclose(found, layer(x)[0], atol=1e-5)


class Turn(cirq.Gate):
    """A user's gate: `exp(i angle H)`, known by its unitary at a number."""

    hamiltonian = np.array([[1, 1 - 2j], [1 + 2j, -0.5]])

    def __init__(self, angle):
        self.angle = angle

    def _num_qubits_(self):
        return int(np.log2(len(self.hamiltonian)))

    def _is_parameterized_(self):
        return cirq.is_parameterized(self.angle)

    def _parameter_names_(self):
        return cirq.parameter_names(self.angle)

    def _resolve_parameters_(self, resolver, recursive):
        return type(self)(cirq.resolve_parameters(self.angle, resolver, recursive))

    def _unitary_(self):
        if cirq.is_parameterized(self.angle):
            return NotImplemented
        values, vectors = np.linalg.eigh(self.hamiltonian)
        return vectors @ np.diag(np.exp(1j * self.angle * values)) @ vectors.conj().T

    def __repr__(self):
        return f"{type(self).__name__}({self.angle!r})"


class Turn2(Turn):
    hamiltonian = np.kron(Turn.hamiltonian, np.diag([0.3, 2])) + np.eye(4)[::-1]


class Traceless(Turn):
    """A rotation: the phase that its decomposition splits off is 1, of sympy's."""

    hamiltonian = np.array([[0.3, 1 - 2j], [1 + 2j, -0.3]])


class Untold(Turn):
    """It says that it is parametrised, and not by what."""

    def _parameter_names_(self):
        return NotImplemented


class Listing(Turn):
    """Its names come as a list."""

    def _parameter_names_(self):
        return sorted(cirq.parameter_names(self.angle))


class Bold(Turn):
    """It claims a unitary, whatever its angle is."""

    def _has_unitary_(self):
        return True


class Careless(Turn):
    """Its unitary fails on a symbol."""

    def _unitary_(self):
        return Turn(float(self.angle))._unitary_()


class Silent(Turn):
    """It knows neither `is_parameterized` nor names, only how to be resolved."""

    def _is_parameterized_(self):
        return NotImplemented

    def _parameter_names_(self):
        return NotImplemented


class Curved(Turn):
    """Not `exp(i angle H)`."""

    def _unitary_(self):
        if cirq.is_parameterized(self.angle):
            return NotImplemented
        return cirq.unitary(cirq.rx(self.angle**2))


class Deaf(cirq.Gate):
    """Cirq can put no number in the place of its symbol."""

    def __init__(self, angle):
        self.angle = angle

    def _num_qubits_(self):
        return 1

    def _unitary_(self):
        return cirq.unitary(cirq.rx(float(self.angle)))

    def __repr__(self):
        return "Deaf()"


A, B, C = Q[:3]
WITH_SYMBOLS = {
    "phased_fsim": cirq.PhasedFSimGate(W, V, X, W * V, 0.3)(B, A),
    "phased_fsim_inverse": cirq.PhasedFSimGate(W, 0.1, V, 0.2, X)(A, B) ** -1,
    "controlled_phased_fsim": cirq.PhasedFSimGate(W, 0.2, V, 0.1, X)(A, C).controlled_by(B),
    "qasm_u": QasmUGate(W, 0.3, V)(B),
    "controlled_qasm_u": QasmUGate(W, 0.3, V).controlled(1)(C, A),
    "parallel_qasm_u": cirq.ParallelGate(QasmUGate(W, 0.3, V), 2)(C, A),
    "boolean": cirq.BooleanHamiltonianGate(["a", "b"], ["a ^ b", "a & b"], W)(C, A),
    "phased_fsim_in_a_subcircuit": cirq.CircuitOperation(
        cirq.FrozenCircuit(cirq.PhasedFSimGate(W, V)(A, B)), qubit_map={A: C},
        use_repetition_ids=False,
    ),
    "turn": Turn(W)(A),
    "turn_of_a_sum": Turn(2 * W - V + 0.4 + X)(B),
    "turn_2": Turn2(W)(C, A),
    "controlled_turn": Turn(W)(A).controlled_by(C),
    "controlled_turn_gate": Turn2(W).controlled(1)(C, B, A),
    "traceless": Traceless(W - V)(A),
    "controlled_traceless": Traceless(W)(A).controlled_by(C),
    "untold": Untold(W + V)(A),
    "listing": Listing(W + V)(A),
    "bold": Bold(W)(A),
    "careless": Careless(W)(A),
    "silent": Silent(W)(A),
}  # fmt: skip


# What Cirq's simulators take only without a control.
ALONE = ("controlled_turn", "controlled_turn_gate", "controlled_traceless")


def circuit_of(op):
    start, end = [cirq.ry(X)(A), cirq.rx(V)(B), cirq.CX(A, C)], [cirq.ry(W)(q) for q in (A, B, C)]
    return QuanvCircuit(cirq.Circuit(start, op, cirq.CX(B, C), end), ["z", "X0*Y1", "Y1*X2"])


def resolved(op, numbers):
    """By hand, since not all of these can be resolved by Cirq."""
    inner = QasmUGate(numbers[W], 0.3, numbers[V])
    table = {
        "qasm_u": inner(B),
        "controlled_qasm_u": inner.controlled(1)(C, A),
        "parallel_qasm_u": [inner(C), inner(A)],
        "boolean": cirq.BooleanHamiltonianGate(["a", "b"], ["a ^ b", "a & b"], numbers[W])(C, A),
        "phased_fsim_in_a_subcircuit": cirq.PhasedFSimGate(numbers[W], numbers[V])(C, B),
    }
    return table.get(op, cirq.resolve_parameters(WITH_SYMBOLS[op], numbers))


def truth(name, features, weights):
    rows = []
    for x in features[:, 0]:
        numbers = {X: float(x), W: float(weights[0]), V: float(weights[1])}
        start, end = [cirq.ry(X)(A), cirq.rx(V)(B), cirq.CX(A, C)], [cirq.ry(W)(q) for q in Q[:3]]
        circuit = cirq.Circuit(start, resolved(name, numbers), cirq.CX(B, C), end)
        rows.append(
            cirq.Simulator(dtype=np.complex128).simulate_expectation_values(
                circuit, list(circuit_of(cirq.I(A)).observables), numbers, qubit_order=Q[:3]
            )
        )
    return np.real(rows)


@pytest.mark.parametrize("backend", EXACT)
@pytest.mark.parametrize("name", WITH_SYMBOLS)
def test_gates_with_symbols(name, backend, rng):
    circuit = circuit_of(WITH_SYMBOLS[name])
    if name in ALONE and isinstance(backend, cirq.Simulator):
        with pytest.raises(ValueError, match="Give its gate a _decompose_ method"):
            EncodedPQC(circuit, backend=backend)
        return
    assert (circuit.inputs, circuit.weights) == ((X,), (W, V))
    layer, x = EncodedPQC(circuit, backend=backend), rng.random((2, 1))
    weights = rng.uniform(0.2, 1.5, (1, 2))
    layer.set_weights([weights])
    expected = truth(name, x, weights[0])
    mix, features = rng.normal(size=expected.shape), tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(features)
        found = layer(features)
        total = tf.reduce_sum(found * mix)
    np.testing.assert_allclose(found, expected, atol=2e-5)

    def loss(x, w):
        return np.sum(mix * truth(name, x, w[0]))

    for i, gradient in enumerate(tape.gradient(total, [features, layer.trainable_weights[0]])):
        np.testing.assert_allclose(gradient, slopes(loss, [x, weights], i), atol=5e-3)


@pytest.mark.parametrize("name", ["phased_fsim", "qasm_u", "boolean"])
def test_hidden_symbols_in_parts_and_uploads(name):
    ansatz = cirq.Circuit(WITH_SYMBOLS[name]).transform_qubits({C: B})
    if name == "phased_fsim":
        ansatz = cirq.Circuit(cirq.PhasedFSimGate(W, V)(A, B))
    encoder = cirq.Circuit(cirq.rx(X)(A), cirq.rx(X)(B))
    n = len(symbols_of(ansatz))
    assert len(symbols_of(reupload(encoder, ansatz, 3))) == 3 * n + 1
    layer = Quanv2D(kernel_size=1, encoder=encoder, ansatz=ansatz, n_uploads=2)
    layer.build((None, 2, 2, 1))
    assert layer.pqcs[0].parameters.shape == (1, 2 * n)


class Composite(Deaf):
    """It tells its symbol by nothing but its decomposition."""

    def _unitary_(self):
        return NotImplemented

    def _decompose_(self, qubits):
        return cirq.rx(self.angle)(*qubits)


def test_uploads_never_share_weights():
    encoder, ansatz = cirq.Circuit(cirq.ry(X)(A)), cirq.Circuit(Composite(W)(A))
    assert QuanvCircuit.from_parts(encoder, ansatz).weights == (W,)
    with pytest.raises(ValueError, match="reupload: each upload has .* Received w_0, in a gate"):
        reupload(encoder, ansatz, 2)


def test_noise_acts_once_on_a_gate_that_hides_its_symbols(rng):
    circuit = circuit_of(WITH_SYMBOLS["phased_fsim"])
    layer, x = EncodedPQC(circuit, noise={"bit_flip": 0.1}), rng.random((1, 1))
    noisy = cirq.Circuit()
    for moment in circuit.circuit:
        noisy += [moment, cirq.Moment(cirq.bit_flip(0.1).on_each(*sorted(moment.qubits)))]
    numbers = {X: x[0, 0], **{s: float(v) for s, v in layer.symbol_values().items()}}
    expected = cirq.DensityMatrixSimulator(dtype=np.complex128).simulate_expectation_values(
        cirq.resolve_parameters(noisy, numbers), list(circuit.observables), qubit_order=Q[:3]
    )
    np.testing.assert_allclose(layer(x), [np.real(expected)], atol=1e-5)


def test_exports_have_numbers_everywhere(tmp_path):
    for name in ("qasm_u", "controlled_qasm_u", "phased_fsim"):
        layer = EncodedPQC(circuit_of(WITH_SYMBOLS[name]))
        export_circuits(layer, np.full((1, 1), 0.3), tmp_path / name)
        (file,) = tmp_path.glob(f"{name}/*/00000.json")
        assert not symbols_of(cirq.read_json(file))


ERRORS = {
    "curved": (Curved(W)(A), r"or have a unitary exp\(i x H\) .* Received Curved\(w_0\)"),
    "function": (Turn(sympy.sin(W))(A), r"Received Turn\(sin\(w_0\)\).* which is none of these"),
    "curved_under_control": (Curved(W)(A).controlled_by(B), "which is none of these"),
    "deaf": (
        Deaf(W)(A),
        r"Received Deaf\(\).*, which has no unitary. It has the symbols w_0. A gate",
    ),
    "assumptions_hidden": (
        cirq.PhasedFSimGate(sympy.Symbol("a", positive=True))(A, B),
        r"and a has assumptions \(real=True, say\)",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    op, message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        QuanvCircuit(cirq.Circuit(cirq.rx(X)(A), op))
    with pytest.raises(ValueError, match=message):
        Quanv2D(kernel_size=1, ansatz=cirq.Circuit(cirq.rx(W)(A), op))


def test_warning_filters_are_left_alone(monkeypatch):
    monkeypatch.setattr(decomposing, "warnings", None)
    for op in (cirq.CX(A, B), cirq.rx(W)(A).controlled_by(B), matrix(1)(A), WITH_SYMBOLS["qasm_u"]):
        decomposed(op)
    with pytest.raises(AttributeError):  # only where Cirq would warn
        decomposed(matrix(2)(A, B))
