"""Sympy expressions as TensorFlow functions."""

from collections.abc import Callable, Sequence

import sympy


def tensor_function(symbols: Sequence, expressions: Sequence) -> Callable:
    """Compiles expressions into one function of tensors, differentiable as TensorFlow is.

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
            modules="tensorflow",
            cse=True,
        )
    except (NotImplementedError, KeyError, TypeError) as error:
        raise ValueError(f"No TensorFlow form of one of {expressions}: {error}.") from error
    return function
