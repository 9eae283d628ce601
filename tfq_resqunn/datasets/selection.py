"""Which images of a data set: classes, numbers of images, their size."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from sklearn.model_selection import train_test_split
from sklearn.utils import resample

from tfq_resqunn.datasets.arguments import Label
from tfq_resqunn.datasets.stored_images import StoredImages

Images = np.ndarray | StoredImages


def parse_classes(
    classes: Sequence[Label] | None, labels: Mapping[str, np.ndarray]
) -> tuple[Label, ...]:
    """Gives the labels to keep, in their order; `labels` are those of each part."""
    present = np.unique(labels["y_train"]).tolist()
    if classes is None:
        kept = tuple(np.unique(np.concatenate(list(labels.values()))).tolist())
    else:
        has_names = isinstance(present[0], str)
        kept = tuple(str(label) if has_names else label for label in classes)
    missing = [label for label in kept if label not in present]
    if missing and classes is None:
        raise ValueError(
            f"load: `name` must have training images of every label.\nReceived none of "
            f"{_listed(missing)}, which other images have; the labels for training are "
            f"{_listed(present)}.\nAdd training images, or leave those others out: with "
            "classes=[...], name labels for training."
        )
    if missing:
        raise ValueError(
            f"load: `classes` must be labels of the training data, which are {_listed(present)}.\n"
            f"Received {_listed(kept)}; not there: {_listed(missing)}.\n"
            f"With classes=[...], name labels that are there."
        )
    for key, what in {"y_test": "test", "y_val": "validation"}.items():
        if key in labels and not np.isin(labels[key], kept).any():
            raise ValueError(
                f"load: `classes` must leave at least one {what} image.\n"
                f"Received {_listed(kept)}; the {what} labels are "
                f"{_listed(np.unique(labels[key]).tolist())}.\n"
                "With classes=[...], name labels that are in all parts."
            )
    return kept


def _listed(labels: Sequence[Label]) -> str:
    return ", ".join(map(repr, labels))


def relabel(x: Images, y: np.ndarray, kept: tuple[Label, ...]) -> tuple[Images, np.ndarray]:
    """Keeps the images of these classes, and numbers the classes 0, 1, ..."""
    order = np.argsort(np.asarray(kept))
    ordered = np.asarray(kept)[order]
    rows = np.flatnonzero(np.isin(y, ordered))
    return pick(x, rows), order[np.searchsorted(ordered, y[rows])]


def draw(
    x: Images,
    y: np.ndarray,
    n: int | None,
    argument: str,
    classes: tuple[Label, ...],
    seed: int,
) -> tuple[Images, np.ndarray]:
    """Draws `n` images without replacement, each class in its share; none may lose all it has."""
    if n is None:
        return x, y
    if not len(classes) <= n <= len(y):
        raise ValueError(
            f"load: `{argument}` must be from {len(classes)} (one image for each class) to "
            f"{len(y)} (all there are).\nReceived {n}.\n"
            f"Choose a number in that range, or leave it out to take all."
        )
    rows = resample(np.arange(len(y)), replace=False, n_samples=n, stratify=y, random_state=seed)
    if len(lost := np.setdiff1d(y, y[rows])):
        k = lost[0]
        raise ValueError(
            f"load: `{argument}` must be so large that the share of each class is an image or "
            f"more.\nReceived {n} of {len(y)} images, of which {np.sum(y == k)} are {classes[k]!r},"
            " so that none of these is drawn.\nChoose a larger number, or leave it out to take "
            "all."
        )
    return pick(x, rows), y[rows]


def pick(x: Images, rows: np.ndarray) -> Images:
    """Gives the images with these numbers."""
    return x.select(rows) if isinstance(x, StoredImages) else x[rows]


def split_off(x: Images, y: np.ndarray, n: int, seed: int) -> list | None:
    """Draws `n` images, each class in its share: `x` of the others, `x` of these, `y` likewise.

    `None` if some class would have no image on one side.
    """
    labels, counts = np.unique(y, return_counts=True)
    if counts.min() < 2 or not len(labels) <= n <= len(y) - len(labels):
        return None
    rows = train_test_split(np.arange(len(y)), test_size=n, stratify=y, random_state=seed)
    if any(len(np.unique(y[part])) < len(labels) for part in rows):
        return None
    return [*(pick(x, part) for part in rows), *(y[part] for part in rows)]


def set_apart(
    parts: Mapping[str, Any], share: float, classes: tuple[Label, ...], seed: int
) -> dict[str, Any]:
    """Draws validation images from the training images, each class in its share."""
    if "x_val" in parts:
        raise ValueError(
            "load: `validation` must be left out for data that has validation images of its own.\n"
            f"Received {share}, beside {len(parts['x_val'])} of these.\nLeave it out."
        )
    x, y = parts["x_train"], parts["y_train"]
    n, counts = math.ceil(share * len(y)), np.bincount(y)
    split = split_off(x, y, n, seed)
    if split is None:
        raise ValueError(
            "load: `validation` must leave at least one image of each class on both sides.\n"
            f"Received {share}, which is {n} of {len(y)} training images, of {len(classes)} "
            f"classes, the smallest, {classes[counts.argmin()]!r}, with {counts.min()}.\n"
            "Choose another share, or take more training images (`n_train`)."
        )
    x_train, x_val, y_train, y_val = split
    return {"x_train": x_train, "y_train": y_train, "x_val": x_val, "y_val": y_val}


def to_channels(x: Images, channels: str, who: str) -> Images:
    """Turns colours gray (`"gray"`), or gives gray images three equal channels (`"rgb"`)."""
    if x.shape[-1] not in (1, 3):
        raise ValueError(
            f"{who}: `channels` takes images of one channel, gray, or of three, red, green and "
            f"blue.\nReceived images of {x.shape[-1]}.\nLeave it out, or convert them."
        )
    n_channels = 1 if channels == "gray" else 3
    if x.shape[-1] == n_channels:
        return x
    convert = _as_gray if channels == "gray" else _in_three_channels
    return x.converted(convert, n_channels) if isinstance(x, StoredImages) else convert(x)


def _as_gray(x: np.ndarray) -> np.ndarray:
    return np.clip(tf.image.rgb_to_grayscale(x).numpy(), 0, 1)


def _in_three_channels(x: np.ndarray) -> np.ndarray:
    return np.repeat(x, 3, axis=-1)


def resize(x: Images, size: tuple[int, int]) -> Images:
    """Resizes images to `(rows, cols)` pixels; those on disk are resized once, on disk."""
    if isinstance(x, StoredImages):
        if x.shape[1:3] == size:
            return x
        return x.rewritten(lambda part: resize_array(part, size), size)
    return resize_array(x, size)


def resize_array(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes images in memory, `[n, rows, cols, channels]`, to `(rows, cols)` pixels."""
    resized = tf.image.resize(x, size, antialias=True).numpy()
    return np.clip(resized, 0, 1)  # interpolation may leave [0, 1] by a rounding error
