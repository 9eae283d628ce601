"""Constant sparse matrices, in the forms that TensorFlow and XLA are quick at."""

import functools
import itertools

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.tensors.xla import in_xla

# Above this many entries a constant matrix is applied sparsely.
_DENSE_ENTRIES = 2**14
# Under XLA, a sparse one's rows are filled up to one of these many entries.
_WIDTHS = (1, 4, 16, 64)
# Up to this many columns (filters, not patches) are gathered along rows that they share.
_MAX_FEW = 64


class LinearMap:
    """A constant matrix, times the rows of a tensor. Entries that are given at one place add up.

    A small one is a matrix product. A large one is sparse here: sums over segments, but under XLA,
    which on a CPU takes these entry by entry, gathers that are padded to a few lengths.
    """

    def __init__(
        self, shape: tuple[int, int], rows: np.ndarray, columns: np.ndarray, values: np.ndarray
    ):
        self._matrix = None
        if shape[0] * shape[1] <= _DENSE_ENTRIES:
            self._matrix = np.zeros(shape)
            np.add.at(self._matrix, (rows, columns), values)
        else:
            self._entries = (shape, rows, columns, values)

    @functools.cached_property
    def _gathers(self) -> tuple["_Gathers", "_Gathers"]:
        (n_rows, n_columns), rows, columns, values = self._entries
        return _Gathers(n_rows, rows, columns, values), _Gathers(n_columns, columns, rows, values)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Maps `[n_columns, m]` to `[n_rows, m]`."""
        if self._matrix is not None:
            return tf.matmul(tf.constant(self._matrix, x.dtype), x)
        if in_xla():
            return _by_gathering(x, *self._gathers)
        return _by_segments(x, *self._entries)


def _by_segments(x, shape, rows, columns, values):
    @tf.custom_gradient
    def mapped(x):
        products = tf.gather(x, columns) * tf.constant(values[:, None], x.dtype)
        return (
            tf.math.unsorted_segment_sum(products, rows, shape[0]),
            lambda upstream: _by_segments(upstream, shape[::-1], columns, rows, values),
        )

    return mapped(x)


def _sums_of_rows(x, where, factors):
    return tf.reduce_sum(tf.gather(x, where) * tf.constant(factors[:, :, None], x.dtype), axis=1)


def _sums_of_columns(x, where, factors):
    products = tf.gather(x, where, axis=1) * tf.constant(factors, x.dtype)
    # As a product with ones, so that XLA stops here. It would compute what is summed anew wherever
    # a sum is gathered from.
    return tf.linalg.matvec(products, tf.ones(where.shape[1], x.dtype))


def expand(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Repeats each place as often as it counts; gives the places, and a number within each."""
    places = np.repeat(np.arange(len(counts)), counts)
    return places, np.arange(len(places)) - (np.cumsum(counts) - counts)[places]


class _Gathers:
    """A sparse matrix, as gathers of columns that are padded to some widths and summed.

    Rows of more entries than the largest width are cut into pieces, which are summed in turn.
    """

    def __init__(self, n: int, rows: np.ndarray, columns: np.ndarray, values: np.ndarray):
        order = np.argsort(rows, kind="stable")
        columns, values = columns[order], values[order]
        counts = np.bincount(rows, minlength=n)
        rows, within = expand(counts)
        n_pieces = np.maximum(1, -(-counts // _WIDTHS[-1]))
        first = np.cumsum(n_pieces) - n_pieces
        pieces, within = first[rows] + within // _WIDTHS[-1], within % _WIDTHS[-1]
        lengths = np.bincount(pieces, minlength=n_pieces.sum())
        self._tables, self._place = [], np.zeros(len(lengths), dtype=np.int32)
        n_placed = 0
        for shorter, width in itertools.pairwise((-1, *_WIDTHS)):
            chosen = np.flatnonzero((lengths > shorter) & (lengths <= width))
            if not len(chosen):
                continue
            self._place[chosen] = n_placed + np.arange(len(chosen))
            where = np.zeros((len(chosen), width), dtype=np.int32)
            factors = np.zeros(where.shape)
            entries = np.flatnonzero((lengths > shorter)[pieces] & (lengths <= width)[pieces])
            at = self._place[pieces[entries]] - n_placed, within[entries]
            where[at], factors[at] = columns[entries], values[entries]
            self._tables.append((where, factors))
            n_placed += len(chosen)
        self._rest = None
        if len(lengths) > n:
            owners, _ = expand(n_pieces)
            self._rest = _Gathers(n, owners, self._place, np.ones(len(owners)))

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Maps `[n_columns, m]` to `[n_rows, m]`."""
        if x.shape[1] is None or x.shape[1] > _MAX_FEW:
            return self._sum(x, _sums_of_rows, axis=0)
        return tf.transpose(self._sum(tf.transpose(x), _sums_of_columns, axis=1))

    def _sum(self, x, sums_of, axis):
        sums = [sums_of(x, where, factors) for where, factors in self._tables]
        x = sums[0] if len(sums) == 1 else tf.concat(sums, axis=axis)
        if self._rest is not None:
            return self._rest._sum(x, sums_of, axis)
        if np.array_equal(self._place, np.arange(len(self._place))):
            return x
        return tf.gather(x, self._place, axis=axis)


def _by_gathering(x, forward, backward):
    @tf.custom_gradient
    def mapped(x):
        return forward(x), lambda upstream: _by_gathering(upstream, backward, forward)

    return mapped(x)
