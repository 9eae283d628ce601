"""Folders with the files of a data set: found before anything is read; knows no NumPy."""

import re
from pathlib import Path

# The arrays of a data set, and those of one that is not split, or into three parts.
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
OTHER_NAMES = ("x_val", "y_val", "x", "y")

# Such as `train-images-idx3-ubyte`, `t10k-labels.idx1-ubyte.gz`, `emnist-letters-test-images-...`.
_NAME = re.compile(
    r"(?P<set>.*?)(?P<part>train|test|t10k)[-_.](?P<what>images|labels)[-_.]idx\d[-_.]ubyte(\.gz)?"
)
_IDX_PARTS = {"train": "train", "test": "test", "t10k": "test"}
_ARRAYS = {"images": "x", "labels": "y"}


def find_npy(folder: Path) -> dict[str, Path]:
    """Gives the `.npy` files in a folder that are named as the arrays of an `.npz` file are."""
    paths = {name: folder / f"{name}.npy" for name in (*ARRAY_NAMES, *OTHER_NAMES)}
    return {name: path for name, path in paths.items() if path.is_file()}


def find_idx(folder: Path) -> dict[str, Path]:
    """Gives the IDX files in a folder by what they hold: `x_train`, `y_train`, `x_test`, `y_test`.

    Of a file that is there packed and unpacked, the unpacked one. It raises a ValueError if some
    are missing, or if there are files of several data sets.
    """
    found: dict[str, Path] = {}
    sets = set()
    for path in sorted(folder.iterdir(), reverse=True):  # a file comes after its `.gz`
        if (match := _NAME.fullmatch(path.name)) and path.is_file():
            found[f"{_ARRAYS[match['what']]}_{_IDX_PARTS[match['part']]}"] = path
            sets.add(match["set"])
    if len(sets) > 1:
        raise ValueError(
            f"load: `name` must be a folder with the IDX files of one data set.\nReceived {folder} "
            f"with those of {', '.join(map(repr, sorted(sets)))}.\nMove each into its own folder."
        )
    if found and (missing := [name for name in ARRAY_NAMES if name not in found]):
        raise ValueError(
            "load: `name` must be a folder with four IDX files: images and labels for training "
            f"and for testing.\nReceived {folder} with "
            f"{', '.join(path.name for path in found.values())}; missing: {', '.join(missing)}.\n"
            "Name them as MNIST's are: train-images-idx3-ubyte, train-labels-idx1-ubyte, "
            "t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte."
        )
    return {name: found[name] for name in ARRAY_NAMES if name in found}
