"""Loads TensorFlow without the lines that it logs meanwhile."""

import os
from contextlib import contextmanager


def load_steps():
    """Imports `benchmarks.steps`, which takes seconds, and lets XLA say what it has to say."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:  # who has set it wants to see the lines
        from benchmarks import steps

        return steps
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with _no_stderr():
        import tensorflow as tf

        from benchmarks import steps

        tf.function(tf.abs, jit_compile=True)(tf.constant(1.0))
    tf.get_logger().setLevel("ERROR")  # a new step for each form is no mistake here
    return steps


@contextmanager
def _no_stderr():
    stderr = os.dup(2)
    try:
        with open(os.devnull, "w") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
