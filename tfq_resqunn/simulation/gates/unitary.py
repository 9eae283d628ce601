"""The unitary of gates that depend on weights alone."""

from collections.abc import Sequence

import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.gates.operators import embed
from tfq_resqunn.simulation.tensors.exponents import Exponents
from tfq_resqunn.simulation.tensors.trigonometry import cos_sin


class Unitary:
    """The unitary of gates of weights alone, built once a step.

    Attributes:
        flops: Multiplications and additions a filter: a product of complex matrices a gate.
    """

    def __init__(self, gates: Sequence[Gate], n_qubits: int, weights: Sequence[sympy.Symbol]):
        self._first, self._frequencies, self._factors = _chain(gates, n_qubits)
        self._exponents = Exponents([g.exponent for g in gates if g.exponent is not None], weights)
        self.flops = 8 * len(self._first) ** 3 * len(self._factors)

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[filters, d, d]`."""
        complex_type = tf.complex128 if weights.dtype == tf.float64 else tf.complex64
        d, first = len(self._first), tf.constant(self._first, complex_type)
        if not self._exponents.n_rows:
            return tf.tile(first[None], [tf.shape(weights)[1], 1, 1])
        exponents = self._exponents(weights)  # [gates, filters]
        frequencies = tf.constant(self._frequencies[:, None, :], weights.dtype)
        phases = tf.complex(*cos_sin(exponents[:, :, None] * frequencies))  # [gates, filters, k]
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


def _chain(gates: Sequence[Gate], n_qubits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Writes gates as a constant unitary, then spectral factors with constants merged in.

    These are frequencies `[gates, k]` and projectors `[gates, k, d, d]` of the gates with an
    exponent, filled up with zeros.
    """
    first, frequencies, factors = np.eye(2**n_qubits, dtype=complex), [], []
    for gate in gates:
        embedded = np.array([embed(p, gate.qubits, n_qubits) for p in gate.projectors])
        if gate.exponent is not None:
            frequencies.append(gate.frequencies)
            factors.append(embedded)
        elif factors:
            factors[-1] = embedded[0] @ factors[-1]
        else:
            first = embedded[0] @ first
    widest = max(map(len, frequencies), default=0)
    return (
        first,
        np.array([np.pad(f, (0, widest - len(f))) for f in frequencies]),
        np.array([np.pad(p, ((0, widest - len(p)), (0, 0), (0, 0))) for p in factors]),
    )
