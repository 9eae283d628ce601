"""Where data sets come from: packages, downloads, files and folders. All become arrays with names.

The names are those of an `.npz` file: `x_train`, `y_train`, `x_test` and `y_test`, perhaps `x_val`
and `y_val`; or `x` and `y`, of which a part is then drawn for testing.
"""

import io
import math
import os
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.datasets import medmnist
from tfq_resqunn.datasets.arrays import check_channels, check_images
from tfq_resqunn.datasets.class_folder import read_class_folder
from tfq_resqunn.datasets.folders import ARRAY_NAMES, OTHER_NAMES, find_idx, find_npy
from tfq_resqunn.datasets.idx import read_idx
from tfq_resqunn.datasets.labels import check_kinds, check_labels
from tfq_resqunn.datasets.limits import MAX_IN_MEMORY, check_size
from tfq_resqunn.datasets.medmnist_names import IMAGE_SETS
from tfq_resqunn.datasets.names import find
from tfq_resqunn.datasets.npz import StoredArray, open_npy, open_npz
from tfq_resqunn.datasets.selection import Images, split_off

Arrays = dict[str, Any]  # of NumPy, or `StoredRows` and `StoredImages`
WHO = "load"  # whom errors name
TEST_SHARE = 0.2
# The arrays of a data set, by our names: ours, and those of MedMNIST's files.
OURS = {name: name for name in (*ARRAY_NAMES, *OTHER_NAMES)}
MEDMNIST = {
    f"{what}_{part}": f"{part}_{other}"
    for part in ("train", "test", "val")
    for what, other in (("x", "images"), ("y", "labels"))
}


def read_checked(
    name: str | os.PathLike,
    seed: int,
    size: tuple[int, int] | None,
    on_disk: bool | str = False,
    verbose: int = 0,
) -> Arrays:
    """Reads a data set by its name or path; its arrays keep their rules, and are in parts.

    Pictures in files are brought to `size`; nothing else is resized. `on_disk` and `verbose` are
    those of `load`.
    """
    found = find(name)
    arrays = _read(found, size, on_disk, verbose)
    shown = _chosen(arrays, found)
    x_names = [key for key in shown if key.startswith("x")]
    images = check_images({shown[key]: arrays[shown[key]] for key in x_names}, WHO)
    checked: Arrays = dict(zip(x_names, images, strict=True))
    for key in x_names:
        y_key = key.replace("x", "y")
        checked[y_key] = check_labels(
            arrays[shown[y_key]], len(checked[key]), f"{WHO}: `{shown[y_key]}`", shown[key]
        )
    if "x" in checked:
        return _split(checked["x"], checked["y"], seed)
    for key in x_names:
        if (shape := checked[key].shape[1:]) != (first := checked["x_train"].shape[1:]):
            raise ValueError(
                f"load: `{shown[key]}` must hold images of the same shape as "
                f"`{shown['x_train']}`.\nReceived {shape} against {first}.\n"
                "Resize one of the two before saving them."
            )
        pair = ("y_train", key.replace("x", "y"))
        check_kinds({shown[y_key]: checked[y_key] for y_key in pair}, WHO)
    return checked


def as_npz(path: Path, size: tuple[int, int] | None) -> bytes:
    """Gives a data set as a file that `read_checked` reads alike, wherever it is sent."""
    if path.is_file():
        return path.read_bytes()
    content = io.BytesIO()
    np.savez(content, **_read(path, size))
    return content.getvalue()


def _read(
    found: str | Path,
    size: tuple[int, int] | None,
    on_disk: bool | str = False,
    verbose: int = 0,
) -> Arrays:
    """Reads the arrays of a data set as they are; `size` is that of pictures."""
    if found in IMAGE_SETS:
        path = medmnist.download(str(found))
        return medmnist.with_names(str(found), _of_files(open_npz(path, WHO), path, on_disk))
    if isinstance(found, str):
        return _of_digits() if found == "digits" else _download(found)
    if not found.is_dir():
        return _of_files(open_npz(found, WHO), found, on_disk)
    if paths := find_idx(found):
        return {name: read_idx(path, WHO) for name, path in paths.items()}
    if paths := find_npy(found):
        files = {name: open_npy(path, WHO) for name, path in paths.items()}
        return _of_files(files, found, on_disk)
    return read_class_folder(found, size, on_disk=on_disk, verbose=verbose)


