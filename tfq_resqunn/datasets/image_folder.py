"""`ImageFolder`: pictures to predict on, in memory or on disk."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfq_resqunn.datasets.class_folder import are_integers, labels_of
from tfq_resqunn.datasets.given_pictures import find_pictures
from tfq_resqunn.datasets.image_file import WHO, ImageFile
from tfq_resqunn.datasets.limits import MAX_BYTES
from tfq_resqunn.datasets.names import find_images
from tfq_resqunn.datasets.picture_paths import is_picture
from tfq_resqunn.datasets.picture_reading import Source, in_unit_range, read_pictures
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
        self._remarks = Remarks()
        source = Source(
            found.folder,
            found.names,
            WHO,
            "path",
            "Resize them, or take a model that was trained with an image_size.",
        )
        pictures = read_pictures(
            source,
            self._remarks,
            size,
            channels if channels in (1, 3) else None,
            on_disk="auto",
        )
        self._pixels = pictures.pixels
        self.names, self.shape = found.names, self._pixels.shape
        self.labels: np.ndarray | None = None
        if found.classes is not None:
            self.labels = labels_of(found.classes, are_integers(found.classes))
        self.note, (smallest, largest) = "", pictures.sizes
        if {smallest, largest} != {self.shape[1:3]}:
            old = f"{smallest[0]} x {smallest[1]}" if smallest == largest else "different sizes"
            new = f"{self.shape[1]} x {self.shape[2]}"
            self.note = f"Images are resized from {old} to {new} pixels, as in training."

    def check(self) -> None:
        """Warns of what there is to say about the pictures, which have all been read."""
        self._found.warn(WHO)
        self._remarks.warn(WHO)

    def parts(self, at_once: int) -> Iterator[np.ndarray]:
        """Yields the images, float32 `[at_once, rows, cols, channels]` in [0, 1]; fewer at the end.

        Of what `check` warns, it does not warn again.
        """
        for start in range(0, len(self._pixels), at_once):
            yield in_unit_range(self._pixels[start : start + at_once])

    def load(self) -> np.ndarray:
        """Gives all images, float32 `[n, rows, cols, channels]` in [0, 1]."""
        if (n_bytes := 4 * math.prod(self.shape)) > MAX_BYTES:
            raise ValueError(
                f"{WHO}: the pictures of `path` may take {MAX_BYTES:,} bytes of memory.\nReceived "
                f"{self.path} with {len(self.names):,} pictures of "
                f"{' x '.join(map(str, self.shape[1:]))}, which take {n_bytes:,}.\n"
                "Take fewer or smaller ones."
            )
        self.check()
        return in_unit_range(self._pixels[:])


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
