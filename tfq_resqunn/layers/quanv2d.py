"""`Quanv2D`: a circuit that slides over the patches of an image."""

import tensorflow as tf

from tfq_resqunn._keras import keras, register
from tfq_resqunn.circuits.checks import check_count, check_flag
from tfq_resqunn.circuits.parts import PART_NAMES, Parts
from tfq_resqunn.layers import differentiators
from tfq_resqunn.layers.patches import Grid, pair
from tfq_resqunn.layers.pqc import EncodedPQC, check_backend, default_initializer

READOUTS = ("channels", "pixels")


@register
class Quanv2D(keras.layers.Layer):
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
        padding: `"valid"` or `"same"` (zeros around the image).
        data_format: `"channels_last"` or `"channels_first"`; `None` is Keras' setting.
        dilation_rate: Integer or pair, distance between the pixels of a patch.
        groups: Integer, parts into which the input channels are split. Each filter sees one, so
            it divides the channels and `filters`.
        encoder: How the values of a patch enter: name of an encoder (`resqunn circuits` lists
            them; `functools.partial` of its function sets options), or a `cirq.Circuit`, whose
            symbols, sorted by name, take the values of a patch row by row, channels last.
            Default `"angle"`.
        ansatz: Name of an ansatz, likewise, or a `cirq.Circuit`, whose symbols are the weights.
            Default `"basic_entangler"`.
        n_layers: Integer, layers of a named ansatz. Default 1.
        n_uploads: Integer, how often encoder and ansatz are repeated with new weights (data
            re-uploading). Default 1.
        observables: Name (`"z"`: Pauli Z on each qubit), text (`"Z0*Z1"`), a `cirq.PauliSum`, or
            a list of these. Default `"z"`.
        circuit: A whole `QuanvCircuit`, in place of the five above.
        readout: `"channels"`: the outcomes of a patch become the channels of one output pixel.
            `"pixels"`: they go back onto the patch's own pixels, so that the image keeps its
            size, and layers stack.
        backend: As for `EncodedPQC`.
        differentiator: As for `EncodedPQC`.
        initializer: Keras initializer of the angles; `None` is uniform in [0, 2 pi).
        regularizer: Keras regularizer of the angles, or `None`.
        constraint: Keras constraint of the angles, or `None`.
        input_gradient: Whether gradients pass to the layers below; where `False`, these receive
            the gradient `None` through this layer.
        **kwargs: Of `keras.layers.Layer`. With `trainable=False` the angles stay as they are
            drawn (a static quanvolution), and gradients still pass to the layers below.

    Input shape:
        `(batch, height, width, channels)`, or channels before height under `"channels_first"`.
        `kernel_rows * kernel_columns * channels / groups` is the number of values per patch.

    Output shape:
        With `readout="channels"`: `(batch, rows, columns, filters * n_observables)` with
        `rows = (height - dilation * (kernel - 1) - 1) // stride + 1` for `"valid"` and
        `ceil(height / stride)` for `"same"`, columns likewise. The channels are the observables
        of the first filter, then of the second, and so on.
        With `readout="pixels"`: `(batch, rows * kernel_rows, columns * kernel_columns,
        filters * n_observables / pixels)`; under `"same"` the input's height and width.

    Raises:
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

    def __init__(
        self,
        filters=1,
        kernel_size=2,
        strides=None,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
        *,
        encoder=None,
        ansatz=None,
        n_layers=None,
        n_uploads=None,
        observables=None,
        circuit=None,
        readout="channels",
        backend="compiled",
        differentiator=None,
        initializer=None,
        regularizer=None,
        constraint=None,
        input_gradient=True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = check_count(filters, "filters", "Quanv2D")
        self.kernel_size = pair(kernel_size, "kernel_size", "Quanv2D")
        self.strides = pair(self.kernel_size if strides is None else strides, "strides", "Quanv2D")
        self.padding = _one_of(padding, "padding", ("valid", "same"))
        self.data_format = _one_of(
            keras.backend.image_data_format() if data_format is None else data_format,
            "data_format",
            ("channels_last", "channels_first"),
        )
        self.dilation_rate = pair(dilation_rate, "dilation_rate", "Quanv2D")
        self.groups = check_count(groups, "groups", "Quanv2D")
        self._parts = Parts(encoder, ansatz, n_layers, n_uploads, observables, circuit, "Quanv2D")
        for part in PART_NAMES:
            setattr(self, part, getattr(self._parts, part))
        self.readout = _one_of(readout, "readout", READOUTS)
        check_backend(backend, differentiator, "Quanv2D")
        self.backend = backend
        self.differentiator = differentiators.serialize(differentiator)
        self.initializer = default_initializer(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.constraint = keras.constraints.get(constraint)
        self.input_gradient = check_flag(input_gradient, "input_gradient", "Quanv2D")
        self._grid = Grid.of(self.kernel_size, self.strides, self.padding, self.dilation_rate)
        self._check_arguments()

    @property
    def pqcs(self) -> list[EncodedPQC]:
        """The `tfq.layers.PQC`s that the layer runs, one a group; empty until it is built."""
        return list(self._pqcs) if self.built else []

    @property
    def plan(self):
        """How the compiled backend computes the circuit, and why; prints as a table."""
        return self._pqcs[0].plan if self.built else None

    def build(self, input_shape):
        self.compute_output_shape(input_shape)
        channels = self._channels(input_shape)
        circuit = self._circuit_for(channels)
        self._pqcs = [
            EncodedPQC(
                circuit,
                filters=self.filters // self.groups,
                backend=self.backend,
                differentiator=self.differentiator,
                initializer=initializer,
                regularizer=self.regularizer,
                constraint=self.constraint,
                input_gradient=self.input_gradient,
                trainable=self.trainable,
                dtype=self.dtype_policy,
                name=f"circuit_{i}",
            )
            for i, initializer in enumerate(self._initializers(len(circuit.weights)))
        ]
        for pqc in self._pqcs:
            pqc.build((None, len(circuit.inputs)))
        axis = 1 if self.data_format == "channels_first" else 3
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={axis: channels})
        super().build(input_shape)

    def _initializers(self, n_weights):
        if self.groups == 1:
            return [self.initializer]
        # Drawn at once: asked for each group anew, an initializer gives the same angles again.
        with tf.init_scope():
            drawn = self.initializer((self.filters, n_weights), dtype=self.dtype)
            return [_Drawn(rows) for rows in tf.split(drawn, self.groups)]

    def call(self, inputs):
        self._image_shape(inputs.shape)
        images = inputs
        if self.data_format == "channels_first":
            images = tf.transpose(images, [0, 2, 3, 1])
        outputs = self._quanvolve(images)
        if self.data_format == "channels_first":
            outputs = tf.transpose(outputs, [0, 3, 1, 2])
        return outputs

    def _quanvolve(self, images):
        patches = self._grid.extract(images)  # [pixels, channels, n]
        n_values = len(self._pqcs[0].circuit.inputs)
        outcomes = [
            pqc.expectations(tf.reshape(part, [n_values, -1]))
            for pqc, part in zip(self._pqcs, tf.split(patches, self.groups, axis=1), strict=True)
        ]
        outcomes = tf.concat(outcomes, axis=0)
        if self.readout == "channels":
            return self._grid.to_channels(outcomes, images)
        per_pixel = outcomes.shape[0] // self.filters // self._grid.n_pixels
        shape = [self.filters, self._grid.n_pixels, per_pixel, -1]
        return self._grid.to_pixels(tf.reshape(outcomes, shape), images)

    def compute_output_shape(self, input_shape):
        batch, height, width = self._image_shape(input_shape)
        circuit = self._circuit_for(self._channels(input_shape))
        n_outputs = self.filters * len(circuit.observables)
        if self.readout == "pixels":
            height, width = self._grid.pixels_shape(height, width)
            n_outputs //= self._grid.n_pixels
        else:
            height, width = self._grid.shape(height, width)
        if self.data_format == "channels_first":
            return (batch, n_outputs, height, width)
        return (batch, height, width, n_outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            **self._parts.get_config(),
            "readout": self.readout,
            "backend": self.backend,
            "differentiator": self.differentiator,
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "constraint": keras.constraints.serialize(self.constraint),
            "input_gradient": self.input_gradient,
        }

    @classmethod
    def from_config(cls, config):
        parts = Parts.from_config(config, "Quanv2D")
        return cls(**{**config, **{name: getattr(parts, name) for name in PART_NAMES}})

    def _check_arguments(self):
        if self.filters % self.groups:
            raise ValueError(
                "Quanv2D: `groups` must divide `filters`, since each filter sees one group. "
                f"Received filters={self.filters}, groups={self.groups}."
            )
        if self.readout == "pixels" and not self._grid.tiles:
            raise ValueError(
                "Quanv2D: readout='pixels' puts outcomes back onto the pixels of their patch, so "
                "patches must lie side by side: strides equal to kernel_size, dilation_rate=1. "
                f"Received kernel_size={self.kernel_size}, strides={self.strides}, "
                f"dilation_rate={self.dilation_rate}. Drop `strides`, or use readout='channels'."
            )

    def _image_shape(self, input_shape):
        channels_last = self.data_format == "channels_last"
        if len(input_shape) != 4:
            layout = (
                "(batch, height, width, channels)"
                if channels_last
                else "(batch, channels, height, width)"
            )
            raise ValueError(
                f"Quanv2D: the input must be images of rank 4, {layout}. Received shape "
                f"{tuple(input_shape)}, of rank {len(input_shape)}. For images without channels, "
                "add an axis: x[..., None]."
            )
        size = input_shape[1:3] if channels_last else input_shape[2:4]
        axes = (self._grid.rows, self._grid.columns)
        for name, n, axis in zip(("height", "width"), size, axes, strict=True):
            if n is not None and axis.n_patches(n) < 1:
                raise ValueError(
                    f"Quanv2D: the kernel must fit into the image: {name} must be at least "
                    f"dilation * (kernel - 1) + 1 = {axis.dilation} * {axis.kernel - 1} + 1 = "
                    f"{axis.reach}. Received {name} {n}. Use a smaller `kernel_size`, or "
                    "padding='same'."
                )
        return (input_shape[0], *size)

    def _channels(self, input_shape):
        channels = input_shape[-1 if self.data_format == "channels_last" else 1]
        if channels is None:
            raise ValueError(
                "Quanv2D: the number of channels must be known when the layer is built. Received "
                f"shape {tuple(input_shape)}."
            )
        if channels % self.groups:
            raise ValueError(
                "Quanv2D: `groups` must divide the input's channels. Received groups="
                f"{self.groups} and {channels} channels."
            )
        return channels

    def _circuit_for(self, channels):
        n_values = self._grid.n_pixels * channels // self.groups
        circuit = self._parts.build(n_values)
        argument = "encoder" if self.circuit is None else "circuit"
        if len(circuit.inputs) != n_values:
            per_group = "" if self.groups == 1 else f" / {self.groups} groups"
            s = "" if channels == 1 else "s"
            raise ValueError(
                f"Quanv2D: `{argument}` must take {n_values} values per patch "
                f"(kernel_size={self.kernel_size} x {channels} channel{s}{per_group}).\n"
                f"Received a circuit with {len(circuit.inputs)} data symbols "
                f"({', '.join(map(str, circuit.inputs))}).\n"
                'Use encoder="angle", or change `kernel_size`.'
            )
        n_outcomes = len(circuit.observables)
        if self.readout == "pixels" and n_outcomes % self._grid.n_pixels:
            raise ValueError(
                "Quanv2D: readout='pixels' needs as many observables as a patch has pixels "
                f"({self.kernel_size[0]} * {self.kernel_size[1]} = {self._grid.n_pixels}), or a "
                f"multiple. Received {n_outcomes}. Use observables='z' with one value per qubit, "
                "or readout='channels'."
            )
        return circuit


class _Drawn(keras.initializers.Initializer):
    """Values that are drawn already."""

    def __init__(self, values):
        self.values = values

    def __call__(self, shape, dtype=None, **_):
        return tf.cast(self.values, dtype or self.values.dtype)


def _one_of(value, argument: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(
            f"Quanv2D: `{argument}` must be one of {', '.join(map(repr, choices))}. "
            f"Received {value!r}."
        )
    return value
