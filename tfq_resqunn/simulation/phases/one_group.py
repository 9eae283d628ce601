"""States of one small group of qubits: each unitary is one real matrix product.

States are complex, `[filters, patches, amplitudes]`, where either of the first may be 1. Seen as
real numbers, a complex matrix product is a real one, which is quicker in TensorFlow.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.operators import Operator, string_matrix
from tfq_resqunn.simulation.phases.real_forms import amplitude_by_amplitude
from tfq_resqunn.simulation.tensors.complex_types import complex_type
from tfq_resqunn.simulation.tensors.own_gradient import custom_gradient
from tfq_resqunn.simulation.tensors.trigonometry import cos_sin
from tfq_resqunn.simulation.tensors.xla import in_xla

Both = tuple[tf.Tensor, tf.Tensor]


class OneGroup:
    """What instructions do with the states of one group."""

    real_forms = (amplitude_by_amplitude,)

    def __init__(self, groups: Sequence[Sequence[int]], observables: Sequence[Operator]):
        self._d = d = 2 ** len(groups[0])
        self._signs, matrices = np.zeros((len(observables), 2 * d)), []
        self._places = []  # observables that are not diagonal
        for k, operator in enumerate(observables):
            matrix = sum((c * string_matrix(s) for s, c in operator.items()), np.zeros((d, d)))
            if np.array_equal(matrix, np.diag(np.diag(matrix))):
                self._signs[k] = np.repeat(np.diag(matrix).real, 2)
            else:
                self._places.append(k)
                matrices.append(amplitude_by_amplitude(matrix.real, matrix.imag, np).T)
        self._matrices = np.concatenate(matrices, axis=1) if matrices else None

    def frequencies(self, part: tuple[int, ...], frequencies: np.ndarray) -> np.ndarray:
        return frequencies.T

    def half_turns(self, frequencies: np.ndarray, exponents: tf.Tensor) -> tf.Tensor:
        """Maps exponents `[m, f, p]`, or `[m, p]` for all filters, to those of all amplitudes."""
        if len(exponents.shape) == 2:
            # Transposed here, so that TensorFlow can leave out what was transposed before.
            found = tf.matmul(tf.transpose(exponents), tf.constant(frequencies, exponents.dtype))
            return tf.expand_dims(found, 0)
        m, f = exponents.shape[:2]
        flat = tf.reshape(exponents, [m, -1])
        found = tf.matmul(flat, tf.constant(frequencies, flat.dtype), transpose_a=True)
        return tf.reshape(found, [f, -1, self._d])

    def phases(self, half_turns: tf.Tensor) -> Both:
        """Gives phases, and their complex conjugates for the gradients."""
        phases = tf.complex(*cos_sin(half_turns))
        return phases, tf.math.conj(phases)

    def constant(self, state: np.ndarray, part: tuple[int, ...], dtype: tf.DType) -> tf.Tensor:
        parts = tf.constant(np.stack([state.real, state.imag]), dtype)
        return tf.complex(parts[0], parts[1])[None, None]

    def begin(self, half_turns: tf.Tensor, both: Both) -> tf.Tensor:
        """Gives the phases as a state."""
        phases, conjugates = both

        @custom_gradient
        def begun(half_turns: tf.Tensor) -> tuple[tf.Tensor, Callable]:
            return tf.identity(phases), lambda g: np.pi * tf.math.imag(conjugates * g)

        return begun(half_turns)

    def multiply(self, state: tf.Tensor, half_turns: tf.Tensor, both: Both) -> tf.Tensor:
        """Multiplies a state by phases; the gradient is by their half turns at once."""
        phases, conjugates = both
        state = _as_many(state, phases)
        axes = [a for a in (0, 1) if half_turns.shape[a] == 1 and state.shape[a] != 1]

        @custom_gradient
        def multiplied(state: tf.Tensor, half_turns: tf.Tensor) -> tuple[tf.Tensor, Callable]:
            def gradient(g: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                back = conjugates * g
                slope = tf.math.imag(tf.math.conj(state) * back)
                if axes:
                    slope = tf.reduce_sum(slope, axes, keepdims=True)
                return back, np.pi * slope

            return state * phases, gradient

        return multiplied(state, half_turns)

    def block(self, state: tf.Tensor, matrix: tf.Tensor, group: int) -> tf.Tensor:
        """Multiplies by real matrices `[f, 2 * d, 2 * d]`."""
        flat = _floats(state)
        if flat.shape[0] == 1 and matrix.shape[0] == 1:
            rows, matrix = tf.squeeze(flat, 0), tf.squeeze(matrix, 0)
            found = tf.matmul(rows, matrix, transpose_b=True)
            return _complexes(tf.expand_dims(found, 0))
        return _complexes(tf.matmul(flat, matrix, transpose_b=True))

    def by_constant(self, state: tf.Tensor, matrix: np.ndarray, group: int) -> tf.Tensor:
        real = amplitude_by_amplitude(matrix.real, matrix.imag, np)[None]
        return self.block(state, tf.constant(real, state.dtype.real_dtype), group)

    def measure(self, state: tf.Tensor) -> tf.Tensor:
        """Gives expectations `[f * n_observables, p]`."""
        flat = _floats(state)
        f, p, n = flat.shape[0], tf.shape(flat)[1], len(self._signs)
        signs = tf.constant(self._signs.T, flat.dtype)
        if f == 1 and self._matrices is None:
            # Transposed last, so that TensorFlow can leave out what is transposed after.
            return tf.transpose(tf.matmul(tf.square(tf.squeeze(flat, 0)), signs))
        found = tf.matmul(tf.reshape(tf.square(flat), [-1, 2 * self._d]), signs)
        found = tf.transpose(tf.reshape(found, [f, p, n]), [0, 2, 1])
        if self._matrices is None:
            return tf.reshape(found, [f * n, p])
        rows = tf.reshape(flat, [-1, 2 * self._d])
        turned = tf.matmul(rows, tf.constant(self._matrices, flat.dtype))
        turned = tf.reshape(turned, [f, p, len(self._places), 2 * self._d])
        values = tf.linalg.matvec(turned, flat)  # [f, p, observables]
        places = tf.one_hot(self._places, n, dtype=flat.dtype)  # [observables, n_observables]
        values = tf.matmul(tf.reshape(values, [f * p, len(self._places)]), places)
        values = tf.transpose(tf.reshape(values, [f, p, n]), [0, 2, 1])
        return tf.reshape(found + values, [f * n, p])


def _as_many(state: tf.Tensor, phases: tf.Tensor) -> tf.Tensor:
    # States of as many patches, and filters, as there are phases for.
    few = [a for a in (0, 1) if state.shape[a] == 1 and phases.shape[a] != 1]
    if not few:
        return state
    shape = [tf.shape(phases if a in few else state)[a] for a in (0, 1)]
    widened = tf.broadcast_to(state, [*shape, state.shape[2]])
    widened.set_shape([(phases if a in few else state).shape[a] for a in (0, 1)] + [state.shape[2]])
    return widened


@custom_gradient
def _floats(state: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """Writes `[..., d]` complex numbers as `[..., 2 * d]` real ones."""
    if in_xla():
        pairs = tf.stack([tf.math.real(state), tf.math.imag(state)], axis=-1)
    else:
        pairs = tf.bitcast(state, state.dtype.real_dtype)
    f, _, d = state.shape
    return tf.reshape(pairs, [f, -1, 2 * d]), _complexes


@custom_gradient
def _complexes(flat: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    f, _, d = flat.shape
    pairs = tf.reshape(flat, [f, -1, d // 2, 2])
    if in_xla():
        return tf.complex(pairs[..., 0], pairs[..., 1]), _floats
    return tf.bitcast(pairs, complex_type(flat.dtype)), _floats
