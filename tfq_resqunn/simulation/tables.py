"""Tables of products: polynomials of the weights' cosines and sines, and products of rows."""

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.angles import Angles, cosine, in_xla, sine
from tfq_resqunn.simulation.pauli import Monomial, TrigTable

# Above this many entries a constant matrix is applied sparsely.
_DENSE_ENTRIES = 2**18


class TrigRows:
    """Computes rows of a `TrigTable`: cosines and sines of its angles.

    Args:
        trig: The table.
        symbols: The symbols of its angles, in the order of the values' rows.
        entries: The entries that are wanted; each may be named more than once.
    """

    def __init__(self, trig: TrigTable, symbols, entries: Iterable[int]):
        entries = set(entries)
        cosines = sorted(e for e in entries if e % 2)
        sines = sorted(e for e in entries if e % 2 == 0)
        used = sorted({(e - 1) // 2 for e in (*cosines, *sines)})
        angles = list(trig.angles)
        self._angles = Angles([angles[r] for r in used], list(symbols)) if used else None
        number = {r: i for i, r in enumerate(used)}
        self._cosines = np.array([number[(e - 1) // 2] for e in cosines], dtype=int)
        self._sines = np.array([number[(e - 1) // 2] for e in sines], dtype=int)
        self._places = {e: i for i, e in enumerate([*cosines, *sines])}

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """Maps values `[n_symbols, m]` to rows `[n_entries, m]`."""
        if self._angles is None:
            return values[:0]
        half_turns, parts = self._angles(values), []
        if len(self._cosines):
            parts.append(cosine(take(half_turns, self._cosines)))
        if len(self._sines):
            parts.append(sine(take(half_turns, self._sines)))
        return parts[0] if len(parts) == 1 else tf.concat(parts, axis=0)

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self._places)

    def place(self, entry: int) -> int:
        """Gives the row of an entry of the table."""
        return self._places[entry]


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
            self._forward = _padded(shape[0], rows, columns, values)
            self._backward = _padded(shape[1], columns, rows, values)

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


def _padded(n: int, rows, columns, values) -> tuple[np.ndarray, np.ndarray]:
    """For each row, the columns and values of its entries, filled up with zeros."""
    order = np.argsort(rows, kind="stable")
    counts = np.bincount(rows, minlength=n)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    where = np.zeros((n, counts.max()), dtype=np.int32)
    factors = np.zeros(where.shape)
    where[rows[order], within] = columns[order]
    factors[rows[order], within] = values[order]
    return where, factors


def _by_gathering(x, forward, backward):
    @tf.custom_gradient
    def mapped(x):
        where, factors = forward
        products = tf.gather(x, where) * tf.constant(factors[:, :, None], x.dtype)
        return (
            tf.reduce_sum(products, axis=1),
            lambda upstream: _by_gathering(upstream, backward, forward),
        )

    return mapped(x)


class Coefficients:
    """A tensor whose entries are polynomials of cosines and sines of the weights.

    Args:
        shape: Its shape.
        terms: `(place, monomial, coefficient)`, where `place` counts the entries row by row.
        trig: The table of cosines and sines.
        weights: The symbols of its angles, in the order of the values.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        terms: list[tuple[int, Monomial, float]],
        trig: TrigTable,
        weights,
    ):
        entries = [e for _, monomial, _ in terms for e in monomial]
        self._rows = rows = TrigRows(trig, weights, entries)
        self.shape = shape
        self.n_terms = len(terms)
        terms = sorted(terms, key=lambda t: t[0]) or [(0, (), 0.0)]
        monomials = sorted({m for _, m, _ in terms})
        number = {m: i for i, m in enumerate(monomials)}
        self._products = Products(
            [tuple(sorted(map(rows.place, m))) for m in monomials], rows.n_rows
        )
        places = np.array([place for place, _, _ in terms], dtype=int)
        numbers = np.array([number[m] for _, m, _ in terms], dtype=int)
        factors = np.array([c for _, _, c in terms])
        size = int(np.prod(shape))
        self._map = LinearMap((size, len(monomials)), places, numbers, factors)

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[*shape, filters]`."""
        rows = self._rows(weights)
        entries = self._map(self._products(rows))
        return tf.reshape(entries, [*self.shape, -1])
