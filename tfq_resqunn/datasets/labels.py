"""Labels as data sets have them: numbers, names, columns, one-hot rows; brought to one form.

In that form there is one for each image, an integer or a text.
"""

import warnings
from collections.abc import Mapping

import numpy as np


def check_labels(y: np.ndarray, n: int, who: str, x_name: str) -> np.ndarray:
    """Gives the labels of `n` images, int64 or text `[n]`.

    `[n, 1]` is taken for `[n]`; one-hot rows for the numbers of their columns, with a warning;
    booleans and whole floats for integers. `x_name` is what errors call the images.
    """
    if y.shape == (n, 1):
        y = y[:, 0]
    if _is_one_hot(y, n):
        warnings.warn(
            f"{who} is one-hot, of {y.shape[1]} classes; its labels are the numbers of the "
            "columns.",
            stacklevel=4,
        )
        y = y.argmax(axis=1)
    if y.shape != (n,):
        remedy = "Save images and labels of equal length."
        if y.ndim > 1 and len(y) == n:
            remedy = _of_rows(y)
        raise ValueError(
            f"{who} must have one label for each of the {n} images of `{x_name}`: shape "
            f"({n},).\nReceived shape {y.shape}.\n{remedy}"
        )
    if y.dtype.kind in "US":
        return _check_names(y, who)
    if y.dtype.kind not in "biuf":
        raise TypeError(
            f"{who} must hold integers or names.\nReceived dtype {y.dtype}.\n"
            "Convert them, such as y.astype(int)."
        )
    if y.dtype.kind == "f" and not np.array_equal(y, np.rint(y)):  # NaN is equal to nothing
        bad = y[y != np.rint(y)]
        raise ValueError(
            f"{who} must hold whole numbers or names.\nReceived {len(bad)} others, such as "
            f"{bad[0]}.\nRound them, such as np.rint(y).astype(int), if they are meant for classes."
        )
    if len(y) and not -(2**63) <= int(y.min()) <= int(y.max()) < 2**63:
        raise ValueError(
            f"{who} must hold integers of 64 bits.\nReceived {y.max()}.\nNumber the classes from 0."
        )
    return y.astype(np.int64)


def check_kinds(labels: Mapping[str, np.ndarray], who: str) -> None:
    """Raises a TypeError if some parts have numbers for labels, and others have names."""
    kinds = {name: "integers" if y.dtype.kind == "i" else "names" for name, y in labels.items()}
    if len(set(kinds.values())) > 1:
        raise TypeError(
            f"{who}: {' and '.join(f'`{name}`' for name in kinds)} must hold labels of one kind.\n"
            f"Received {' against '.join(kinds.values())}.\nSave both as integers, or both as "
            "names."
        )


def _check_names(y: np.ndarray, who: str) -> np.ndarray:
    try:
        names = y.astype(str)  # bytes are ASCII, or none of our business
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{who} must hold names as text.\nReceived bytes that are not ASCII: {error}.\n"
            "Save them as text, such as np.char.decode(y, 'utf-8')."
        ) from error
    if not np.all(np.char.str_len(names)):
        raise ValueError(
            f"{who} must hold names that are not empty.\nReceived an empty one for image "
            f"{np.flatnonzero(np.char.str_len(names) == 0)[0]}.\nName its class."
        )
    return names


def _has_ones_alone(y: np.ndarray, n: int) -> bool:
    """Whether each image has a row of zeros and ones."""
    is_rows = y.ndim == 2 and len(y) == n and y.dtype.kind in "biuf" and y.shape[1] > 1
    return is_rows and bool(np.isin(y, (0, 1)).all())


def _is_one_hot(y: np.ndarray, n: int) -> bool:
    return _has_ones_alone(y, n) and bool((y.sum(axis=1) == 1).all())


def _of_rows(y: np.ndarray) -> str:
    """Says what to do with labels of which each image has a row."""
    if _has_ones_alone(y, len(y)):
        return (
            "Some rows have several ones, or none: these are several labels an image, of which a "
            "softmax knows one. Train on one of them at a time, such as y[:, 0]."
        )
    return "Save one label for each image."
