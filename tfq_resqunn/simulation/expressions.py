"""Sympy expressions as TensorFlow functions."""

from collections.abc import Callable, Sequence

import sympy
import tensorflow as tf
from sympy.printing.tensorflow import TensorflowPrinter


def tensor_function(symbols: Sequence, expressions: Sequence) -> Callable:
    """Compiles expressions into one function of tensors, differentiable as TensorFlow is.

    Where a square root or an `atan2` has no finite derivative (at 0), it is taken to be 0.

    Args:
        symbols: The sympy symbols that the function takes, in order.
        expressions: The sympy expressions (or numbers) that it returns.

    Returns:
        A function from `len(symbols)` tensors of one dtype, whose shapes broadcast, to a list of
        `len(expressions)` tensors. Common parts are computed once.

    Raises:
        ValueError: If sympy has no TensorFlow form of an expression.

    Example:
        >>> import tensorflow as tf
        >>> x, y = sympy.symbols("x y")
        >>> f = tensor_function([x, y], [x * y, sympy.sin(x) ** 2])
        >>> [float(v) for v in f(tf.constant(0.0), tf.constant(3.0))]
        [0.0, 0.0]
    """
    # As decimals, since powers of pi would be printed as tensors of a dtype of their own.
    expressions = [sympy.N(e, 17) for e in expressions]
    try:
        # Dummies, since a user's symbol may have a name that Python cannot.
        dummies = {s: sympy.Dummy() for s in symbols}
        function = sympy.lambdify(
            list(dummies.values()),
            [e.xreplace(dummies) for e in expressions],
            modules=[{"_sqrt": _sqrt, "_atan2": _atan2}, "tensorflow"],
            printer=_Printer({"fully_qualified_modules": False, "inline": True}),
            cse=True,
        )
    except (NotImplementedError, KeyError, TypeError) as error:
        raise ValueError(f"No TensorFlow form of one of {expressions}: {error}.") from error
    return function


class _Printer(TensorflowPrinter):
    """Prints calls of the functions below in the place of TensorFlow's."""

    def _print_Pow(self, expr):
        if expr.exp.is_number and complex(expr.exp) == 0.5:
            return f"_sqrt({self._print(expr.base)})"
        return super()._print_Pow(expr)

    def _print_atan2(self, expr):
        return f"_atan2({', '.join(map(self._print, expr.args))})"


def _sqrt(x):
    # Both branches of `tf.where` are differentiated, so neither may meet the 0.
    safe = tf.where(x == 0, tf.ones_like(x), x)
    return tf.where(x == 0, tf.zeros_like(x), tf.sqrt(safe))


def _atan2(y, x):
    y, x = _alike(y, x)
    zero = tf.logical_and(x == 0, y == 0)
    return tf.where(zero, tf.zeros_like(x), tf.atan2(y, tf.where(zero, tf.ones_like(x), x)))


def _alike(y, x):
    """Gives two tensors of one dtype, where either may be a Python number."""
    if tf.is_tensor(y):
        return y, tf.convert_to_tensor(x, y.dtype)
    return tf.convert_to_tensor(y, x.dtype), x
