"""`Plan`: how a circuit will be computed, why, and what it costs; decided once, at build time."""

import dataclasses
import functools
import threading
import weakref
from collections.abc import Callable, Iterator

import tensorflow as tf

from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.halves.method import Halves
from tfq_resqunn.simulation.matrix_products.method import MatrixProducts
from tfq_resqunn.simulation.pauli_strings.method import PauliStrings
from tfq_resqunn.simulation.pauli_vectors.method import PauliVectors
from tfq_resqunn.simulation.phases.method import PhaseStates
from tfq_resqunn.simulation.protocols import Method, NotOpen, Work
from tfq_resqunn.simulation.state_vectors.method import StateVectors
from tfq_resqunn.simulation.tensors.own_gradient import custom_gradient

STATES = "state vectors"

# On more qubits, states are weighed only where nothing else is open.
WEIGHED_QUBITS = 12
# On more qubits, coefficients by matrices, of 2**n rows, cost more than they save.
MATRIX_QUBITS = 4
# What is done once a step, for the weights, is spread over as many patches: a small batch.
PATCHES_A_STEP = 4096


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A method that has been weighed.

    Attributes:
        name: Which.
        microseconds: What a patch and filter would take of a training step of 4096 patches, by an
            estimate for two cores; `None` where the method is not open.
        note: What it would do, or why it is not open.
        work: What the estimate is made of; `None` where the method is not open.
    """

    name: str
    microseconds: float | None
    note: str
    work: Work | None = None

    @property
    def parts(self) -> tuple[float, ...]:
        """The parts of `microseconds`, in the order of the attributes of `work`; or none."""
        return () if self.work is None else self.work.parts(PATCHES_A_STEP)


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a circuit is computed. Prints as a table.

    Attributes:
        n_qubits: Qubits of the circuit.
        n_gates: Its gates, after decomposition.
        chosen: Name of the candidate with the smallest cost.
        candidates: All that were weighed.

    Example:
        >>> from tfq_resqunn.circuits import angle_encoder, basic_entangler
        >>> circuit = QuanvCircuit.from_parts(angle_encoder(4), basic_entangler(4))
        >>> print(compile_circuit(circuit)[0])
        4 qubits, 12 gates -> Pauli strings
        * Pauli strings                    0.109 us  4 strings, one an observable; 4 terms a step
          Pauli strings, late split        0.113 us  4 strings, one an observable; 4 terms a step
          two halves, by matrices          0.354 us  27 x 12 coefficients
          two halves                        0.69 us  27 x 12 coefficients
          matrix products                  0.568 us  sweeps over 7 matrices, 1 coordinate
          state vectors, by phases         0.218 us  16 amplitudes; layers of phases: 1
          state vectors                        1 us  16 amplitudes, adjoint gradients
    """

    n_qubits: int
    n_gates: int
    chosen: str
    candidates: tuple[Candidate, ...]

    def __str__(self) -> str:
        lines = [f"{self.n_qubits} qubits, {self.n_gates} gates -> {self.chosen}"]
        for c in self.candidates:
            mark = "*" if c.name == self.chosen else " "
            cost = "-" if c.microseconds is None else f"{c.microseconds:.3g} us"
            lines.append(f"{mark} {c.name:<28} {cost:>12}  {c.note}")
        return "\n".join(lines)


def methods_for(circuit: GateCircuit) -> Iterator[tuple[str, Callable[[GateCircuit], Method]]]:
    """Yields what is weighed: the name that a `Plan` shows, and what makes the method.

    What makes it is called with the circuit, and raises `NotOpen` if the method cannot compute it.
    """
    yield "Pauli strings", PauliStrings
    yield "Pauli strings, late split", functools.partial(PauliStrings, late=True)
    if circuit.n_qubits <= MATRIX_QUBITS:
        yield "two halves, by matrices", functools.partial(Halves, by_matrices=True)
    yield "two halves", Halves
    yield "matrix products", MatrixProducts
    if circuit.is_noisy:
        yield "Pauli vectors", PauliVectors
    else:
        yield "state vectors, by phases", PhaseStates
        yield STATES, StateVectors


@dataclasses.dataclass(frozen=True, eq=False)
class Compiled:
    """A circuit that can be run, and how it is computed."""

    plan: Plan
    method: Method

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`."""
        return _linked(self.method(features, weights), weights)


@custom_gradient
def _linked(outcomes: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """Gives weights that change nothing a gradient of 0; Keras refuses to train without one."""
    return tf.identity(outcomes), lambda upstream: (upstream, tf.zeros_like(weights))


# Circuits that something uses are compiled once. What nothing uses any more is forgotten, since a
# compiled circuit can take tens of megabytes.
_in_use: weakref.WeakValueDictionary = weakref.WeakValueDictionary()
_compiling = threading.Lock()


def compile_circuit(circuit: QuanvCircuit, noise: Noise | None = None) -> tuple[Plan, Compiled]:
    """Gives a circuit's plan and the function that computes its exact expectations, with noise too.

    Takes what is still in use of an equal circuit. Raises a `ValueError` if a gate has no matrix
    as a function of its exponent, or no method is open.
    """
    with _compiling:  # by one thread, while others that ask for the same wait for it
        compiled = _in_use.get((circuit, noise))
        if compiled is None:
            compiled = Compiled(*compile_gates(GateCircuit.of(circuit, noise)))
            _in_use[circuit, noise] = compiled
    return compiled.plan, compiled


def compile_gates(circuit: GateCircuit) -> tuple[Plan, Method]:
    """Weighs all methods, and compiles the circuit by the one with the smallest cost."""
    candidates: list[Candidate] = []
    open_ones: dict[str, tuple[float, Method]] = {}  # by their names, with their costs
    for name, make in methods_for(circuit):
        # States are as large as the circuit is wide: they are not built only to be weighed.
        if name == STATES and open_ones and circuit.n_qubits > WEIGHED_QUBITS:
            candidates.append(Candidate(name, None, "not weighed: another method is open"))
            continue
        try:
            method = make(circuit)
        except NotOpen as reason:
            candidates.append(Candidate(name, None, f"not open: {reason}"))
            continue
        cost = float(f"{method.work.microseconds(PATCHES_A_STEP):.3g}")
        candidates.append(Candidate(name, cost, method.note, method.work))
        open_ones[name] = cost, method
    if not open_ones:
        hint = ", or backend='noisy'" if circuit.is_noisy else ""
        raise ValueError(
            f"backend='compiled' has no method to compute a circuit of {circuit.n_qubits} qubits "
            f"and {len(circuit.gates)} gates:\n"
            + "\n".join(f"  {c.name}: {c.note}" for c in candidates)
            + "\nUse a smaller kernel_size, fewer channels a group, or fewer layers of the ansatz; "
            f"for many qubits, layers of gates between neighbours{hint}."
        )
    chosen = min(open_ones, key=lambda name: open_ones[name][0])
    _, method = open_ones[chosen]
    return Plan(circuit.n_qubits, len(circuit.gates), chosen, tuple(candidates)), method
