"""The data sets by name, and files and folders: found before anything is read; knows no NumPy."""

import os
import zipfile
from pathlib import Path

from tfq_resqunn._utils.names import closest
from tfq_resqunn.datasets.class_paths import find_classes
from tfq_resqunn.datasets.folders import ARRAY_NAMES, find_idx, find_npy
from tfq_resqunn.datasets.given_pictures import find_pictures
from tfq_resqunn.datasets.medmnist_names import IMAGE_SETS, is_medmnist
from tfq_resqunn.datasets.picture_paths import entries, is_picture

NAMES = ("digits", "mnist", "fashion_mnist", "cifar10", "cifar100")
PATHS = "the path of an .npz file or of a folder"
NPY = b"\x93NUMPY"  # what an `.npy` file begins with


def find(name: str | os.PathLike, who: str = "load") -> str | Path:
    """Gives the name of a data set that is known, or the path of one that is there."""
    if not isinstance(name, str | os.PathLike):
        raise TypeError(
            f"{who}: `name` must be a string or a path.\nReceived {name!r} "
            f"({type(name).__name__}).\nUse one of {', '.join(NAMES)}, or {PATHS}."
        )
    if name in NAMES:
        return str(name)
    path = Path(name)
    if path.is_dir():
        return _find_folder(path, who)
    if path.suffix == ".npz":
        return find_npz(path, who, "name")
    if is_medmnist(str(name), who):
        return str(name)
    close = closest(str(name), (*NAMES, *IMAGE_SETS, *_data_beside(path)))
    hint = f'Did you mean "{close}"?' if close else 'Use name="digits", which needs no network.'
    there = (
        "which is a file of another kind"
        if path.exists()
        else "and there is no such file or folder"
    )
    if is_picture(path):
        hint = "Name the folder that has a folder of pictures for each class."
    elif not path.exists() and not close:
        hint = "Check the path; it is relative to the folder the program runs in."
        if len(path.parts) == 1:
            hint += ' Or use name="digits", which needs no network.'
    elif path.suffix == ".npy" and path.is_file():
        hint = "Save images and labels as x.npy and y.npy in one folder, and name that."
    raise ValueError(
        f"{who}: `name` must be one of {', '.join(NAMES)}, or {PATHS}.\n"
        f"Received {str(name)!r}, {there}.\n{hint}"
    )


def _data_beside(path: Path) -> list[str]:
    """Lists the folders and `.npz` files that are where a path would be."""
    try:
        folders, files = entries(path.parent)
    except OSError:
        return []
    named = [*folders, *(name for name in files if name.endswith(".npz"))]
    return [str(path.parent / name) for name in named]


def _find_folder(path: Path, who: str) -> Path:
    """Gives the path of a folder that has a data set: pictures, `.npy` files, or IDX files."""
    if find_idx(path) or find_npy(path):
        return path
    if others := sorted(file.name for file in path.glob("*.npy")):
        raise ValueError(
            f"{who}: `name` must be a folder whose .npy files are called as the arrays of an .npz "
            f"file, {', '.join(ARRAY_NAMES)}, or x and y.\nReceived {path}, with "
            f"{', '.join(others[:5])}.\nRename them."
        )
    find_classes(path, who, "name")
    return path


def find_npz(path: str | os.PathLike, who: str, argument: str = "path") -> Path:
    """Gives the path of an `.npz` file that is there; `argument` names it in messages."""
    path = _find_file(path, who, argument)
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{who}: `{argument}` must be an .npz archive.\nReceived {path}, which is not.\n"
            "Write it with np.savez."
        )
    return path


def find_images(path: str | os.PathLike, who: str, argument: str = "path") -> Path:
    """Gives the path of images that are there.

    They are an `.npz` file, an `.npy` file with images alone, a picture, or a folder of pictures.
    """
    path = Path(path)
    if path.is_dir():
        find_pictures(path, who, argument)
        return path
    if is_picture(path):
        return _find_file(path, who, argument)
    if path.suffix == ".npz" or not path.exists() or zipfile.is_zipfile(path):
        return find_npz(path, who, argument)
    if path.suffix != ".npy":
        raise ValueError(
            f"{who}: `{argument}` must be an .npz or .npy file, a picture, or a folder of pictures."
            f"\nReceived {path}, which is none of these.\nWrite images with np.savez, or save "
            "pictures as .png or .jpg."
        )
    with _find_file(path, who, argument).open("rb") as file:
        if file.read(len(NPY)) != NPY:
            raise ValueError(
                f"{who}: `{argument}` must be an .npy file.\nReceived {path}, which is not.\n"
                "Write it with np.save."
            )
    return path


def _find_file(path: str | os.PathLike, who: str, argument: str) -> Path:
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{who}: `{argument}` must be a file that exists.\nReceived {path}, which does not.\n"
            "Check the path; it is relative to the folder the program runs in."
        )
    return path
