"""MedMNIST's data sets by name: downloaded once, with the names of their classes."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.datasets.medmnist_names import PACKAGE


def download(name: str) -> Path:
    """Gives the file of a data set, after downloading it if it is not there.

    The file is the one that the package itself would download, in the same folder. Raises a
    ConnectionError if it cannot be downloaded.
    """
    package = _info()
    info = package.INFO[name]
    try:
        path = keras.utils.get_file(
            f"{name}.npz",
            info["url"],
            cache_dir=package.DEFAULT_ROOT,
            cache_subdir="",
            file_hash=info["MD5"],
            hash_algorithm="md5",
        )
    except Exception as error:  # Keras raises a bare Exception where there is no network
        raise ConnectionError(
            "load: `name` must be a data set that can be downloaded, or is there already.\n"
            f'Received "{name}", which failed: {error}\n'
            f"Download {info['url']} elsewhere, and name the file."
        ) from error
    return Path(path)


def with_names(name: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """Gives the arrays of a data set with names of classes for labels.

    Where all of these are numbers, labels stay integers.
    """
    label = _info().INFO[name]["label"]
    names = np.array([label[str(k)] for k in range(len(label))])
    if np.char.isdecimal(names).all():
        return arrays
    return {key: names[array] if key.endswith("labels") else array for key, array in arrays.items()}


def _info() -> ModuleType:
    """Gives the module that says where data sets are, and what their labels mean.

    It is not imported, since that would import PyTorch, or say that it is missing.
    """
    package = importlib.util.find_spec(PACKAGE)
    assert package is not None and package.submodule_search_locations  # as has been checked
    path = Path(package.submodule_search_locations[0], "info.py")
    spec = importlib.util.spec_from_file_location(f"_{PACKAGE}_info", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
