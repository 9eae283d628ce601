"""Sums of products of rows, each with a coefficient, and the factors that products share."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfq_resqunn.simulation.tensors.own_gradient import custom_gradient
from tfq_resqunn.simulation.tensors.rows import Product, Products
from tfq_resqunn.simulation.tensors.xla import in_cpu_xla

# Up to this many rows are multiplied one by one, more of them in blocks; XLA on a CPU is slow at
# a stack of many.
_MAX_ROWS = 1024
_MAX_ROWS_XLA = 64
_MAX_VECTORS = 16


class SumOfProducts:
    """Computes `out[k] = common[k] * sum_j c[k, j] * rest[j]`, for the products of each output.

    The rows that all products of an output share are taken out of its sum; what is left of the
    products is computed once for all outputs, and summed by one matrix product.

    Attributes:
        n_rests: The number of different products that are summed.
        products: Multiplications and additions within the matrix product, a column.
        numbers: What is written by the rest, a column.
    """

    def __init__(self, products: Sequence[Sequence[Product]], n_rows: int):
        self._common = common = [_shared(own) for own in products]
        rests: dict[Product, int] = {}
        for own, shared in zip(products, common, strict=True):
            for product in own:
                rests.setdefault(_without(product, shared), len(rests))
        if not rests:  # all outputs are zero
            rests[()] = 0
        self._place = rests
        self.n_rests = len(rests)
        self._factors = Products(common, n_rows) if any(common) else None
        self._rests = Products(list(rests), n_rows) if list(rests) != [()] else None
        self.products = 2 * len(common) * self.n_rests if self._rests else 0
        self.numbers = 2 * len(common) + (2 * self.n_rests if self._rests else 0)

    def place(self, output: int, product: Product) -> int:
        """Gives the number of a product's coefficient, counted output by output."""
        rest = _without(product, self._common[output])
        return output * self.n_rests + self._place[rest]

    def __call__(self, rows: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """Maps rows `[n_rows, n]` or `[n_rows, filters, n]` to `[filters * outputs, n]`.

        The coefficients are `[outputs, n_rests, filters]`.
        """
        n = tf.shape(rows)[-1]
        by_filter = tf.transpose(coefficients, [2, 0, 1])
        factors = None if self._factors is None else self._multiply(self._factors, rows)
        if self._rests is None:
            sums = by_filter  # [filters, outputs, 1]
        else:
            rests = self._multiply(self._rests, rows)
            if len(rests.shape) == 2:
                flat = tf.reshape(by_filter, [-1, self.n_rests])
                sums = tf.reshape(_weighted(flat, rests), [-1, len(self._common), n])
            else:
                sums = tf.matmul(by_filter, tf.transpose(rests, [1, 0, 2]))
        if factors is None:
            out = sums * tf.ones([n], rows.dtype)
        elif len(factors.shape) == 2:
            out = sums * factors
        else:
            out = sums * tf.transpose(factors, [1, 0, 2])
        return tf.reshape(out, [-1, n])

    def _multiply(self, products: Products, rows: tf.Tensor) -> tf.Tensor:
        if self.n_rests > (_MAX_ROWS_XLA if in_cpu_xla() else _MAX_ROWS):
            return products(rows)
        one = tf.ones_like(rows[0])
        found = products.one_by_one(tf.unstack(rows))
        return tf.stack([one if p is None else p for p in found])


def _weighted(coefficients: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """Multiplies matrices, of which the second has long rows.

    XLA on a CPU is slow at the gradient by the first: a product of few rows with few, both long. So
    many products with a vector take a third of the time.
    """
    if not in_cpu_xla() or coefficients.shape[0] > _MAX_VECTORS:
        return tf.matmul(coefficients, rows)

    n_sums = coefficients.shape[0]

    @custom_gradient
    def weighted(coefficients: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            by_vector = [tf.linalg.matvec(rows, u) for u in tf.unstack(upstream, num=n_sums)]
            return tf.stack(by_vector), tf.matmul(coefficients, upstream, transpose_a=True)

        return tf.matmul(coefficients, rows), gradient

    return weighted(coefficients, rows)


def _shared(products: Sequence[Product]) -> Product:
    if not products:
        return ()
    return tuple(sorted(set(products[0]).intersection(*products[1:])))


def _without(product: Product, shared: Product) -> Product:
    return tuple(r for r in product if r not in shared)
