"""`ImageFile`: images in a file, more of them perhaps than memory holds."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfq_resqunn.datasets.arrays import ImageCheck, check_channels
from tfq_resqunn.datasets.labels import check_labels
from tfq_resqunn.datasets.names import find_images
from tfq_resqunn.datasets.npz import StoredArray, open_npy, open_npz

WHO = "load_images"  # whom errors name


class ImageFile:
    """Images in a file, and their labels if it has some.

    Args:
        path: The file, as for `load_images`, whose errors it raises.

    Attributes:
        path: The same.
        shape: `(n, rows, cols, channels)` of all images.
        labels: The labels that stand in the file, int64 or text `[n]`, or `None`.
        names: `None`: the images are numbered.
        note: Empty: they are not resized.
    """

    names: tuple[str, ...] | None = None
    note = ""

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = path = Path(path)
        find_images(path, WHO)
        is_alone = path.suffix == ".npy"
        found: dict[str, Any] = {"x": open_npy(path, WHO)} if is_alone else open_npz(path, WHO)
        # What is no single number is refused without being read.
        arrays = check_channels(
            {
                name: array.read() if name == "n_channels" and not array.shape else array
                for name, array in found.items()
            },
            WHO,
        )
        x_name: str | None = next((key for key in ("x", "x_test") if key in arrays), None)
        if x_name is None and len(arrays) == 1:
            x_name = next(iter(arrays))
        if x_name is None:
            raise ValueError(
                f"{WHO}: `path` must be a file with an array named x or x_test, or with a "
                f"single array.\nReceived {path} with {', '.join(arrays) or 'no arrays'}.\n"
                f"Save the images with np.savez({path.name!r}, x=images)."
            )
        self._x: StoredArray = arrays[x_name]
        self._check = ImageCheck(self._x, f"{WHO}: `{x_name}`")
        self.shape = self._check.shape
        self._is_checked = False
        self.labels: np.ndarray | None = None
        y_name = next((key for key in ("y", "y_test") if key in arrays), None)
        if y_name is not None:
            y = arrays[y_name].read()
            self.labels = check_labels(y, self.shape[0], f"{WHO}: `{y_name}`", x_name)

    def check(self) -> None:
        """Reads all images once; raises a ValueError if some have wrong values."""
        for part in self._x.rows(self._check.at_once):
            self._check.add(part)
        self._check.finish()
        self._is_checked = True

    def parts(self, at_once: int) -> Iterator[np.ndarray]:
        """Yields the images, float32 `[at_once, rows, cols, channels]` in [0, 1]; fewer at the end.

        Checks them first, which finds out what is white, unless `check` has done so.
        """
        if not self._is_checked:
            self.check()
        return map(self._check.converted, self._x.rows(at_once))

    def load(self) -> np.ndarray:
        """Checks and gives all images, float32 `[n, rows, cols, channels]` in [0, 1]."""
        self._x.check_size()
        images, start = np.empty(self.shape, np.float32), 0
        for part in self.parts(self._check.at_once):
            images[start : start + len(part)] = part
            start += len(part)
        return images
