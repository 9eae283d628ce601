"""In which order a run takes its training images, as a function of seed and epoch.

Keras shuffles with a stateful operation in its input pipeline, which begins with the global seed.
Keras 3 begins it anew in each epoch, so that all epochs have one order. Keras 2 goes on with it
from epoch to epoch, and a `fit` that begins later would begin with the order of the first epoch. So
it is given batches that are shuffled as it does, after the orders of the epochs that are done. At
the start of a training under a strategy, it shares out batches of its own.
"""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.datasets import Dataset
from tfq_resqunn.datasets.batches import batches, batches_of
from tfq_resqunn.datasets.selection import Images
from tfq_resqunn.datasets.stored_images import StoredImages


def training_images(data: Dataset, batch_size: int, n_done: int, n_epochs: int) -> dict[str, Any]:
    """Gives the arguments of `Model.fit` that say which images it takes, and in which order."""
    x, y = data.x_train, data.y_train
    is_stored = isinstance(x, StoredImages)
    if not is_stored and (IS_KERAS_3 or (n_done == 0 and tf.distribute.has_strategy())):
        return {"x": x, "y": y, "batch_size": batch_size}
    n_epochs, n_done = (1, 0) if IS_KERAS_3 else (n_epochs, n_done)
    n_batches = math.ceil(len(y) / batch_size)
    numbers = _shuffled(len(y), batch_size, n_epochs, n_done)
    taken = batches_of(x, y, numbers, n_batches * (n_epochs - n_done))
    # They are shuffled already, which Keras 3 would say.
    return {"x": taken, "steps_per_epoch": n_batches, "shuffle": False}


def _shuffled(n_images: int, batch_size: int, n_epochs: int, n_done: int) -> tf.data.Dataset:
    """Gives numbers of images as Keras shuffles them, of the epochs that are not done."""

    def order_of(_: tf.Tensor) -> tf.Tensor:
        return tf.random.shuffle(tf.range(n_images, dtype=tf.int64))

    def batches_of_order(order: tf.Tensor) -> tf.data.Dataset:
        n_whole = n_images // batch_size * batch_size
        batches = tf.reshape(order[:n_whole], [n_whole // batch_size, batch_size])
        whole = tf.data.Dataset.from_tensor_slices(batches)
        if n_whole == n_images:  # then the batches' size is known, as it is where Keras makes them
            return whole
        return whole.concatenate(tf.data.Dataset.from_tensors(order[n_whole:]))

    orders = tf.data.Dataset.range(1).repeat(n_epochs).map(order_of).skip(n_done).prefetch(1)
    return orders.flat_map(batches_of_order)


def validation_images(data: Dataset, batch_size: int) -> dict[str, Any]:
    """Gives the arguments of `Model.fit` that say on which images it validates after each epoch."""
    x, y = data.x_test, data.y_test
    if data.x_val is not None and data.y_val is not None:
        x, y = data.x_val, data.y_val
    if isinstance(x, StoredImages):
        return {"validation_data": batches(x, y, batch_size)}
    return {"validation_data": (x, y), "validation_batch_size": batch_size}


def evaluated(model: keras.Model, x: Images, y: np.ndarray, batch_size: int) -> dict[str, float]:
    """Gives a model's loss and metrics on images and their labels."""
    if isinstance(x, StoredImages):
        return model.evaluate(batches(x, y, batch_size), verbose=0, return_dict=True)
    return model.evaluate(x, y, batch_size=batch_size, verbose=0, return_dict=True)
