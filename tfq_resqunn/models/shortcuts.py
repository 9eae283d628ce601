"""What brings the terms of a sum to one shape."""

from collections.abc import Callable

from tfq_resqunn._utils.arguments import choice
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.layers.area_pooling import AreaPooling
from tfq_resqunn.layers.twin import CONVOLUTIONS


def make_shortcut(how: str, data_format: str | None = None) -> Callable | None:
    """Gives the function that maps a tensor to a shape, or `None` where shapes must be equal.

    Args:
        how: One of `SHORTCUTS`.
        data_format: Of the images, as for `Quanv2D`.

    Returns:
        A function of the tensor, the shape (batch axis first) and the name of the last layer.

    Raises:
        ValueError: If there is no such way, or none for that data format.
    """
    choice(*SHORTCUTS)(how, "shortcut", "resqunn")
    if data_format is None:
        data_format = keras.backend.image_data_format()
    last = isinstance(data_format, str) and data_format.lower() == "channels_last"
    if how == "conv" and not last:
        raise ValueError(
            "resqunn: shortcut='conv' needs channels last, since TensorFlow has no convolution "
            f"for channels_first on a CPU. Received data_format={data_format!r}. Use "
            "shortcut='pool', or data_format='channels_last'."
        )
    return SHORTCUTS[how]


def _pool(x, shape: tuple, name: str):
    return AreaPooling(shape[1:], name=name)(x)


def _conv(x, shape: tuple, name: str):
    _, *sizes, channels = shape
    if tuple(x.shape)[1:-1] != tuple(sizes):
        x = AreaPooling((*sizes, None), name=f"{name}_pool")(x)
    return CONVOLUTIONS[len(sizes)](channels, 1, use_bias=False, name=name)(x)


SHORTCUTS: dict[str, Callable | None] = {"pool": _pool, "conv": _conv, "none": None}
