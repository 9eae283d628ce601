"""Exponents of gates as tensors, computed from data and weights."""

from collections.abc import Sequence

import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.tensors.expressions import tensor_function


class Exponents:
    """Computes expressions of some symbols: at once where they are linear, one by one elsewhere.

    >>> x, y = sympy.symbols("x y")
    >>> exponents = Exponents([x + 2 * y, x * y, 0 * x + 1], [x, y])
    >>> exponents(tf.constant([[1.0, 2.0], [3.0, 4.0]])).numpy().tolist()
    [[7.0, 10.0], [3.0, 8.0], [1.0, 1.0]]
    """

    def __init__(self, expressions: Sequence[sympy.Expr], symbols: Sequence[sympy.Symbol]):
        self.n_rows, self._n_symbols = len(expressions), len(symbols)
        self._matrix = np.zeros((self.n_rows, len(symbols)))
        self._shift = np.zeros((self.n_rows, 1))
        rows = enumerate(expressions)
        self._curved = [i for i, e in rows if not self._read_linear(i, e, symbols)]
        if self._curved:
            self._function = tensor_function(symbols, [expressions[i] for i in self._curved])

    def _read_linear(self, row: int, expression: sympy.Expr, symbols: Sequence) -> bool:
        expression = sympy.sympify(expression)
        free = sorted(expression.free_symbols, key=str)
        try:
            # Not by derivatives, which a step function has nowhere but at its steps.
            polynomial = sympy.Poly(expression, *(free or [sympy.Dummy()]))
        except sympy.PolynomialError:
            return False
        if polynomial.total_degree() > 1:
            return False
        for s in free:
            self._matrix[row, symbols.index(s)] = float(polynomial.coeff_monomial(s))
        self._shift[row] = float(polynomial.coeff_monomial(1))
        return True

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """Maps values `[n_symbols, m]` to exponents `[n_rows, m]`."""
        if not self._curved:
            return self._linear(values)
        rows = tf.unstack(self._linear(values), num=self.n_rows)
        curved = self._function(*tf.unstack(values, num=self._n_symbols))
        for i, row in zip(self._curved, curved, strict=True):
            rows[i] = row
        return tf.stack(rows)

    def _linear(self, values: tf.Tensor) -> tf.Tensor:
        is_shifted = self._shift.any()
        if not is_shifted and np.array_equal(self._matrix, np.eye(self._n_symbols)):
            return values
        exponents = tf.matmul(tf.constant(self._matrix, values.dtype), values)
        return exponents + tf.constant(self._shift, values.dtype) if is_shifted else exponents
