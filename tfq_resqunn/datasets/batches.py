"""Batches of images in `tf.data`, from memory or from disk, by the numbers of the images."""

import math
import weakref
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfq_resqunn.datasets.stored_images import StoredImages


def batches(
    x: np.ndarray | StoredImages, y: np.ndarray, batch_size: int, *, shuffle: bool = False
) -> tf.data.Dataset:
    """Gives images, `[n, rows, cols, channels]`, and labels, `[n]`, a batch after the other.

    With `shuffle`, the order is drawn anew each time that they are gone through, from all images.
    The size of the batches is known beforehand, which XLA uses, if all have the same.
    """
    numbers = tf.data.Dataset.range(len(y))
    if shuffle:
        numbers = numbers.shuffle(len(y))
    numbers = numbers.batch(batch_size, drop_remainder=len(y) % batch_size == 0)  # none to drop
    return batches_of(x, y, numbers, math.ceil(len(y) / batch_size))


def batches_of(
    x: np.ndarray | StoredImages, y: np.ndarray, numbers: tf.data.Dataset, n_batches: int
) -> tf.data.Dataset:
    """Gives the images and labels of batches of `numbers`, int64; those on disk are read ahead."""
    if isinstance(x, StoredImages):
        taken = numbers.map(_reader(x, y), num_parallel_calls=tf.data.AUTOTUNE)
        taken.images = x  # which stay as long as anything that is made of these batches
    else:
        arrays = tf.data.Dataset.from_tensors((x, y)).repeat()
        taken = tf.data.Dataset.zip((numbers, arrays)).map(
            lambda batch, arrays: tuple(tf.gather(array, batch) for array in arrays),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    # There are no files that workers could share out among them.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    known = tf.data.experimental.assert_cardinality(n_batches)
    return taken.with_options(options).apply(known).prefetch(tf.data.AUTOTUNE)


def _reader(x: StoredImages, y: np.ndarray) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Gives a function that reads the images and labels of a batch of numbers, in a graph.

    TensorFlow keeps every function that a graph calls for ever, and so must not keep the images.
    """
    images, shape = weakref.ref(x), x.shape[1:]

    def read(batch: np.ndarray) -> np.ndarray:
        return images()[batch]  # type: ignore[index]

    @tf.autograph.experimental.do_not_convert  # where that fails, its error keeps what was there
    def in_graph(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        read_batch = tf.numpy_function(read, [batch], tf.float32, stateful=False)
        return tf.ensure_shape(read_batch, (batch.shape[0], *shape)), tf.gather(y, batch)

    return in_graph
