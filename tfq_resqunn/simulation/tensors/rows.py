"""Rows of a tensor: gathered, and multiplied by constant tables."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.tensors.linear_map import LinearMap
from tfq_resqunn.simulation.tensors.own_gradient import custom_gradient

Product = tuple[int, ...]
Halves = tuple[list[Product], list[Product]]


class Products:
    """Multiplies rows: each product is a sorted tuple of numbers of rows; an empty one is 1.

    Products are built from halves, and halves that several share are computed once.
    """

    def __init__(self, products: Sequence[Product], n_rows: int):
        self._halves = None
        if all(len(p) <= 1 for p in products):
            # A row of ones is put behind the others, where one is needed.
            self._take = Take([p[0] if p else n_rows for p in products])
            self._uses_one = () in products
            return
        parts = min(_by_position(products), _by_number(products), key=_n_distinct)
        self._halves = []
        for part in parts:
            distinct = sorted(set(part))
            number = {p: i for i, p in enumerate(distinct)}
            self._halves.append((Products(distinct, n_rows), Take([number[p] for p in part])))
        self._uses_one = any(half._uses_one for half, _ in self._halves)

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        """Maps rows `[n_rows, ...]` to `[n_products, ...]`."""
        if self._uses_one:
            rows = tf.concat([rows, tf.ones([1, *tf.unstack(tf.shape(rows)[1:])], rows.dtype)], 0)
        return self._multiply(rows)

    def _multiply(self, rows: tf.Tensor) -> tf.Tensor:
        if self._halves is None:
            return self._take(rows)
        left, right = (take(half._multiply(rows)) for half, take in self._halves)
        return left * right

    def one_by_one(self, rows: list[tf.Tensor]) -> list[tf.Tensor | None]:
        """Does the same with rows in a list; an empty product is `None`.

        Long rows stay in the processor's cache, where a block of them would not.
        """
        if self._halves is None:
            return [rows[r] if r < len(rows) else None for r in self._take.places]
        left, right = (half.one_by_one(rows) for half, _ in self._halves)
        places = zip(*(take.places for _, take in self._halves), strict=True)
        return [_times(left[i], right[j]) for i, j in places]


def _times(a: tf.Tensor | None, b: tf.Tensor | None) -> tf.Tensor | None:
    """Multiplies, where `None` stands for 1."""
    if a is None or b is None:
        return b if a is None else a
    return a * b


def _by_position(products: Sequence[Product]) -> Halves:
    middle = (max(map(len, products)) + 1) // 2
    return [p[:middle] for p in products], [p[middle:] for p in products]


def _by_number(products: Sequence[Product]) -> Halves:
    # Between the rows, so that products that skip some still share their halves.
    used = sorted({row for p in products for row in p})
    middle = used[len(used) // 2]
    left = [tuple(row for row in p if row < middle) for p in products]
    return left, [p[len(half) :] for p, half in zip(products, left, strict=True)]


def _n_distinct(parts: Halves) -> float:
    distinct = [set(part) for part in parts]
    whole = any(d == {()} for d in distinct)  # nothing would be gained
    return float("inf") if whole else sum(map(len, distinct))


class Take:
    """Gathers rows of a tensor, by their numbers."""

    def __init__(self, places: Sequence[int] | np.ndarray):
        self.places = np.asarray(places, dtype=np.int64)
        self._first = int(self.places[0])
        self._is_slice = np.array_equal(self.places, self._first + np.arange(len(self.places)))
        self._back: dict[int, LinearMap] = {}

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        """Maps `[n_rows, ...]` to `[n_places, ...]`."""
        n_rows, n_places = rows.shape[0], len(self.places)
        if self._is_slice:
            end = self._first + n_places
            return rows if n_places == n_rows else rows[self._first : end]
        if n_rows not in self._back:
            shape, ones = (n_rows, n_places), np.ones(n_places)
            self._back[n_rows] = LinearMap(shape, self.places, np.arange(n_places), ones)
        back = self._back[n_rows]

        @custom_gradient
        def gathered(rows: tf.Tensor) -> tuple[tf.Tensor, Callable]:
            def gradient(upstream: tf.Tensor) -> tf.Tensor:
                flat = tf.reshape(upstream, [n_places, -1])
                return tf.reshape(back(flat), tf.shape(rows))

            return tf.gather(rows, self.places), gradient

        return gathered(rows)


def all_products(one: tf.Tensor, factors: Sequence[Sequence[tf.Tensor]]) -> tf.Tensor:
    """Multiplies 1 or one factor of each sequence in all ways; the last sequence changes fastest.

    >>> all_products(tf.ones([1, 1]), [[2.0], [3.0, 5.0]])[:, 0].numpy().tolist()
    [1.0, 3.0, 5.0, 2.0, 6.0, 10.0]
    """
    products = one
    for own in reversed(factors):
        products = tf.concat([products, *(products * factor for factor in own)], axis=0)
    return products
