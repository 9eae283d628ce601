"""Observables pulled back as matrices: for few qubits and circuits too deep for sums of paths."""

import functools

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.angles import Angles, cos_sin
from tfq_resqunn.simulation.gates import PAULIS, Gate


class Unitary:
    """The unitary of gates of weights alone, built once a step.

    Args:
        gates: The gates.
        n_qubits: Qubits, the first the most significant.
        weights: Weight symbols, in their order.
    """

    def __init__(self, gates, n_qubits: int, weights):
        self._dimension = 2**n_qubits
        self._first, factors = _chain(gates, n_qubits)
        exponents = [g.exponent for g in gates if g.exponent is not None]
        self._angles = Angles(exponents, list(weights)) if exponents else None
        self._frequencies = np.array([f for f, _ in factors])  # [gates, k]
        self._factors = np.array([p for _, p in factors])  # [gates, k, d, d]

    @property
    def flops(self) -> int:
        """Multiplications and additions a filter: a product of complex matrices a gate."""
        return 8 * self._dimension**3 * len(self._factors)

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[filters, d, d]`."""
        complex_type = tf.complex128 if weights.dtype == tf.float64 else tf.complex64
        d, first = self._dimension, tf.constant(self._first, complex_type)
        if self._angles is None:
            return tf.tile(first[None], [tf.shape(weights)[1], 1, 1])
        turns = self._angles(weights)  # [gates, filters]
        frequencies = tf.constant(self._frequencies[:, None, :], weights.dtype)
        phases = tf.complex(*cos_sin(turns[:, :, None] * frequencies))  # [gates, filters, k]
        n_gates, k = self._frequencies.shape
        factors = tf.constant(self._factors.reshape(n_gates, k, d * d), complex_type)
        matrices = tf.reshape(tf.matmul(phases, factors), [n_gates, -1, d, d])
        # Neighbours are multiplied at once, the later one from the left.
        while matrices.shape[0] > 1:
            n_pairs = matrices.shape[0] // 2
            rest = matrices[2 * n_pairs :]
            pairs = tf.matmul(matrices[1 : 2 * n_pairs : 2], matrices[0 : 2 * n_pairs : 2])
            matrices = tf.concat([pairs, rest], axis=0) if rest.shape[0] else pairs
        return tf.matmul(matrices[0], first)


class DenseCoefficients:
    """Coefficients of Pauli strings, from the circuit's unitary.

    Args:
        gates: Gates of weights alone.
        operators: Observables, as Pauli strings with constant coefficients.
        strings: The strings whose coefficients are wanted.
        weights: Weight symbols, in their order.
    """

    def __init__(self, gates, operators, strings, weights):
        n_qubits = len(strings[0])
        self._size = 4**n_qubits
        self._unitary = Unitary(gates, n_qubits, weights)
        nothing = np.zeros((2**n_qubits, 2**n_qubits), dtype=complex)
        matrices = [
            sum((c * string_matrix(s) for s, c in operator.items()), start=nothing)
            for operator in operators
        ]
        self._observables = np.array(matrices)
        self._strings = np.array([string_matrix(s).T.ravel() for s in strings]).T / 2**n_qubits

    @property
    def flops(self) -> int:
        """Multiplications and additions a filter."""
        return self._unitary.flops

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[n_observables, n_strings, filters]`."""
        unitary = self._unitary(weights)[:, None]  # [filters, 1, d, d]
        observables = tf.constant(self._observables, unitary.dtype)
        pulled = tf.matmul(unitary, tf.matmul(observables, unitary), adjoint_a=True)
        pulled = tf.reshape(pulled, [-1, len(self._observables), self._size])
        real, imag = (tf.constant(part, weights.dtype) for part in _parts(self._strings))
        coefficients = tf.matmul(tf.math.real(pulled), real) - tf.matmul(tf.math.imag(pulled), imag)
        return tf.transpose(coefficients, [1, 2, 0])


def _parts(array):
    return np.ascontiguousarray(array.real), np.ascontiguousarray(array.imag)


def _chain(gates: list[Gate], n_qubits: int):
    """Writes gates as a constant unitary, then spectral factors with constants merged in."""
    first, factors = np.eye(2**n_qubits, dtype=complex), []
    for gate in gates:
        embedded = np.array([embed(p, gate.qubits, n_qubits) for p in gate.projectors])
        if gate.exponent is not None:
            factors.append((gate.frequencies, embedded))
        elif factors:
            frequencies, projectors = factors[-1]
            factors[-1] = (frequencies, embedded[0] @ projectors)
        else:
            first = embedded[0] @ first
    widest = max((len(f) for f, _ in factors), default=0)
    padded = []
    for frequencies, projectors in factors:
        missing = widest - len(frequencies)
        padded.append(
            (
                np.pad(frequencies, (0, missing)),
                np.pad(projectors, ((0, missing), (0, 0), (0, 0))),
            )
        )
    return first, padded


def embed(matrix: np.ndarray, qubits, n_qubits: int) -> np.ndarray:
    """Gives the matrix on all qubits of one that acts on some."""
    rest = [q for q in range(n_qubits) if q not in qubits]
    whole = np.kron(matrix, np.eye(2 ** len(rest))).reshape((2,) * (2 * n_qubits))
    order = np.argsort([*qubits, *rest])
    whole = whole.transpose([*order, *(order + n_qubits)])
    return whole.reshape(2**n_qubits, 2**n_qubits)


def string_matrix(string) -> np.ndarray:
    """Gives the matrix of a Pauli string."""
    return functools.reduce(np.kron, [PAULIS[a] for a in string], np.eye(1))
