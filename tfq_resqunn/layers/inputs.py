"""What layers take: one dense tensor of real numbers."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.keras import Shape

# How to make one of what is often passed instead.
_DENSE = {
    tf.RaggedTensor: "Make images of one size, with x.to_tensor() or tf.image.resize.",
    tf.SparseTensor: "Use tf.sparse.to_dense(x).",
}


def check_numbers(inputs: tf.Tensor, who: str) -> None:
    """Raises a TypeError if the input of a layer is no dense tensor of real numbers.

    A cast to floats would drop the imaginary part of complex numbers with no more than a warning.
    """
    rule = f"{who}: the input must be one dense tensor of real numbers."
    is_dense = isinstance(inputs, np.ndarray) or tf.is_tensor(inputs)
    if not is_dense or isinstance(inputs, tuple(_DENSE)):
        remedy = _DENSE.get(type(inputs), "Join several with keras.layers.Concatenate first.")
        raise TypeError(f"{rule} Received a {type(inputs).__name__}. {remedy}")
    dtype = tf.as_dtype(inputs.dtype)
    if dtype.is_complex:
        raise TypeError(
            f"{rule} Received complex numbers ({dtype.name}). Make channels of their parts, "
            "tf.concat([tf.math.real(x), tf.math.imag(x)], axis), or take tf.abs(x)."
        )
    if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
        raise TypeError(f"{rule} Received the dtype {dtype.name}.")


def check_known(inputs: tf.Tensor, sizes: Mapping[int, int], rule: str) -> None:
    """Raises a ValueError if the input of a layer does not know sizes that the layer needs.

    Once Keras' `fit` or `predict` has seen two sizes of an axis, it makes a graph for any size, and
    so it hides from Keras' own check an input of other channels than those before.

    Args:
        inputs: The input.
        sizes: Those that the layer was built for, by axis.
        rule: What the error says first.
    """
    if any(inputs.shape[axis] is None for axis in sizes):
        raise ValueError(
            f"{rule} Received one of shape {tuple(inputs.shape)}: either it has another size than "
            "those before, or the data pipeline does not tell. Bring it to that size, or name the "
            "size with x.set_shape in the pipeline."
        )


def known_shape(input_shape: Shape, what: str, who: str) -> tf.TensorShape:
    """Gives the shape of a layer's input, which must be that of one tensor, of a known rank.

    `what` says in messages what the layer takes, with its axes.
    """
    try:
        shape = tf.TensorShape(input_shape)
    except TypeError:
        raise ValueError(
            f"{who}: the input must be one tensor of {what}. Received several, of shapes "
            f"{input_shape}. Join them first, with keras.layers.Concatenate."
        ) from None
    if shape.rank is None:
        raise ValueError(
            f"{who}: the rank of the input must be known: {what}. Received a shape that is not "
            "known. Name it with x.set_shape in the data pipeline."
        )
    return shape
