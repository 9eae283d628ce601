"""`EncodedPQC`: a parametrised circuit as a layer; a `tfq.layers.PQC` that takes numbers."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, check_flag
from tfq_resqunn._utils.keras import IS_KERAS_3, NO_AUTOCAST, Shape, keras, output_shape, register
from tfq_resqunn._utils.tfq import import_tfq
from tfq_resqunn.backends.execution import Execution
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.noise.channels import NoiseLike
from tfq_resqunn.circuits.symbols import listed
from tfq_resqunn.layers.angles import Angles, by_name, with_angles
from tfq_resqunn.layers.initializers import default_initializer
from tfq_resqunn.layers.input_watch import InputWatch
from tfq_resqunn.layers.inputs import check_known, check_numbers, known_shape
from tfq_resqunn.layers.keywords import known_to

if TYPE_CHECKING:
    import cirq

Backend: TypeAlias = "str | cirq.Sampler | cirq.SimulatesExpectationValues"

_tfq = import_tfq()
_PQC: Any = keras.layers.Layer if _tfq is None else _tfq.layers.PQC


@register
class EncodedPQC(_PQC):
    """A `tfq.layers.PQC` fed with numbers, which are the values of the circuit's data symbols.

    The layer owns the trained angles. Numbers that enter as symbol values make the layer
    differentiable in its inputs as well as in its weights, where `tfq.layers.PQC` takes circuits
    as strings, which no gradient passes. Where TensorFlow Quantum is not installed, the same layer
    is a plain `keras.layers.Layer`; configurations, files and weights are the same.

    Args:
        circuit: `QuanvCircuit`, with at least one data symbol and one weight.
        filters: Integer, number of circuits: copies with weights of their own that see the same
            inputs.
        backend: What runs the circuits.
            `"compiled"`: batched TensorFlow operations, with XLA and on a GPU; in float32, or in
            float64 under that dtype policy.
            `"noiseless"`: TensorFlow Quantum's state vector simulator (float32), where it exists.
            `"noisy"`: its simulator of trajectories, with `noise` and `repetitions`.
            A `cirq.Sampler` (simulator or device), with `repetitions`, or a
            `cirq.SimulatesExpectationValues` without. Circuits run on the qubits that `circuit`
            names, equal ones once.
        differentiator: How gradients are taken, for all backends but `"compiled"`: `None` (adjoint
            for exact `"noiseless"`, else parameter shift), a name (`"adjoint"`,
            `"parameter_shift"`, `"forward_difference"`, `"central_difference"`) or an instance of
            one of these `tfq.differentiators`. On Cirq's objects, the shifts are this package's
            own, for gates with any number of frequencies, and differences are taken as it says.
        repetitions: `None` for exact values, or the number of shots from which each is estimated;
            gradients are then estimates as well. For `"noisy"` the number of trajectories, in each
            of which every channel does one thing at random; their exact values are averaged. (For
            shots with noise use `"compiled"`, or `cirq.DensityMatrixSimulator()`.)
        noise: `None`, a `dict` such as `{"depolarizing": 0.01, "readout_error": 0.02}`, or a
            `cirq.NoiseModel`; see `Noise`. With `"compiled"` its effect is exact.
        max_circuits: The most circuits that a `cirq.Sampler` takes at once; more are split.
            `None`: no limit.
        initializer: Keras initializer of the weights, in radians for a rotation by one weight.
            `None` is uniform in [0, 2 pi).
        regularizer: Keras regularizer of the weights, or `None`.
        constraint: Keras constraint of the weights, or `None`.
        input_gradient: Whether gradients pass to the inputs. Where it is `False`, the layers before
            receive the gradient `None` through this one, as they do where data is encoded
            classically outside the differentiated program.
        **kwargs: Of `keras.layers.Layer` (`name`, `dtype`, `trainable`).

    Input shape:
        `(n, n_features)`, with one feature for each of `circuit.inputs`, in that order.

    Output shape:
        `(n, filters * n_observables)`: the observables of the first filter, then of the second,
        and so on. Each value is an expectation value, or an estimate of one.

    Attributes:
        plan: How `"compiled"` computes the circuit, and why; prints as a table.

    Raises:
        ImportError: If the backend needs TensorFlow Quantum, and that is not installed.
        TypeError: If an argument is of the wrong type.
        ValueError: If the circuit has no data symbol or no weight, the backend cannot take one of
            its gates or do what is asked, or the input has another number of features.

    Example:
        >>> import cirq, numpy as np, sympy
        >>> q, x, w = cirq.LineQubit(0), sympy.Symbol("x_0"), sympy.Symbol("w_0")
        >>> circuit = QuanvCircuit(cirq.Circuit(cirq.rx(x)(q), cirq.rx(w)(q)))
        >>> layer = EncodedPQC(circuit, initializer="zeros")
        >>> np.round(layer(np.array([[0.0], [np.pi]])), 5).tolist()
        [[1.0], [-1.0]]
        >>> layer.symbols, [float(v) for v in layer.symbol_values().values()]
        ([w_0], [0.0])

    Reference:
        Broughton et al., *TensorFlow Quantum* (2020), arXiv:2003.02989.
    """

    def __init__(
        self,
        circuit: QuanvCircuit,
        *,
        filters: int = 1,
        backend: Backend = "compiled",
        differentiator: Any = None,
        repetitions: int | None = None,
        noise: NoiseLike = None,
        max_circuits: int | None = None,
        initializer: str | keras.initializers.Initializer | None = None,
        regularizer: str | keras.regularizers.Regularizer | None = None,
        constraint: str | keras.constraints.Constraint | None = None,
        input_gradient: bool = True,
        **kwargs: Any,
    ) -> None:
        _check_strategy()
        _check_circuit(circuit)
        filters = check_count(filters, "filters", "EncodedPQC")
        execution = Execution(backend, differentiator, repetitions, noise, max_circuits)
        # Not that of `tfq.layers.PQC`, which serialises the circuit, and which Keras 3 refuses.
        with known_to(self, kwargs):
            keras.layers.Layer.__init__(self, **kwargs)
        self.initializer = default_initializer(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.constraint = keras.constraints.get(constraint)
        self.circuit = circuit
        self.filters = filters
        self._n_outputs = filters * len(circuit.observables)
        self._execution = execution
        self.backend = execution.backend
        self.differentiator = execution.differentiator
        self.repetitions = execution.repetitions
        self.noise = execution.noise
        self.max_circuits = execution.max_circuits
        self.input_gradient = check_flag(input_gradient, "input_gradient", "EncodedPQC")
        self._runner = execution.runner(circuit)
        self.input_watch = InputWatch(self)
        self.supports_jit = self._runner.supports_jit
        self.plan = self._runner.plan
        self.parameters = self.add_weight(
            name="parameters",
            shape=(filters, len(circuit.weights)),
            initializer=self.initializer,
            regularizer=self.regularizer,
            constraint=self.constraint,
            trainable=True,
            # In half precision, angles would be too coarse.
            dtype="float64" if self.variable_dtype == "float64" else "float32",
            **NO_AUTOCAST,
        )

    @property
    def symbols(self) -> list[sympy.Symbol]:
        """The symbols of the weights, in their order; the circuit's other symbols are data."""
        return list(self.circuit.weights)

    def symbol_values(self) -> dict[sympy.Symbol, float | np.ndarray]:
        """Gives a `dict` from each weight's symbol to its value: a float, or one a filter."""
        values = np.transpose(self.get_weights()[0])
        return dict(zip(self.symbols, values[:, 0] if self.filters == 1 else values, strict=True))

    @property
    def angles(self) -> dict[str, float | np.ndarray]:
        """The angles by their symbols' names: a number, or an array of one for each filter."""
        return by_name(np.array(self.parameters), self.circuit.weights)

    def set_angles(self, angles: Angles) -> None:
        """Sets some angles by their symbols' names, as `Quanv2D.set_angles` does."""
        weights = np.array(self.parameters)
        weights = with_angles(weights, self.circuit.weights, angles, "EncodedPQC")
        self.parameters.assign(weights)

    def __repr__(self) -> str:
        circuit = self.circuit
        return (
            f"<EncodedPQC name={self.name}, filters={self.filters}, circuit of "
            f"{len(circuit.qubits)} qubits, {len(circuit.inputs)} data symbols, "
            f"{len(circuit.weights)} weights, {len(circuit.observables)} observables, "
            f"backend={self.backend!r}, built={self.built}>"
        )

    def build(self, input_shape: Shape) -> None:
        self.compute_output_shape(input_shape)
        n_features = len(self.circuit.inputs)
        self.input_spec = keras.layers.InputSpec(ndim=2, axes={-1: n_features})
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        check_numbers(inputs, "EncodedPQC")
        n_features = len(self.circuit.inputs)
        rule = f"EncodedPQC: the input must have shape (n, {n_features})."
        check_known(inputs, {1: n_features}, rule)
        self.input_watch.look(inputs, self.circuit)
        return tf.transpose(self.expectations(tf.transpose(inputs)))

    def expectations(self, features: tf.Tensor) -> tf.Tensor:
        """Does what a call does, with samples along the last axis.

        From features `[n_features, n]` it makes outcomes `[filters * n_observables, n]`.
        """
        features = tf.cast(features, self.parameters.dtype)
        if not self.input_gradient:
            features = tf.stop_gradient(features)
        # TensorFlow's ops take tensors, not Keras variables in a list.
        weights = tf.convert_to_tensor(self.parameters)
        outcomes = self._runner.run(features, weights)
        outcomes.set_shape([self._n_outputs, None])  # `ensure_shape` is an op TF Lite has not
        return tf.cast(outcomes, self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        symbols = self.circuit.inputs
        shape = known_shape(input_shape, f"features, (n, {len(symbols)})", "EncodedPQC")
        if shape.rank != 2 or shape[-1] != len(symbols):
            raise ValueError(
                f"EncodedPQC: the input must have shape (n, {len(symbols)}): one feature for each "
                f"data symbol of `circuit` ({', '.join(map(str, symbols))}). "
                f"Received shape {tuple(shape)}."
            )
        return output_shape((shape[0], self._n_outputs))

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "circuit": self.circuit.to_json(),
            "filters": self.filters,
            **self._execution.get_config(),
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "constraint": keras.constraints.serialize(self.constraint),
            "input_gradient": self.input_gradient,
        }

    @classmethod
    def from_config(cls, config: dict) -> "EncodedPQC":
        config = dict(config)
        if "circuit" in config:  # if not, Python says that it is missing
            config["circuit"] = QuanvCircuit.from_json(config["circuit"])
        return cls(**config)


