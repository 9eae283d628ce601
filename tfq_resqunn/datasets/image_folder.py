"""`ImageFolder`: pictures to predict on, read a few at a time."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfq_resqunn.datasets.class_folder import are_integers, labels_of
from tfq_resqunn.datasets.given_pictures import find_pictures
from tfq_resqunn.datasets.image_file import WHO, ImageFile
from tfq_resqunn.datasets.names import find_images
from tfq_resqunn.datasets.picture_paths import is_picture
from tfq_resqunn.datasets.picture_set import PictureSet, in_unit_range
from tfq_resqunn.datasets.pictures import Remarks


class ImageFolder:
    """Pictures in a folder, in class folders, or one picture; with what `ImageFile` has.

    Args:
        path: The folder or the picture, as for `load_images`, whose errors it raises.
        size: `(rows, cols)` to resize pictures to. Default: the one that all have.
        channels: How many the model takes, if known: gray pictures get three channels for one that
            takes three, and pictures in colour are refused by one that takes one.

    Attributes:
        path: The same.
        shape: `(n, rows, cols, channels)` of all images.
        labels: The names of their class folders, as text or as int64 if all are integers, or
            `None`.
        names: The path of each picture in the folder, with slashes.
        note: How they are resized, in a sentence; empty if they are not.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        size: tuple[int, int] | None = None,
        channels: int | None = None,
    ) -> None:
        self.path = path = Path(path)
        self._found = found = find_pictures(path, WHO)
        self._pictures = PictureSet(
            found.folder,
            found.names,
            size,
            channels if channels in (1, 3) else None,
            who=WHO,
            argument="path",
            remedy="Resize them, or take a model that was trained with an image_size.",
        )
        self.names, self.shape = self._pictures.names, self._pictures.shape
        self.labels: np.ndarray | None = None
        if found.classes is not None:
            self.labels = labels_of(found.classes, are_integers(found.classes))
        self.note, (smallest, largest) = "", self._pictures.sizes
        if {smallest, largest} != {self.shape[1:3]}:
            old = f"{smallest[0]} x {smallest[1]}" if smallest == largest else "different sizes"
            new = f"{self.shape[1]} x {self.shape[2]}"
            self.note = f"Images are resized from {old} to {new} pixels, as in training."

    def check(self) -> None:
        """Reads all pictures once; raises a ValueError if one cannot be read."""
        remarks = Remarks()
        for _ in self._pictures.parts(self._pictures.at_once, remarks):
            pass
        self._warn(remarks)

    def parts(self, at_once: int) -> Iterator[np.ndarray]:
        """Yields the images, float32 `[at_once, rows, cols, channels]` in [0, 1]; fewer at the end.

        Of what `check` warns, it does not warn again.
        """
        return map(in_unit_range, self._pictures.parts(at_once, Remarks()))

    def load(self) -> np.ndarray:
        """Gives all images, float32 `[n, rows, cols, channels]` in [0, 1]."""
        self._pictures.check_size(math.prod(self.shape) * 4)
        remarks = Remarks()
        x = in_unit_range(self._pictures.read(remarks))
        self._warn(remarks)
        return x

    def _warn(self, remarks: Remarks) -> None:
        self._found.warn(WHO)
        remarks.warn(WHO)


def open_images(
    path: str | os.PathLike,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
) -> ImageFile | ImageFolder:
    """Opens a NumPy file, a folder of pictures or one picture; see `ImageFolder`."""
    find_images(path, WHO)
    if os.path.isdir(path) or is_picture(path):
        return ImageFolder(path, size, channels)
    return ImageFile(path)
