"""Product bases: a gate that is diagonal in one only multiplies amplitudes by phases there."""

from collections.abc import Sequence

import numpy as np

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.gates.operators import coefficients_in, pauli_basis

MAX_SEARCHED = 5  # qubits of a gate, which has 4**5 Pauli strings
_TINY = 1e-9


def product_basis(gate: Gate) -> list[np.ndarray] | None:
    """Finds a basis for each of a gate's qubits, such that it is diagonal in their product.

    Gives a matrix a qubit, with the basis states as columns, the first entries of which are real
    and not negative; `None` if there are no such bases.

    >>> import cirq, sympy
    >>> from tfq_resqunn.simulation.gates.spectral import gates_of
    >>> q = cirq.LineQubit(0)
    >>> [gate] = gates_of(cirq.FrozenCircuit(cirq.rx(sympy.Symbol("a"))(q)), [q])
    >>> product_basis(gate)[0].real.round(3).tolist()
    [[0.707, 0.707], [0.707, -0.707]]
    """
    k = len(gate.qubits)
    bases = [np.eye(2, dtype=complex)] * k
    if all(_is_diagonal(p) for p in gate.projectors):
        return bases
    if k > MAX_SEARCHED:
        return None
    adjoints = np.conj(np.swapaxes(gate.projectors, -1, -2))
    hermitian = np.concatenate([gate.projectors + adjoints, 1j * (gate.projectors - adjoints)])
    letters = coefficients_in(pauli_basis(k), hermitian).reshape((4,) * k + (-1,))
    for i in range(k):
        # The gate may contain the qubit's Pauli operators in one direction alone.
        directions = np.moveaxis(letters, i, 0)[1:].reshape(3, -1)
        left, sizes, _ = np.linalg.svd(directions, full_matrices=False)
        if np.any(sizes[1:] > _TINY):
            return None
        if sizes[0] > _TINY:
            bases[i] = _along(left[:, 0])
    rotated = in_basis(gate, bases)
    return bases if all(_is_diagonal(p) for p in rotated) else None


def in_basis(gate: Gate, bases: Sequence[np.ndarray]) -> np.ndarray:
    """Gives a gate's projectors in a product basis, `[k, d, d]`."""
    whole = np.ones((1, 1))
    for basis in bases:
        whole = np.kron(whole, basis)
    return np.conj(whole.T) @ gate.projectors @ whole


def _along(direction: np.ndarray) -> np.ndarray:
    # The eigenstates of the Pauli operator in a direction. Its sign is free: it is chosen so that
    # gates along one axis have one basis.
    x, y, z = direction
    leading = next(c for c in (z, y, x) if abs(c) > _TINY)
    x, y, z = np.round(direction * np.sign(leading), 12)
    half, azimuth = np.arccos(np.clip(z, -1, 1)) / 2, np.exp(1j * np.arctan2(y, x))
    cos, sin = np.cos(half), np.sin(half)
    return np.array([[cos, sin], [azimuth * sin, -azimuth * cos]])


def _is_diagonal(matrix: np.ndarray) -> bool:
    return bool(np.all(np.abs(matrix - np.diag(np.diag(matrix))) < 1e-9))
