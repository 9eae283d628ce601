"""Quanvolutions: circuits that slide along a sequence, over an image or through a volume."""

from tfq_resqunn._utils.keras import register
from tfq_resqunn.layers.base_quanv import BaseQuanv


@register
class Quanv2D(BaseQuanv):
    """A trainable quanvolution: a parametrised circuit in the place of `Conv2D`'s kernel.

    Each patch of the image gives the values of the circuit's data symbols; each observable's
    expectation value is an output. All patches share the weights. Arguments that `Conv2D` has
    mean what they mean there.

    Args:
        filters: Integer, number of circuits, each with weights of its own; gives
            `filters * n_observables` output channels.
        kernel_size: Integer or pair, rows and columns of a patch in pixels.
        strides: Integer or pair, distance between patches in pixels. `None`: `kernel_size`, so
            that patches lie side by side.
        padding: `"valid"`, or `"same"` (zeros around the image; a row or column that has no
            partner lies below or to the right).
        data_format: `"channels_last"` or `"channels_first"`; `None` is Keras' setting.
        dilation_rate: Integer or pair, distance between the pixels of a patch.
        groups: Integer, parts into which the input channels are split. Each filter sees one, so
            it divides the channels and `filters`.
        encoder: How the values of a patch enter: name of an encoder (`resqunn circuits` lists
            them; `functools.partial` of its function sets options), or a `cirq.Circuit`, whose
            symbols, sorted by name (`x_2` before `x_10`), take the values of a patch row by row,
            channels last.
            Default `"angle"`.
        ansatz: Name of an ansatz, likewise, or a `cirq.Circuit`, whose symbols are the weights.
            Default `"basic_entangler"`.
        n_layers: Integer, layers of a named ansatz. Default 1.
        n_uploads: Integer, how often encoder and ansatz are repeated with new weights (data
            re-uploading). Default 1.
        observables: Name (`"z"`: Pauli Z on each qubit), text (`"Z0*Z1"`), a `cirq.PauliSum` or
            any Hermitian operation of Cirq's, or a list of these. Default `"z"`.
        circuit: A whole `QuanvCircuit`, in place of the five above.
        symbol_order: How symbols are sorted by name, if not `"natural"` (`x_2` before `x_10`):
            `"string"` puts `x_10` before `x_2`, as earlier versions did. Models that they saved
            keep it.
        readout: `"channels"`: the outcomes of a patch become the channels of one output pixel.
            `"pixels"`: they go back onto the patch's own pixels, so that the image keeps its
            size, and layers stack.
        backend: As for `EncodedPQC`.
        differentiator: As for `EncodedPQC`.
        repetitions: As for `EncodedPQC`.
        noise: As for `EncodedPQC`.
        max_circuits: As for `EncodedPQC`.
        initializer: Keras initializer of the angles; `None` is uniform in [0, 2 pi).
        regularizer: Keras regularizer of the angles, or `None`.
        constraint: Keras constraint of the angles, or `None`.
        activation: Keras activation of the outputs, or `None`.
        use_bias: Whether each output channel gets a bias, added before the activation. `False`,
            other than in `Conv2D`: expectation values are trained without one, and the angles
            alone are then the layer's parameters.
        bias_initializer: Keras initializer of the bias.
        bias_regularizer: Keras regularizer of the bias, or `None`.
        bias_constraint: Keras constraint of the bias, or `None`.
        activity_regularizer: Keras regularizer of the output, or `None`.
        input_gradient: Whether gradients pass to the layers before; where `False`, these receive
            the gradient `None` through this layer.
        **kwargs: Of `keras.layers.Layer`. With `trainable=False` the angles stay as they are
            drawn (a frozen quanvolution), and gradients still pass to the layers before.

    Attributes:
        angles: The angles by the names of their symbols; `set_angles` sets them likewise. This,
            `plan` and the `circuit` of named parts are there once the layer is built.
        bias: The bias, or `None`.
        circuit: The `QuanvCircuit` that takes a patch.
        plan: How `"compiled"` computes the circuit, and why; prints as a table.
        pqcs: The `EncodedPQC`s that own the angles, one a group; empty until the layer is built.

    Input shape:
        `(batch, height, width, channels)`, or channels before height under `"channels_first"`.
        `kernel_rows * kernel_columns * channels / groups` is the number of values per patch.
        Batch, height and width may be unknown (`None`), channels not. Masks are not passed on.

    Output shape:
        With `readout="channels"`: `(batch, rows, columns, filters * n_observables)` with
        `rows = (height - dilation * (kernel - 1) - 1) // stride + 1` for `"valid"` and
        `ceil(height / stride)` for `"same"`, columns likewise. The channels are the observables
        of the first filter, then of the second, and so on.
        With `readout="pixels"`: `(batch, rows * kernel_rows, columns * kernel_columns,
        filters * n_observables / pixels)`; under `"same"` the input's height and width.

    Raises:
        ImportError: If the backend needs TensorFlow Quantum, and that is not installed.
        TypeError: If an argument is of the wrong type.
        ValueError: If arguments contradict each other, the circuit takes another number of values
            than a patch has, or the kernel is larger than the image.

    Example:
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random((2, 8, 8, 1))
        >>> tuple(Quanv2D(kernel_size=2)(images).shape)
        (2, 4, 4, 4)
        >>> tuple(Quanv2D(kernel_size=2, readout="pixels")(images).shape)
        (2, 8, 8, 1)

    Reference:
        Henderson, Shakya, Pradhan, Cook, *Quanvolutional Neural Networks* (2020),
        arXiv:1904.04767; trainable in stacks: Kashif, Shafique, *ResQuNNs* (2025),
        arXiv:2402.09146.
    """

    rank = 2


