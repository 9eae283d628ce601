"""Patches of tensors: inputs are cut into them, and outcomes are put back in their places.

Tensors are channels-last here. Patches come last, `[pixels, channels, n]`, so that all of a
circuit's arithmetic is on long rows; n counts the patches of all images, the pixels of a patch go
row by row.

Where patches lie side by side, one transpose divides an image into them, and another puts them
back. On a CPU, XLA puts patches back as fast as memory allows, but divides images entry by entry.
There images are divided by strided slices, which take a quarter of the time. Each of the two is the
gradient of the other.
"""

import itertools
import math
from collections.abc import Callable, Iterable

import tensorflow as tf

from tfq_resqunn.layers.geometry import KINDS, Axis, Geometry, Size
from tfq_resqunn.layers.inputs import check_known, check_numbers
from tfq_resqunn.simulation.tensors.own_gradient import custom_gradient
from tfq_resqunn.simulation.tensors.xla import in_cpu_xla

# Up to this many rows are sliced one by one.
_MAX_SLICES = 64

Counts = tuple[Size, ...]  # along each axis: of pixels, or of patches


def sizes_of(images: tf.Tensor) -> Counts:
    """Gives the size along each axis: integers where they are known when the graph is made."""
    dynamic = tf.shape(images)
    return tuple(images.shape[i] or dynamic[i] for i in range(1, images.shape.rank - 1))


def channels_last(inputs: tf.Tensor, geometry: Geometry, channels: int | None = None) -> tf.Tensor:
    """Checks the inputs of a layer, and gives them channels last.

    `channels` are those that the layer was built for, where inputs may come with others.
    """
    check_numbers(inputs, geometry.who)
    sizes, _ = geometry.sizes(inputs.shape)
    if channels is not None:
        rule = (
            f"{geometry.who}: the input must be {KINDS[geometry.rank]}s of {channels} "
            f"channel{'' if channels == 1 else 's'}, for which the layer was built."
        )
        check_known(inputs, {geometry.channel_axis: channels}, rule)
    if geometry.data_format == "channels_first":
        inputs = tf.transpose(inputs, [0, *range(2, geometry.rank + 2), 1])
    return _check_later(inputs, geometry) if None in sizes else inputs


def of_groups(images: tf.Tensor, geometry: Geometry) -> list[tf.Tensor]:
    """Cuts images into the patches that each group sees, `[values, n]`."""
    patches = cut(images, geometry)
    n_values = geometry.n_values(patches.shape[1])
    parts = tf.split(patches, geometry.groups, axis=1)
    return [tf.reshape(part, [n_values, -1]) for part in parts]


