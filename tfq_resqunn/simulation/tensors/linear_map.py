"""Constant sparse matrices, in the forms that TensorFlow and XLA are quick at."""

import functools
import itertools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.tensors.own_gradient import custom_gradient
from tfq_resqunn.simulation.tensors.xla import in_xla

# Above this many entries a constant matrix is applied sparsely.
_DENSE_ENTRIES = 2**14
# Under XLA, a sparse one's rows are filled up to one of these many entries.
_WIDTHS = (1, 4, 16, 64)
# Up to this many columns (filters, not patches) are gathered along rows that they share.
_MAX_FEW = 64
# A sparse matrix: how many rows it has, and the rows, columns and values of its entries.
Sparse = tuple[int, np.ndarray, np.ndarray, np.ndarray]


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
            self._sparse: Sparse = shape[0], rows, columns, values
            self._adjoint: Sparse = shape[1], columns, rows, values

    @functools.cached_property
    def _gathers(self) -> tuple["_Gathers", "_Gathers"]:
        return _Gathers(*self._sparse), _Gathers(*self._adjoint)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Maps `[n_columns, m]` to `[n_rows, m]`."""
        if self._matrix is not None:
            return tf.matmul(tf.constant(self._matrix, x.dtype), x)
        if in_xla():
            return _linear(x, *self._gathers)
        sparse, adjoint = self._sparse, self._adjoint
        return _linear(x, lambda x: _by_segments(x, sparse), lambda x: _by_segments(x, adjoint))


def _linear(x: tf.Tensor, forward: Callable, adjoint: Callable) -> tf.Tensor:
    """Gives a linear map its gradient, the adjoint, whose own gradient is the map."""

    @custom_gradient
    def mapped(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        return forward(x), lambda upstream: _linear(upstream, adjoint, forward)

    return mapped(x)


def _by_segments(x: tf.Tensor, sparse: Sparse) -> tf.Tensor:
    n_rows, rows, columns, values = sparse
    products = tf.gather(x, columns) * tf.constant(values[:, None], x.dtype)
    return tf.math.unsorted_segment_sum(products, rows, n_rows)


def _sums_of_rows(x: tf.Tensor, where: np.ndarray, factors: np.ndarray) -> tf.Tensor:
    return tf.reduce_sum(tf.gather(x, where) * tf.constant(factors[:, :, None], x.dtype), axis=1)


def _sums_of_columns(x: tf.Tensor, where: np.ndarray, factors: np.ndarray) -> tf.Tensor:
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

    def _sum(self, x: tf.Tensor, sums_of: Callable, axis: int) -> tf.Tensor:
        sums = [sums_of(x, where, factors) for where, factors in self._tables]
        x = sums[0] if len(sums) == 1 else tf.concat(sums, axis=axis)
        if self._rest is not None:
            return self._rest._sum(x, sums_of, axis)
        if np.array_equal(self._place, np.arange(len(self._place))):
            return x
        return tf.gather(x, self._place, axis=axis)
