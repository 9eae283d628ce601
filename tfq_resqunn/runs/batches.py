"""In which order a run takes its training images, as a function of seed and epoch.

Keras shuffles with a stateful operation in its input pipeline, which begins with the global seed.
Keras 3 begins it anew in each epoch, so that all epochs have one order. Keras 2 goes on with it
from epoch to epoch, and a `fit` that begins later would begin with the order of the first epoch. So
it is given batches that are shuffled as it does, after the orders of the epochs that are done. At
the start of a training under a strategy, it shares out batches of its own.
"""

import math
from typing import Any

import tensorflow as tf

from tfq_resqunn._utils.keras import IS_KERAS_3
from tfq_resqunn.datasets import Dataset


def training_images(data: Dataset, batch_size: int, n_done: int, n_epochs: int) -> dict[str, Any]:
    """Gives the arguments of `Model.fit` that say which images it takes, and in which order."""
    if IS_KERAS_3 or (n_done == 0 and tf.distribute.has_strategy()):
        return {"x": data.x_train, "y": data.y_train, "batch_size": batch_size}
    n_images = len(data.y_train)
    n_batches = math.ceil(n_images / batch_size)

    def order_of(_: tf.Tensor) -> tf.Tensor:
        return tf.random.shuffle(tf.range(n_images, dtype=tf.int64))

    def batches_of(order: tf.Tensor) -> tf.data.Dataset:
        starts = tf.data.Dataset.range(0, n_images, batch_size)
        return starts.map(lambda start: order[start : start + batch_size])

    def take(batch: tf.Tensor, arrays: tuple) -> tuple:
        return tuple(tf.gather(array, batch) for array in arrays)

    orders = tf.data.Dataset.range(1).repeat(n_epochs).map(order_of).skip(n_done).prefetch(1)
    arrays = tf.data.Dataset.from_tensors((data.x_train, data.y_train)).repeat()
    batches = tf.data.Dataset.zip((orders.flat_map(batches_of), arrays))
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    batches = batches.map(take, num_parallel_calls=tf.data.AUTOTUNE).with_options(options)
    return {"x": batches.prefetch(tf.data.AUTOTUNE), "steps_per_epoch": n_batches}
