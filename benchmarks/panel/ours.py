"""Steps of this package: a layer made of a row's gates, or one method of its plan by name."""

import dataclasses
import time
from collections.abc import Callable, Mapping

import cirq
import numpy as np
import sympy
import tensorflow as tf

import tfq_resqunn as rq
from benchmarks.panel.circuits import Gates, symbol_index
from benchmarks.panel.rows import Row
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.plan import compile_circuit, methods_for
from tfq_resqunn.simulation.protocols import NotOpen

TOLERANCE = 1e-4
Results = dict[str, np.ndarray]
Step = Callable[[], Results]

_KINDS = {
    "rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz, "h": cirq.H, "cnot": cirq.CNOT,
    "zz": lambda angle: cirq.ZZPowGate(exponent=angle / sympy.pi, global_shift=-0.5),
}  # fmt: skip


class Mismatch(Exception):
    """Two sides disagree about a circuit; the text says which and by how much."""


def circuit_of(gates: Gates) -> cirq.Circuit:
    """Makes a circuit of gates without noise."""
    qubits = cirq.LineQubit.range(1 + max(q for _, places, _ in gates for q in places))
    operations = []
    for name, places, angle in gates:
        gate = _KINDS[name]
        if angle is not None:
            gate = gate(angle[0] * sympy.prod([_symbol(s) for s in angle[1]]))
        operations.append(gate(*(qubits[q] for q in places)))
    return cirq.Circuit(operations)


def _symbol(name: str) -> sympy.Symbol:
    kind, index = symbol_index(name)
    return sympy.Symbol(f"{kind}_{index:03d}")


@dataclasses.dataclass(frozen=True)
class Ours:
    """A row's layer.

    Attributes:
        row: Which.
        layer: An `EncodedPQC` with the row's weights.
        plan_seconds: That deciding on a plan took; next to nothing for other backends.
    """

    row: Row
    layer: rq.EncodedPQC
    plan_seconds: float

    @classmethod
    def of(cls, row: Row, backend: str = "compiled") -> "Ours":
        """Makes the layer, for `"compiled"` or for TensorFlow Quantum's `"noiseless"`."""
        circuit = rq.QuanvCircuit(circuit_of(row.gates))
        noise = {"depolarizing": row.depolarizing} if row.depolarizing else None
        start = time.perf_counter()
        # What the layer finds again as long as this is held.
        plan = compile_circuit(circuit, Noise.of(noise)) if backend == "compiled" else None
        seconds = time.perf_counter() - start
        layer = rq.EncodedPQC(
            circuit,
            backend=backend,
            noise=noise,
            initializer=keras.initializers.Constant(row.arrays()["w"][None]),
        )
        del plan
        return cls(row, layer, seconds)

    @property
    def keras_compiles(self) -> bool:
        """Whether `model.compile` turns XLA on by itself, with `jit_compile="auto"`."""
        n_features = len(self.layer.circuit.inputs)
        return chooses_xla(keras.Sequential([keras.Input((n_features,)), self.layer]))

    def step(self, *, jit: bool) -> Step:
        """Makes a step: outputs, and gradients by inputs and by weights."""
        variable = self.layer.parameters
        weights = variable.value if IS_KERAS_3 else variable
        return _step(self.row.arrays(), weights, self.layer, jit)


@dataclasses.dataclass(frozen=True)
class Forced:
    """A method that a plan weighs, made whether or not it is chosen.

    Attributes:
        name: As the plan shows it.
        run: From features `[n_features, n]` and weights `[1, n_weights]` to outputs.
    """

    name: str
    run: Callable

    def step(self, arrays: Mapping[str, np.ndarray], *, jit: bool) -> Step:
        """Makes a step of as many circuits as the arrays have, as of a layer."""
        weights = tf.constant(arrays["w"][None])
        return _step(
            arrays, weights, lambda x: tf.transpose(self.run(tf.transpose(x), weights)), jit
        )


def forced(row: Row) -> tuple[list[Forced], dict[str, str]]:
    """Makes all methods of a row; also tells of those not open, and why."""
    noise = Noise.of({"depolarizing": row.depolarizing} if row.depolarizing else None)
    circuit = GateCircuit.of(rq.QuanvCircuit(circuit_of(row.gates)), noise)
    found, closed = [], {}
    for name, make in methods_for(circuit):
        try:
            found.append(Forced(name, make(circuit)))
        except NotOpen as reason:
            closed[name] = str(reason)
    return found, closed


def chooses_xla(model: keras.Model) -> bool:
    """Whether Keras compiles a model with XLA unless it is told otherwise.

    From some version on, Keras 3 does so only where there is a GPU.
    """
    model.compile("sgd", "mse")
    return bool(model.jit_compile)


def _step(arrays: Mapping[str, np.ndarray], weights: tf.Tensor, run: Callable, jit: bool) -> Step:
    x, up = tf.constant(arrays["x"]), tf.constant(arrays["up"])

    @tf.function(jit_compile=jit)
    def step(x: tf.Tensor, up: tf.Tensor) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape() as tape:
            tape.watch([x, weights])
            outputs = run(x)
            loss = tf.reduce_sum(outputs * up)
        by_inputs, by_weights = tape.gradient(loss, [x, weights])
        return outputs, by_inputs, by_weights

    def to_its_end() -> Results:
        outputs, by_inputs, by_weights = step(x, up)
        by_weights = by_weights.numpy()
        return {"outputs": outputs, "by_inputs": by_inputs, "by_weights": by_weights[0]}

    return to_its_end


def first(step: Step) -> tuple[float, Results]:
    """Runs the first step, which traces and compiles; then one that is slow too, without XLA."""
    start = time.perf_counter()
    results = step()
    seconds = time.perf_counter() - start
    step()
    return seconds, {name: np.asarray(array) for name, array in results.items()}


def check_equal(who: str, found: Results, whose: str, other: Results) -> None:
    """Compares outputs and both gradients of two sides, each by the norm of the difference.

    Where all numbers are below 0.1, as after many gates, they are compared as if they were 0.1:
    default.qubit is exact to about 1e-6 a number on sixteen qubits, in single precision.
    """
    for name in ("outputs", "by_inputs", "by_weights"):
        a, b = found[name], other[name]
        if a.shape != b.shape:
            raise Mismatch(f"{who}: {name} have the shape {a.shape}, of {whose} {b.shape}.")
        size = max(np.linalg.norm(b), 0.1 * np.sqrt(b.size))
        error = float(np.linalg.norm(a - b) / size)
        if not error <= TOLERANCE:
            raise Mismatch(
                f"{who}: {name} differ from those of {whose} by {error:.1e} of their norm; "
                f"{TOLERANCE:.0e} is allowed."
            )
