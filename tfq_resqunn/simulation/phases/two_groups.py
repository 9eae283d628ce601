"""States of two groups of neighbouring qubits, each with matrices of its own.

States are real, `[filters, first group, 2, second group, patches]`, where the 2 are real and
imaginary part. A state of one group alone has a 1 in the other's place.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.operators import Operator, action
from tfq_resqunn.simulation.phases.real_forms import amplitude_by_amplitude, part_by_part
from tfq_resqunn.simulation.tensors.own_gradient import custom_gradient
from tfq_resqunn.simulation.tensors.trigonometry import cos_sin


class TwoGroups:
    """What instructions do with the states of two groups."""

    # Of the first group, both parts of an amplitude stand together; of the second, all real parts.
    real_forms = (amplitude_by_amplitude, part_by_part)

    def __init__(self, groups: Sequence[Sequence[int]], observables: Sequence[Operator]):
        self._sizes = [2 ** len(g) for g in groups]
        n_qubits, self._n = sum(map(len, groups)), len(observables)
        index = np.arange(2**n_qubits)
        signs = np.zeros((self._n, 2**n_qubits))
        self._strings = []  # (observable, source, factors)
        for k, operator in enumerate(observables):
            for string, coefficient in operator.items():
                flips, phases = action(string)
                factors = coefficient * phases
                if flips:
                    self._strings.append((k, index ^ flips, factors))
                else:
                    signs[k] += factors.real
        shape = (self._n, self._sizes[0], 1, self._sizes[1])
        self._signs = np.repeat(signs.reshape(shape), 2, axis=2).reshape(self._n, -1)

    def frequencies(self, part: tuple[int, ...], frequencies: np.ndarray) -> np.ndarray:
        sizes = [self._sizes[g] if g in part else 1 for g in (0, 1)]
        return frequencies.reshape(sizes[0], 1, sizes[1], -1)

    def half_turns(self, frequencies: np.ndarray, exponents: tf.Tensor) -> tf.Tensor:
        """Maps exponents `[m, f, p]`, or `[m, p]` for all filters, to those of all amplitudes.

        These are `[f, first, 1, second, p]`.
        """
        if len(exponents.shape) == 2:
            exponents = tf.expand_dims(exponents, 1)
        m, f = exponents.shape[:2]
        table = tf.constant(frequencies.reshape(-1, m), exponents.dtype)
        if f == 1:
            found = tf.matmul(table, tf.squeeze(exponents, 1))
        else:
            found = tf.matmul(table[None], tf.transpose(exponents, [1, 0, 2]))
        return tf.reshape(found, [f, *frequencies.shape[:3], -1])

    def phases(self, half_turns: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Gives cosines, and sines with the signs that real and imaginary parts need."""
        cosines, sines = cos_sin(half_turns)
        return cosines, _signed(sines)

    def constant(self, state: np.ndarray, part: tuple[int, ...], dtype: tf.DType) -> tf.Tensor:
        sizes = [self._sizes[g] if g in part else 1 for g in (0, 1)]
        state = state.reshape(1, sizes[0], 1, sizes[1], 1)
        return tf.constant(np.concatenate([state.real, state.imag], axis=2), dtype)

    def begin(self, half_turns: tf.Tensor, phases: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Gives the phases as a state."""
        cosines, sines = phases
        state = tf.concat([cosines, tf.split(sines, 2, axis=2)[1]], axis=2)

        @custom_gradient
        def begun(half_turns: tf.Tensor) -> tuple[tf.Tensor, Callable]:
            return tf.identity(state), lambda g: np.pi * _slope(state, _swap(g))

        return begun(half_turns)

    def multiply(
        self, state: tf.Tensor, half_turns: tf.Tensor, phases: tuple[tf.Tensor, tf.Tensor]
    ) -> tf.Tensor:
        """Multiplies a state by phases; the gradient is by their half turns at once."""
        cosines, sines = phases
        state = _as_many(state, cosines)
        axes = [a for a in (0, 4) if half_turns.shape[a] == 1 and state.shape[a] != 1]

        @custom_gradient
        def multiplied(state: tf.Tensor, half_turns: tf.Tensor) -> tuple[tf.Tensor, Callable]:
            found = state * cosines + _swap(state) * sines

            def gradient(g: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                swapped = _swap(g)
                slope = _slope(found, swapped)
                if axes:
                    slope = tf.reduce_sum(slope, axes, keepdims=True)
                return g * cosines - swapped * sines, np.pi * slope

            return found, gradient

        return multiplied(state, half_turns)

    def merge(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """Gives the products of all amplitudes of both groups."""
        real, imag = tf.split(second, 2, axis=2)
        return first * real + _swap(first) * _signed(imag)

    def move(self, state: tf.Tensor, source: np.ndarray, factors: np.ndarray) -> tf.Tensor:
        """Permutes amplitudes, and multiplies them by constants."""
        quarter = np.round(np.angle(factors) * 2 / np.pi).astype(int)
        first, second = self._sizes
        shape = (first, 1, second)
        rows = np.arange(2 * first * second).reshape(first, 2, second)
        at = np.unravel_index(source, (first, second))
        real, imag = rows[at[0], 0, at[1]], rows[at[0], 1, at[1]]
        odd = quarter % 2 != 0  # times i or -i: real and imaginary parts change places
        source = np.stack([np.where(odd, imag, real), np.where(odd, real, imag)])
        source = source.reshape(2, first, second).transpose(1, 0, 2).ravel()
        f = state.shape[0]
        flat = tf.reshape(state, [f, 2 * first * second, -1])
        moved = tf.reshape(_take(flat, source), [f, first, 2, second, -1])
        moved.set_shape([f, first, 2, second, state.shape[4]])
        # i**k (r + i m) is r + i m, -m + i r, -r - i m, m - i r.
        signs = np.concatenate([
            np.array([1.0, -1.0, -1.0, 1.0])[quarter % 4].reshape(shape),
            np.array([1.0, 1.0, -1.0, -1.0])[quarter % 4].reshape(shape),
        ], axis=1)  # fmt: skip
        rest = (factors / 1j**quarter).reshape(1, first, 1, second, 1)
        if np.abs(rest.imag).max() < 1e-12:
            signs = signs[None, ..., None] * rest.real
            is_one = np.allclose(signs, 1, rtol=0, atol=1e-12)
            return moved if is_one else moved * tf.constant(signs, state.dtype)
        moved *= tf.constant(signs[None, ..., None], state.dtype)
        sines = np.concatenate([-rest.imag, rest.imag], axis=2)
        real = moved * tf.constant(rest.real, state.dtype)
        return real + _swap(moved) * tf.constant(sines, state.dtype)

    def block(self, state: tf.Tensor, matrix: tf.Tensor, group: int) -> tf.Tensor:
        """Multiplies a group by real matrices `[f, 2 * d, 2 * d]`."""
        if state.shape[0] < matrix.shape[0]:
            # Not left to the product: in TensorFlow 2.18, one of [f, 1, d, d] and [1, 1, d, m]
            # is wrong.
            state = tf.repeat(state, matrix.shape[0], axis=0)
        f, first, _, second, p = state.shape
        if group == 0:
            flat = tf.reshape(state, [f, 2 * first, -1])
            found = _product(matrix, flat)
        else:
            flat = tf.reshape(state, [f, first, 2 * second, -1])
            found = tf.matmul(tf.expand_dims(matrix, 1), flat)
        found = tf.reshape(found, [f, first, 2, second, -1])
        return tf.ensure_shape(found, [None, None, None, None, p])

    def by_constant(self, state: tf.Tensor, matrix: np.ndarray, group: int) -> tf.Tensor:
        """Multiplies a group by a constant matrix, which costs half as much if it is real."""
        if matrix.dtype == complex:
            real = self.real_forms[group](matrix.real, matrix.imag, np)[None]
            return self.block(state, tf.constant(real, state.dtype), group)
        f, first, _, second, p = state.shape
        constant = tf.constant(matrix, state.dtype)[None]
        if group == 0:
            found = _product(constant, tf.reshape(state, [f, first, -1]))
        else:
            found = tf.matmul(constant[None], tf.reshape(state, [f, 2 * first, second, -1]))
        found = tf.reshape(found, [f, first, 2, second, -1])
        return tf.ensure_shape(found, [None, None, None, None, p])

    def measure(self, state: tf.Tensor) -> tf.Tensor:
        """Gives expectations `[f * n_observables, p]`."""
        f = state.shape[0]
        flat = tf.reshape(state, [f, self._signs.shape[1], -1])
        found = _product(tf.constant(self._signs[None], state.dtype), tf.square(flat))
        for k, source, factors in self._strings:
            moved = self.move(state, source, factors)
            value = tf.reduce_sum(state * moved, axis=[1, 2, 3])  # [f, p]
            found += tf.one_hot(k, self._n, dtype=state.dtype)[:, None] * value[:, None, :]
        return tf.reshape(found, [f * self._n, tf.shape(state)[4]])


def _product(matrix: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    # Of one filter, a plain matrix product.
    if matrix.shape[0] == 1 and columns.shape[0] == 1:
        found = tf.matmul(tf.squeeze(matrix, 0), tf.squeeze(columns, 0))
        return tf.expand_dims(found, 0)
    return tf.matmul(matrix, columns)


@custom_gradient
def _swap(state: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """Lets real and imaginary parts change places."""
    return tf.gather(state, [1, 0], axis=2), _swap


def _signed(imag: tf.Tensor) -> tf.Tensor:
    # What real and imaginary part, swapped, are multiplied by in a complex product.
    return imag * tf.constant(np.reshape([-1.0, 1.0], (1, 1, 2, 1, 1)), imag.dtype)


def _slope(state: tf.Tensor, swapped: tf.Tensor) -> tf.Tensor:
    # Im(conj(state) * upstream), where upstream comes with its parts swapped.
    real, imag = tf.split(state * swapped, 2, axis=2)
    return real - imag


def _take(rows: tf.Tensor, source: np.ndarray) -> tf.Tensor:
    """Permutes rows `[f, rows, m]`; the gradient permutes them back."""

    @custom_gradient
    def taken(rows: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        found = tf.gather(rows, source, axis=1)
        return found, lambda g: _take(g, np.argsort(source))

    return taken(rows)


def _as_many(state: tf.Tensor, phases: tf.Tensor) -> tf.Tensor:
    # States of as many patches, and filters, as there are phases for.
    few = [a for a in (0, 4) if state.shape[a] == 1 and phases.shape[a] != 1]
    if not few:
        return state
    like = [tf.shape(phases if a in few else state)[a] for a in range(5)]
    widened = tf.broadcast_to(state, like)
    return tf.ensure_shape(widened, [(phases if a in few else state).shape[a] for a in range(5)])
