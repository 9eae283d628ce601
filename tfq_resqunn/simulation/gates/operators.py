"""Operators as sums of Pauli strings, and as matrices."""

import functools
from collections.abc import Iterable, Sequence

import cirq
import numpy as np

# A Pauli string has one letter a qubit: 0, 1, 2, 3 for I, X, Y, Z.
String = tuple[int, ...]
# The coefficient of each Pauli string.
Operator = dict[String, float]

LETTERS = "IXYZ"
PAULIS = np.array(
    [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex
)


def operator_of(observable: Iterable[cirq.PauliString], qubits: Sequence[cirq.Qid]) -> Operator:
    """Writes a Pauli sum, or its terms, as coefficients of strings."""
    operator: Operator = {}
    for term in observable:
        string = tuple(LETTERS.index(str(term.get(q, cirq.I))) for q in qubits)
        operator[string] = operator.get(string, 0.0) + complex(term.coefficient).real
    return operator


def string_matrix(string: Sequence[int]) -> np.ndarray:
    """Gives the matrix of a Pauli string."""
    return functools.reduce(np.kron, [PAULIS[a] for a in string], np.eye(1))


def action(string: Sequence[int]) -> tuple[int, np.ndarray]:
    """Gives what a Pauli string makes of amplitudes: the bits that it flips, and phases.

    Amplitude i is `phases[i]` times what amplitude `i ^ flips` was.
    """
    n_qubits = len(string)
    index = np.arange(2**n_qubits)
    phases, flips = np.ones(len(index), dtype=complex), 0
    for q, letter in enumerate(string):
        if letter in (2, 3):
            phases = phases * (1 - 2 * ((index >> (n_qubits - 1 - q)) & 1))
        if letter in (1, 2):
            flips |= 1 << (n_qubits - 1 - q)
        if letter == 2:
            phases = phases * -1j
    return flips, phases


@functools.lru_cache(maxsize=8)
def pauli_basis(n_qubits: int) -> np.ndarray:
    """Gives the 4**n Pauli matrices on n qubits, `[4**n, d, d]`; the last letter varies fastest."""
    return functools.reduce(np.kron, [PAULIS] * n_qubits, np.ones((1, 1, 1)))


def coefficients_in(basis: np.ndarray, operators: np.ndarray) -> np.ndarray:
    """Writes Hermitian operators `[m, d, d]` in the Pauli basis, as columns: `[4**n, m]`."""
    coefficients = np.einsum("bij,aji->ba", basis, operators).real / basis.shape[-1]
    coefficients[np.abs(coefficients) < 1e-12] = 0
    return coefficients


def embed(matrix: np.ndarray, qubits: Sequence[int], n_qubits: int, base: int = 2) -> np.ndarray:
    """Gives the matrix on all qubits of one, `[base**k, base**k]`, that acts on k of them.

    The most significant qubit comes first; the base is 2 for amplitudes, 4 for Pauli letters.
    """
    rest = [q for q in range(n_qubits) if q not in qubits]
    whole = np.kron(matrix, np.eye(base ** len(rest))).reshape((base,) * (2 * n_qubits))
    order = np.argsort([*qubits, *rest])
    return whole.transpose([*order, *(order + n_qubits)]).reshape(base**n_qubits, -1)
