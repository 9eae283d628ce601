"""Pictures in a folder for each class, as the arrays that an `.npz` file would hold."""

import os
import re
from collections.abc import Iterable

import numpy as np

from tfq_resqunn.datasets.class_paths import Classes, find_classes
from tfq_resqunn.datasets.picture_reading import Source, read_pictures
from tfq_resqunn.datasets.pictures import Remarks
from tfq_resqunn.datasets.stored import StoredRows

WHO = "load"  # whom errors name


def read_class_folder(
    path: str | os.PathLike,
    size: tuple[int, int] | None = None,
    *,
    on_disk: bool | str = False,
    verbose: int = 0,
) -> dict[str, np.ndarray | StoredRows]:
    """Reads pictures in class folders, which may stand in `train`, `test` and `val`.

    Args:
        path: The folder, see `find_classes`.
        size: `(rows, cols)` to resize each picture to. Default: the one that all have.
        on_disk: Whether pixels are kept in a temporary file; `"auto"`: if there are many.
        verbose: 1 shows a progress bar if it takes more than two seconds.

    Returns:
        `x_train`, `y_train`, `x_test`, `y_test`, and `x_val` and `y_val` if they are there; or `x`
        and `y` where the folder has no `test`. Images are `[n, rows, cols, 1]`, or `[..., 3]` if
        any of them is in colour: uint8, or float32 in [0, 1] if some are resized or have 16 bits.
        Labels are the names of the class folders; integers where all of these are.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it is arranged in another way, a picture cannot be read, sizes differ and
            there is no `size`, or all pictures are too large for memory.
    """
    found = find_classes(path, WHO)
    parts = {key if "test" in found.parts else "": part for key, part in found.parts.items()}
    names = [name for part in parts.values() for names in part.values() for name in names]
    source = Source(found.folder, names, WHO, "name", "Have them resized with image_size=28, say.")
    remarks = Remarks()
    x = read_pictures(source, remarks, size, on_disk=on_disk, verbose=verbose).pixels
    found.warn(WHO)
    remarks.warn(WHO)
    are_numbers = are_integers(name for part in parts.values() for name in part)
    arrays: dict[str, np.ndarray | StoredRows] = {}
    start = 0
    for key, part in parts.items():
        y = labels_of(part, are_numbers)
        suffix, stop = f"_{key}" if key else "", start + len(y)
        between = x.between(start, stop) if isinstance(x, StoredRows) else x[start:stop]
        arrays[f"x{suffix}"] = between
        arrays[f"y{suffix}"], start = y, stop
    return arrays


def are_integers(names: Iterable[str]) -> bool:
    """Whether the names of all classes are integers, written plainly."""
    return all(re.fullmatch(r"0|-?[1-9][0-9]{0,17}", name) for name in names)


def labels_of(classes: Classes, are_numbers: bool) -> np.ndarray:
    """Gives the label of each picture, class by class: its number or its name."""
    labels = np.array(list(classes))
    labels = labels.astype(np.int64) if are_numbers else labels
    return np.repeat(labels, [len(names) for names in classes.values()])
