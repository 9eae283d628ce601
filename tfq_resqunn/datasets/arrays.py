"""Arrays of images and labels: their types, shapes and ranges, checked."""

import warnings

import numpy as np

# Integers up to this one are hardly meant to be divided by 255.
MAX_UNLIKELY = 16


def check_images(x: np.ndarray, who: str) -> np.ndarray:
    """Check rank, type and range; return float32 `[n, rows, cols, channels]` in [0, 1]."""
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
    _check_finite(x, who)
    if x.min() < 0 or x.max() > upper:
        rule = "floats in [0, 1]" if upper == 1 else "integers in 0..255"
        raise ValueError(
            f"{who} must hold {rule} (its dtype is {x.dtype}).\nReceived values from {x.min()} "
            f"to {x.max()}.\nRescale it, such as (x - x.min()) / (x.max() - x.min())."
        )
    if upper == 255 and 0 < x.max() <= MAX_UNLIKELY:
        warnings.warn(
            f"{who} holds integers from {x.min()} to {x.max()}, which are divided by 255 and so "
            f"all nearly black. If {x.max()} is white, save x / {x.max()} instead.",
            stacklevel=4,
        )
    x = np.divide(x, upper, dtype=np.float32)
    return x[..., np.newaxis] if x.ndim == 3 else x


def _check_finite(x: np.ndarray, who: str) -> None:
    bad = ~np.isfinite(x)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{who} must hold finite numbers.\nReceived {bad.sum()} of {x.size} pixels that are "
            f"NaN or infinite, the first at index {first}.\n"
            f"Leave those images out, or use np.nan_to_num."
        )


def check_labels(y: np.ndarray, x: np.ndarray, who: str, x_name: str) -> np.ndarray:
    """Check type and length; return int64, one for each image of `x`."""
    if y.shape != (len(x),):
        remedy = "Save images and labels of equal length."
        if y.ndim > 1 and len(y) == len(x):
            is_column = y.shape[1:] == (1,)
            remedy = "Save y.ravel()." if is_column else "If one-hot, save y.argmax(axis=1)."
        raise ValueError(
            f"{who} must have one label for each of the {len(x)} images of `{x_name}`: shape "
            f"({len(x)},).\nReceived shape {y.shape}.\n{remedy}"
        )
    if y.dtype.kind not in "iu":
        remedy = "Convert them, such as np.rint(y).astype(int)."
        if y.dtype.kind not in "fb" and who.endswith("`y`"):
            remedy = "Number them: names, y = np.unique(y, return_inverse=True)."
        elif y.dtype.kind not in "fb":
            remedy = (
                "Number the classes, those for training and for testing together, such as\n"
                "  names, y = np.unique(np.concatenate([y_train, y_test]), return_inverse=True)\n"
                "  y_train, y_test = y[:len(y_train)], y[len(y_train):]"
            )
        raise TypeError(f"{who} must hold integers.\nReceived dtype {y.dtype}.\n{remedy}")
    return y.astype(np.int64)