@register
class Quanv1D(BaseQuanv):
    """A trainable quanvolution of sequences, such as time series and spectra.

    A parametrised circuit in the place of `Conv1D`'s kernel. Arguments and errors are those of
    `Quanv2D`, except that there is one axis where that has two.

    Args:
        filters: As for `Quanv2D`, likewise all others that are not described here.
        kernel_size: Integer or tuple of one, steps of a patch. Likewise `strides` and
            `dilation_rate`.
        padding: `"valid"`, `"same"`, or `"causal"`: zeros before the first step alone, so that the
            output at one step depends on no later one.
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

    Example:
        >>> import numpy as np
        >>> spectra = np.random.default_rng(0).random((2, 12, 1))
        >>> tuple(Quanv1D(kernel_size=3)(spectra).shape)
        (2, 4, 3)
        >>> tuple(Quanv1D(kernel_size=3, strides=1, padding="causal")(spectra).shape)
        (2, 12, 3)
    """

    rank = 1


@register
class Quanv3D(BaseQuanv):
    """A trainable quanvolution of volumes, or of videos, whose frames are the first axis.

    A parametrised circuit in the place of `Conv3D`'s kernel. Arguments and errors are those of
    `Quanv2D`, except that there are three axes where that has two. A patch of 2 x 2 x 2 pixels has
    8 values, so that 8 qubits run with the default encoder; `encoder="amplitude"` needs 3.

    Args:
        filters: As for `Quanv2D`, likewise all others that are not described here.
        kernel_size: Integer or tuple of three, pixels of a patch along each axis. Likewise
            `strides` and `dilation_rate`.
        **kwargs: As for `Quanv2D`.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels before depth under
        `"channels_first"`. The pixels of a patch times `channels / groups` are the number of values
        per patch.

    Output shape:
        As for `Quanv2D`, with three axes. With `readout="channels"`:
        `(batch, ..., filters * n_observables)`. With `readout="pixels"`: along each axis the number
        of patches times the kernel's pixels, and `filters * n_observables / pixels` channels; under
        `"same"` the input's size.

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
