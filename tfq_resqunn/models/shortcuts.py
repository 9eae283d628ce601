"""What brings the terms of a sum to one shape."""

from tfq_resqunn._utils.arguments import choice
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.layers.pooling import AreaPooling
from tfq_resqunn.layers.twin import CONVOLUTIONS


def check_shortcut(how: str, data_format: str | None = None) -> None:
    """Raises a ValueError if there is no such shortcut, or none for images of this data format."""
    choice("pool", "conv", "none")(how, "shortcut", "resqunn")
    if data_format is None:
        data_format = keras.backend.image_data_format()
    last = isinstance(data_format, str) and data_format.lower() == "channels_last"
    if how == "conv" and not last:
        raise ValueError(
            "resqunn: shortcut='conv' needs channels last, since TensorFlow has no convolution "
            f"for channels_first on a CPU. Received data_format={data_format!r}. Use "
            "shortcut='pool', or data_format='channels_last'."
        )


def apply_shortcut(
    how: str, x: "keras.KerasTensor", shape: tuple, name: str
) -> "keras.KerasTensor":
    """Maps a tensor to a shape, batch axis first, by `"pool"` or `"conv"`."""
    if how == "pool":
        return AreaPooling(shape[1:], name=name)(x)
    _, *sizes, channels = shape
    if tuple(x.shape)[1:-1] != tuple(sizes):
        x = AreaPooling((*sizes, None), name=f"{name}_pool")(x)
    return CONVOLUTIONS[len(sizes)](channels, 1, use_bias=False, name=name)(x)