def _check_strategy() -> None:
    """Refuses several machines under Keras 3, before `fit` fails with a dump of its tensors."""
    strategy = tf.distribute.get_strategy()
    if not IS_KERAS_3 or not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return
    here, everywhere = len(strategy.extended.worker_devices), strategy.num_replicas_in_sync
    if everywhere > here:
        raise RuntimeError(
            "EncodedPQC, which runs the circuits: Keras 3 cannot train under "
            "MultiWorkerMirroredStrategy with more than one worker "
            f"(keras-team/keras#20585). Received one with {everywhere} replicas, {here} of "
            "them here. Keras 2 can: install tf_keras, and set TF_USE_LEGACY_KERAS=1 before "
            "TensorFlow is imported."
        )


def _check_circuit(circuit: object) -> None:
    if not isinstance(circuit, QuanvCircuit):
        raise TypeError(
            f"EncodedPQC: `circuit` must be a QuanvCircuit. Received {type(circuit).__name__}. "
            "Use QuanvCircuit(circuit, observables), or QuanvCircuit.from_parts(encoder, ansatz)."
        )
    if not circuit.inputs:
        raise ValueError(
            "EncodedPQC: `circuit` must have at least one data symbol (by default, a symbol whose "
            f"name starts with x_). Received one with the symbols {listed(circuit.weights)}. "
            "Name the data symbols in QuanvCircuit's `inputs`."
        )
    if not circuit.weights:
        raise ValueError(
            "EncodedPQC: `circuit` must have at least one weight, a symbol that is not data. "
            f"Received one with data symbols only ({listed(circuit.inputs)}). Add an ansatz with "
            "symbols; to keep its angles fixed, use trainable=False."
        )
