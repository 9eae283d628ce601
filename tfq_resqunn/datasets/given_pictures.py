"""Pictures to predict on: one, a folder of them, or class folders; found by their names."""

import os
from dataclasses import dataclass
from pathlib import Path

from tfq_resqunn.datasets.class_paths import (
    Classes,
    check_is_folder,
    explaining,
    find_test_classes,
    warn_left_out,
)
from tfq_resqunn.datasets.picture_paths import entries, is_picture, walk


@dataclass(frozen=True)
class GivenPictures:
    """Which pictures there are.

    Attributes:
        folder: What their names are relative to.
        names: The pictures, sorted, with slashes.
        classes: The same by the names of their class folders, or `None` where these do not exist.
        left_out: Files that are no pictures by their suffix.
    """

    folder: Path
    names: tuple[str, ...]
    classes: Classes | None = None
    left_out: tuple[str, ...] = ()

    def warn(self, who: str) -> None:
        """Warns once of all files that are left out."""
        warn_left_out(self.folder, self.left_out, who)


def find_pictures(path: str | os.PathLike, who: str, argument: str = "path") -> GivenPictures:
    """Finds one picture, those of a folder, or those of class folders, perhaps within `test`.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        PermissionError: If a folder cannot be listed.
        ValueError: If it holds no pictures, or some with classes and some without.
    """
    path = Path(path)
    if path.is_file():
        return GivenPictures(path.parent, (path.name,))
    check_is_folder(path, who, argument)
    with explaining(who, argument):
        folders, files = entries(path)
        pictures = tuple(filter(is_picture, files))
        if pictures:
            below = [f"{name}/{file}" for name in folders for file in walk(path / name, [path])]
            if inside := next(filter(is_picture, below), None):
                raise ValueError(
                    f"{who}: `{argument}` must be a folder of pictures, or of a folder for each "
                    f"class, not of both.\nReceived {path} with {pictures[0]} as well as {inside}."
                    "\nName one of the folders in it, or move those pictures away."
                )
            left_out = [name for name in files if not is_picture(name)] + below
            return GivenPictures(path, pictures, None, tuple(left_out))
    found = find_test_classes(path, who, argument)
    classes = found.parts[""]
    names = tuple(name for names in classes.values() for name in names)
    return GivenPictures(found.folder, names, classes, found.left_out)
