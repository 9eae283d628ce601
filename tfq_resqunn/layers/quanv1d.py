"""`Quanv1D`: a circuit that slides along a sequence."""

from tfq_resqunn._utils.keras import register
from tfq_resqunn.layers.base_quanv import BaseQuanv


@register
class Quanv1D(BaseQuanv):
    """A trainable quanvolution of sequences, such as time series and spectra.

    A parametrised circuit in the place of `Conv1D`'s kernel. All arguments are those of `Quanv2D`,
    except that there is one axis where that has two.

    Args:
        filters: As for `Quanv2D`.
        kernel_size: Integer or tuple of one, steps of a patch. Likewise `strides` and
            `dilation_rate`.
        strides: Distance between patches. `None`: `kernel_size`, so that patches lie side by side.
        padding: `"valid"`, `"same"`, or `"causal"`: zeros before the first step alone, so that the
            output at one step depends on no later one.
        data_format: As for `Quanv2D`, likewise all others.
        dilation_rate: Distance between the steps of a patch.
        groups: As for `Quanv2D`.
        **kwargs: As for `Quanv2D`.

    Input shape:
        `(batch, steps, channels)`, or `(batch, channels, steps)` under `"channels_first"`.
        `kernel_size * channels / groups` is the number of values per patch.

    Output shape:
        With `readout="channels"`: `(batch, n_patches, filters * n_observables)` with
        `n_patches = (steps - dilation * (kernel - 1) - 1) // stride + 1` for `"valid"`, and
        `ceil(steps / stride)` for `"same"` and `"causal"`.
        With `readout="pixels"`, which `"causal"` rules out: `(batch, n_patches * kernel,
        filters * n_observables / kernel)`; under `"same"` as many steps as the input has.

    Raises:
        ImportError: As for `Quanv2D`, likewise the others.
        TypeError: If an argument is of the wrong type.
        ValueError: If arguments contradict each other, or do not fit the input.

    Example:
        >>> import numpy as np
        >>> spectra = np.random.default_rng(0).random((2, 12, 1))
        >>> tuple(Quanv1D(kernel_size=3)(spectra).shape)
        (2, 4, 3)
        >>> tuple(Quanv1D(kernel_size=3, strides=1, padding="causal")(spectra).shape)
        (2, 12, 3)
    """

    rank = 1
