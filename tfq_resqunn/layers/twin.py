"""The classical layers that stand in for quanvolutions in a control experiment."""

import math
from typing import Any

import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, instance
from tfq_resqunn._utils.keras import Shape, keras, output_shape, register
from tfq_resqunn.layers import patches
from tfq_resqunn.layers.base_quanv import BaseQuanv
from tfq_resqunn.layers.geometry import Geometry
from tfq_resqunn.layers.keywords import known_to


def conv_twin(
    quanv: BaseQuanv, input_shape: Shape, *, name: str | None = None, **conv: Any
) -> keras.layers.Layer:
    """Builds the convolution that sees the same patches as a quanvolution, with as many outputs.

    Under `readout="pixels"` it stands in a `PixelReadout`; under `input_gradient=False` it sends no
    gradient to the layers before either. It has a bias unless `conv` says `use_bias=False`, since a
    convolution without one cannot give what an expectation value can. Whatever else `conv` names
    takes the place of the quanvolution's own arguments.

    Example:
        >>> from tfq_resqunn import Quanv2D
        >>> twin = conv_twin(Quanv2D(kernel_size=2, readout="pixels"), (None, 8, 8, 1))
        >>> tuple(twin.compute_output_shape((None, 8, 8, 1)))
        (None, 8, 8, 1)
    """
    instance(BaseQuanv, "a Quanv1D, Quanv2D or Quanv3D")(quanv, "quanv", "conv_twin")
    if quanv.data_format != "channels_last":
        raise ValueError(
            f"conv_twin: `quanv` must be channels_last, since TensorFlow has no Conv{quanv.rank}D "
            f"for channels_first on a CPU. Received data_format={quanv.data_format!r}."
        )
    arguments = {
        "kernel_size": quanv.kernel_size,
        "strides": quanv.strides,
        "padding": quanv.padding,
        "dilation_rate": quanv.dilation_rate,
        "groups": quanv.groups,
        "activation": quanv.activation,
        "bias_initializer": quanv.bias_initializer,
        "bias_regularizer": quanv.bias_regularizer,
        "bias_constraint": quanv.bias_constraint,
        "activity_regularizer": quanv.activity_regularizer,
        "trainable": quanv.trainable,
        **conv,
    }
    make = (CONVOLUTIONS if quanv.input_gradient else CUT_CONVOLUTIONS)[quanv.rank]
    n_outputs = quanv.compute_output_shape(input_shape)[-1]
    if quanv.readout == "channels":
        return make(**{"filters": n_outputs, "name": name, **arguments})
    n_outputs *= math.prod(quanv.kernel_size)
    return PixelReadout(make(**{"filters": n_outputs, "name": "conv", **arguments}), name=name)


class _NoInputGradient(keras.layers.Layer):
    """Stops the gradient by the input of the layer that it is mixed into."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return super().call(tf.stop_gradient(inputs))


@register
class CutConv1D(_NoInputGradient, keras.layers.Conv1D):
    """A `Conv1D` that sends no gradient to what lies before it; see `CutConv2D`."""


@register
class CutConv2D(_NoInputGradient, keras.layers.Conv2D):
    """A `Conv2D` that sends no gradient to what lies before it.

    What `input_gradient=False` makes of a `Quanv2D`, for the layer that stands in its place: the
    weights are trained, and the layers before receive the gradient `None` through it.

    Example:
        >>> x = tf.ones((1, 2, 2, 1))
        >>> with tf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = CutConv2D(1, 2)(x)
        >>> print(tape.gradient(y, x))
        None
    """


@register
class CutConv3D(_NoInputGradient, keras.layers.Conv3D):
    """A `Conv3D` that sends no gradient to what lies before it; see `CutConv2D`."""


# By rank.
CONVOLUTIONS = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D, 3: keras.layers.Conv3D}
CUT_CONVOLUTIONS = {1: CutConv1D, 2: CutConv2D, 3: CutConv3D}


@register
class PixelReadout(keras.layers.Wrapper):
    """Puts the channels of a convolution back onto the pixels of each patch, as `Quanv2D` does.

    Args:
        layer: A channels-last `Conv1D`, `Conv2D` or `Conv3D` with strides equal to its kernel size,
            whose filters times `copies` are a multiple of the kernel's pixels.
        copies: How often its channels are taken, one after the other: once for each pixel, all
            pixels of a patch have the same value.
        **kwargs: Of `keras.layers.Layer`.
    """

    def __init__(self, layer: keras.layers.Layer, *, copies: int = 1, **kwargs: Any) -> None:
        with known_to(self, kwargs):
            super().__init__(layer, **kwargs)
        self.copies = check_count(copies, "copies", "PixelReadout")
        self._geometry = Geometry(
            len(layer.kernel_size), layer.kernel_size, layer.strides, layer.padding,
            "channels_last", layer.dilation_rate, readout="pixels", who="PixelReadout",
        )  # fmt: skip

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        outcomes, n_pixels = self.layer(inputs), self._geometry.n_pixels
        if self.copies > 1:
            outcomes = tf.concat([outcomes] * self.copies, axis=-1)
        shape = [-1, 1, n_pixels, outcomes.shape[-1] // n_pixels]
        outcomes = tf.transpose(tf.reshape(outcomes, shape), [1, 2, 3, 0])
        outputs = patches.to_pixels(outcomes, inputs, self._geometry)
        return tf.cast(outputs, self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        n_outcomes = self.layer.filters * self.copies
        return output_shape(self._geometry.output_shape(input_shape, n_outcomes))

    def get_config(self) -> dict:
        return {**super().get_config(), "copies": self.copies}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "PixelReadout":
        config = dict(config)
        if "layer" in config:  # if not, Python says that it is missing
            config["layer"] = keras.layers.deserialize(config["layer"], custom_objects)
        return cls(**config)
