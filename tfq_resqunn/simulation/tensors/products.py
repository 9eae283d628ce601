"""Matrix products of many matrices at once."""

import tensorflow as tf


def multiply(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Multiplies matrices `[..., m, k]` and `[..., k, n]`; axes before these may be 1 in one.

    These are made as long as in the other first. Left to `tf.matmul`, wrong numbers and crashes
    were seen in TensorFlow 2.18 with oneDNN.

    >>> a, b = tf.ones([2, 1, 3, 4]), tf.ones([1, 5, 4, 6])
    >>> tuple(multiply(a, b).shape)
    (2, 5, 3, 6)
    """
    sizes = [max(m, n) for m, n in zip(a.shape[:-2], b.shape[:-2], strict=True)]
    grown = [
        x if x.shape[:-2] == sizes else tf.broadcast_to(x, [*sizes, *tf.unstack(tf.shape(x)[-2:])])
        for x in (a, b)
    ]
    for x, old in zip(grown, (a, b), strict=True):
        x.set_shape([*sizes, *old.shape[-2:]])
    return tf.matmul(*grown)
