"""`Geometry`: where the patches of a quanvolution lie, and the shapes that follow; in any rank.

The words are those of Keras' convolutions, and so is the arithmetic, which stands here once. What
is done with tensors stands in `patches`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import MAX_SIZE, check_count, choice, is_integer
from tfq_resqunn._utils.keras import Shape, keras
from tfq_resqunn.layers.inputs import known_shape

Sizes = int | Sequence[int]  # the same along each axis, or one for each
Size = Any  # of an input, along an axis: an integer, a tensor, or None while it is not known

# What inputs of each rank are called, and their axes, as in Keras' documents.
KINDS = {1: "sequence", 2: "image", 3: "volume"}
AXES = {1: ("steps",), 2: ("height", "width"), 3: ("depth", "height", "width")}


@dataclasses.dataclass(frozen=True)
class Axis:
    """One axis along which patches lie, in pixels."""

    name: str  # as messages call it, such as "height"
    kernel: int  # pixels that a patch takes
    stride: int  # distance between patches
    dilation: int  # distance between the pixels of a patch
    # "valid"; "same": zeros on both sides; "causal": zeros before the first pixel, so that no patch
    # sees pixels after its own place.
    padding: str

    @property
    def reach(self) -> int:
        """Pixels from the first to the last of a patch, both included."""
        return self.dilation * (self.kernel - 1) + 1

    def n_patches(self, size: Size) -> Size:
        """Gives the number of patches on so many pixels: `None`, an integer or a tensor alike."""
        if size is None:
            return None
        if self.padding == "valid":
            return (size - self.reach) // self.stride + 1
        return -(-size // self.stride)

    def zeros(self, size: Size) -> tuple[Size, Size]:
        """Gives the zeros before and after; under `"same"` an odd one goes after, as in Keras."""
        if self.padding == "valid":
            return 0, 0
        if self.padding == "causal":
            return self.reach - 1, 0
        total = (self.n_patches(size) - 1) * self.stride + self.reach - size
        total = max(total, 0) if isinstance(total, int) else tf.maximum(total, 0)
        return total // 2, total - total // 2


@dataclasses.dataclass(frozen=True)
class Geometry:
    """The arguments of a quanvolution that concern shapes, and what follows from them.

    They are checked as it is made, and put into their usual form: the sizes of a kernel, strides
    and dilation rates become tuples of `rank` integers, one for each axis along which patches lie.

    Example:
        >>> geometry = Geometry(2, kernel_size=2, padding="same")
        >>> geometry.output_shape((None, 5, 7, 1), n_outcomes=4)
        (None, 3, 4, 4)
    """

    rank: int
    kernel_size: Any
    strides: Any = None
    padding: str = "valid"
    data_format: str | None = None
    dilation_rate: Any = 1
    groups: int = 1
    readout: str = "channels"
    who: str = "Geometry"

    def __post_init__(self) -> None:
        rank, who = self.rank, self.who
        kernel_size = _sizes(self.kernel_size, rank, "kernel_size", who)
        strides = kernel_size if self.strides is None else self.strides
        paddings = ("valid", "same", "causal") if rank == 1 else ("valid", "same")
        formats, data_format = ("channels_last", "channels_first"), self.data_format
        if data_format is None:
            data_format = keras.backend.image_data_format()
        # Through `vars`, a frozen dataclass can put its arguments into their usual form.
        vars(self).update(
            kernel_size=kernel_size,
            strides=_sizes(strides, rank, "strides", who),
            padding=_one_of(self.padding, "padding", paddings, who),
            data_format=_one_of(data_format, "data_format", formats, who),
            dilation_rate=_sizes(self.dilation_rate, rank, "dilation_rate", who),
            groups=check_count(self.groups, "groups", who),
            readout=_one_of(self.readout, "readout", ("channels", "pixels"), who),
        )
        if self.readout == "pixels" and not self.is_side_by_side:
            raise ValueError(
                f"{who}: readout='pixels' puts outcomes back onto the pixels of their patch, so "
                "patches must lie side by side: strides equal to kernel_size, dilation_rate=1. "
                f"Received kernel_size={self.kernel_size}, strides={self.strides}, "
                f"dilation_rate={self.dilation_rate}. Drop `strides`, or use readout='channels'."
            )
        if self.readout == "pixels" and self.padding == "causal":
            raise ValueError(
                f"{who}: readout='pixels' puts outcomes back onto all pixels of their patch, so "
                "that the first would depend on the last, which padding='causal' rules out. "
                "Received both. Use readout='channels', or padding='same'."
            )

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes along which patches lie."""
        names, paddings = AXES[self.rank], [self.padding] * self.rank
        arguments = (names, self.kernel_size, self.strides, self.dilation_rate, paddings)
        return tuple(map(Axis, *arguments))

    @property
    def input_axes(self) -> tuple[str, ...]:
        """The names of the axes of an input, in its data format, without the batch."""
        names = AXES[self.rank]
        last = self.data_format == "channels_last"
        return (*names, "channels") if last else ("channels", *names)

    @property
    def n_pixels(self) -> int:
        """Pixels of one patch."""
        return math.prod(self.kernel_size)

    @property
    def is_side_by_side(self) -> bool:
        """Whether patches lie side by side: neither apart nor on top of each other."""
        return self.kernel_size == self.strides and set(self.dilation_rate) == {1}

    @property
    def channel_axis(self) -> int:
        """The axis of inputs and outputs that counts channels."""
        return self.rank + 1 if self.data_format == "channels_last" else 1

    def channels(self, input_shape: Shape) -> int:
        """Gives the number of channels of an input, which must be known and fit `groups`."""
        _, channels = self.sizes(input_shape)
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
        return self.n_pixels * channels // self.groups

    def n_patches(self, sizes: Iterable[Size]) -> tuple[Size, ...]:
        """Gives the number of patches along each axis; where a size is `None`, so is that."""
        return tuple(axis.n_patches(n) for axis, n in zip(self.axes, sizes, strict=True))

    def output_shape(self, input_shape: Shape, n_outcomes: int) -> tuple[int | None, ...]:
        """Gives the output's shape, for so many outcomes a patch from all filters together."""
        sizes, _ = self.sizes(input_shape)
        channels, output_sizes = n_outcomes, self.n_patches(sizes)
        if self.readout == "pixels":
            channels = n_outcomes // self.n_pixels
            covered = zip(output_sizes, self.kernel_size, strict=True)
            output_sizes = tuple(None if n is None else n * kernel for n, kernel in covered)
            output_sizes = sizes if self.padding == "same" else output_sizes
        batch = tf.TensorShape(input_shape)[0]
        if self.data_format == "channels_first":
            return (batch, channels, *output_sizes)
        return (batch, *output_sizes, channels)

    def sizes(self, input_shape: Shape) -> tuple[tuple[int | None, ...], int | None]:
        """Gives the size along each axis and the number of channels, where the kernel fits in."""
        last = self.data_format == "channels_last"
        kind, rank = KINDS[self.rank], self.rank + 2
        what = f"{kind}s of rank {rank}, (batch, {', '.join(self.input_axes)})"
        shape = known_shape(input_shape, what, self.who)
        if shape.rank != rank:
            remedy = f"For a sequence of {kind}s, wrap the layer in keras.layers.TimeDistributed."
            if shape.rank < rank:
                added = "x[..., None]" if last else "x[:, None]"
                remedy = f"For {kind}s without channels, add an axis: {added}."
            raise ValueError(
                f"{self.who}: the input must be {what}. Received shape {tuple(shape)}, of rank "
                f"{shape.rank}. {remedy} Quanv1D, Quanv2D and Quanv3D take rank 3, 4 and 5."
            )
        _, *others = shape.as_list()
        sizes, channels = (others[:-1], others[-1]) if last else (others[1:], others[0])
        for axis, n in zip(self.axes, sizes, strict=True):
            if n is not None and axis.n_patches(n) < 1:
                raise ValueError(self.must_fit(axis, n))
        return tuple(sizes), channels

    def must_fit(self, axis: Axis, n: int | None = None) -> str:
        """Says that the kernel must fit in along an axis; `n` is its size, if that is known."""
        kind = KINDS[self.rank]
        received = "" if n is None else f" Received {axis.name} {n}."
        if axis.padding != "valid":
            return f"{self.who}: the {kind}'s {axis.name} must be at least 1.{received}"
        return (
            f"{self.who}: the kernel must fit into the {kind}: {axis.name} must be at least "
            f"dilation * (kernel - 1) + 1 = {axis.dilation} * {axis.kernel - 1} + 1 = "
            f"{axis.reach}.{received} Use a smaller `kernel_size`"
            # A patch that is larger than the image would have qubits that only ever see zeros.
            + ("." if n is not None and n < axis.kernel else ", or padding='same'.")
        )


def _sizes(value: Any, rank: int, argument: str, who: str) -> tuple[int, ...]:
    """Gives one positive integer for each axis."""
    values = value if isinstance(value, (tuple, list, np.ndarray)) else (value,) * rank
    rule = (
        f"{who}: `{argument}` must be a positive integer or a tuple of {rank} positive "
        f"integer{'s' if rank > 1 else ''}."
    )
    if not all(map(is_integer, values)):
        raise TypeError(f"{rule} Received {value!r}.")
    if len(values) != rank or min(values) < 1:
        raise ValueError(f"{rule} Received {value!r}.")
    if max(values) > MAX_SIZE:
        raise ValueError(f"{who}: `{argument}` must be at most {MAX_SIZE}. Received {value!r}.")
    return tuple(map(int, values))


def _one_of(value: object, argument: str, choices: tuple[str, ...], who: str) -> str:
    given = value.lower() if isinstance(value, str) else value
    return choice(*choices)(given, argument, who)
