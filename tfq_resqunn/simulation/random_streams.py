"""Random numbers that can be drawn again from any point of a training.

TensorFlow's global generator keeps its state within each traced function, where nothing can read or
set it: a training that goes on in a new process could not draw what it would have drawn.
"""

import contextlib
from collections.abc import Callable, Iterator

import tensorflow as tf

_generator: tf.random.Generator | None = None


def draw_seed() -> tf.Tensor:
    """Draws a seed for stateless operations, int32 `[2]`.

    It comes from TensorFlow's global generator, or from the current stream within `streams_of`.
    """
    source = tf.random if _generator is None else _generator
    return source.uniform([2], maxval=tf.int32.max, dtype=tf.int32)


@contextlib.contextmanager
def streams_of(seed: int) -> Iterator[Callable[[int], None]]:
    """Within it, `draw_seed` draws from streams of this seed; what it gives begins a stream.

    Each stream begins anew whatever was drawn before, and no two have a number in common. What is
    traced within draws from them for good.

    Example:
        >>> with streams_of(7) as begin:
        ...     begin(1); first = draw_seed()
        ...     begin(2); second = draw_seed()
        ...     begin(1); again = draw_seed()
        >>> bool(tf.reduce_all(first == again)), bool(tf.reduce_all(first == second))
        (True, False)
    """
    global _generator
    # Philox turns a key and a counter of 128 bits into numbers: the upper half tells streams apart.
    generator = tf.random.Generator.from_key_counter(seed, [0, 0], "philox")
    before, _generator = _generator, generator
    try:
        yield lambda number: generator.reset_from_key_counter(seed, [0, number])
    finally:
        _generator = before
