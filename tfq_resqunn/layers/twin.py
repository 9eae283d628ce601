"""The classical layer that stands in for a `Quanv2D` in a control experiment."""

import tensorflow as tf

from tfq_resqunn._utils.arguments import instance
from tfq_resqunn._utils.keras import keras, output_shape, register
from tfq_resqunn.layers.patches import Grid
from tfq_resqunn.layers.quanv2d import Quanv2D


def conv_twin(quanv: Quanv2D, input_shape, *, name=None, **conv2d) -> keras.layers.Layer:
    """Builds the `Conv2D` that sees the same patches as a quanvolution and gives as many outputs.

    Args:
        quanv: The `Quanv2D` in whose place the twin is to stand. With `input_gradient=False` the
            twin sends no gradient to the layers below either.
        input_shape: Shape of its input, batch axis first.
        name: Name of the layer.
        **conv2d: Further arguments of `Conv2D`, or others in the place of the quanvolution's. It
            has a bias unless `use_bias=False` is among them, since a `Conv2D` without one cannot
            give what an expectation value can.

    Returns:
        A `Conv2D`, with `readout="pixels"` in a `PixelReadout`. Without input gradients it is a
        `CutConv2D`.

    Example:
        >>> twin = conv_twin(Quanv2D(kernel_size=2, readout="pixels"), (None, 8, 8, 1))
        >>> tuple(twin.compute_output_shape((None, 8, 8, 1)))
        (None, 8, 8, 1)
    """
    instance(Quanv2D, "a Quanv2D")(quanv, "quanv", "conv_twin")
    if quanv.data_format != "channels_last":
        raise ValueError(
            "conv_twin: `quanv` must be channels_last, since TensorFlow has no Conv2D for "
            f"channels_first on a CPU. Received data_format={quanv.data_format!r}."
        )
    geometry = ("kernel_size", "strides", "padding", "dilation_rate", "groups")
    ending = ("activation", "bias_initializer", "bias_regularizer", "bias_constraint")
    same = (*geometry, *ending, "activity_regularizer", "trainable")
    conv2d = {**{k: getattr(quanv, k) for k in same}, **conv2d}
    make = keras.layers.Conv2D if quanv.input_gradient else CutConv2D
    n_outputs = quanv.compute_output_shape(input_shape)[-1]
    if quanv.readout == "channels":
        return make(n_outputs, name=name, **conv2d)
    n_pixels = quanv.kernel_size[0] * quanv.kernel_size[1]
    return PixelReadout(make(n_outputs * n_pixels, name="conv", **conv2d), name=name)


@register
class CutConv2D(keras.layers.Conv2D):
    """A `Conv2D` that sends no gradient to what lies before it.

    What `input_gradient=False` makes of a `Quanv2D`, for the layer that stands in its place: the
    weights are trained, and the layers below receive the gradient `None` through it.

    Args:
        *args: Of `Conv2D`.
        **kwargs: Of `Conv2D`.

    Input shape:
        That of `Conv2D`.

    Output shape:
        That of `Conv2D`.

    Example:
        >>> x = tf.ones((1, 2, 2, 1))
        >>> with tf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = CutConv2D(1, 2)(x)
        >>> print(tape.gradient(y, x))
        None
    """

    def call(self, inputs):
        return super().call(tf.stop_gradient(inputs))


@register
class PixelReadout(keras.layers.Wrapper):
    """Puts the channels of a `Conv2D` back onto the pixels of each patch, as `Quanv2D` does.

    Args:
        layer: A channels-last `Conv2D` with strides equal to its kernel size, whose filters are
            a multiple of the kernel's pixels.
        **kwargs: Of `keras.layers.Layer`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, rows * kernel_rows, columns * kernel_columns, filters / pixels)`; under
        `padding="same"` the input's height and width.
    """

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self._grid = Grid.of(layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate)

    def call(self, inputs):
        outcomes = self.layer(inputs)
        shape = [-1, 1, self._grid.n_pixels, outcomes.shape[-1] // self._grid.n_pixels]
        outcomes = tf.transpose(tf.reshape(outcomes, shape), [1, 2, 3, 0])
        return tf.cast(self._grid.to_pixels(outcomes, inputs), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        n_outputs = self.layer.filters // self._grid.n_pixels
        size = self._grid.pixels_shape(*input_shape[1:3])
        return output_shape((input_shape[0], *size, n_outputs))

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        if "layer" in config:
            layer = keras.layers.deserialize(config["layer"], custom_objects=custom_objects)
            config["layer"] = layer
        return cls(**config)
