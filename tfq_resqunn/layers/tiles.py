"""Images as tiles that lie side by side, and back; the quickest way that TensorFlow and XLA have.

Without XLA both are a transpose. XLA on a CPU lays tiles side by side as fast as memory goes, but
cuts them, the gradient of that, entry by entry. Strided slices take a quarter of the time; their
gradient is to lay.
"""

import tensorflow as tf

from tfq_resqunn.simulation.tensors.xla import in_cpu_xla

# Up to this many rows are sliced one by one.
_MAX_SLICES = 64


def tiles_of(images: tf.Tensor, kh: int, kw: int, grid: tuple) -> tf.Tensor:
    """Cuts images into tiles that lie side by side.

    Args:
        images: `[batch, height, width, channels]`, covered by the tiles.
        kh: Rows of a tile.
        kw: Columns of a tile.
        grid: Rows and columns of tiles.

    Returns:
        `[kh * kw, channels, n]`, as `Grid.extract`.
    """
    channels = images.shape[-1]
    if in_cpu_xla() and kh * kw * channels <= _MAX_SLICES:
        return _slices(images, kh, kw, grid)
    tiles = tf.reshape(images, [-1, kh, grid[1], kw, channels])
    return tf.reshape(tf.transpose(tiles, [1, 3, 4, 0, 2]), [kh * kw, channels, -1])


def images_of(tiles: tf.Tensor, kh: int, kw: int, grid: tuple) -> tf.Tensor:
    """Lays tiles `[filters, kh * kw, channels, n]` side by side, as `Grid.to_pixels`."""
    filters, n_pixels, channels, _ = tiles.shape
    if in_cpu_xla() and filters * n_pixels * channels <= _MAX_SLICES:
        return _laid(tiles, kh, kw, grid)
    return _transposed(tiles, kh, kw, grid)


def _slices(images, kh, kw, grid):
    @tf.custom_gradient
    def sliced(images):
        channels = range(images.shape[-1])
        places = [(i, j, c) for i in range(kh) for j in range(kw) for c in channels]
        rows = tf.stack([images[:, i::kh, j::kw, c] for i, j, c in places])
        tiles = tf.reshape(rows, [kh * kw, len(channels), -1])
        return tiles, lambda upstream: _laid(upstream[None], kh, kw, grid)

    return sliced(images)


def _laid(tiles, kh, kw, grid):
    filters, n_pixels, channels, _ = tiles.shape

    @tf.custom_gradient
    def laid(tiles):
        def gradient(upstream):
            images = tf.ensure_shape(upstream, [None, None, None, filters * channels])
            cut = tf.reshape(_slices(images, kh, kw, grid), [n_pixels, filters, channels, -1])
            return tf.transpose(cut, [1, 0, 2, 3])

        return _transposed(tiles, kh, kw, grid), gradient

    return laid(tiles)


def _transposed(tiles, kh, kw, grid):
    filters, _, channels, _ = tiles.shape
    n_rows, n_columns = grid
    tiles = tf.reshape(tiles, [filters, kh, kw, channels, -1, n_columns])
    tiles = tf.transpose(tiles, [4, 1, 5, 2, 0, 3])
    return tf.reshape(tiles, [-1, n_rows * kh, n_columns * kw, filters * channels])
