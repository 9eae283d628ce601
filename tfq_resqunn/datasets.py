"""Image data sets, checked once here so that nothing after them has to."""

import difflib
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.utils import resample

from tfq_resqunn._keras import keras

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels for training and for testing.

    Args:
        x_train: Training images, float32 `[n, rows, cols, channels]` in [0, 1].
        y_train: Their labels, int64 `[n]`, from 0 to `n_classes - 1`.
        x_test: Test images, as `x_train`.
        y_test: Their labels, as `y_train`.
        name: What was loaded.
        classes: The labels the data came with: `classes[k]` is now label `k`.
    """

    x_train: np.ndarray = field(repr=False)
    y_train: np.ndarray = field(repr=False)
    x_test: np.ndarray = field(repr=False)
    y_test: np.ndarray = field(repr=False)
    name: str
    classes: tuple[int, ...]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(rows, cols, channels)` of one image."""
        _, rows, cols, channels = self.x_train.shape
        return rows, cols, channels

    @property
    def n_classes(self) -> int:
        """Number of different labels."""
        return len(self.classes)


def load(
    name: str | os.PathLike = "digits",
    *,
    classes: Sequence[int] | None = None,
    n_train: int | None = None,
    n_test: int | None = None,
    image_size: int | tuple[int, int] | None = None,
    seed: int = 0,
) -> Dataset:
    """Load a data set by its name, or from an `.npz` file.

    Args:
        name: `"digits"` (1797 images of 8x8 pixels, comes with scikit-learn, needs no
            network), `"mnist"` or `"fashion_mnist"` (70000 images of 28x28 pixels, downloaded
            once by Keras), or the path of an `.npz` file with the arrays `x_train`, `y_train`,
            `x_test` and `y_test`. Its images are `[n, rows, cols]` or
            `[n, rows, cols, channels]`, integers in 0..255 or floats in [0, 1]; its labels are
            integers.
        classes: Keep the images with these labels only; they become 0, 1, ... in this order.
            Default: all, in ascending order.
        n_train: Number of training images to draw, each class in its share. Default: all.
        n_test: The same for the test images.
        image_size: Pixels to resize to: `rows` and `cols`, or one number for both. Default:
            the data's own.
        seed: Of the draws, and of the train/test split of `"digits"`.

    Returns:
        A `Dataset`.

    Raises:
        TypeError: If an argument or an array has a wrong type.
        ValueError: If the name is unknown, or an argument or an array has wrong values.
        FileNotFoundError: If the file does not exist.
        ConnectionError: If a data set cannot be downloaded.

    Example:
        >>> data = load("digits", classes=[3, 8], n_train=100)
        >>> data
        Dataset(name='digits', classes=(3, 8))
        >>> data.x_train.shape, data.image_shape, data.n_classes
        ((100, 8, 8, 1), (8, 8, 1), 2)
    """
    _check_arguments(classes, n_train, n_test, seed)
    size = _parse_image_size(image_size)
    x_train, y_train, x_test, y_test = _read_checked(name, seed)

    kept = _parse_classes(classes, y_train, y_test)
    x_train, y_train = _relabel(x_train, y_train, kept)
    x_test, y_test = _relabel(x_test, y_test, kept)
    x_train, y_train = _draw(x_train, y_train, n_train, "n_train", len(kept), seed)
    x_test, y_test = _draw(x_test, y_test, n_test, "n_test", len(kept), seed)
    if size is not None:
        x_train, x_test = _resize(x_train, size), _resize(x_test, size)
    return Dataset(x_train, y_train, x_test, y_test, os.fspath(name), kept)


def load_images(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray | None]:
    """Load images to predict on, with their labels where the file has them.

    Args:
        path: An `.npz` file. Its images are the array `x`, or `x_test`, or the file's only
            array; their labels, if any, are `y` or `y_test`. Same rules as in `load`.

    Returns:
        The images, float32 `[n, rows, cols, channels]` in [0, 1], and the labels as they
        stand in the file, or `None`.

    Raises:
        TypeError: If an array has a wrong type.
        ValueError: If there are no images, or their values or shapes are wrong.
        FileNotFoundError: If the file does not exist.
    """
    path = Path(path)
    arrays = _read_npz(path, "load_images")
    x_name: str | None = next((key for key in ("x", "x_test") if key in arrays), None)
    if x_name is None and len(arrays) == 1:
        x_name = next(iter(arrays))
    if x_name is None:
        raise ValueError(
            f"load_images: `path` must be a file with an array named x or x_test, or with a "
            f"single array.\nReceived {path} with {', '.join(arrays) or 'no arrays'}.\n"
            f"Save the images with np.savez({path.name!r}, x=images)."
        )
    y_name = next((key for key in ("y", "y_test") if key in arrays), None)
    x = _check_images(arrays[x_name], f"load_images: `{x_name}`")
    if y_name is None:
        return x, None
    return x, _check_labels(arrays[y_name], x, f"load_images: `{y_name}`", x_name)


# --- the arguments -------------------------------------------------------------------------


