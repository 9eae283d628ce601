"""Arrays of images and labels: their types, shapes and ranges, checked."""

import math
import warnings
from collections.abc import Mapping
from typing import Any, NoReturn, Protocol, TypeVar

import numpy as np

# Grey, grey and alpha, RGB, RGBA. More are hardly channels, unless the data says so.
MAX_CHANNELS = 4
# Integers up to this one are hardly meant to be divided by 255.
MAX_UNLIKELY = 16


# Values that are looked at at once, since what is found of each takes memory too.
AT_ONCE = 2**22


def check_images(x: np.ndarray, who: str) -> np.ndarray:
    """Checks rank, type and range; gives float32 `[n, rows, cols, channels]` in [0, 1]."""
    check = ImageCheck(x, who)
    for start in range(0, len(x), check.at_once):
        check.add(x[start : start + check.at_once])
    check.finish()
    return check.converted(x)


class Described(Protocol):
    """An array, or one in a file, as far as its shape and type are known."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""

    @property
    def dtype(self) -> np.dtype:
        """Its type."""


class ImageCheck:
    """Checks images that come a few at a time: rank and type at once, the range of all at the end.

    Args:
        x: All of the images, which need not have been read yet.
        who: Whom errors name.

    Attributes:
        shape: `(n, rows, cols, channels)` of the images once they are converted.
        at_once: How many images to look at at a time.
    """

    def __init__(self, x: Described, who: str) -> None:
        if len(x.shape) not in (3, 4) or 0 in x.shape:
            raise ValueError(
                f"{who} must have the shape [n, rows, cols] or [n, rows, cols, channels], with at "
                f"least one image and one pixel.\nReceived shape {x.shape}.\n"
                f"Reshape it, such as x.reshape(-1, 28, 28, 1)."
            )
        if x.dtype.kind not in "iuf":
            raise TypeError(
                f"{who} must hold integers in 0..255 or floats in [0, 1].\nReceived dtype "
                f"{x.dtype}.\nConvert it, such as x.astype('float32')."
            )
        self._x, self._who = x, who
        self._upper = 1 if x.dtype.kind == "f" else 255
        self._range: tuple = math.inf, -math.inf
        self._n_seen = self._n_bad = 0
        self._first_bad: tuple[int, ...] | None = None
        self.shape = x.shape if len(x.shape) == 4 else (*x.shape, 1)
        self.at_once = max(1, AT_ONCE // math.prod(x.shape[1:]))

    def add(self, part: np.ndarray) -> None:
        """Takes note of the next images, as they came."""
        if part.dtype.kind == "f" and (bad := ~np.isfinite(part)).any():
            if self._first_bad is None:
                image, *pixel = (int(i) for i in np.argwhere(bad)[0])
                self._first_bad = (self._n_seen + image, *pixel)
            self._n_bad += int(bad.sum())
        else:
            self._range = min(self._range[0], part.min()), max(self._range[1], part.max())
        self._n_seen += len(part)

    def finish(self) -> None:
        """Raises a ValueError if the images that were added have wrong values."""
        who, x, (low, high) = self._who, self._x, self._range
        if self._first_bad is not None:
            raise ValueError(
                f"{who} must hold finite numbers.\nReceived {self._n_bad} of {math.prod(x.shape)} "
                f"pixels that are NaN or infinite, the first at index {self._first_bad}.\n"
                f"Leave those images out, or use np.nan_to_num."
            )
        if low < 0 or high > self._upper:
            rule = "floats in [0, 1]" if self._upper == 1 else "integers in 0..255"
            raise ValueError(
                f"{who} must hold {rule} (its dtype is {x.dtype}).\nReceived values from {low} "
                f"to {high}.\n{_rescaling(float(low), float(high))}"
            )
        if self._upper == 255 and 0 < high <= MAX_UNLIKELY:
            warnings.warn(
                f"{who} holds integers from {low} to {high}, which are divided by 255 and so "
                f"all nearly black. If {high} is white, save x / {high} instead.",
                stacklevel=5,
            )

    def converted(self, part: np.ndarray) -> np.ndarray:
        """Gives images as float32 `[n, rows, cols, channels]` in [0, 1], if they pass."""
        with np.errstate(all="ignore"):  # of what does not pass, `finish` complains
            part = np.divide(part, self._upper, dtype=np.float32)
        return part[..., np.newaxis] if part.ndim == 3 else part


Array = TypeVar("Array", bound=Described)


def check_channels(arrays: Mapping[str, Array], who: str) -> dict[str, Array]:
    """Checks that the last axis of a file's images counts channels, not slices or columns.

    There may be `MAX_CHANNELS`, or as many as the file's own entry `n_channels` says. Gives the
    arrays without that entry.
    """
    arrays = dict(arrays)
    n_channels: Any = arrays.pop("n_channels", None)
    if n_channels is not None and (n_channels.shape or n_channels.dtype.kind not in "iu"):
        raise ValueError(
            f"{who}: `n_channels` must be one integer, the number of channels of the file's "
            f"images.\nReceived shape {n_channels.shape}, dtype {n_channels.dtype}.\n"
            "Save it as np.savez(..., n_channels=10)."
        )
    allowed = set(range(MAX_CHANNELS + 1)) if n_channels is None else {int(n_channels)}
    for name, array in arrays.items():
        is_images = len(array.shape) == 4 and (name.startswith("x") or len(arrays) == 1)
        if is_images and 0 not in array.shape and array.shape[-1] not in allowed:
            _refuse_channels(array.shape, n_channels, allowed, f"{who}: `{name}`")
    return arrays


def _refuse_channels(
    shape: tuple[int, ...], n_channels: np.ndarray | None, allowed: set[int], who: str
) -> NoReturn:
    _, first, _, last = shape
    rule = f"at most {MAX_CHANNELS} channels" if n_channels is None else f"{n_channels} channels"
    if first in allowed:
        remedy = "These look like channels first: save np.moveaxis(x, 1, -1)."
    elif n_channels is None:
        remedy = (
            "Save the slices of volumes as images of their own, such as "
            "x.reshape(-1, *x.shape[2:])[..., np.newaxis], with a label for each; or, if these "
            f"are channels, say so: np.savez(..., n_channels={last})."
        )
    else:
        remedy = f"Save n_channels={last} beside them, if these are channels."
    raise ValueError(
        f"{who} must have the shape [n, rows, cols] or [n, rows, cols, channels], with {rule}.\n"
        f"Received shape {shape}, so {last} channels.\n{remedy}"
    )


def _rescaling(low: float, high: float) -> str:
    """Says how to rescale by numbers that are the same for every file of the same kind."""
    if low >= 0 and high <= 255:
        return "Divide by what white is: save x / 255."
    if low >= 0 and high <= 65535:
        return "Divide by what white is: save x / 65535 for 16 bits, x / 4095 for 12."
    return (
        "Save (x - black) / (white - black), with the two values that mean black and white in "
        "all files alike (such as -1 and 1), not with the minimum and maximum of each."
    )


def check_labels(y: np.ndarray, n: int, who: str, x_name: str) -> np.ndarray:
    """Checks type and length; gives int64, one for each of the n images of `x_name`."""
    if y.shape != (n,):
        remedy = "Save images and labels of equal length."
        if y.ndim > 1 and len(y) == n:
            is_column = y.shape[1:] == (1,)
            remedy = "Save y.ravel()." if is_column else _of_rows(y)
        raise ValueError(
            f"{who} must have one label for each of the {n} images of `{x_name}`: shape "
            f"({n},).\nReceived shape {y.shape}.\n{remedy}"
        )
    if y.dtype.kind not in "iu":
        if y.dtype.kind in "fb":
            remedy = "Convert them, such as np.rint(y).astype(int)."
        elif who.endswith("`y`"):
            remedy = "Number them: names, y = np.unique(y, return_inverse=True)."
        else:
            remedy = (
                "Number the classes, those for training and for testing together, such as\n"
                "  names, y = np.unique(np.concatenate([y_train, y_test]), return_inverse=True)\n"
                "  y_train, y_test = y[:len(y_train)], y[len(y_train):]"
            )
        raise TypeError(f"{who} must hold integers.\nReceived dtype {y.dtype}.\n{remedy}")
    return y.astype(np.int64)


def _of_rows(y: np.ndarray) -> str:
    """Says what to do with labels of which each image has a row."""
    if y.ndim == 2 and y.dtype.kind in "biuf" and np.isin(y, (0, 1)).all():
        if (y.sum(axis=1) == 1).all():
            return "These are one-hot: save y.argmax(axis=1)."
        return (
            "Some rows have several ones, or none: these are several labels an image, of which a "
            "softmax knows one. Train on one of them at a time, such as y[:, 0]."
        )
    return "Save one integer for each image."
