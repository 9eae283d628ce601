"""`load` and `load_images`: from a name or a file to arrays that every model takes."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tfq_resqunn._utils.arguments import check_path, checked
from tfq_resqunn.datasets.arguments import SELECTION, check_image_size
from tfq_resqunn.datasets.image_folder import open_images
from tfq_resqunn.datasets.selection import draw, parse_classes, relabel, resize
from tfq_resqunn.datasets.sources import read_checked


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


@checked(**SELECTION)
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
            `x_test` and `y_test`, or with `x` and `y`, of which a fifth is drawn for testing. Its
            images are `[n, rows, cols]` or `[n, rows, cols, channels]`, integers in 0..255 or
            floats in [0, 1]; its labels are integers. More than four channels are taken for
            slices of a volume, or for columns behind channels, and refused, unless the file says
            how many there are with an integer `n_channels`.
        classes: Keep the images with these labels only; they become 0, 1, ... in this order.
            Default: all, in ascending order.
        n_train: Number of training images to draw, each class in its share. Default: all.
        n_test: The same for the test images.
        image_size: Pixels to resize to: `rows` and `cols`, or one number for both. Default:
            the data's own.
        seed: Of the draws, and of the split where the data has none.

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
    size = check_image_size(image_size, "image_size", "load")
    x_train, y_train, x_test, y_test = read_checked(name, seed)

    kept = parse_classes(classes, y_train, y_test)
    x_train, y_train = relabel(x_train, y_train, kept)
    x_test, y_test = relabel(x_test, y_test, kept)
    x_train, y_train = draw(x_train, y_train, n_train, "n_train", len(kept), seed)
    x_test, y_test = draw(x_test, y_test, n_test, "n_test", len(kept), seed)
    if size is not None:
        x_train, x_test = resize(x_train, size), resize(x_test, size)
    return Dataset(x_train, y_train, x_test, y_test, os.fspath(name), kept)


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
