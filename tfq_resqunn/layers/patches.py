"""Patches of images: how many there are, where they lie, how their outcomes go back.

The arithmetic is `keras.layers.Conv2D`'s, and stands here once. Images are channels-last.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import MAX_SIZE, is_integer
from tfq_resqunn.layers.tiles import images_of, tiles_of


def pair(value, argument: str, who: str) -> tuple[int, int]:
    """Normalises a positive integer, or two, as `Conv2D` takes them."""
    values = value if isinstance(value, (tuple, list, np.ndarray)) else (value, value)
    rule = f"{who}: `{argument}` must be a positive integer or a pair of them."
    if not all(map(is_integer, values)):
        raise TypeError(f"{rule} Received {value!r}.")
    if len(values) != 2 or min(values) < 1:
        raise ValueError(f"{rule} Received {value!r}.")
    if max(values) > MAX_SIZE:
        raise ValueError(f"{who}: `{argument}` must be at most {MAX_SIZE}. Received {value!r}.")
    rows, columns = map(int, values)
    return rows, columns


@dataclasses.dataclass(frozen=True)
class Axis:
    """One axis (rows or columns) of a grid of patches, in pixels.

    Attributes:
        kernel: Pixels that a patch takes.
        stride: Distance between patches.
        dilation: Distance between the pixels of a patch.
        same: Whether zeros are padded, so that there are `ceil(size / stride)` patches.
    """

    kernel: int
    stride: int
    dilation: int
    same: bool

    @property
    def reach(self) -> int:
        """Pixels from the first to the last of a patch, both included."""
        return self.dilation * (self.kernel - 1) + 1

    def n_patches(self, size):
        """Gives the number of patches; `None` and tensors pass through the formula."""
        if size is None:
            return None
        if self.same:
            return -(-size // self.stride)
        return (size - self.reach) // self.stride + 1

    def padding(self, size) -> tuple:
        """Gives the zeros before and after, the odd one after, as TensorFlow pads."""
        if not self.same:
            return 0, 0
        total = (self.n_patches(size) - 1) * self.stride + self.reach - size
        total = max(total, 0) if isinstance(total, int) else tf.maximum(total, 0)
        return total // 2, total - total // 2


@dataclasses.dataclass(frozen=True)
class Grid:
    """Where the patches of an image lie.

    Attributes:
        rows: The vertical axis.
        columns: The horizontal axis.
    """

    rows: Axis
    columns: Axis

    @classmethod
    def of(cls, kernel_size, strides, padding: str, dilation_rate) -> "Grid":
        """Builds the grid from `Conv2D`'s words, each a pair already."""
        axes = zip(kernel_size, strides, dilation_rate, strict=True)
        return cls(*(Axis(k, s, d, padding == "same") for k, s, d in axes))

    @property
    def tiles(self) -> bool:
        """Whether the patches lie side by side: neither apart nor on top of each other."""
        return all(a.kernel == a.stride and a.dilation == 1 for a in (self.rows, self.columns))

    @property
    def n_pixels(self) -> int:
        """Pixels of one patch."""
        return self.rows.kernel * self.columns.kernel

    def shape(self, height, width) -> tuple:
        """Gives (rows, columns) of patches on an image; `None` stays `None`."""
        return self.rows.n_patches(height), self.columns.n_patches(width)

    def extract(self, images: tf.Tensor) -> tf.Tensor:
        """Cuts images into patches.

        Args:
            images: `[batch, height, width, channels]`.

        Returns:
            `[pixels, channels, n]` with n = batch * rows * columns patches; the pixels of a patch
            row by row. Patches come last, so that all of a circuit's arithmetic is on long rows.
        """
        height, width = size(images)
        if self.rows.same:
            around = [(0, 0), self.rows.padding(height), self.columns.padding(width), (0, 0)]
            images = tf.pad(images, around)
        n_rows, n_columns = self.shape(height, width)
        if self.tiles:
            return self._tile(images, n_rows, n_columns)
        pixels = []
        for i in range(self.rows.kernel):
            for j in range(self.columns.kernel):
                rows = self._span(self.rows, i, n_rows)
                columns = self._span(self.columns, j, n_columns)
                pixels.append(images[:, rows, columns, :])
        patches = tf.stack(pixels)  # [pixels, batch, rows, columns, channels]
        patches = tf.reshape(patches, [self.n_pixels, -1, images.shape[-1]])
        return tf.transpose(patches, [0, 2, 1])

    def _tile(self, images, n_rows, n_columns):
        kh, kw = self.rows.kernel, self.columns.kernel
        covered = (n_rows * kh, n_columns * kw)
        if images.shape[1:3] != covered:
            images = images[:, : covered[0], : covered[1], :]
        return tiles_of(images, kh, kw, (n_rows, n_columns))

    def to_channels(self, outcomes: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """Makes the outcomes of a patch the channels of one pixel.

        Args:
            outcomes: `[outcomes, n]`.
            images: The images that were cut, for their size.

        Returns:
            `[batch, rows, columns, outcomes]`.
        """
        shape = [-1, *self.shape(*size(images)), outcomes.shape[0]]
        return tf.reshape(tf.transpose(outcomes), shape)

    def to_pixels(self, outcomes: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """Puts the outcomes of each patch back onto its own pixels, and cuts the padding off.

        Args:
            outcomes: `[filters, pixels, channels, n]`.
            images: The images that were cut, for their size.

        Returns:
            `[batch, rows * kernel, columns * kernel, filters * channels]`, less what was padded.
        """
        kh, kw = self.rows.kernel, self.columns.kernel
        height, width = size(images)
        n_rows, n_columns = self.shape(height, width)
        pixels = images_of(outcomes, kh, kw, (n_rows, n_columns))
        if not self.rows.same:
            return pixels
        top, left = self.rows.padding(height)[0], self.columns.padding(width)[0]
        return pixels[:, top : top + height, left : left + width, :]

    def pixels_shape(self, height, width) -> tuple:
        """Gives the (height, width) that `to_pixels` returns."""
        if self.rows.same:
            return height, width
        return tuple(
            None if n is None else n * a.kernel
            for n, a in zip(self.shape(height, width), (self.rows, self.columns), strict=True)
        )

    @staticmethod
    def _span(axis: Axis, pixel: int, n_patches) -> slice:
        start = pixel * axis.dilation
        return slice(start, start + (n_patches - 1) * axis.stride + 1, axis.stride)


def size(images: tf.Tensor) -> tuple:
    """Gives (height, width): integers where they are known when the graph is made."""
    dynamic = tf.shape(images)
    return tuple(images.shape[i] or dynamic[i] for i in (1, 2))
