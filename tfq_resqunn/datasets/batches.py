"""Batches of images in `tf.data`, from memory or from disk, by the numbers of the images."""

import math

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
        taken = numbers.map(lambda batch: _read(x, y, batch), num_parallel_calls=tf.data.AUTOTUNE)
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


def _read(x: StoredImages, y: np.ndarray, batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    images = tf.numpy_function(x.__getitem__, [batch], tf.float32, stateful=False)
    return tf.ensure_shape(images, (batch.shape[0], *x.shape[1:])), tf.gather(y, batch)
