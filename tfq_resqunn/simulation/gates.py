"""One operation -> gates in spectral form: matrices as functions of their exponent.

Any `cirq.EigenGate` with exponent t is `sum_k exp(i pi t f_k) P_k` with constant frequencies f_k
(Cirq's eigenvalue exponents plus the global shift) and constant projectors P_k. So is a
controlled one. A constant gate is its unitary, a channel the matrix by which it turns Pauli
operators. Everything else is decomposed until it is one of these.
"""

import dataclasses
import functools
import itertools

import cirq
import numpy as np
import sympy

from tfq_resqunn.circuits.free_symbols import symbols_in
from tfq_resqunn.circuits.rewriting.decomposing import (
    by_its_unitary,
    controls_of,
    decomposed,
    is_power,
)
from tfq_resqunn.circuits.rewriting.phases import angle_of
from tfq_resqunn.circuits.rewriting.unrolling import unroll

MAX_CONTROLLED = 12  # qubits of a controlled gate
MAX_ENTRIES = 2**27  # of all matrices together: 2 GiB


@dataclasses.dataclass(frozen=True, eq=False)
class Gate:
    """`sum_k exp(i pi exponent frequencies[k]) projectors[k]` on some qubits.

    Attributes:
        qubits: Indices of the qubits, the most significant first.
        exponent: In half turns; `None` for a constant gate, which is `projectors[0]`.
        frequencies: `[k]`.
        projectors: `[k, d, d]` with d = 2**len(qubits).
    """

    qubits: tuple[int, ...]
    exponent: sympy.Expr | None
    frequencies: np.ndarray
    projectors: np.ndarray

    @property
    def symbols(self) -> set[sympy.Symbol]:
        """The symbols that the gate depends on."""
        return set() if self.exponent is None else self.exponent.free_symbols

    @functools.cached_property
    def generator(self) -> np.ndarray:
        """The Hermitian H with `d/dt U = i pi H U`."""
        return np.einsum("k,kab->ab", self.frequencies, self.projectors)


@dataclasses.dataclass(frozen=True, eq=False)
class Channel:
    """A constant channel, which stands among gates and is not unitary.

    Attributes:
        qubits: Indices of the qubits, the most significant first.
        transfer: `[4**k, 4**k]`: the Pauli operator with index a, pulled back, is the sum over b
            of `transfer[b, a] P_b`.
    """

    qubits: tuple[int, ...]
    transfer: np.ndarray
    exponent = None
    symbols = frozenset()


def gates_of(circuit: cirq.AbstractCircuit, qubits) -> list[Gate | Channel]:
    """Gives the gates of a circuit, in order.

    Args:
        circuit: Unitary operations, and channels without symbols.
        qubits: All its qubits; gates name them by their index in here.

    Raises:
        ValueError: If an operation is neither of spectral form nor decomposed by Cirq, or its
            matrix is too large.

    Example:
        >>> q = cirq.LineQubit(0)
        >>> gates = gates_of(cirq.FrozenCircuit(cirq.rx(sympy.Symbol("a"))(q), cirq.H(q)), [q])
        >>> [(g.exponent, g.frequencies.tolist()) for g in gates]
        [(a/pi, [-0.5, 0.5]), (None, [0.0])]
    """
    index = {q: i for i, q in enumerate(qubits)}
    gates, entries = [], 0
    for op in unroll(circuit).all_operations():
        for gate in _gates(op):
            if isinstance(gate, Gate):
                entries += gate.projectors.size
            if entries > MAX_ENTRIES:
                raise ValueError(
                    "backend='compiled' takes gates whose matrices have up to "
                    f"{MAX_ENTRIES} entries in all. Received more, up to {str(op)[:100]}. Write "
                    "large gates with smaller ones, or use backend='noiseless'."
                )
            if gate.qubits:
                gates.append(dataclasses.replace(gate, qubits=tuple(index[q] for q in gate.qubits)))
    return gates


def _gates(op: cirq.Operation) -> list[Gate | Channel]:
    # Here a gate's `qubits` are still Cirq's.
    op = op.untagged
    if isinstance(op.gate, cirq.GlobalPhaseGate):
        return [_phase(op)]  # on no qubits: only a control sees it
    is_constant = not symbols_in(op)
    if is_constant and not cirq.has_unitary(op) and cirq.has_kraus(op):
        return [_channel(op)]
    if is_constant and (len(op.qubits) <= 4 or decomposed(op) is None):
        unitary = cirq.unitary(op)
        return [Gate(tuple(op.qubits), None, np.zeros(1), unitary[None])]
    if is_power(op.gate):
        return [_eigen_gate(op)]
    if controlled := controls_of(op):
        return _controlled(*controlled)
    parts = decomposed(op)
    if parts is None:
        parts = by_its_unitary(op)
    if parts is None:
        raise ValueError(
            f"backend='compiled' has no matrix for {op}: its gate is no cirq.EigenGate, and Cirq "
            "cannot decompose it. Give its gate a _decompose_ method, or write it with gates that "
            "have one."
        )
    return [gate for part in parts for gate in _gates(part)]


