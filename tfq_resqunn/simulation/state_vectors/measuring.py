"""Observables, measured on state vectors."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.operators import Operator, action


class Observables:
    """Pauli sums: those of Z alone by probabilities, other strings one by one."""

    def __init__(self, observables: Sequence[Operator], n_qubits: int):
        self._n = len(observables)
        index = np.arange(2**n_qubits)
        self._signs = np.zeros((self._n, 2**n_qubits))
        self._strings = []  # (observable, coefficient, permutation, phases)
        for k, operator in enumerate(observables):
            for string, coefficient in operator.items():
                flips, phases = action(string)
                if flips:
                    self._strings.append((k, coefficient, index ^ flips, phases))
                else:
                    self._signs[k] += coefficient * phases.real

    def __len__(self) -> int:
        return self._n

    def measure(self, state: tf.Tensor) -> tf.Tensor:
        """Gives the expectations `[observables, f, n]`."""
        real_type = state.dtype.real_dtype
        _, f, n = tf.unstack(tf.shape(state))
        probabilities = tf.math.real(state) ** 2 + tf.math.imag(state) ** 2
        flat = tf.reshape(probabilities, [state.shape[0], -1])
        outcomes = tf.reshape(tf.matmul(tf.constant(self._signs, real_type), flat), [self._n, f, n])
        for k, coefficient, flips, phases in self._strings:
            moved = tf.gather(state, flips) * tf.constant(phases[:, None, None], state.dtype)
            value = coefficient * tf.math.real(tf.reduce_sum(tf.math.conj(state) * moved, axis=0))
            outcomes += tf.one_hot(k, self._n, dtype=real_type)[:, None, None] * value
        return outcomes

    def apply(self, state: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
        """Gives the sum of all observables, each times its factor `[observables, f, n]`."""
        _, f, n = tf.unstack(tf.shape(factors))
        signs = tf.constant(self._signs.T, factors.dtype)
        flat = tf.reshape(factors, [self._n, -1])
        diagonal = tf.reshape(tf.matmul(signs, flat), [state.shape[0], f, n])
        result = tf.cast(diagonal, state.dtype) * state
        for k, coefficient, flips, phases in self._strings:
            moved = tf.gather(state, flips) * tf.constant(phases[:, None, None], state.dtype)
            result += tf.cast(coefficient * factors[k], state.dtype) * moved
        return result
