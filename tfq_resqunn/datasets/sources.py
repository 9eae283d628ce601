"""Where data sets come from: scikit-learn, Keras' downloads, `.npz` files."""

import math
import os
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.datasets.arrays import check_channels, check_images, check_labels
from tfq_resqunn.datasets.names import find
from tfq_resqunn.datasets.npz import read_npz

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
TEST_SHARE = 0.2


def read_checked(name: str | os.PathLike, seed: int) -> Arrays:
    """Reads a data set by its name or path; its arrays keep their rules."""
    found = find(name)
    if isinstance(found, Path):
        x_train, y_train, x_test, y_test = _read_npz(found, seed)
    elif found == "digits":
        x, y = load_digits(return_X_y=True)
        x_train, y_train, x_test, y_test = _split(x.reshape(-1, 8, 8) / 16, y, seed)
    else:
        x_train, y_train, x_test, y_test = _download(found)
    x_train = check_images(x_train, "load: `x_train`")
    x_test = check_images(x_test, "load: `x_test`")
    y_train = check_labels(y_train, len(x_train), "load: `y_train`", "x_train")
    y_test = check_labels(y_test, len(x_test), "load: `y_test`", "x_test")
    if x_train.shape[1:] != x_test.shape[1:]:
        raise ValueError(
            f"load: `x_test` must hold images of the same shape as `x_train`.\n"
            f"Received {x_test.shape[1:]} against {x_train.shape[1:]}.\n"
            f"Resize one of the two before saving them."
        )
    return x_train, y_train, x_test, y_test


def _split(x: np.ndarray, y: np.ndarray, seed: int) -> Arrays:
    """Draws a fifth of the images for testing, of each class its share."""
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=TEST_SHARE, stratify=y, random_state=seed
    )
    return x_train, y_train, x_test, y_test


def _download(name: str) -> Arrays:
    module = {"mnist": keras.datasets.mnist, "fashion_mnist": keras.datasets.fashion_mnist}[name]
    try:
        (x_train, y_train), (x_test, y_test) = module.load_data()
    except Exception as error:  # Keras raises a bare Exception where there is no network
        raise ConnectionError(
            f"load: `name` must be a data set that Keras can download or has in its cache.\n"
            f'Received "{name}", which failed: {error}\n'
            f'Use name="digits", which needs no network, or the path of an .npz file.'
        ) from error
    return x_train, y_train, x_test, y_test


def _read_npz(path: Path, seed: int) -> Arrays:
    arrays = check_channels(read_npz(path, "load"), "load")
    missing = [key for key in ARRAY_NAMES if key not in arrays]
    whole = arrays.keys() & {"x", "y"}
    if whole and len(missing) == len(ARRAY_NAMES):
        if len(whole) == 2:
            return _split_whole(arrays["x"], arrays["y"], seed)
        raise ValueError(
            f"load: `name` must be an .npz file with images x and labels y.\nReceived {path}, "
            f"without {'y' if 'x' in whole else 'x'}.\nSave both with np.savez({path.name!r}, "
            "x=images, y=labels)."
        )
    if missing:
        raise ValueError(
            f"load: `name` must be an .npz file with the arrays {', '.join(ARRAY_NAMES)}, or with "
            f"x and y, of which a fifth is then drawn for testing.\n"
            f"Received {path} with {', '.join(arrays) or 'no arrays'}; missing: "
            f"{', '.join(missing)}.\nSave all four with np.savez({path.name!r}, "
            f"x_train=..., y_train=..., x_test=..., y_test=...)."
        )
    x_train, y_train, x_test, y_test = (arrays[key] for key in ARRAY_NAMES)
    return x_train, y_train, x_test, y_test


def _split_whole(x: np.ndarray, y: np.ndarray, seed: int) -> Arrays:
    x = check_images(x, "load: `x`")
    y = check_labels(y, len(x), "load: `y`", "x")
    labels, counts = np.unique(y, return_counts=True)
    n_test = math.ceil(TEST_SHARE * len(y))
    parts = _split(x, y, seed) if counts.min() > 1 and n_test >= len(labels) else None
    if parts is None or len(np.unique(parts[3])) < len(labels):
        raise ValueError(
            f"load: `y` must have so many images of each class that a fifth of all has some of "
            f"each.\nReceived {len(y)} images, of which a fifth is {n_test}, of "
            f"{len(labels)} classes, the smallest with {counts.min()}.\n"
            f"Split them yourself: save {', '.join(ARRAY_NAMES)}; or leave that class out."
        )
    return parts