def feature_map(
    outcomes: tf.Tensor, images: tf.Tensor, filters: int, geometry: Geometry
) -> tf.Tensor:
    """Makes outcomes, `[filters * n_observables, n]`, the output of a layer, in its data format.

    `images` are those that were cut, for their size.
    """
    n_outcomes, n_pixels = outcomes.shape[0], geometry.n_pixels
    if geometry.readout == "channels":
        shape = [-1, *geometry.n_patches(sizes_of(images)), n_outcomes]
        outputs = tf.reshape(tf.transpose(outcomes), shape)
    else:
        shape = [filters, n_pixels, n_outcomes // filters // n_pixels, -1]
        outputs = to_pixels(tf.reshape(outcomes, shape), images, geometry)
    if geometry.data_format == "channels_first":
        outputs = tf.transpose(outputs, [0, geometry.rank + 1, *range(1, geometry.rank + 1)])
    return outputs


def cut(images: tf.Tensor, geometry: Geometry) -> tf.Tensor:
    """Cuts images into patches, `[pixels, channels, n]`."""
    sizes = sizes_of(images)
    if geometry.padding != "valid":
        zeros = (axis.zeros(n) for axis, n in zip(geometry.axes, sizes, strict=True))
        images = tf.pad(images, [(0, 0), *zeros, (0, 0)])
    n_patches = geometry.n_patches(sizes)
    if geometry.is_side_by_side:
        return _cut_side_by_side(images, geometry.kernel_size, n_patches)
    spans = [
        [_span(axis, pixel, n) for pixel in range(axis.kernel)]
        for axis, n in zip(geometry.axes, n_patches, strict=True)
    ]
    patches = tf.stack([_part(images, span) for span in itertools.product(*spans)])
    patches = tf.reshape(patches, [geometry.n_pixels, -1, images.shape[-1]])
    return tf.transpose(patches, [0, 2, 1])


def to_pixels(outcomes: tf.Tensor, images: tf.Tensor, geometry: Geometry) -> tf.Tensor:
    """Puts outcomes, `[filters, pixels, channels, n]`, back onto the pixels of their patches.

    Gives `[batch, n_patches * kernel, ..., filters * channels]`, without the padding.
    """
    sizes, (filters, n_pixels, channels, _) = sizes_of(images), outcomes.shape
    in_slices = in_cpu_xla() and filters * n_pixels * channels <= _MAX_SLICES
    lay = _laid if in_slices else _transposed
    pixels = lay(outcomes, geometry.kernel_size, geometry.n_patches(sizes))
    if geometry.padding == "valid":
        return pixels
    starts = (axis.zeros(n)[0] for axis, n in zip(geometry.axes, sizes, strict=True))
    inner = [slice(start, start + n) for start, n in zip(starts, sizes, strict=True)]
    return _part(pixels, inner)


def _part(images: tf.Tensor, spans: Iterable[slice]) -> tf.Tensor:
    """Gives a part of each image: a slice for each axis."""
    place = (slice(None), *spans)
    return images[place]


def _span(axis: Axis, pixel: int, n_patches: Size) -> slice:
    """Tells where one pixel of all patches stands along an axis."""
    start = pixel * axis.dilation
    return slice(start, start + (n_patches - 1) * axis.stride + 1, axis.stride)


def _check_later(images: tf.Tensor, geometry: Geometry) -> tf.Tensor:
    """Has TensorFlow check sizes that are not known yet, when images arrive."""
    checks = [
        tf.debugging.assert_positive(axis.n_patches(n), message=geometry.must_fit(axis))
        for axis, n in zip(geometry.axes, sizes_of(images), strict=True)
    ]
    with tf.control_dependencies([check for check in checks if check is not None]):
        return tf.identity(images)


# --- patches that lie side by side --------------------------------------------------------------


def _cut_side_by_side(images: tf.Tensor, kernel: Counts, n_patches: Counts) -> tf.Tensor:
    """Cuts images into patches, `[pixels, channels, n]`; leaves what they do not cover."""
    rank, channels = len(kernel), images.shape[-1]
    covered = tuple(n * k for n, k in zip(n_patches, kernel, strict=True))
    if images.shape[1:-1] != covered:
        images = _part(images, map(slice, covered))
    n_pixels = math.prod(kernel)
    if in_cpu_xla() and n_pixels * channels <= _MAX_SLICES:
        return _slices(images, kernel, n_patches)
    # [batch * n_0, k_0, n_1, k_1, ..., channels], for n_i patches of k_i pixels along an axis
    inner = itertools.chain(*zip(n_patches[1:], kernel[1:], strict=True))
    patches = tf.reshape(images, [-1, kernel[0], *inner, channels])
    order = [*range(1, 2 * rank, 2), 2 * rank, *range(0, 2 * rank, 2)]
    return tf.reshape(tf.transpose(patches, order), [n_pixels, channels, -1])


def _slices(images: tf.Tensor, kernel: Counts, n_patches: Counts) -> tf.Tensor:
    @custom_gradient
    def sliced(images: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        pixels = list(itertools.product(*map(range, kernel)))
        channels = range(images.shape[-1])
        places = [
            (slice(None), *(slice(i, None, k) for i, k in zip(pixel, kernel, strict=True)), channel)
            for pixel in pixels
            for channel in channels
        ]
        rows = tf.stack([images[place] for place in places])
        patches = tf.reshape(rows, [len(pixels), len(channels), -1])
        return patches, lambda upstream: _laid(upstream[None], kernel, n_patches)

    return sliced(images)


def _laid(patches: tf.Tensor, kernel: Counts, n_patches: Counts) -> tf.Tensor:
    filters, n_pixels, channels, _ = patches.shape

    @custom_gradient
    def laid(patches: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            images = tf.ensure_shape(upstream, [None] * (len(kernel) + 1) + [filters * channels])
            slices = _slices(images, kernel, n_patches)
            slices = tf.reshape(slices, [n_pixels, filters, channels, -1])
            return tf.transpose(slices, [1, 0, 2, 3])

        return _transposed(patches, kernel, n_patches), gradient

    return laid(patches)


def _transposed(patches: tf.Tensor, kernel: Counts, n_patches: Counts) -> tf.Tensor:
    """Lays patches `[filters, pixels, channels, n]` side by side."""
    filters, _, channels, _ = patches.shape
    rank = len(kernel)
    patches = tf.reshape(patches, [filters, *kernel, channels, -1, *n_patches[1:]])
    order = [axis for i in range(rank) for axis in (rank + 2 + i, 1 + i)]
    patches = tf.transpose(patches, [*order, 0, rank + 1])
    sizes = [n * k for n, k in zip(n_patches, kernel, strict=True)]
    return tf.reshape(patches, [-1, *sizes, filters * channels])