def _phase(op: cirq.Operation) -> Gate:
    coefficient, one = sympy.sympify(op.gate.coefficient), np.ones((1, 1, 1))
    if coefficient.is_number:  # one of sympy's perhaps, of which Cirq knows no unitary
        return Gate((), None, np.zeros(1), complex(coefficient) * one)
    angle = angle_of(coefficient)
    if angle is None:
        raise ValueError(
            "backend='compiled' takes a phase as a number of modulus 1, as exp(I*angle), as such a "
            f"number to a power, or as a product of these. Received {op}."
        )
    return Gate((), angle / sympy.pi, np.ones(1), one)


def _channel(op: cirq.Operation) -> Channel:
    basis = pauli_basis(len(op.qubits))
    pulled = sum(k.conj().T @ basis @ k for k in cirq.kraus(op))
    return Channel(tuple(op.qubits), _coefficients(pulled, basis))


def _eigen_gate(op: cirq.Operation) -> Gate:
    components = op.gate._eigen_components()
    shift = op.gate.global_shift
    return Gate(
        tuple(op.qubits),
        sympy.sympify(op.gate.exponent),
        np.array([float(theta) + shift for theta, _ in components]),
        np.array([projector for _, projector in components], dtype=complex),
    )


def _controlled(controls, values, sub: cirq.Operation) -> list[Gate]:
    n_qubits = len(controls) + len(sub.qubits)
    if n_qubits > MAX_CONTROLLED:
        raise ValueError(
            f"backend='compiled' takes controlled gates on up to {MAX_CONTROLLED} qubits in all, "
            f"as matrices of 2**{MAX_CONTROLLED} rows. Received {str(sub)[:100]} with "
            f"{len(controls)} controls: {n_qubits} qubits. Write it with smaller gates, such as "
            "cirq.decompose(operation), or use backend='noiseless'."
        )
    # The projector on the control values, and the identity where they do not hold.
    holds = np.zeros(2 ** len(controls))
    for product in values.expand():
        holds[int("".join(map(str, product)), 2)] = 1
    gates = []
    for gate in _gates(sub):
        dimension = gate.projectors.shape[-1]
        idle = np.kron(np.diag(1 - holds), np.eye(dimension))
        active = [np.kron(np.diag(holds), p) for p in gate.projectors]
        if gate.exponent is None:
            projectors, frequencies = [idle + active[0]], [0.0]
        else:
            projectors, frequencies = [idle, *active], [0.0, *gate.frequencies]
        gates.append(
            Gate(
                (*controls, *gate.qubits),
                gate.exponent,
                np.array(frequencies),
                np.array(projectors),
            )
        )
    return gates


PAULIS = np.array(
    [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex
)


@functools.lru_cache(maxsize=8)
def pauli_basis(n_qubits: int) -> np.ndarray:
    """Gives the 4**n Pauli matrices on n qubits, `[4**n, d, d]`; the last letter varies fastest."""
    basis = np.ones((1, 1, 1), dtype=complex)
    for _ in range(n_qubits):
        basis = np.einsum("aij,bkl->abikjl", basis, PAULIS)
        a, b, i, k, j, m = basis.shape
        basis = basis.reshape(a * b, i * k, j * m)
    return basis


def harmonics(gate: Gate | Channel) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Gives how a gate turns Pauli operators, as a trigonometric polynomial of its exponent t.

    Returns:
        Triples (delta, A, B), so that the Pauli operator with index a, pulled back through the
        gate, is the sum over triples and b of
        `(A[b, a] cos(pi delta t) + B[b, a] sin(pi delta t)) P_b`. The first has delta 0.
    """
    if isinstance(gate, Channel):
        return [(0.0, gate.transfer, np.zeros_like(gate.transfer))]
    basis = pauli_basis(len(gate.qubits))
    by_difference: dict[float, np.ndarray] = {}
    pairs = itertools.product(enumerate(gate.frequencies), repeat=2)
    for (k, f), (m, h) in pairs:
        difference = round(float(h - f), 9)
        if difference >= 0:
            # U^dagger P U holds exp(i pi t (h - f)) P_k^dagger P P_m, and its adjoint.
            left = gate.projectors[k].conj().T
            part = left @ basis @ gate.projectors[m]
            by_difference[difference] = by_difference.get(difference, 0) + part
    terms = []
    for difference, part in sorted(by_difference.items()):
        adjoint = np.conj(np.swapaxes(part, -1, -2))
        even, odd = (part, 0 * part) if difference == 0 else (part + adjoint, 1j * (part - adjoint))
        terms.append((difference, _coefficients(even, basis), _coefficients(odd, basis)))
    return terms


def _coefficients(operators: np.ndarray, basis: np.ndarray) -> np.ndarray:
    coefficients = np.einsum("bij,aji->ba", basis, operators).real / basis.shape[-1]
    coefficients[np.abs(coefficients) < 1e-12] = 0
    return coefficients
