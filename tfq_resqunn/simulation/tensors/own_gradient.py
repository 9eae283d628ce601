"""Functions with a gradient of their own, of which nothing is kept but what went in."""

from collections.abc import Callable

import tensorflow as tf


def with_gradient(function: Callable, gradient: Callable) -> Callable:
    """Gives a function of tensors a gradient, which may be differentiated in turn.

    Outside of a `tf.function`, a tape also records the operations within `tf.custom_gradient`, and
    keeps all intermediate results in memory, although `gradient` does not need them. Here
    `stop_gradient` hides them from the tape.

    >>> cube = with_gradient(lambda x: x**3, lambda x, upstream: [3 * x**2 * upstream])
    >>> x = tf.constant(2.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = cube(x)
    >>> float(tape.gradient(y, x))
    12.0
    """

    @tf.custom_gradient
    def own(*arguments: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        unseen = [tf.stop_gradient(a) for a in arguments]
        return function(*unseen), lambda upstream: gradient(*arguments, upstream)

    return own
