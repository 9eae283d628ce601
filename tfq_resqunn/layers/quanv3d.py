"""`Quanv3D`: a circuit that slides through a volume."""

from tfq_resqunn._utils.keras import register
from tfq_resqunn.layers.base_quanv import BaseQuanv


@register
class Quanv3D(BaseQuanv):
    """A trainable quanvolution of volumes, or of videos, whose frames are the first axis.

    A parametrised circuit in the place of `Conv3D`'s kernel. All arguments are those of `Quanv2D`,
    except that there are three axes where that has two. A patch of 2 x 2 x 2 pixels has 8 values,
    so that 8 qubits run with the default encoder; `encoder="amplitude"` needs 3.

    Args:
        filters: As for `Quanv2D`.
        kernel_size: Integer or tuple of three, pixels of a patch along each axis. Likewise
            `strides` and `dilation_rate`.
        strides: Distance between patches. `None`: `kernel_size`, so that patches lie side by side.
        padding: As for `Quanv2D`, likewise all others.
        data_format: As for `Quanv2D`.
        dilation_rate: Distance between the pixels of a patch.
        groups: As for `Quanv2D`.
        **kwargs: As for `Quanv2D`.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels before depth under
        `"channels_first"`. The pixels of a patch times `channels / groups` are the number of values
        per patch.

    Output shape:
        With `readout="channels"`: `(batch, ..., filters * n_observables)`, with as many patches
        along each axis as for `Quanv2D`. With `readout="pixels"`: along each axis the number of
        patches times the kernel's pixels, and `filters * n_observables / pixels` channels; under
        `"same"` the input's size.

    Raises:
        ImportError: As for `Quanv2D`, likewise the others.
        TypeError: If an argument is of the wrong type.
        ValueError: If arguments contradict each other, or do not fit the input.

    Example:
        >>> import numpy as np
        >>> volumes = np.random.default_rng(0).random((1, 4, 4, 4, 1))
        >>> tuple(Quanv3D(kernel_size=2, encoder="amplitude")(volumes).shape)
        (1, 2, 2, 2, 3)
        >>> video = np.random.default_rng(0).random((1, 6, 4, 4, 3))  # 6 frames with 3 colours
        >>> tuple(Quanv3D(kernel_size=(2, 1, 1), readout="pixels")(video).shape)
        (1, 6, 4, 4, 3)
    """

    rank = 3
