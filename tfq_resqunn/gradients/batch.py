"""A batch as Keras takes it: an array, or several in lists, tuples and dictionaries."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import received

# What a model takes: an array, or several.
Batch: TypeAlias = np.ndarray | tf.Tensor | Sequence | Mapping


def as_batch(x: Batch) -> Batch:
    """Turns arrays into tensors, also within lists, tuples and dictionaries.

    A list of numbers, or of lists of numbers, is one array.

    >>> import numpy as np
    >>> [tuple(t.shape) for t in as_batch([np.zeros((2, 4)), np.zeros((2, 8, 8, 1))])]
    [(2, 4), (2, 8, 8, 1)]
    >>> tuple(as_batch([[1.0, 2.0], [3.0, 4.0]]).shape)
    (2, 2)
    """
    if isinstance(x, Mapping):
        return {name: as_batch(part) for name, part in x.items()}
    if isinstance(x, (list, tuple)) and any(map(_is_part, x)):
        return type(x)(map(as_batch, x))
    return tf.convert_to_tensor(x)


def as_tensors(x: Batch, argument: str, who: str) -> Batch:
    """Does what `as_batch` does, for an argument that the `TypeError` names."""
    try:
        return as_batch(x)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"{who}: `{argument}` must be an array of numbers, or several in a list or dictionary. "
            f"Received {received(x)}: {error}"
        ) from None


def checked_batch(x: Batch | tf.data.Dataset, y: Batch | None, who: str) -> tuple[Batch, Batch]:
    """Gives inputs and targets as tensors: equally many, and at least one.

    Those of a `tf.data.Dataset` are its first batch.
    """
    if isinstance(x, tf.data.Dataset):
        x, y = _first_batch(x, y, who)
    if y is None:
        raise ValueError(
            f"{who}: `y` must hold the targets of `x`. Received None. Leave it out only where `x` "
            "is a tf.data.Dataset."
        )
    x, y = as_tensors(x, "x", who), as_tensors(y, "y", who)
    sizes = [[_size(part) for part in tf.nest.flatten(parts)] for parts in (x, y)]
    if len(set(sizes[0] + sizes[1])) != 1 or not all(sizes) or not sizes[0][0]:
        of_x, of_y = (", ".join(map(str, size)) or "nothing" for size in sizes)
        raise ValueError(
            f"{who}: `x` and `y` must be a batch of inputs and as many targets, at least one.\n"
            f"Received {of_x} and {of_y}.\nTake the first of the training data, such as "
            "x_train[:64] and y_train[:64]."
        )
    return x, y


def _first_batch(pipeline: tf.data.Dataset, y: Batch | None, who: str) -> tuple[Batch, Batch]:
    if y is not None:
        raise ValueError(
            f"{who}: `y` must be left out where `x` is a tf.data.Dataset, whose batches hold the "
            f"targets. Received {received(y)}. Leave it out."
        )
    first = next(iter(pipeline), None)
    if not isinstance(first, tuple) or len(first) < 2:
        what = "no batch" if first is None else f"batches of {received(first)}"
        raise ValueError(
            f"{who}: `x` must be a tf.data.Dataset whose batches are pairs of inputs and targets. "
            f"Received {what}. Make one with tf.data.Dataset.from_tensor_slices((x, y)).batch(32)."
        )
    return first[0], first[1]


def n_samples(x: Batch) -> int:
    """Counts the samples of a batch."""
    return _size(tf.nest.flatten(as_batch(x))[0])


def _is_part(x: object) -> bool:
    # A NumPy number has a shape as well, but is a part of an array.
    return isinstance(x, Mapping) or bool(getattr(x, "shape", ()))


def _size(part: tf.Tensor) -> int:
    return int(part.shape[0]) if part.shape.rank else 0
