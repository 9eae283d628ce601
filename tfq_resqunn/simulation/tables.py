"""Rows of tensors, multiplied and added by constant tables."""

import itertools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.angles import in_xla

# Above this many entries a constant matrix is applied sparsely.
_DENSE_ENTRIES = 2**14
# Under XLA, a sparse one's rows are filled up to one of these many entries.
_WIDTHS = (1, 4, 16, 64)


class Products:
    """Multiplies rows: each product names the rows it takes.

    Products are built from halves, and halves that several share are computed once.

    Args:
        products: Sorted tuples of numbers of rows; an empty one is 1.
        n_rows: Number of rows.
    """

    def __init__(self, products: Sequence[tuple[int, ...]], n_rows: int):
        self._halves = None
        if all(len(p) <= 1 for p in products):
            # A row of ones is put behind the others, where one is needed.
            self._rows = np.array([p[0] if p else n_rows for p in products])
            self._empty = [not p for p in products]
            self._uses_one = () in products
            return
        parts = min(_by_position(products), _by_number(products), key=_n_distinct)
        self._halves = []
        for part in parts:
            distinct = sorted(set(part))
            number = {p: i for i, p in enumerate(distinct)}
            self._halves.append((Products(distinct, n_rows), np.array([number[p] for p in part])))
        self._uses_one = any(half._uses_one for half, _ in self._halves)

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        """Maps rows `[n_rows, ...]` to `[n_products, ...]`."""
        if self._uses_one:
            rows = tf.concat([rows, tf.ones([1, *tf.unstack(tf.shape(rows)[1:])], rows.dtype)], 0)
        return self._multiply(rows)

    def _multiply(self, rows):
        if self._halves is None:
            return take(rows, self._rows)
        left, right = (take(half._multiply(rows), places) for half, places in self._halves)
        return left * right

    def one_by_one(self, rows: list[tf.Tensor]) -> list[tf.Tensor | None]:
        """Does the same with rows in a list; an empty product is `None`.

        Long rows stay in the processor's cache, where a block of them would not.
        """
        if self._halves is None:
            return [None if self._empty[i] else rows[r] for i, r in enumerate(self._rows)]
        left, right = (half.one_by_one(rows) for half, _ in self._halves)
        places = zip(*(places for _, places in self._halves), strict=True)
        return [times(left[i], right[j]) for i, j in places]


def times(a, b):
    """Multiplies, where `None` stands for 1."""
    if a is None or b is None:
        return b if a is None else a
    return a * b


def _by_position(products):
    middle = (max(map(len, products)) + 1) // 2
    return [p[:middle] for p in products], [p[middle:] for p in products]


def _by_number(products):
    # Between the rows, so that products that skip some still share their halves.
    used = sorted({row for p in products for row in p})
    middle = used[len(used) // 2]
    left = [tuple(row for row in p if row < middle) for p in products]
    return left, [p[len(half) :] for p, half in zip(products, left, strict=True)]


def _n_distinct(parts) -> float:
    distinct = [set(part) for part in parts]
    whole = any(d == {()} for d in distinct)  # nothing would be gained
    return float("inf") if whole else sum(map(len, distinct))


def take(rows: tf.Tensor, places: np.ndarray) -> tf.Tensor:
    """Gathers rows by constant places."""
    if np.array_equal(places, np.arange(rows.shape[0])):
        return rows
    start = int(places[0])
    if np.array_equal(places, np.arange(start, start + len(places))):
        return rows[start : start + len(places)]
    return _gather(rows, places)


def _gather(rows, places):
    @tf.custom_gradient
    def gathered(rows):
        def gradient(upstream):
            back = LinearMap((rows.shape[0], len(places)), places, np.arange(len(places)))
            flat = tf.reshape(upstream, [len(places), -1])
            return tf.reshape(back(flat), tf.shape(rows))

        return tf.gather(rows, places), gradient

    return gathered(rows)


class LinearMap:
    """A constant matrix, times the rows of a tensor.

    A small one is a matrix product. A large one is sparse here: sums over segments, but under XLA,
    which on a CPU takes these entry by entry, gathers that are padded to one length.

    Args:
        shape: Of the matrix.
        rows: Row of each of its entries.
        columns: Column of each.
        values: Value of each; `None` for ones. Entries at one place add up.
    """

    def __init__(self, shape: tuple[int, int], rows, columns, values=None):
        values = np.ones(len(rows)) if values is None else values
        self._matrix = None
        if shape[0] * shape[1] <= _DENSE_ENTRIES:
            self._matrix = np.zeros(shape)
            np.add.at(self._matrix, (rows, columns), values)
        else:
            self._entries = (shape, rows, columns, values)
            self._forward = _Gathers(shape[0], rows, columns, values)
            self._backward = _Gathers(shape[1], columns, rows, values)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Maps `[n_columns, m]` to `[n_rows, m]`."""
        if self._matrix is not None:
            return tf.matmul(tf.constant(self._matrix, x.dtype), x)
        if in_xla():
            return _by_gathering(x, self._forward, self._backward)
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


class _Gathers:
    """A sparse matrix, as gathers of columns that are padded to some widths and summed.

    Rows of more entries than the largest width are cut into pieces, which are summed in turn.
    """

    def __init__(self, n: int, rows, columns, values):
        order = np.argsort(rows, kind="stable")
        rows, columns, values = rows[order], columns[order], values[order]
        counts = np.bincount(rows, minlength=n)
        within = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
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
            owners = np.repeat(np.arange(n), n_pieces)
            self._rest = _Gathers(n, owners, self._place, np.ones(len(owners)))

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Maps `[m, n_columns]` to `[m, n_rows]`."""
        sums = []
        for where, factors in self._tables:
            products = tf.gather(x, where, axis=1) * tf.constant(factors, x.dtype)
            # As a product with ones, so that XLA stops here. It would compute what is summed anew
            # wherever the sum is gathered from.
            sums.append(tf.linalg.matvec(products, tf.ones(where.shape[1], x.dtype)))
        x = sums[0] if len(sums) == 1 else tf.concat(sums, axis=1)
        if self._rest is not None:
            return self._rest(x)
        if np.array_equal(self._place, np.arange(len(self._place))):
            return x
        return tf.gather(x, self._place, axis=1)


def _by_gathering(x, forward, backward):
    @tf.custom_gradient
    def mapped(x):
        return tf.transpose(forward(tf.transpose(x))), lambda upstream: _by_gathering(
            upstream, backward, forward
        )

    return mapped(x)
