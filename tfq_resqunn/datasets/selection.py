"""Which images of a data set: classes, numbers of images, their size."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from sklearn.model_selection import train_test_split
from sklearn.utils import resample

from tfq_resqunn.datasets.arguments import Label


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
    if missing := [label for label in kept if label not in present]:
        raise ValueError(
            f"load: `classes` must be labels of the training data, which are "
            f"{', '.join(map(str, present))}.\nReceived {list(kept)}, of which "
            f"{', '.join(map(str, missing))} is missing there.\n"
            f"Name labels that are there with classes=[...]."
        )
    if not np.isin(labels["y_test"], kept).any():
        raise ValueError(
            f"load: `classes` must leave at least one test image.\nReceived {list(kept)}; the "
            f"test labels are {', '.join(map(str, np.unique(labels['y_test'])))}.\n"
            f"Name labels that are in both parts with classes=[...]."
        )
    return kept


def relabel(x: np.ndarray, y: np.ndarray, kept: tuple[Label, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Keeps the images of these classes, and numbers the classes 0, 1, ..."""
    order = np.argsort(np.asarray(kept))
    ordered = np.asarray(kept)[order]
    rows = np.isin(y, ordered)
    return x[rows], order[np.searchsorted(ordered, y[rows])]


def draw(
    x: np.ndarray, y: np.ndarray, n: int | None, argument: str, n_classes: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draws `n` images without replacement, each class in its share."""
    if n is None:
        return x, y
    if not n_classes <= n <= len(y):
        raise ValueError(
            f"load: `{argument}` must be from {n_classes} (one image for each class) to "
            f"{len(y)} (all there are).\nReceived {n}.\n"
            f"Choose a number in that range, or leave it out to take all."
        )
    rows = resample(np.arange(len(y)), replace=False, n_samples=n, stratify=y, random_state=seed)
    return x[rows], y[rows]


def set_apart(
    parts: Mapping[str, np.ndarray], share: float, n_classes: int, seed: int
) -> dict[str, np.ndarray]:
    """Draws validation images from the training images, each class in its share."""
    if "x_val" in parts:
        raise ValueError(
            "load: `validation` must be left out for data that has validation images of its own.\n"
            f"Received {share}, beside {len(parts['x_val'])} of these.\nLeave it out."
        )
    x, y = parts["x_train"], parts["y_train"]
    n = math.ceil(share * len(y))
    if not n_classes <= n <= len(y) - n_classes:
        raise ValueError(
            "load: `validation` must leave at least one image of each class on both sides.\n"
            f"Received {share}, which is {n} of {len(y)} training images, of {n_classes} classes.\n"
            "Choose another share, or take more training images (n_train)."
        )
    x_train, x_val, y_train, y_val = train_test_split(
        x, y, test_size=n, stratify=y, random_state=seed
    )
    return {"x_train": x_train, "y_train": y_train, "x_val": x_val, "y_val": y_val}


def to_channels(x: np.ndarray, channels: str, who: str) -> np.ndarray:
    """Turns colours gray (`"gray"`), or gives gray images three equal channels (`"rgb"`)."""
    if x.shape[-1] not in (1, 3):
        raise ValueError(
            f"{who}: `channels` takes images of one channel, gray, or of three, red, green and "
            f"blue.\nReceived images of {x.shape[-1]}.\nLeave it out, or convert them."
        )
    if channels == "gray" and x.shape[-1] == 3:
        return np.clip(tf.image.rgb_to_grayscale(x).numpy(), 0, 1)
    return np.repeat(x, 3, axis=-1) if channels == "rgb" and x.shape[-1] == 1 else x


def resize(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes images to `(rows, cols)` pixels."""
    resized = tf.image.resize(x, size, antialias=True).numpy()
    return np.clip(resized, 0, 1)  # interpolation may leave [0, 1] by a rounding error
