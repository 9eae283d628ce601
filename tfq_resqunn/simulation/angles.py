"""Angles of gates as tensors, in half turns, and their cosines and sines."""

from collections.abc import Sequence

import numpy as np
import sympy
import tensorflow as tf
from tensorflow.python.ops import control_flow_util

from tfq_resqunn.simulation.expressions import tensor_function


class Angles:
    """Computes expressions of some symbols: at once where they are linear, one by one elsewhere.

    Args:
        expressions: Sympy expressions, one a row.
        symbols: Their symbols, in the order of the values' rows.

    Example:
        >>> x, y = sympy.symbols("x y")
        >>> angles = Angles([x + 2 * y, x * y, 0 * x + 1], [x, y])
        >>> angles(tf.constant([[1.0, 2.0], [3.0, 4.0]])).numpy().tolist()
        [[7.0, 10.0], [3.0, 8.0], [1.0, 1.0]]
    """

    def __init__(self, expressions: Sequence[sympy.Expr], symbols: Sequence[sympy.Symbol]):
        self.n_rows, self._n_symbols = len(expressions), len(symbols)
        self._matrix = np.zeros((self.n_rows, len(symbols)))
        self._shift = np.zeros((self.n_rows, 1))
        self._curved = [
            i for i, e in enumerate(expressions) if not self._read_linear(i, e, symbols)
        ]
        if self._curved:
            self._function = tensor_function(symbols, [expressions[i] for i in self._curved])

    def _read_linear(self, row: int, expression, symbols) -> bool:
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
        """Maps values `[n_symbols, m]` to angles `[n_rows, m]`."""
        if not self._curved:
            return self._linear(values)
        rows = tf.unstack(self._linear(values), num=self.n_rows)
        for i, row in zip(
            self._curved, self._function(*tf.unstack(values, num=self._n_symbols)), strict=True
        ):
            rows[i] = row
        return tf.stack(rows)

    def _linear(self, values):
        if self._is_identity:
            return values
        angles = tf.matmul(tf.constant(self._matrix, values.dtype), values)
        if self._shift.any():
            angles += tf.constant(self._shift, values.dtype)
        return angles

    @property
    def _is_identity(self) -> bool:
        square = self._matrix.shape[0] == self._matrix.shape[1]
        return (
            square and not self._shift.any() and np.array_equal(self._matrix, np.eye(self.n_rows))
        )


def cosine(half_turns: tf.Tensor) -> tf.Tensor:
    """Gives `cos(pi t)`.

    XLA on a CPU computes cosines and sines one number at a time, which would cost more than all
    the rest; there, in float32, they are polynomials after range reduction (error below 1e-6).
    """
    if _as_polynomial(half_turns):
        return _cosine(half_turns)
    return tf.cos(half_turns * np.pi)


def sine(half_turns: tf.Tensor) -> tf.Tensor:
    """Gives `sin(pi t)`, as `cosine` does."""
    return _sine(half_turns) if _as_polynomial(half_turns) else tf.sin(half_turns * np.pi)


def cos_sin(half_turns: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Gives `cos(pi t)` and `sin(pi t)`."""
    return cosine(half_turns), sine(half_turns)


def _as_polynomial(half_turns) -> bool:
    return half_turns.dtype == tf.float32 and in_cpu_xla()


def in_xla() -> bool:
    """Tells whether what is being traced will be compiled by XLA."""
    if tf.executing_eagerly():
        return False
    return control_flow_util.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


def in_cpu_xla() -> bool:
    """Tells the same, where there is no GPU: some of what is quick elsewhere is slow there."""
    return in_xla() and not tf.config.get_visible_devices("GPU")


# sin and cos of (pi / 2) t on [-1, 1], minimax in t**2.
_SINE = (
    1.5707963267680645,
    -0.6459640955740902,
    0.07969260368538653,
    -0.004681657706889848,
    0.0001602545899051696,
    -3.431788892764113e-06,
)
_COSINE = (
    0.9999999999992482,
    -1.2337005500624714,
    0.25366950672118854,
    -0.020863473676371053,
    0.0009192399874515492,
    -2.5172184706434557e-05,
    4.4921640502642343e-07,
)


@tf.custom_gradient
def _cosine(half_turns):
    _, sine = _halves(half_turns)
    return 1.0 - 2.0 * sine * sine, lambda upstream: -np.pi * upstream * _sine(half_turns)


@tf.custom_gradient
def _sine(half_turns):
    cosine, sine = _halves(half_turns)
    return 2.0 * sine * cosine, lambda upstream: np.pi * upstream * _cosine(half_turns)


def _halves(half_turns):
    # Cosine and sine of half the angle, after whole turns are taken off.
    t = half_turns - 2.0 * tf.round(half_turns * 0.5)
    square = t * t
    return _horner(_COSINE, square), _horner(_SINE, square) * t


def _horner(coefficients, x):
    value = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        value = value * x + c
    return value
