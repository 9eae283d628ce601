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


def string_number(string: Sequence[int]) -> int:
    """Gives the place of a Pauli string among all of its length; its last letter counts least."""
    return functools.reduce(lambda number, letter: 4 * number + letter, string, 0)


def string_matrix(string: Sequence[int]) -> np.ndarray:
    """Gives the matrix of a Pauli string."""
    return functools.reduce(np.kron, [PAULIS[a] for a in string], np.eye(1))


@functools.lru_cache(maxsize=8)
def pauli_basis(n_qubits: int) -> np.ndarray:
    """Gives the 4**n Pauli matrices on n qubits, `[4**n, d, d]`; the last letter varies fastest."""
    basis = np.ones((1, 1, 1), dtype=complex)
    for _ in range(n_qubits):
        basis = np.einsum("aij,bkl->abikjl", basis, PAULIS)
        a, b, i, k, j, m = basis.shape
        basis = basis.reshape(a * b, i * k, j * m)
    return basis


def coefficients_in(basis: np.ndarray, operators: np.ndarray) -> np.ndarray:
    """Writes Hermitian operators `[m, d, d]` in the Pauli basis, as columns: `[4**n, m]`."""
    coefficients = np.einsum("bij,aji->ba", basis, operators).real / basis.shape[-1]
    coefficients[np.abs(coefficients) < 1e-12] = 0
    return coefficients


def embed(matrix: np.ndarray, qubits: Sequence[int], n_qubits: int, base: int = 2) -> np.ndarray:
    """Gives the matrix on all qubits of one that acts on some.

    Args:
        matrix: `[base**k, base**k]`.
        qubits: The k qubits on which it acts, the most significant first.
        n_qubits: Number of all qubits.
        base: Numbers a qubit: 2 for amplitudes, 4 for Pauli letters.
    """
    rest = [q for q in range(n_qubits) if q not in qubits]
    whole = np.kron(matrix, np.eye(base ** len(rest))).reshape((base,) * (2 * n_qubits))
    order = np.argsort([*qubits, *rest])
    return whole.transpose([*order, *(order + n_qubits)]).reshape(base**n_qubits, -1)
