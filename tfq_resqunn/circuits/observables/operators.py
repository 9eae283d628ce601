"""Operators of any kind -> sums of Pauli strings."""

from collections.abc import Sequence
from typing import TypeAlias

import cirq
import numpy as np

# Objects that have a matrix, and name their qubits. A Pauli string is an operation.
_Sum: TypeAlias = cirq.PauliSum | cirq.LinearCombinationOfOperations | cirq.ProjectorSum
Operator: TypeAlias = cirq.Operation | cirq.ProjectorString | _Sum


def expanded(observable: Operator, who: str) -> cirq.PauliSum:
    """Gives an operator as a sum of Pauli strings.

    It need not be Hermitian.

    >>> print(expanded(cirq.CZ(*cirq.LineQubit.range(2)), "who"))
    0.500*I+0.500*Z(q(1))+0.500*Z(q(0))-0.500*Z(q(0))*Z(q(1))
    """
    if isinstance(observable, cirq.PauliSum):
        return observable
    if isinstance(observable, cirq.PauliString):
        return cirq.PauliSum.from_pauli_strings([observable])
    qubits, matrix = _matrix(observable, who)
    coefficients = _pauli_coefficients(matrix)
    strings = []
    for place in zip(*np.nonzero(np.abs(coefficients) > 1e-12), strict=True):
        letters = {q: _PAULIS[letter] for q, letter in zip(qubits, place, strict=True) if letter}
        strings.append(cirq.PauliString(letters, coefficient=coefficients[place]))
    return cirq.PauliSum.from_pauli_strings(strings)


def _matrix(observable: Operator, who: str) -> tuple[Sequence[cirq.Qid], np.ndarray]:
    is_operation = isinstance(observable, cirq.Operation)
    if cirq.is_parameterized(observable) or (is_operation and not cirq.has_unitary(observable)):
        raise ValueError(
            f"{who}: `observables` must be Hermitian, without symbols. Received {observable}, "
            "which has no constant matrix."
        )
    if is_operation:
        return observable.qubits, cirq.unitary(observable)
    if isinstance(observable, cirq.LinearCombinationOfOperations):
        return observable.qubits, observable.matrix()
    projectors = cirq.ProjectorSum.from_projector_strings(observable)
    return projectors.qubits, projectors.matrix(projectors.qubits).toarray()


_PAULIS = (None, cirq.X, cirq.Y, cirq.Z)
# [Pauli, row, column]. Its product with a matrix is half the trace of Pauli times matrix.
_HALF_TRACES = np.array([np.eye(2), *map(cirq.unitary, _PAULIS[1:])]).swapaxes(1, 2) / 2


def _pauli_coefficients(matrix: np.ndarray) -> np.ndarray:
    """Gives the coefficient of each Pauli string, `[4, ..., 4]` with an axis a qubit."""
    n = int(matrix.shape[0]).bit_length() - 1
    tensor = matrix.reshape([2] * (2 * n))
    for k in range(n):  # axis 0 is this qubit's row, and axis n - k its column
        tensor = np.tensordot(tensor, _HALF_TRACES, axes=([0, n - k], [1, 2]))
    return tensor


def dense_as_text(string: cirq.DensePauliString, who: str) -> str:
    """Gives a `cirq.DensePauliString` as text, since both count qubits instead of naming them.

    >>> dense_as_text(cirq.DensePauliString("XIZ", coefficient=-2), "who")
    '-2.0*X0*Z2'
    """
    coefficient = string.coefficient
    if cirq.is_parameterized(string) or abs(coefficient.imag) > 1e-12:
        raise ValueError(
            f"{who}: `observables` must be Hermitian, with real numbers. Received {string!r}."
        )
    letters = [f"{'IXYZ'[pauli]}{i}" for i, pauli in enumerate(string.pauli_mask) if pauli]
    return "*".join([repr(float(coefficient.real)), *letters])
