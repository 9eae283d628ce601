"""Arrays of images and labels: their types, shapes and ranges, checked."""

import warnings
from typing import NoReturn

import numpy as np

# Grey, grey and alpha, RGB, RGBA. More are hardly channels, unless the data says so.
MAX_CHANNELS = 4
# Integers up to this one are hardly meant to be divided by 255.
MAX_UNLIKELY = 16


def check_images(x: np.ndarray, who: str) -> np.ndarray:
    """Checks rank, type and range; gives float32 `[n, rows, cols, channels]` in [0, 1]."""
    if x.ndim not in (3, 4) or 0 in x.shape:
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
    upper = 1 if x.dtype.kind == "f" else 255
    bad = ~np.isfinite(x)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{who} must hold finite numbers.\nReceived {bad.sum()} of {x.size} pixels that are "
            f"NaN or infinite, the first at index {first}.\n"
            f"Leave those images out, or use np.nan_to_num."
        )
    if x.min() < 0 or x.max() > upper:
        rule = "floats in [0, 1]" if upper == 1 else "integers in 0..255"
        raise ValueError(
            f"{who} must hold {rule} (its dtype is {x.dtype}).\nReceived values from {x.min()} "
            f"to {x.max()}.\n{_rescaling(float(x.min()), float(x.max()))}"
        )
    if upper == 255 and 0 < x.max() <= MAX_UNLIKELY:
        warnings.warn(
            f"{who} holds integers from {x.min()} to {x.max()}, which are divided by 255 and so "
            f"all nearly black. If {x.max()} is white, save x / {x.max()} instead.",
            stacklevel=4,
        )
    x = np.divide(x, upper, dtype=np.float32)
    return x[..., np.newaxis] if x.ndim == 3 else x


def check_channels(arrays: dict[str, np.ndarray], who: str) -> dict[str, np.ndarray]:
    """Checks that the last axis of a file's images counts channels, not slices or columns.

    There may be `MAX_CHANNELS`, or as many as the file's own entry `n_channels` says. Gives the
    arrays without that entry.
    """
    arrays = dict(arrays)
    n_channels = arrays.pop("n_channels", None)
    if n_channels is not None and (n_channels.shape or n_channels.dtype.kind not in "iu"):
        raise ValueError(
            f"{who}: `n_channels` must be one integer, the number of channels of the file's "
            f"images.\nReceived shape {n_channels.shape}, dtype {n_channels.dtype}.\n"
            "Save it as np.savez(..., n_channels=10)."
        )
    allowed = set(range(MAX_CHANNELS + 1)) if n_channels is None else {int(n_channels)}
    for name, array in arrays.items():
        is_images = array.ndim == 4 and array.size and (name.startswith("x") or len(arrays) == 1)
        if is_images and array.shape[-1] not in allowed:
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


def check_labels(y: np.ndarray, x: np.ndarray, who: str, x_name: str) -> np.ndarray:
    """Checks type and length; gives int64, one for each image of `x`."""
    if y.shape != (len(x),):
        remedy = "Save images and labels of equal length."
        if y.ndim > 1 and len(y) == len(x):
            is_column = y.shape[1:] == (1,)
            remedy = "Save y.ravel()." if is_column else _of_rows(y)
        raise ValueError(
            f"{who} must have one label for each of the {len(x)} images of `{x_name}`: shape "
            f"({len(x)},).\nReceived shape {y.shape}.\n{remedy}"
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
