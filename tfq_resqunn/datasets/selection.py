"""Which images of a data set: classes, numbers of images, their size."""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
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


def resize(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes images to `(rows, cols)` pixels."""
    resized = tf.image.resize(x, size, antialias=True).numpy()
    return np.clip(resized, 0, 1)  # interpolation may leave [0, 1] by a rounding error
