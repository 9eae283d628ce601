"""`Plan`: how a circuit will be computed, why, and what it costs; decided once, at build time."""

import dataclasses
import functools
from collections.abc import Callable

from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.simulation.gates import gates_of
from tfq_resqunn.simulation.product import (
    MAX_DENSE_QUBITS,
    NotAProduct,
    ProductForm,
    TooManyTerms,
    cut,
)
from tfq_resqunn.simulation.state import StateForm

STATES = "state vectors"
# Above the first, states are weighed only where nothing else is open; above the second, never.
WEIGHED_QUBITS = 12
MAX_STATE_QUBITS = 20


class TooLarge(Exception):
    """More qubits than a state vector can have here."""


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One way to compute a circuit.

    Attributes:
        name: Which.
        flops: Multiplications and additions a patch and filter in a forward pass; `None` where
            the way is not open.
        note: What it would do, or why it is not open.
    """

    name: str
    flops: int | None
    note: str


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
        >>> print(plan(QuanvCircuit.from_parts(angle_encoder(4), basic_entangler(4))))
        4 qubits, 12 gates -> Pauli strings
        * Pauli strings                    88 flops  4 strings, one an observable; 4 paths a step
          Pauli strings, late cut         120 flops  4 strings, one an observable; 4 paths a step
          Pauli strings, by matrices      809 flops  81 strings; a 16x16 unitary a step
          state vectors                  3168 flops  16 amplitudes, adjoint gradients
    """

    n_qubits: int
    n_gates: int
    chosen: str
    candidates: tuple[Candidate, ...]

    def __str__(self) -> str:
        lines = [f"{self.n_qubits} qubits, {self.n_gates} gates -> {self.chosen}"]
        for c in self.candidates:
            mark = "*" if c.name == self.chosen else " "
            cost = "-" if c.flops is None else f"{c.flops} flops"
            lines.append(f"{mark} {c.name:<28} {cost:>12}  {c.note}")
        return "\n".join(lines)


def plan(circuit: QuanvCircuit) -> Plan:
    """Decides how a circuit is to be computed."""
    return compile_circuit(circuit)[0]


@functools.lru_cache(maxsize=256)
def compile_circuit(circuit: QuanvCircuit) -> tuple[Plan, Callable]:
    """Compiles a circuit.

    Args:
        circuit: Any `QuanvCircuit` of gates that have a matrix.

    Returns:
        The plan, and a function from features `[n_features, n]` and weights
        `[filters, n_weights]` to expectations `[filters * n_observables, n]`.

    Raises:
        ValueError: If a gate has no matrix as a function of its angle.
    """
    gates = gates_of(circuit.circuit, circuit.qubits)
    candidates, forms = [], {}
    for name, build in _ways(circuit, gates):
        # States are as large as the circuit is wide: they are not built only to be weighed.
        if name == STATES and forms and len(circuit.qubits) > WEIGHED_QUBITS:
            candidates.append(Candidate(name, None, "not weighed: another way is open"))
            continue
        try:
            forms[name], note = build()
            candidates.append(Candidate(name, forms[name].flops, note))
        except (NotAProduct, TooLarge) as reason:
            candidates.append(Candidate(name, None, f"not open: {reason}"))
        except TooManyTerms:
            candidates.append(Candidate(name, None, "not open: the sums grow too long"))
    if not forms:
        raise ValueError(
            f"backend='compiled' has no way to compute a circuit of {len(circuit.qubits)} qubits "
            f"and {len(gates)} gates:\n"
            + "\n".join(f"  {c.name}: {c.note}" for c in candidates)
            + "\nUse a smaller kernel_size, fewer channels a group, or fewer layers of the ansatz."
        )
    best = min((c for c in candidates if c.flops is not None), key=lambda c: c.flops)
    chosen = Plan(len(circuit.qubits), len(gates), best.name, tuple(candidates))
    return chosen, forms[best.name]


def _ways(circuit: QuanvCircuit, gates):
    arguments = (circuit.observables, circuit.qubits, circuit.inputs, circuit.weights)

    def strings(*, late=False, dense=False):
        where = cut(gates, set(circuit.inputs), len(circuit.qubits), late=late)
        form = ProductForm(where, *arguments, dense=dense)
        note = f"{len(form.strings)} strings"
        if form.one_string_each:
            note += ", one an observable"
        d = 2 ** len(circuit.qubits)
        return form, note + (f"; a {d}x{d} unitary a step" if dense else _paths(form))

    def states():
        if len(circuit.qubits) > MAX_STATE_QUBITS:
            raise TooLarge(f"2**{len(circuit.qubits)} amplitudes a patch are too many")
        form = StateForm(gates, *arguments)
        return form, f"{2 ** len(circuit.qubits)} amplitudes, adjoint gradients"

    yield "Pauli strings", strings
    yield "Pauli strings, late cut", lambda: strings(late=True)
    if len(circuit.qubits) <= MAX_DENSE_QUBITS:
        yield "Pauli strings, by matrices", lambda: strings(dense=True)
    yield STATES, states


def _paths(form: ProductForm) -> str:
    return f"; {form.n_terms} paths a step"
