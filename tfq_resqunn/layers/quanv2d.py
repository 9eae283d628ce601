"""`Quanv2D`: a circuit that slides over the patches of an image."""

import contextlib
import dataclasses

import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, check_flag
from tfq_resqunn._utils.keras import keras, output_shape, register, track_for_checkpoints
from tfq_resqunn.backends.execution import EXECUTION_NAMES, Execution
from tfq_resqunn.circuits.parts import PART_NAMES, Parts
from tfq_resqunn.layers.bias import BiasedLayer
from tfq_resqunn.layers.geometry import GEOMETRY_NAMES, Geometry
from tfq_resqunn.layers.initializers import default_initializer, initializers_of_groups
from tfq_resqunn.layers.patch_circuits import PatchCircuits
from tfq_resqunn.layers.pqc import EncodedPQC


@register
class Quanv2D(BiasedLayer):
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
        input_gradient: Whether gradients pass to the layers below; where `False`, these receive
            the gradient `None` through this layer.
        **kwargs: Of `keras.layers.Layer`. With `trainable=False` the angles stay as they are
            drawn (a static quanvolution), and gradients still pass to the layers below.

    Attributes:
        pqcs: The `EncodedPQC`s that own the angles, one a group; empty until the layer is built.
        bias: The bias, or `None`.

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
        symbol_order=None,
        readout="channels",
        backend="compiled",
        differentiator=None,
        repetitions=None,
        noise=None,
        max_circuits=None,
        initializer=None,
        regularizer=None,
        constraint=None,
        activation=None,
        use_bias=False,
        bias_initializer="zeros",
        bias_regularizer=None,
        bias_constraint=None,
        activity_regularizer=None,
        input_gradient=True,
        **kwargs,
    ):
        super().__init__(
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            bias_constraint=bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = check_count(filters, "filters", "Quanv2D")
        self._set_geometry(
            Geometry(kernel_size, strides, padding, data_format, dilation_rate, groups, readout)
        )
        self._parts = Parts(
            encoder, ansatz, n_layers, n_uploads, observables, circuit, symbol_order, "Quanv2D"
        )
        for part in PART_NAMES:
            setattr(self, part, getattr(self._parts, part))
        self._circuits = PatchCircuits(self._parts, self._geometry)
        self._execution = Execution(
            backend, differentiator, repetitions, noise, max_circuits, who="Quanv2D"
        )
        for argument in EXECUTION_NAMES:
            setattr(self, argument, getattr(self._execution, argument))
        self.initializer = default_initializer(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.constraint = keras.constraints.get(constraint)
        self.input_gradient = check_flag(input_gradient, "input_gradient", "Quanv2D")
        if self.filters % self.groups:
            raise ValueError(
                "Quanv2D: `groups` must divide `filters`, since each filter sees one group. "
                f"Received filters={self.filters}, groups={self.groups}."
            )

    def _set_geometry(self, geometry: Geometry) -> None:
        self._geometry = geometry
        for argument in GEOMETRY_NAMES:
            setattr(self, argument, getattr(geometry, argument))

    def choose_readout(self, input_shape) -> None:
        """Takes `readout="pixels"` where a patch's outcomes fill its pixels evenly.

        For a layer that has `readout="channels"` and is not built yet; it keeps that elsewhere.

        Args:
            input_shape: Shape of the layer's input, batch axis first.

        Example:
            >>> layer = Quanv2D(encoder="angle")  # 4 outcomes on 2 x 2 pixels
            >>> layer.choose_readout((None, 8, 8, 1))
            >>> layer.readout
            'pixels'
        """
        grid = self._geometry.grid
        if not grid.tiles:
            return
        circuit = self._circuits.of(self._geometry.channels(input_shape))
        if len(circuit.observables) % grid.n_pixels == 0:
            self._set_geometry(dataclasses.replace(self._geometry, readout="pixels"))
            self._circuits = self._circuits.laid_out(self._geometry)

    @property
    def pqcs(self) -> list[EncodedPQC]:
        """The `tfq.layers.PQC`s that the layer runs, one a group; empty until it is built."""
        return list(self._pqcs) if self.built else []

    @property
    def plan(self):
        """How the compiled backend computes the circuit, and why; prints as a table."""
        return self._pqcs[0].plan if self.built else None

    def build(self, input_shape):
        axis = self._geometry.channel_axis
        n_outputs = self.compute_output_shape(input_shape)[axis]
        channels = self._geometry.channels(input_shape)
        circuit = self._circuits.of(channels)
        # As for EncodedPQC: in half precision, angles would be too coarse.
        dtype = "float64" if self.variable_dtype == "float64" else "float32"
        shape = (self.filters, len(circuit.weights))
        shares = initializers_of_groups(self.initializer, self.groups, shape, dtype)
        self._pqcs = [self._pqc(f"circuit_{i}", circuit, share) for i, share in enumerate(shares)]
        track_for_checkpoints(self, self._pqcs)
        for pqc in self._pqcs:
            pqc.build((None, len(circuit.inputs)))
        self.add_bias(n_outputs)
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={axis: channels})
        super().build(input_shape)

    def _pqc(self, name: str, circuit, initializer) -> EncodedPQC:
        """Makes what runs the circuits of one group."""
        # Several groups' variables need names that differ, for an .h5 file of Keras 2.
        scope = contextlib.nullcontext() if self.groups == 1 else tf.name_scope(name)
        with scope:
            return EncodedPQC(
                circuit,
                filters=self.filters // self.groups,
                **{argument: getattr(self, argument) for argument in EXECUTION_NAMES},
                initializer=initializer,
                regularizer=self.regularizer,
                constraint=self.constraint,
                input_gradient=self.input_gradient,
                trainable=self.trainable,
                dtype=self.dtype_policy,
                name=name,
            )

    def call(self, inputs):
        images = self._geometry.images(inputs)
        patches = self._geometry.patches(images)
        runs = zip(self._pqcs, patches, strict=True)
        outcomes = tf.concat([pqc.expectations(values) for pqc, values in runs], axis=0)
        outputs = self._geometry.outputs(outcomes, images, self.filters)
        return self.finish(outputs, self._geometry.channel_axis)

    def compute_output_shape(self, input_shape):
        circuit = self._circuits.of(self._geometry.channels(input_shape))
        n_outcomes = self.filters * len(circuit.observables)
        return output_shape(self._geometry.output_shape(input_shape, n_outcomes))

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            **{argument: getattr(self, argument) for argument in GEOMETRY_NAMES},
            **self._parts.get_config(),
            **self._execution.get_config(),
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "constraint": keras.constraints.serialize(self.constraint),
            "input_gradient": self.input_gradient,
        }

    @classmethod
    def from_config(cls, config):
        parts = Parts.from_config(config, "Quanv2D")
        return cls(**{**config, **{name: getattr(parts, name) for name in PART_NAMES}})
