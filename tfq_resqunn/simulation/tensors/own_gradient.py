"""Functions with a gradient of their own, of which nothing is kept but what went in."""

from collections.abc import Callable

import tensorflow as tf


def with_gradient(function: Callable, gradient: Callable) -> Callable:
    """Gives a function of tensors a gradient, which may be differentiated in turn.

    Outside of a `tf.function`, a tape records every operation within `tf.custom_gradient` too, and
    keeps what lies between until it is asked for gradients, although it then asks `gradient`.
    Here it sees none of them.

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
