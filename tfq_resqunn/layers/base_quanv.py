"""`BaseQuanv`: a circuit that slides over patches, in any rank."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import cirq
import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, check_flag
from tfq_resqunn._utils.keras import Shape, keras, output_shape, track_for_checkpoints
from tfq_resqunn.backends.execution import Execution
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.noise.channels import NoiseLike
from tfq_resqunn.circuits.observables.sums import Observables
from tfq_resqunn.circuits.parts import PART_NAMES, Part, Parts
from tfq_resqunn.layers import patches
from tfq_resqunn.layers.angles import Angles, by_name, with_angles
from tfq_resqunn.layers.geometry import Geometry, Sizes
from tfq_resqunn.layers.initializers import default_initializer, initializers_of_groups
from tfq_resqunn.layers.input_watch import InputWatch
from tfq_resqunn.layers.keywords import known_to
from tfq_resqunn.layers.patch_circuits import PatchCircuits
from tfq_resqunn.layers.pqc import Backend, EncodedPQC
from tfq_resqunn.simulation.plan import Plan


class BaseQuanv(keras.layers.Layer):
    """What quanvolutions of all ranks have in common, as Keras' `BaseConv` for convolutions.

    The arguments, which are the same in each rank, are those of `Quanv2D`.
    """

    rank: int  # the number of axes along which patches lie; a subclass sets it

    def __init__(
        self,
        filters: int = 1,
        kernel_size: Sizes = 2,
        strides: Sizes | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
        groups: int = 1,
        *,
        encoder: Part | None = None,
        ansatz: Part | None = None,
        n_layers: int | None = None,
        n_uploads: int | None = None,
        observables: Observables | None = None,
        circuit: QuanvCircuit | None = None,
        symbol_order: str | None = None,
        readout: str = "channels",
        backend: Backend = "compiled",
        differentiator: Any = None,
        repetitions: int | None = None,
        noise: NoiseLike = None,
        max_circuits: int | None = None,
        initializer: str | keras.initializers.Initializer | None = None,
        regularizer: str | keras.regularizers.Regularizer | None = None,
        constraint: str | keras.constraints.Constraint | None = None,
        activation: str | Callable[[tf.Tensor], tf.Tensor] | None = None,
        use_bias: bool = False,
        bias_initializer: str | keras.initializers.Initializer = "zeros",
        bias_regularizer: str | keras.regularizers.Regularizer | None = None,
        bias_constraint: str | keras.constraints.Constraint | None = None,
        activity_regularizer: str | keras.regularizers.Regularizer | None = None,
        input_gradient: bool = True,
        **kwargs: Any,
    ) -> None:
        with known_to(self, kwargs):
            super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        who = type(self).__name__
        self.filters = check_count(filters, "filters", who)
        self.geometry = geometry = Geometry(
            self.rank, kernel_size, strides, padding, data_format, dilation_rate, groups, readout,
            who,
        )  # fmt: skip
        self.kernel_size = geometry.kernel_size
        self.strides = geometry.strides
        self.padding = geometry.padding
        self.data_format = geometry.data_format
        self.dilation_rate = geometry.dilation_rate
        self.groups = geometry.groups
        self.readout = geometry.readout
        parts = Parts(encoder, ansatz, n_layers, n_uploads, observables, circuit, symbol_order, who)
        self._parts = parts
        self._patch_circuits = PatchCircuits(parts)
        self.encoder = parts.encoder
        self.ansatz = parts.ansatz
        self.n_layers = parts.n_layers
        self.n_uploads = parts.n_uploads
        self.observables = parts.observables
        self.symbol_order = parts.symbol_order
        execution = Execution(backend, differentiator, repetitions, noise, max_circuits, who)
        self._execution = execution
        self.backend = execution.backend
        self.differentiator = execution.differentiator
        self.repetitions = execution.repetitions
        self.noise = execution.noise
        self.max_circuits = execution.max_circuits
        self.initializer = default_initializer(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.constraint = keras.constraints.get(constraint)
        self.activation = keras.activations.get(activation)
        self.use_bias = check_flag(use_bias, "use_bias", who)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.input_gradient = check_flag(input_gradient, "input_gradient", who)
        self.bias: tf.Variable | None = None
        self.input_watch = InputWatch(self)
        if self.filters % self.groups:
            raise ValueError(
                f"{who}: `groups` must divide `filters`, since each filter sees one group. "
                f"Received filters={self.filters}, groups={self.groups}."
            )

    # --- what the layer holds --------------------------------------------------------------------

    @property
    def circuit(self) -> QuanvCircuit:
        """The circuit of a patch: the argument, or what the layer has built of named parts.

        Named parts make a circuit once the number of channels is known, so that an AttributeError
        says before the layer is built how to build it.
        """
        if self._parts.circuit is not None:
            return self._parts.circuit
        self._check_built("circuit")
        return self._pqcs[0].circuit  # all groups have the same

    @property
    def pqcs(self) -> list[EncodedPQC]:
        """The layers that run the circuits, one a group; empty until the layer is built."""
        return list(self._pqcs) if self.built else []

    @property
    def plan(self) -> Plan | None:
        """How the compiled backend computes the circuit, and why; prints as a table.

        `None` for other backends. Before the layer is built, it raises an AttributeError that says
        how to build it.
        """
        self._check_built("plan")
        return self._pqcs[0].plan

    @property
    def angles(self) -> dict[str, float | np.ndarray]:
        """The angles by their symbols' names: a number, or an array of one for each filter."""
        return by_name(self._weights("angles"), self.circuit.weights)

    def set_angles(self, angles: Angles) -> None:
        """Sets some angles by their symbols' names; the others stay as they are.

        Args:
            angles: `dict` from names (or symbols) to a number, which all filters then have, or to
                an array of one for each filter.

        Raises:
            AttributeError: If the layer is not built.
            TypeError: If `angles` is no `dict` of numbers.
            ValueError: If the circuit has no weight of such a name, or the numbers are not finite
                or not as many as filters.

        Example:
            >>> from tfq_resqunn import Quanv2D
            >>> layer = Quanv2D(filters=2, kernel_size=(1, 2))
            >>> layer.build((None, 4, 4, 1))
            >>> layer.set_angles({"w_000": 0.5, "w_001": [1.0, 2.0]})
            >>> {name: angles.tolist() for name, angles in layer.angles.items()}
            {'w_000': [0.5, 0.5], 'w_001': [1.0, 2.0]}
        """
        weights = self._weights("set_angles")
        weights = with_angles(weights, self.circuit.weights, angles, type(self).__name__)
        for pqc, share in zip(self._pqcs, np.split(weights, self.groups), strict=True):
            pqc.parameters.assign(share)

    def choose_readout(self, input_shape: Shape) -> None:
        """Takes `readout="pixels"` where a patch's outcomes fill its pixels evenly.

        For a layer that has `readout="channels"` and is not built yet; it keeps that elsewhere.

        Example:
            >>> from tfq_resqunn import Quanv2D
            >>> layer = Quanv2D(encoder="angle")  # 4 outcomes on 2 x 2 pixels
            >>> layer.choose_readout((None, 8, 8, 1))
            >>> layer.readout
            'pixels'
        """
        if not self.geometry.is_side_by_side or self.padding == "causal":
            return
        if len(self._circuit_for(input_shape).observables) % self.geometry.n_pixels == 0:
            self.readout = "pixels"
            self.geometry = dataclasses.replace(self.geometry, readout="pixels")

    def __repr__(self) -> str:
        if self._parts.circuit is not None:
            circuit = f"circuit={_shown(self._parts.circuit.circuit)}"
        else:
            circuit = (
                f"encoder={_shown(self.encoder)}, ansatz={_shown(self.ansatz)}, "
                f"n_layers={self.n_layers}, n_uploads={self.n_uploads}, "
                f"observables={_shown(self.observables)}"
            )
        return (
            f"<{type(self).__name__} name={self.name}, filters={self.filters}, "
            f"kernel_size={self.kernel_size}, {circuit}, readout={self.readout!r}, "
            f"backend={self.backend!r}, built={self.built}>"
        )

    # --- what Keras calls ------------------------------------------------------------------------

    def build(self, input_shape: Shape) -> None:
        axis = self.geometry.channel_axis
        n_outputs = self.compute_output_shape(input_shape)[axis]
        circuit = self._circuit_for(input_shape)
        self._pqcs = self._make_pqcs(circuit)
        track_for_checkpoints(self, self._pqcs)
        for pqc in self._pqcs:
            pqc.build((None, len(circuit.inputs)))
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(n_outputs,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                trainable=True,
                dtype=self.variable_dtype,
            )
        self._channels = self.geometry.channels(input_shape)
        self.input_spec = keras.layers.InputSpec(ndim=self.rank + 2, axes={axis: self._channels})
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        images = patches.channels_last(inputs, self.geometry, self._channels)
        self.input_watch.look(inputs, self.circuit)
        runs = zip(self._pqcs, patches.of_groups(images, self.geometry), strict=True)
        outcomes = tf.concat([pqc.expectations(values) for pqc, values in runs], axis=0)
        outputs = patches.feature_map(outcomes, images, self.filters, self.geometry)
        if self.bias is not None:
            shape = [1] * (self.rank + 2)
            shape[self.geometry.channel_axis] = -1
            bias = tf.cast(tf.convert_to_tensor(self.bias), outputs.dtype)
            outputs = outputs + tf.reshape(bias, shape)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        n_outcomes = self.filters * len(self._circuit_for(input_shape).observables)
        return output_shape(self.geometry.output_shape(input_shape, n_outcomes))

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "readout": self.readout,
            **self._parts.get_config(),
            **self._execution.get_config(),
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "constraint": keras.constraints.serialize(self.constraint),
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
            "activity_regularizer": keras.regularizers.serialize(self.activity_regularizer),
            "input_gradient": self.input_gradient,
        }

    @classmethod
    def from_config(cls, config: dict) -> "BaseQuanv":
        parts = Parts.from_config(config, cls.__name__)
        return cls(**{**config, **{name: getattr(parts, name) for name in PART_NAMES}})

    # --- helpers ---------------------------------------------------------------------------------

    def _circuit_for(self, input_shape: Shape) -> QuanvCircuit:
        return self._patch_circuits.of(self.geometry.channels(input_shape), self.geometry)

    def _make_pqcs(self, circuit: QuanvCircuit) -> list:
        """Makes what runs the circuits of each group."""
        # As for EncodedPQC: in half precision, angles would be too coarse.
        dtype = "float64" if self.variable_dtype == "float64" else "float32"
        shape = (self.filters, len(circuit.weights))
        shares = initializers_of_groups(self.initializer, self.groups, shape, dtype)
        return [self._pqc(f"circuit_{i}", circuit, share) for i, share in enumerate(shares)]

    def _pqc(self, name: str, circuit: QuanvCircuit, initializer: Callable) -> EncodedPQC:
        """Makes what runs the circuits of one group."""
        # Several groups' variables need names that differ, for an .h5 file of Keras 2.
        scope = contextlib.nullcontext() if self.groups == 1 else tf.name_scope(name)
        with scope:
            return EncodedPQC(
                circuit,
                filters=self.filters // self.groups,
                backend=self.backend,
                differentiator=self.differentiator,
                repetitions=self.repetitions,
                noise=self.noise,
                max_circuits=self.max_circuits,
                initializer=initializer,
                regularizer=self.regularizer,
                constraint=self.constraint,
                input_gradient=self.input_gradient,
                trainable=self.trainable,
                dtype=self.dtype_policy,
                name=name,
            )

    def _weights(self, what: str) -> np.ndarray:
        self._check_built(what)
        return np.concatenate([np.array(pqc.parameters) for pqc in self._pqcs])

    def _check_built(self, what: str) -> None:
        if not self.built:
            raise AttributeError(
                f"{type(self).__name__}: `{what}` is there once the layer is built, since the "
                "number of channels decides how many values the circuit takes. Received "
                f"{self.name!r}, which is not built. Call it with an input first, or "
                f"layer.build((None, {', '.join(self.geometry.input_axes)}))."
            )


def _shown(part: object) -> str:
    """Gives a short text for a part of a circuit."""
    if isinstance(part, cirq.AbstractCircuit):
        return f"<circuit on {len(part.all_qubits())} qubits>"
    if isinstance(part, list):
        return f"[{', '.join(map(_shown, part))}]"
    if isinstance(part, functools.partial):
        return f"{_shown(part.func)} with {part.keywords}"
    if isinstance(part, cirq.PauliSum):
        return str(part)
    return getattr(part, "__name__", repr(part))