def _of_files(files: Mapping[str, StoredArray], path: Path, on_disk: bool | str) -> Arrays:
    """Reads the arrays of NumPy's files; images may stay on disk."""
    images = {name for name, file in files.items() if len(file.shape) in (3, 4)}
    n_values = sum(math.prod(files[name].shape) for name in images)
    if not (on_disk is True or (on_disk == "auto" and 4 * n_values > MAX_IN_MEMORY)):
        images = set()
    n_bytes = sum(file.n_bytes for name, file in files.items() if name not in images)
    check_size(n_bytes, path, WHO, "Or leave its images on disk: on_disk=True.")
    return check_channels(
        {name: file.stored() if name in images else file.read() for name, file in files.items()},
        WHO,
    )


def _of_digits() -> Arrays:
    x, y = load_digits(return_X_y=True)
    return {"x": x.reshape(-1, 8, 8) / 16, "y": y}


def _download(name: str) -> Arrays:
    try:
        (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:  # Keras raises a bare Exception where there is no network
        raise ConnectionError(
            f"load: `name` must be a data set that Keras can download or has in its cache.\n"
            f'Received "{name}", which failed: {error}\n'
            f'Use name="digits", which needs no network, or the path of an .npz file.'
        ) from error
    return dict(zip(ARRAY_NAMES, (x_train, y_train, x_test, y_test), strict=True))


def _chosen(arrays: Collection[str], found: str | Path) -> dict[str, str]:
    """Gives the arrays that make a data set, each by our name with the one that it has.

    It raises a ValueError if some are missing.
    """
    names = MEDMNIST if set(MEDMNIST.values()) & set(arrays) else OURS
    there = {ours: theirs for ours, theirs in names.items() if theirs in arrays}
    if len(validation := [key for key in there if key.endswith("val")]) == 1:
        raise ValueError(
            f"load: `name` must have images and labels for validation, or neither.\nReceived "
            f"{found} with {there[validation[0]]} alone.\nSave the other beside it."
        )
    missing = [names[key] for key in ARRAY_NAMES if key not in there]
    whole = [key for key in ("x", "y") if key in there]
    if not missing:
        if whole:
            warnings.warn(
                f"load: {' and '.join(whole)} of {found} will not be used, since it has "
                f"{', '.join(ARRAY_NAMES)}.",
                stacklevel=4,
            )
        return {ours: theirs for ours, theirs in there.items() if ours not in whole}
    if len(whole) == 2 and len(missing) == len(ARRAY_NAMES):
        if validation:
            raise ValueError(
                "load: `name` must have images for testing beside those for validation.\n"
                f"Received {found} with {', '.join(arrays)}.\nSave all as x_train, y_train, "
                "x_test, y_test, x_val, y_val; or leave x_val and y_val out."
            )
        return {key: key for key in whole}
    if len(whole) == 1 and len(missing) == len(ARRAY_NAMES):
        raise ValueError(
            f"load: `name` must have images x and labels y.\nReceived {found}, without "
            f"{'y' if whole == ['x'] else 'x'}.\nSave both, such as with "
            "np.savez('data.npz', x=images, y=labels)."
        )
    wanted = ", ".join(names[key] for key in ARRAY_NAMES)
    raise ValueError(
        f"load: `name` must have the arrays {wanted}, or x and y, of which a fifth is then drawn "
        f"for testing.\nReceived {found} with "
        f"{', '.join(arrays) or 'no arrays'}; missing: {', '.join(missing)}.\nSave all four, such "
        "as with np.savez('data.npz', x_train=..., y_train=..., x_test=..., y_test=...)."
    )


def _split(x: Images, y: np.ndarray, seed: int) -> Arrays:
    """Draws a fifth of the images for testing, of each class its share."""
    labels, counts = np.unique(y, return_counts=True)
    n_test = math.ceil(TEST_SHARE * len(y))
    parts = split_off(x, y, n_test, seed)
    if parts is None:
        raise ValueError(
            f"load: `name` must have so many images of each class that a fifth of all has some of "
            f"each.\nReceived {len(y)} images, of which a fifth is {n_test}, of "
            f"{len(labels)} classes, the smallest with {counts.min()}.\n"
            f"Split them yourself: save {', '.join(ARRAY_NAMES)}, or move pictures into folders "
            "train and test; or leave that class out."
        )
    x_train, x_test, y_train, y_test = parts
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
