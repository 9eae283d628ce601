"""Whether XLA will compile what is being traced."""

import tensorflow as tf
from tensorflow.python.ops import control_flow_util


def in_xla() -> bool:
    """Tells whether what is being traced will be compiled by XLA."""
    if tf.executing_eagerly():
        return False
    return control_flow_util.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


def in_cpu_xla() -> bool:
    """Tells the same, where there is no GPU: some of what is quick elsewhere is slow there."""
    return in_xla() and not tf.config.get_visible_devices("GPU")
