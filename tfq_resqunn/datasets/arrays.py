"""Arrays of images: their types, shapes and ranges, checked."""

import math
import warnings
from collections.abc import Mapping
from typing import Any, NoReturn, Protocol, TypeVar

import numpy as np

from tfq_resqunn.datasets.stored import StoredRows
from tfq_resqunn.datasets.stored_images import StoredImages

# Grey, grey and alpha, RGB, RGBA. More are hardly channels, unless the data says so.
MAX_CHANNELS = 4
# Numbers up to this one are hardly meant to be divided by 255.
MAX_UNLIKELY = 16
# Integers of 16 bits up to this one may have come from 12 bits.
MAX_12_BITS = 4095
# Values that are looked at at once, since what is found of each takes memory too.
AT_ONCE = 2**22
PIXELS = "booleans, integers in 0..255, integers of 16 bits, or floats in [0, 1] or in 0..255"


def check_images(
    arrays: Mapping[str, np.ndarray | StoredRows], who: str
) -> list[np.ndarray | StoredImages]:
    """Checks rank, type and range; gives float32 `[n, rows, cols, channels]` in [0, 1].

    Floats up to 255 are divided by it, in all of the arrays, even if one alone has such: they come
    from the same source. `who` and their names are what errors call them.
    """
    checks = []
    for name, x in arrays.items():
        check = ImageCheck(x, f"{who}: `{name}`")
        for start in range(0, len(x), check.at_once):
            check.add(x[start : start + check.at_once])
        check.finish()
        checks.append(check)
    white = max((check.white for check in checks if check.is_float), default=1)
    for check in checks:
        check.white = white if check.is_float else check.white
    return [
        StoredImages(x, check.white) if isinstance(x, StoredRows) else check.converted(x)
        for check, x in zip(checks, arrays.values(), strict=True)
    ]


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
        is_float: Whether their numbers are floats.
        white: The value that means white, by which they are divided; known once all are added.
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
        if x.dtype.kind not in "biuf":
            raise TypeError(
                f"{who} must hold {PIXELS}.\nReceived dtype {x.dtype}.\n"
                "Convert it, such as x.astype('float32')."
            )
        self._x, self._who = x, who
        self._range: tuple = math.inf, -math.inf
        self._n_seen = self._n_bad = 0
        self._first_bad: tuple[int, ...] | None = None
        self.is_float = x.dtype.kind == "f"
        self.white = 1
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
        """Finds what is white, of all images; raises a ValueError if some have wrong values."""
        who, x, (low, high) = self._who, self._x, self._range
        if self._first_bad is not None:
            raise ValueError(
                f"{who} must hold finite numbers.\nReceived {self._n_bad} of {math.prod(x.shape)} "
                f"pixels that are NaN or infinite, the first at index {self._first_bad}.\n"
                f"Leave those images out, or use np.nan_to_num."
            )
        white = _white(x.dtype, float(low), float(high))
        if white is None:
            raise ValueError(
                f"{who} must hold {PIXELS} (its dtype is {x.dtype}).\nReceived values from {low} "
                f"to {high}.\n{_rescaling(x.dtype, float(low), float(high))}"
            )
        self.white = white
        if white == 255 and 0 < high <= MAX_UNLIKELY:
            warnings.warn(
                f"{who} holds integers from {low} to {high}, which are divided by 255 and so "
                f"all nearly black. If {high} is white, save x / {high} instead.",
                stacklevel=5,
            )
        elif white > 1 and (self.is_float or white > 255):
            kind = "floats" if self.is_float else "integers of 16 bits"
            warnings.warn(
                f"{who} holds {kind} from {low} to {high}, which are divided by {white}.",
                stacklevel=5,
            )

    def converted(self, part: np.ndarray) -> np.ndarray:
        """Gives images as float32 `[n, rows, cols, channels]` in [0, 1], once white is known."""
        part = np.divide(part, self.white, dtype=np.float32)
        return part[..., np.newaxis] if part.ndim == 3 else part


def _white(dtype: np.dtype, low: float, high: float) -> int | None:
    """Gives the value that means white in numbers of a type and range; `None` for none."""
    if low < 0:
        return None
    if dtype.kind == "b" or (dtype.kind == "f" and high <= 1):
        return 1
    if dtype.kind == "f":
        return 255 if MAX_UNLIKELY < high <= 255 else None
    if dtype.kind == "u" and dtype.itemsize == 2:
        return 65535 if high > MAX_12_BITS or high == 0 else None
    return 255 if high <= 255 else None


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
        has_images = name.startswith("x") or name.endswith("images") or len(arrays) == 1
        is_images = len(array.shape) == 4 and has_images
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


def _rescaling(dtype: np.dtype, low: float, high: float) -> str:
    """Says how to rescale by numbers that are the same for every file of the same kind."""
    if low >= 0 and high <= 1 + 1e-3:
        return "These may be rounding errors: save np.clip(x, 0, 1)."
    if low >= 0 and dtype.kind == "f" and high <= MAX_UNLIKELY:
        return f"Divide by what white is in all files alike: save x / {high:g}, if it is {high:g}."
    if low >= 0 and high <= 65535:
        white = "x / 65535 for 16 bits, x / 4095 for 12"
        white += ", x / 255 for 8" if high <= 255 else ""
        return f"Divide by what white is: save {white}."
    return (
        "Save (x - black) / (white - black), with the two values that mean black and white in "
        "all files alike (such as -1 and 1), not with the minimum and maximum of each."
    )
