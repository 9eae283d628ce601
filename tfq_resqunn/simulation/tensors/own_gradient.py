"""Functions with a gradient of their own."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfq_resqunn.simulation.tensors.graph_gradients import held_by_graphs


def custom_gradient(function: Callable) -> Callable:
    """Does what `tf.custom_gradient` does, and keeps no graph alive, see `held_by_graphs`.

    >>> @custom_gradient
    ... def double(x):
    ...     return 2 * x, lambda upstream: 2 * upstream
    >>> float(double(tf.constant(3.0)))
    6.0
    """
    own = tf.custom_gradient(function)

    @functools.wraps(function)
    def called(*arguments: Any) -> Any:
        results = own(*arguments)
        if not tf.executing_eagerly():
            held_by_graphs(tf.nest.flatten(results)[0].op)
        return results

    return called


def with_gradient(function: Callable, gradient: Callable) -> Callable:
    """Gives a function of tensors a gradient, which may be differentiated in turn.

    Nothing is kept for the gradient but what went in. Outside of a `tf.function`, a tape also
    records the operations within `tf.custom_gradient`, and keeps all intermediate results in
    memory, although `gradient` does not need them. Here `stop_gradient` hides them from the tape.

    >>> cube = with_gradient(lambda x: x**3, lambda x, upstream: [3 * x**2 * upstream])
    >>> x = tf.constant(2.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = cube(x)
    >>> float(tape.gradient(y, x))
    12.0
    """

    @custom_gradient
    def own(*arguments: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        unseen = [tf.stop_gradient(a) for a in arguments]
        return function(*unseen), lambda upstream: gradient(*arguments, upstream)

    return own


def recomputed(function: Callable) -> Callable:
    """Gives a function of tensors that is run again for its gradient, and keeps nothing for it.

    >>> cube = recomputed(lambda x: x**3)
    >>> x = tf.constant(2.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = cube(x)
    >>> float(tape.gradient(y, x))
    12.0
    """

    def gradient(*given: tf.Tensor) -> list[tf.Tensor | None]:
        *arguments, upstream = given
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            value = function(*arguments)
        return tape.gradient(value, arguments, output_gradients=upstream)

    return with_gradient(function, gradient)
