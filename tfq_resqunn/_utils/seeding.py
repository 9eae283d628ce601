"""One seed for everything that draws random numbers."""

import random

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import check_seed, checked
from tfq_resqunn._utils.keras import IS_KERAS_3, keras


@checked(seed=check_seed)
def set_seed(seed: int) -> None:
    """Seeds Python, NumPy, TensorFlow and Keras, so that what follows can be repeated.

    What `keras.utils.set_random_seed` does under Keras 3; that of Keras 2 fails with Python 3.12.

    Args:
        seed: Integer from 0 to 2**32 - 1.

    Raises:
        TypeError: If `seed` is no integer.
        ValueError: If `seed` is out of this range.

    Example:
        >>> set_seed(1); first = keras.layers.Dense(1)(np.ones((1, 3)))
        >>> set_seed(1); bool(first == keras.layers.Dense(1)(np.ones((1, 3))))
        True
    """
    if IS_KERAS_3:
        keras.utils.set_random_seed(seed)
        return
    # Not `set_random_seed` of Keras 2: after it, Keras draws seeds with `randint(1, 1e9)`, and
    # Python 3.12 refuses that float. Without it, Keras draws them from Python's generator.
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the global generator is what others draw from
    tf.random.set_seed(seed)
