"""Sums of products of rows, each with a coefficient: `out[k] = sum_s c[k, s] prod(rows of s)`.

Two ways to the same numbers. In blocks: all products at once, then one matrix product. Row by
row, for short sums: common rows are factored out (Horner's scheme), and what is at work stays in
the processor's cache.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.angles import in_xla
from tfq_resqunn.simulation.tables import Products, times


class OneProductEach:
    """Each output is one product times its coefficient.

    Args:
        products: Tuples of numbers of rows, one an output.
        n_rows: Number of rows.
        mask: Not used: every coefficient is needed.
        order: Not used: there is nothing to pair.
    """

    def __init__(self, products: Sequence[tuple[int, ...]], n_rows: int, mask=None, order=None):
        self._products = Products(products, n_rows)

    def __call__(self, rows: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """Maps rows `[n_rows, n]` or `[n_rows, filters, n]` to `[filters * outputs, n]`.

        The coefficients are `[outputs, filters]`.
        """
        products = self._products(rows)
        if len(products.shape) == 2:
            products = products[:, None]
        out = products * coefficients[:, :, None]
        return tf.reshape(tf.transpose(out, [1, 0, 2]), [-1, tf.shape(out)[2]])

    def one_by_one(self, rows: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """Maps rows `[n_rows, n]` to `[outputs, n]`, for coefficients `[outputs]`."""
        products = self._products.one_by_one(tf.unstack(rows))
        one = tf.ones([tf.shape(rows)[1]], rows.dtype)
        products = [one if p is None else p for p in products]
        return tf.stack(products) * coefficients[:, None]


class SumOfProducts:
    """Each output is a sum of products with coefficients.

    Args:
        products: Tuples of numbers of rows.
        n_rows: Number of rows.
        mask: `[outputs, products]`, which coefficients may differ from zero.
        order: A number for each row (its qubit), by which products are cut in two halves.
    """

    def __init__(
        self,
        products: Sequence[tuple[int, ...]],
        n_rows: int,
        mask: np.ndarray,
        order: Sequence[int],
    ):
        self._products = Products(products, n_rows)
        self._n_products = len(products)
        self._outputs = [[(i, products[i]) for i in np.flatnonzero(wanted)] for wanted in mask]
        # The gradient by a coefficient is a sum over all samples of upstream times product: with
        # products in two halves, one matrix product gives all of them.
        middle = np.median([order[r] for p in products for r in p] or [0])
        halves = {
            (k, i): (
                (k, tuple(r for r in p if order[r] < middle)),
                tuple(r for r in p if order[r] >= middle),
            )
            for k, own in enumerate(self._outputs)
            for i, p in own
        }
        self._left = sorted({left for left, _ in halves.values()}) or [(0, ())]
        self._right = sorted({right for _, right in halves.values()}) or [()]
        self._chosen = np.zeros((mask.size, len(self._left) * len(self._right)))
        for (k, i), (left, right) in halves.items():
            pair = self._left.index(left) * len(self._right) + self._right.index(right)
            self._chosen[k * self._n_products + i, pair] = 1

    def __call__(self, rows: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """Maps rows `[n_rows, n]` or `[n_rows, filters, n]` to `[filters * outputs, n]`.

        The coefficients are `[outputs, products, filters]`.
        """
        products = self._products(rows)
        by_filter = tf.transpose(coefficients, [2, 0, 1])
        if len(products.shape) == 2:
            return tf.matmul(tf.reshape(by_filter, [-1, self._n_products]), products)
        out = tf.matmul(by_filter, tf.transpose(products, [1, 0, 2]))
        return tf.reshape(out, [-1, tf.shape(out)[2]])

    def one_by_one(self, rows: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """Maps rows `[n_rows, n]` to `[outputs, n]`, for coefficients `[outputs, products]`."""

        @tf.custom_gradient
        def summed(rows, coefficients):
            def gradient(upstream):
                return (
                    self._gradient_by_rows(rows, coefficients, upstream),
                    self._gradient_by_coefficients(rows, upstream),
                )

            return self._sum(tf.unstack(rows), coefficients), gradient

        return summed(rows, coefficients)

    def _sum(self, rows, coefficients):
        outputs = []
        for k, own in enumerate(self._outputs):
            total = _horner(own, rows, tf.unstack(coefficients[k]))
            outputs.append(tf.zeros_like(rows[0]) if total is None else total)
        one = tf.ones_like(rows[0])
        return tf.stack([o if len(o.shape) else o * one for o in outputs])

    def _gradient_by_rows(self, rows, coefficients, upstream):
        rows = tf.unstack(rows)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(rows)
            outputs = self._sum(rows, coefficients)
        return tf.stack(tape.gradient(outputs, rows, upstream, unconnected_gradients="zero"))

    def _gradient_by_coefficients(self, rows, upstream):
        rows, upstream = tf.unstack(settled(rows)), tf.unstack(settled(upstream))
        one = tf.ones_like(rows[0])
        a = tf.stack([times(upstream[k], _product(p, rows)) for k, p in self._left])
        b = tf.stack([_product(p, rows) if p else one for p in self._right])
        pairs = tf.reshape(tf.matmul(a, b, transpose_b=True), [-1])
        found = tf.matmul(tf.constant(self._chosen, pairs.dtype), pairs[:, None])
        return tf.reshape(found, [len(self._outputs), self._n_products])


def settled(rows: tf.Tensor) -> tf.Tensor:
    """Has XLA write rows to memory once.

    On a CPU it would fuse what computes them into every loop that reads them, and compute them as
    often. It does not fuse through a matrix product, so one with the identity stands here.
    """
    if not in_xla() or tf.config.list_physical_devices("GPU"):
        return rows
    return tf.matmul(tf.eye(rows.shape[0], dtype=rows.dtype), rows)


def _product(numbers, rows):
    product = None
    for r in numbers:
        product = times(product, rows[r])
    return product


def _horner(terms, rows, coefficients):
    """Sums `coefficients[i] * product`, the row that most products share taken out first."""
    if not terms:
        return None
    if len(terms) == 1:
        ((i, numbers),) = terms
        return times(_product(numbers, rows), coefficients[i])
    counts: dict[int, int] = {}
    for _, numbers in terms:
        for r in numbers:
            counts[r] = counts.get(r, 0) + 1
    row = max(counts, key=counts.get)
    inside = [(i, tuple(r for r in p if r != row)) for i, p in terms if row in p]
    outside = [(i, p) for i, p in terms if row not in p]
    total = _horner(inside, rows, coefficients) * rows[row]
    rest = _horner(outside, rows, coefficients)
    return total if rest is None else total + rest
