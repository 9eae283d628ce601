"""How the terms of a residual sum become one: added, averaged, or with learned scales."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfq_resqunn._utils.arguments import choice
from tfq_resqunn._utils.keras import Shape, keras, output_shape, register

MERGES = ("add", "average", "rezero")
check_merge = choice(*MERGES)


@register
class ReZero(keras.layers.Layer):
    """Adds tensors, all but the first times a learned scale that starts at 0.

    With two of them, `x + scale * f(x)`. A network of such sums starts as the identity, and its
    layers come in as they are found useful. A sum of two quanvolutions' outputs, each from -1 to 1,
    leaves that range, and with it the half turn in which an encoder tells pixels apart; a scale can
    keep it there. It takes the arguments of `keras.layers.Layer`.

    Input shape:
        A list of at least two tensors of one shape.

    Output shape:
        That of each of them.

    Raises:
        ValueError: If there are fewer, or their shapes differ.

    Example:
        >>> import numpy as np
        >>> merge = ReZero()
        >>> x, y = tf.constant([[1.0, 2.0]]), tf.constant([[10.0, 10.0]])
        >>> merge([x, y]).numpy().tolist()
        [[1.0, 2.0]]
        >>> merge.set_weights([np.array([0.5])])
        >>> merge([x, y]).numpy().tolist()
        [[6.0, 7.0]]

    Reference:
        Bachlechner, Majumder, Mao, Cottrell, McAuley, *ReZero is All You Need* (2021),
        arXiv:2003.04887.
    """

    def build(self, input_shape: Sequence[Shape]) -> None:
        self.compute_output_shape(input_shape)  # raises where there is nothing to add
        self.scale = self.add_weight(
            name="scale", shape=(len(input_shape) - 1,), initializer="zeros", trainable=True
        )
        super().build(input_shape)

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        first, *others = inputs
        scale = tf.cast(self.scale, self.compute_dtype)
        return first + sum(scale[i] * other for i, other in enumerate(others))

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        shapes = [tuple(shape) for shape in input_shape] if _is_list(input_shape) else []
        if len(shapes) < 2 or len({shape[1:] for shape in shapes}) > 1:
            raise ValueError(
                "ReZero: the inputs must be a list of at least two tensors of one shape.\n"
                f"Received {', '.join(map(str, shapes)) or input_shape}.\n"
                "Bring them to one shape first, such as by AreaPooling."
            )
        return output_shape(shapes[0])


def _is_list(shapes: Any) -> bool:
    return not isinstance(shapes, tf.TensorShape) and all(
        isinstance(shape, (tuple, list, tf.TensorShape)) for shape in shapes
    )


def merging_layer(how: str, name: str | None = None) -> keras.layers.Layer:
    """Makes the layer that merges the terms of a sum."""
    layers = {"add": keras.layers.Add, "average": keras.layers.Average, "rezero": ReZero}
    return layers[how](name=name)
