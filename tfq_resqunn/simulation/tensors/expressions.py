"""Sympy expressions as TensorFlow functions."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import sympy
import tensorflow as tf
from sympy.printing.tensorflow import TensorflowPrinter


def tensor_function(
    symbols: Sequence[sympy.Symbol], expressions: Sequence[sympy.Expr]
) -> Callable[..., list[tf.Tensor]]:
    """Compiles expressions into one function of tensors, differentiable as TensorFlow is.

    It takes a tensor for each symbol, of one dtype and with shapes that broadcast. Common parts are
    computed once. Where `sqrt` and `atan2` (at 0), `asin` and `acos` (at 1 and -1) have no finite
    derivative, it is taken to be 0. Raises a `ValueError` if sympy has no TensorFlow form of an
    expression.

    >>> x, y = sympy.symbols("x y")
    >>> f = tensor_function([x, y], [x * y, sympy.sin(x) ** 2])
    >>> [float(v) for v in f(tf.constant(0.0), tf.constant(3.0))]
    [0.0, 0.0]
    """
    # As decimals, since powers of pi would be printed as tensors of a dtype of their own.
    expressions = [sympy.N(e, 17) for e in expressions]
    try:
        # A user's symbol may have a name that Python cannot, so the symbols are renamed. Sympy
        # orders terms by the names, and those of its dummies would depend on how many dummies the
        # program has made before. The last symbol comes first, as in earlier versions, so that
        # their models give the same numbers to the bit.
        n = len(symbols)
        names = {s: sympy.Symbol(f"symbol_{n - i:06}") for i, s in enumerate(symbols)}
        return sympy.lambdify(
            list(names.values()),
            [e.xreplace(names) for e in expressions],
            modules=[_OWN, "tensorflow"],
            printer=_Printer({"fully_qualified_modules": False, "inline": True}),
            cse=True,
        )
    except (NotImplementedError, KeyError, TypeError) as error:
        raise ValueError(f"No TensorFlow form of one of {expressions}: {error}.") from error


class _Printer(TensorflowPrinter):
    """Prints calls of the functions below in the place of TensorFlow's."""

    def _print_Pow(self, expr: sympy.Pow) -> str:
        if expr.exp.is_number and complex(expr.exp) == 0.5:
            return f"_sqrt({self._print(expr.base)})"
        return super()._print_Pow(expr)

    def _print_atan2(self, expr: sympy.atan2) -> str:
        return f"_atan2({', '.join(map(self._print, expr.args))})"

    def _print_acos(self, expr: sympy.acos) -> str:
        return f"(1.5707963267948966 - _asin({self._print(expr.args[0])}))"

    def _print_asin(self, expr: sympy.asin) -> str:
        return f"_asin({self._print(expr.args[0])})"

    def _print_Max(self, expr: sympy.Max) -> str:
        return functools.reduce("_maximum({}, {})".format, map(self._print, expr.args))

    def _print_Min(self, expr: sympy.Min) -> str:
        return functools.reduce("_minimum({}, {})".format, map(self._print, expr.args))

    def _print_Piecewise(self, expr: sympy.Piecewise) -> str:
        like = self._print(min(expr.free_symbols, key=str))  # for the dtype of bare numbers
        printed = f"_like(float('nan'), {like})"
        for value, condition in reversed(expr.args):
            value = f"_like({self._print(value)}, {like})"
            if condition == sympy.true:
                printed = value
            else:
                printed = f"_where({self._print(condition)}, {value}, {printed})"
        return printed


def _sqrt(x: tf.Tensor) -> tf.Tensor:
    # Both branches of `tf.where` are differentiated, so neither may meet the 0.
    safe = tf.where(x == 0, tf.ones_like(x), x)
    return tf.where(x == 0, tf.zeros_like(x), tf.sqrt(safe))


def _atan2(y: tf.Tensor | float, x: tf.Tensor | float) -> tf.Tensor:
    y, x = _alike(y, x)
    # Only their ratio counts; as they come, their squares may underflow in the derivative.
    size = tf.stop_gradient(tf.maximum(tf.abs(x), tf.abs(y)))
    zero = size == 0
    size = tf.where(zero, tf.ones_like(size), size)
    angle = tf.atan2(y / size, tf.where(zero, tf.ones_like(size), x / size))
    return tf.where(zero, tf.zeros_like(angle), angle)


def _asin(x: tf.Tensor) -> tf.Tensor:
    # At its ends the derivative is infinite; there it is taken to be 0.
    at_end = tf.abs(x) == 1
    inside = tf.asin(tf.where(at_end, tf.zeros_like(x), x))
    return tf.where(at_end, tf.stop_gradient(tf.asin(x)), inside)


def _like(value: tf.Tensor | float, x: tf.Tensor) -> tf.Tensor:
    return value if tf.is_tensor(value) else tf.fill(tf.shape(x), tf.cast(value, x.dtype))


def _alike(y: Any, x: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Gives two tensors of one dtype, where either may be a Python number."""
    if tf.is_tensor(y):
        return y, tf.convert_to_tensor(x, y.dtype)
    return tf.convert_to_tensor(y, x.dtype), x


_OWN = {
    "_sqrt": _sqrt,
    "_atan2": _atan2,
    "_asin": _asin,
    # In a graph, TensorFlow takes a bare 0 for an integer.
    "_maximum": lambda x, y: tf.maximum(*_alike(x, y)),
    "_minimum": lambda x, y: tf.minimum(*_alike(x, y)),
    "_like": _like,
    "_where": tf.where,
}
