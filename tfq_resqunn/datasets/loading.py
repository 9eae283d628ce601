"""`load` and `load_images`: from a name or a file to arrays that every model takes."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import (
    check_count,
    check_flag,
    check_path,
    checked,
    choice,
    integer,
)
from tfq_resqunn.datasets.arguments import SELECTION, Label, check_image_size, check_on_disk
from tfq_resqunn.datasets.batches import batches
from tfq_resqunn.datasets.image_folder import open_images
from tfq_resqunn.datasets.selection import (
    Images,
    draw,
    parse_classes,
    relabel,
    resize,
    set_apart,
    to_channels,
)
from tfq_resqunn.datasets.sources import read_checked

PARTS = ("train", "test", "val")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels for training and for testing.

    Args:
        x_train: Training images, float32 `[n, rows, cols, channels]` in [0, 1]; an array, or
            `StoredImages` that stay on disk.
        y_train: Their labels, int64 `[n]`, from 0 to `n_classes - 1`.
        x_test: Test images, as `x_train`.
        y_test: Their labels, as `y_train`.
        name: What was loaded.
        classes: The labels the data came with, integers or names: `classes[k]` is now label `k`.
        x_val: Images for validation where the data has some, as `x_train`.
        y_val: Their labels, as `y_train`.
    """

    x_train: Images = field(repr=False)
    y_train: np.ndarray = field(repr=False)
    x_test: Images = field(repr=False)
    y_test: np.ndarray = field(repr=False)
    name: str
    classes: tuple[Label, ...]
    x_val: Images | None = field(default=None, repr=False)
    y_val: np.ndarray | None = field(default=None, repr=False)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(rows, cols, channels)` of one image."""
        _, rows, cols, channels = self.x_train.shape
        return rows, cols, channels

    @property
    def n_classes(self) -> int:
        """Number of different labels."""
        return len(self.classes)

    @checked(part=choice(*PARTS), batch_size=check_count, shuffle=check_flag.or_none())
    def batches(
        self, part: str = "train", batch_size: int = 32, *, shuffle: bool | None = None
    ) -> tf.data.Dataset:
        """Gives images and labels as `Model.fit`, `evaluate` and `predict` take them.

        Images on disk are read a batch at a time, ahead of the training.

        Args:
            part: `"train"`, `"test"` or `"val"`.
            batch_size: Images a batch.
            shuffle: Whether each epoch has an order of its own, drawn from all images. Default:
                those for training.

        Returns:
            Batches of images, float32 `[batch_size, rows, cols, channels]`, and labels, int64
            `[batch_size]`; fewer in the last.

        Raises:
            TypeError: If an argument has a wrong type.
            ValueError: If an argument is wrong, or there are no images for validation.

        Example:
            >>> data = load("digits", n_train=100)
            >>> for x, y in data.batches("train", 64):
            ...     print(x.shape, y.shape)
            (64, 8, 8, 1) (64,)
            (36, 8, 8, 1) (36,)
        """
        x, y = getattr(self, f"x_{part}"), getattr(self, f"y_{part}")
        if x is None:
            raise ValueError(
                "Dataset: `part` must be one that the data has. Received 'val', and it has no "
                "images for validation. Set some apart: load(..., validation=0.1)."
            )
        return batches(x, y, batch_size, shuffle=part == "train" if shuffle is None else shuffle)


@checked(**SELECTION, on_disk=check_on_disk, verbose=integer(0, 1))
def load(
    name: str | os.PathLike = "digits",
    *,
    classes: Sequence[int | str] | None = None,
    n_train: int | None = None,
    n_test: int | None = None,
    image_size: int | tuple[int, int] | None = None,
    channels: str | None = None,
    validation: float | None = None,
    on_disk: bool | str = False,
    seed: int = 0,
    verbose: int = 0,
) -> Dataset:
    """Load a data set by its name, or from files.

    Pixels become floats from 0, black, to 1, white. Integers up to 255 are divided by it, those of
    16 bits (`uint16`) by 65535, floats from 0 to 255 by 255; booleans and floats from 0 to 1 stay.
    A warning says so where floats or 16 bits were divided. Whatever keeps no such rule is refused.

    Labels are integers, or texts that name classes, one for each image: `[n]` or `[n, 1]`.
    Booleans and whole floats are taken for integers, one-hot rows, with a warning, for the numbers
    of their columns. Several labels an image are refused.

    Args:
        name: What to load:

            - `"digits"`: 1797 images of 8x8 pixels, comes with scikit-learn, needs no network.
            - `"mnist"`, `"fashion_mnist"`, `"cifar10"`, `"cifar100"`: downloaded once by Keras.
            - `"pathmnist"`, `"dermamnist"`, `"octmnist"` and the like: MedMNIST's data sets of
              28x28 pixels with one label an image, downloaded once, where the package `medmnist` is
              installed. Their classes have names.
            - The path of an `.npz` file with the arrays `x_train`, `y_train`, `x_test` and
              `y_test`, perhaps also `x_val` and `y_val`; or with `x` and `y`, of which a fifth is
              drawn for testing; or with MedMNIST's names, `train_images`, `train_labels` and so on.
              Images are `[n, rows, cols]` or `[n, rows, cols, channels]`. More than four channels
              are taken for slices of a volume, or for columns behind channels, and refused, unless
              the file says how many there are with an integer `n_channels`.
            - The path of a folder with such arrays as files, `x_train.npy` and so on.
            - The path of a folder with the four IDX files of a data set, as MNIST's come, packed
              by gzip or not.
            - The path of a folder with a subfolder of pictures (PNG, JPEG, ...) for each class,
              whose names become the labels; integers where all of these are. The class folders may
              stand in `train` and `test`, and `val` beside these; otherwise a fifth is drawn for
              testing. Pictures of several sizes need an `image_size`. If one is in colour, all have
              three channels.
        classes: Keep the images with these labels only; they become 0, 1, ... in this order.
            Default: all, in ascending order.
        n_train: Number of training images to draw, each class in its share. Default: all.
        n_test: The same for the test images.
        image_size: Pixels to resize to: `rows` and `cols`, or one number for both. Default:
            the data's own.
        channels: `"gray"` turns colours gray (0.299 red + 0.587 green + 0.114 blue), so that a
            pixel is one value; `"rgb"` gives gray images three equal channels. Default: the data's
            own.
        validation: Share of the training images to set apart for validation, each class in its
            share: above 0, at most 0.5. Default: the data's own validation images, if any.
        on_disk: `True` leaves the images of files and folders on disk, so that there may be more
            than memory holds: they become `StoredImages`, and `Dataset.batches` reads them while a
            model is trained. Pictures are decoded once, into a temporary file, and the images of an
            `.npz` file are unpacked into one. `"auto"` does so if they would take more than half a
            gigabyte as float32. IDX files, and what is loaded by a name, are read into memory.
        seed: Of the draws, and of the split where the data has none.
        verbose: 1 shows a progress bar where reading pictures takes more than two seconds.

    Returns:
        A `Dataset`.

    Raises:
        TypeError: If an argument or an array has a wrong type.
        ValueError: If the name is unknown, or an argument or an array has wrong values.
        OSError: If there is no room for a temporary file.
        FileNotFoundError: If the file or folder does not exist.
        ConnectionError: If a data set cannot be downloaded.
        ImportError: If a name is MedMNIST's, and the package `medmnist` is not installed.

    Example:
        >>> data = load("digits", classes=[3, 8], n_train=100)
        >>> data
        Dataset(name='digits', classes=(3, 8))
        >>> data.x_train.shape, data.image_shape, data.n_classes
        ((100, 8, 8, 1), (8, 8, 1), 2)
    """
    size = check_image_size(image_size, "image_size", "load")
    arrays = read_checked(name, seed, size, on_disk, verbose)
    labels = {key: y for key, y in arrays.items() if key.startswith("y")}
    kept = parse_classes(classes, labels)
    parts: dict[str, Any] = {}
    for part, n in {"train": n_train, "test": n_test, "val": None}.items():
        if f"x_{part}" not in arrays:
            continue
        x, y = relabel(arrays[f"x_{part}"], arrays[f"y_{part}"], kept)
        x, y = draw(x, y, n, f"n_{part}", kept, seed)
        x = x if channels is None else to_channels(x, channels, "load")
        parts |= {f"x_{part}": x if size is None else resize(x, size), f"y_{part}": y}
    if validation is not None:
        parts |= set_apart(parts, validation, kept, seed)
    for part, what in {"test": "test", "val": "validation"}.items():
        lacking = sorted({*range(len(kept))} - {*parts.get(f"y_{part}", range(len(kept)))})
        if lacking:
            names = ", ".join(repr(kept[k]) for k in lacking)
            warnings.warn(
                f"load: there are no {what} images of {names}. What is measured on the others says "
                "nothing of them.",
                stacklevel=3,
            )
    return Dataset(**parts, name=os.fspath(name), classes=kept)


@checked(path=check_path)
def load_images(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray | None]:
    """Load images to predict on, with their labels where the file has them.

    Args:
        path: An `.npz` file. Its images are the array `x`, or `x_test`, or the file's only
            array; their labels, if any, are `y` or `y_test`. Same rules as in `load`. Or an `.npy`
            file, which has images alone. Or one picture, a folder of pictures, or one with a
            folder of pictures for each class, whose names are the labels; of a folder with `train`
            and `test` those in `test`. Pictures have one size.

    Returns:
        The images, float32 `[n, rows, cols, channels]` in [0, 1], and the labels as they
        stand in the file, or `None`.

    Raises:
        TypeError: If an array has a wrong type.
        ValueError: If there are no images, or their values or shapes are wrong.
        FileNotFoundError: If the file or folder does not exist.
    """
    images = open_images(path)
    return images.load(), images.labels