def _check_arguments(classes, n_train, n_test, seed) -> None:
    for argument, value in (("n_train", n_train), ("n_test", n_test), ("seed", seed)):
        optional = argument != "seed"
        if not (_is_int(value) or (optional and value is None)):
            expected = "an integer or None" if optional else "an integer"
            raise TypeError(
                f"load: `{argument}` must be {expected}.\nReceived {value!r} "
                f"({type(value).__name__}).\nGive a whole number, such as {argument}=100."
            )
    if classes is None:
        return
    if isinstance(classes, str) or not isinstance(classes, Sequence | np.ndarray):
        raise TypeError(
            f"load: `classes` must be a sequence of labels or None.\nReceived {classes!r} "
            f"({type(classes).__name__}).\nGive the labels in a list, such as classes=[3, 8]."
        )
    if not all(_is_int(label) for label in classes):
        raise TypeError(
            f"load: `classes` must be made of integers.\nReceived {list(classes)!r}.\n"
            f"Give the labels as they stand in the data, such as classes=[3, 8]."
        )
    if len(set(classes)) != len(classes) or len(classes) < 2:
        raise ValueError(
            f"load: `classes` must name at least two different labels, each once.\n"
            f"Received {list(classes)!r}.\nName more labels, or leave out the repeated ones."
        )


def _parse_image_size(image_size) -> tuple[int, int] | None:
    if image_size is None:
        return None
    size = (image_size, image_size) if _is_int(image_size) else image_size
    is_pair = isinstance(size, tuple | list) and len(size) == 2 and all(map(_is_int, size))
    if not is_pair:
        raise TypeError(
            f"load: `image_size` must be an integer, a pair of integers or None.\n"
            f"Received {image_size!r}.\nGive pixels, such as image_size=14 or (14, 10)."
        )
    if min(size) < 1:
        raise ValueError(
            f"load: `image_size` must be at least 1 pixel in each direction.\n"
            f"Received {image_size!r}.\nGive positive numbers, such as image_size=14."
        )
    return int(size[0]), int(size[1])


def _is_int(value) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


# --- the sources ---------------------------------------------------------------------------


def _read_checked(name: str | os.PathLike, seed: int) -> Arrays:
    x_train, y_train, x_test, y_test = _find_reader(name)(seed)
    x_train = _check_images(x_train, "load: `x_train`")
    x_test = _check_images(x_test, "load: `x_test`")
    y_train = _check_labels(y_train, x_train, "load: `y_train`", "x_train")
    y_test = _check_labels(y_test, x_test, "load: `y_test`", "x_test")
    if x_train.shape[1:] != x_test.shape[1:]:
        raise ValueError(
            f"load: `x_test` must hold images of the same shape as `x_train`.\n"
            f"Received {x_test.shape[1:]} against {x_train.shape[1:]}.\n"
            f"Resize one of the two before saving them."
        )
    return x_train, y_train, x_test, y_test


def _find_reader(name: str | os.PathLike) -> Callable[[int], Arrays]:
    if not isinstance(name, str | os.PathLike):
        raise TypeError(
            f"load: `name` must be a string or a path.\nReceived {name!r} "
            f"({type(name).__name__}).\nUse one of {', '.join(READERS)}, or the path of an "
            f".npz file."
        )
    if name in READERS:
        return READERS[name]
    path = Path(name)
    if path.suffix == ".npz":
        return lambda seed: _read_split_npz(path)
    close = difflib.get_close_matches(str(name), READERS, n=1)
    hint = f'Did you mean "{close[0]}"?' if close else 'Use name="digits", which needs no network.'
    raise ValueError(
        f"load: `name` must be one of {', '.join(READERS)}, or the path of an .npz file.\n"
        f"Received {str(name)!r}.\n{hint}"
    )


def _read_digits(seed: int) -> Arrays:
    x, y = load_digits(return_X_y=True)
    x = x.reshape(-1, 8, 8) / 16
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=0.2, stratify=y, random_state=seed
    )
    return x_train, y_train, x_test, y_test


def _read_mnist(seed: int) -> Arrays:
    return _download(keras.datasets.mnist)


def _read_fashion_mnist(seed: int) -> Arrays:
    return _download(keras.datasets.fashion_mnist)


def _download(module) -> Arrays:
    name = module.__name__.rpartition(".")[2]
    try:
        (x_train, y_train), (x_test, y_test) = module.load_data()
    except Exception as error:  # Keras raises a bare Exception where there is no network
        raise ConnectionError(
            f"load: `name` must be a data set that Keras can download or has in its cache.\n"
            f'Received "{name}", which failed: {error}\n'
            f'Use name="digits", which needs no network, or the path of an .npz file.'
        ) from error
    return x_train, y_train, x_test, y_test


READERS: dict[str, Callable[[int], Arrays]] = {
    "digits": _read_digits,
    "mnist": _read_mnist,
    "fashion_mnist": _read_fashion_mnist,
}


