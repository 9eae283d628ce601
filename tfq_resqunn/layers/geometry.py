"""`Geometry`: what a quanvolution does to the shape of images, in `Conv2D`'s words."""

import dataclasses
import functools

import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, choice
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.layers.inputs import check_numbers, known_shape
from tfq_resqunn.layers.patches import Grid, pair, size

PADDINGS = ("valid", "same")
DATA_FORMATS = ("channels_last", "channels_first")
READOUTS = ("channels", "pixels")


@dataclasses.dataclass(frozen=True)
class Geometry:
    """The arguments of `Quanv2D` that concern shapes, checked, and what follows from them.

    Args:
        kernel_size: As for `Quanv2D`, likewise all others.
        strides: `None` is `kernel_size`.
        padding: `"valid"` or `"same"`, in any case of letters, as for `Conv2D`.
        data_format: `None` is Keras' setting.
        dilation_rate: Distance between the pixels of a patch.
        groups: Parts into which the channels are split.
        readout: `"channels"` or `"pixels"`.
        who: Who asks, for messages.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If arguments contradict each other.

    Example:
        >>> Geometry(2, padding="same").output_shape((None, 5, 7, 1), n_outcomes=4)
        (None, 3, 4, 4)
    """

    kernel_size: tuple[int, int]
    strides: tuple[int, int] | None = None
    padding: str = "valid"
    data_format: str | None = None
    dilation_rate: tuple[int, int] = (1, 1)
    groups: int = 1
    readout: str = "channels"
    who: str = "Quanv2D"

    def __post_init__(self):
        kernel_size = pair(self.kernel_size, "kernel_size", self.who)
        strides = kernel_size if self.strides is None else self.strides
        data_format = self.data_format
        if data_format is None:
            data_format = keras.backend.image_data_format()
        values = {
            "kernel_size": kernel_size,
            "strides": pair(strides, "strides", self.who),
            "padding": self._one_of(self.padding, "padding", PADDINGS),
            "data_format": self._one_of(data_format, "data_format", DATA_FORMATS),
            "dilation_rate": pair(self.dilation_rate, "dilation_rate", self.who),
            "groups": check_count(self.groups, "groups", self.who),
            "readout": self._one_of(self.readout, "readout", READOUTS),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if self.readout == "pixels" and not self.grid.tiles:
            raise ValueError(
                f"{self.who}: readout='pixels' puts outcomes back onto the pixels of their patch, "
                "so patches must lie side by side: strides equal to kernel_size, dilation_rate=1. "
                f"Received kernel_size={self.kernel_size}, strides={self.strides}, "
                f"dilation_rate={self.dilation_rate}. Drop `strides`, or use readout='channels'."
            )

    @functools.cached_property
    def grid(self) -> Grid:
        """Where the patches lie."""
        return Grid.of(self.kernel_size, self.strides, self.padding, self.dilation_rate)

    @property
    def channel_axis(self) -> int:
        """The axis of inputs and outputs that counts channels."""
        return 3 if self.data_format == "channels_last" else 1

    def channels(self, input_shape) -> int:
        """Gives the number of channels of an input, which must be known and fit `groups`."""
        channels = self._sizes(input_shape)[3]
        if not channels:
            raise ValueError(
                f"{self.who}: the number of channels must be known when the layer is built, and "
                f"at least 1. Received shape {tuple(input_shape)}."
            )
        if channels % self.groups:
            raise ValueError(
                f"{self.who}: `groups` must divide the input's channels. Received groups="
                f"{self.groups} and {channels} channels."
            )
        return channels

    def n_values(self, channels: int) -> int:
        """Gives the number of values that a patch has in one group."""
        return self.grid.n_pixels * channels // self.groups

    def output_shape(self, input_shape, n_outcomes: int) -> tuple:
        """Gives the output's shape, for so many outcomes a patch from all filters together."""
        batch, height, width, _ = self._sizes(input_shape)
        if self.readout == "pixels":
            height, width = self.grid.pixels_shape(height, width)
            n_outcomes //= self.grid.n_pixels
        else:
            height, width = self.grid.shape(height, width)
        if self.data_format == "channels_first":
            return (batch, n_outcomes, height, width)
        return (batch, height, width, n_outcomes)

    def images(self, inputs: tf.Tensor) -> tf.Tensor:
        """Checks inputs, and gives them channels last."""
        check_numbers(inputs, self.who)
        _, height, width, _ = self._sizes(inputs.shape)
        images = inputs
        if self.data_format == "channels_first":
            images = tf.transpose(images, [0, 2, 3, 1])
        if height is None or width is None:
            images = self._check_later(images)
        return images

    def patches(self, images: tf.Tensor) -> list[tf.Tensor]:
        """Cuts images (channels last) into `[values, n]` a group; patches come last."""
        patches = self.grid.extract(images)  # [pixels, channels, n]
        n_values = self.n_values(patches.shape[1])
        return [tf.reshape(part, [n_values, -1]) for part in tf.split(patches, self.groups, axis=1)]

    def outputs(self, outcomes: tf.Tensor, images: tf.Tensor, filters: int) -> tf.Tensor:
        """Puts outcomes where they belong.

        Args:
            outcomes: `[filters * n_observables, n]`.
            images: The images that were cut, for their size.
            filters: How many circuits gave the outcomes.

        Returns:
            The layer's output, in its data format.
        """
        if self.readout == "channels":
            outputs = self.grid.to_channels(outcomes, images)
        else:
            n_pixels = self.grid.n_pixels
            shape = [filters, n_pixels, outcomes.shape[0] // filters // n_pixels, -1]
            outputs = self.grid.to_pixels(tf.reshape(outcomes, shape), images)
        if self.data_format == "channels_first":
            outputs = tf.transpose(outputs, [0, 3, 1, 2])
        return outputs

    def _sizes(self, input_shape) -> tuple:
        """Gives (batch, height, width, channels), where the kernel fits in."""
        last = self.data_format == "channels_last"
        axes = "(batch, height, width, channels)" if last else "(batch, channels, height, width)"
        shape = known_shape(input_shape, f"images of rank 4, {axes}", self.who)
        if shape.rank != 4:
            remedy = "For a sequence of images, wrap the layer in keras.layers.TimeDistributed."
            if shape.rank < 4:
                axis = "x[..., None]" if last else "x[:, None]"
                remedy = f"For images without channels, add an axis: {axis}."
            raise ValueError(
                f"{self.who}: the input must be images of rank 4, {axes}. Received shape "
                f"{tuple(shape)}, of rank {shape.rank}. {remedy}"
            )
        batch, *others = shape.as_list()
        height, width, channels = others if last else (*others[1:], others[0])
        for name, n, axis in self._named_axes(height, width):
            if n is not None and axis.n_patches(n) < 1:
                raise ValueError(self._must_fit(name, axis, n))
        return batch, height, width, channels

    def _check_later(self, images):
        # Sizes that are not known yet: TensorFlow checks them when images arrive.
        checks = []
        for name, n, axis in self._named_axes(*size(images)):
            message = self._must_fit(name, axis)
            checks.append(tf.debugging.assert_positive(axis.n_patches(n), message=message))
        with tf.control_dependencies([c for c in checks if c is not None]):
            return tf.identity(images)

    def _named_axes(self, height, width):
        return (("height", height, self.grid.rows), ("width", width, self.grid.columns))

    def _must_fit(self, name, axis, n=None) -> str:
        received = "" if n is None else f" Received {name} {n}."
        if axis.same:
            return f"{self.who}: the image's {name} must be at least 1.{received}"
        return (
            f"{self.who}: the kernel must fit into the image: {name} must be at least "
            f"dilation * (kernel - 1) + 1 = {axis.dilation} * {axis.kernel - 1} + 1 = "
            f"{axis.reach}.{received} Use a smaller `kernel_size`"
            # Zeros around a patch that is larger than the image are qubits for nothing.
            + ("." if n is not None and n < axis.kernel else ", or padding='same'.")
        )

    def _one_of(self, value, argument: str, choices: tuple[str, ...]) -> str:
        given = value.lower() if isinstance(value, str) else value
        return choice(*choices)(given, argument, self.who)


GEOMETRY_NAMES = tuple(f.name for f in dataclasses.fields(Geometry) if f.name != "who")
