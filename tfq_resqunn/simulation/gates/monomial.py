"""Constant gates that permute amplitudes and multiply them by phases: X, CNOT, SWAP, CZ, ..."""

import numpy as np

from tfq_resqunn.simulation.gates.gate import Gate


def is_monomial(matrix: np.ndarray) -> bool:
    """Tells whether each row and each column of a matrix has exactly one entry."""
    there = np.abs(matrix) > 1e-12
    return bool(np.all(there.sum(axis=0) == 1) and np.all(there.sum(axis=1) == 1))


def permutation(gate: Gate, n_qubits: int) -> tuple[np.ndarray, np.ndarray]:
    """Gives `source` and `phases` of such a gate: it sends amplitude `source[i]` to place i.

    On its way the amplitude is multiplied by `phases[i]`; both are `[2**n_qubits]`.
    """
    matrix, k = gate.projectors[0], len(gate.qubits)
    index = np.arange(2**n_qubits)
    shifts = [n_qubits - 1 - q for q in gate.qubits]
    row = sum(((index >> s) & 1) << (k - 1 - i) for i, s in enumerate(shifts))
    column = np.argmax(np.abs(matrix), axis=1)[row]
    source = index.copy()
    for i, s in enumerate(shifts):
        bit = (column >> (k - 1 - i)) & 1
        source = (source & ~(1 << s)) | (bit << s)
    return source, matrix[row, column]