def _read_split_npz(path: Path) -> Arrays:
    arrays = _read_npz(path, "load")
    missing = [key for key in ARRAY_NAMES if key not in arrays]
    if missing:
        raise ValueError(
            f"load: `name` must be an .npz file with the arrays {', '.join(ARRAY_NAMES)}.\n"
            f"Received {path} with {', '.join(arrays) or 'no arrays'}; missing: "
            f"{', '.join(missing)}.\nSave all four with np.savez({path.name!r}, "
            f"x_train=..., y_train=..., x_test=..., y_test=...)."
        )
    x_train, y_train, x_test, y_test = (arrays[key] for key in ARRAY_NAMES)
    return x_train, y_train, x_test, y_test


def _read_npz(path: Path, who: str) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise FileNotFoundError(
            f"{who}: the file must exist.\nReceived {path}, which does not.\n"
            f"Check the path; it is relative to the folder the program runs in."
        )
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{who}: the file must be an .npz archive.\nReceived {path}, which is not.\n"
            f"Write it with np.savez."
        )
    with np.load(path, allow_pickle=False) as archive:
        try:
            return {key: archive[key] for key in archive.files}
        except ValueError as error:
            raise ValueError(
                f"{who}: the file must hold arrays of numbers, no Python objects.\n"
                f"Received {path}, of which NumPy says: {error}\n"
                f"Convert the arrays before saving them, such as x.astype('float32')."
            ) from error


# --- the arrays ----------------------------------------------------------------------------


def _check_images(x: np.ndarray, who: str) -> np.ndarray:
    """Check rank, type and range; return float32 `[n, rows, cols, channels]` in [0, 1]."""
    if x.ndim not in (3, 4) or 0 in x.shape:
        raise ValueError(
            f"{who} must have the shape [n, rows, cols] or [n, rows, cols, channels], with at "
            f"least one image and one pixel.\nReceived shape {x.shape}.\n"
            f"Reshape it, such as x.reshape(-1, 28, 28, 1)."
        )
    if x.dtype.kind not in "iuf":
        raise TypeError(
            f"{who} must hold integers in 0..255 or floats in [0, 1].\nReceived dtype "
            f"{x.dtype}.\nConvert it, such as x.astype('float32')."
        )
    upper = 1 if x.dtype.kind == "f" else 255
    _check_finite(x, who)
    if x.min() < 0 or x.max() > upper:
        rule = "floats in [0, 1]" if upper == 1 else "integers in 0..255"
        raise ValueError(
            f"{who} must hold {rule} (its dtype is {x.dtype}).\nReceived values from {x.min()} "
            f"to {x.max()}.\nRescale it, such as (x - x.min()) / (x.max() - x.min())."
        )
    x = np.divide(x, upper, dtype=np.float32)
    return x[..., np.newaxis] if x.ndim == 3 else x


def _check_finite(x: np.ndarray, who: str) -> None:
    bad = ~np.isfinite(x)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{who} must hold finite numbers.\nReceived {bad.sum()} of {x.size} pixels that are "
            f"NaN or infinite, the first at index {first}.\n"
            f"Leave those images out, or use np.nan_to_num."
        )


def _check_labels(y: np.ndarray, x: np.ndarray, who: str, x_name: str) -> np.ndarray:
    if y.dtype.kind not in "iu":
        raise TypeError(
            f"{who} must hold integers.\nReceived dtype {y.dtype}.\n"
            f"Number the classes, such as np.unique(y, return_inverse=True)[1]."
        )
    if y.shape != (len(x),):
        raise ValueError(
            f"{who} must have one label for each of the {len(x)} images of `{x_name}`: shape "
            f"({len(x)},).\nReceived shape {y.shape}.\nSave images and labels of equal length."
        )
    return y.astype(np.int64)


def _parse_classes(classes, y_train: np.ndarray, y_test: np.ndarray) -> tuple[int, ...]:
    present = {int(label) for label in np.unique(y_train)}
    if classes is None:
        classes = sorted(present | {int(label) for label in np.unique(y_test)})
    kept = tuple(int(label) for label in classes)
    missing = [label for label in kept if label not in present]
    if missing:
        raise ValueError(
            f"load: `classes` must be labels of the training data, which are "
            f"{', '.join(map(str, sorted(present)))}.\nReceived {list(kept)}, of which "
            f"{', '.join(map(str, missing))} is missing there.\n"
            f"Name labels that are there with classes=[...]."
        )
    if not np.isin(y_test, kept).any():
        raise ValueError(
            f"load: `classes` must leave at least one test image.\nReceived {list(kept)}; the "
            f"test labels are {', '.join(map(str, np.unique(y_test)))}.\n"
            f"Name labels that are in both parts with classes=[...]."
        )
    return kept


def _relabel(x: np.ndarray, y: np.ndarray, kept: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Keep the images of these classes and number the classes 0, 1, ..."""
    matches = y[:, np.newaxis] == np.asarray(kept)
    rows = matches.any(axis=1)
    return x[rows], matches[rows].argmax(axis=1)


def _draw(x, y, n: int | None, argument: str, n_classes: int, seed: int):
    """Draw `n` images without replacement, each class in its share."""
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


def _resize(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    resized = tf.image.resize(x, size, antialias=True).numpy()
    return np.clip(resized, 0, 1)  # interpolation may leave [0, 1] by a rounding error
