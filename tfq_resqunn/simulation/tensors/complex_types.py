"""Complex numbers of as many digits as real ones."""

import tensorflow as tf


def complex_type(dtype: tf.DType) -> tf.DType:
    """Gives the type of complex numbers whose parts have a type.

    >>> complex_type(tf.float32), complex_type(tf.float64)
    (tf.complex64, tf.complex128)
    """
    return tf.complex128 if dtype == tf.float64 else tf.complex64
