"""`Plan`: how a circuit will be computed, why, and what it costs; decided once, at build time."""

import dataclasses
import weakref
from collections.abc import Callable
from typing import Any

from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.simulation.gates import Channel, gates_of
from tfq_resqunn.simulation.product import (
    MAX_DENSE_QUBITS,
    NotAProduct,
    ProductForm,
    TooManyTerms,
    cut,
)
from tfq_resqunn.simulation.state import StateForm
from tfq_resqunn.simulation.transfer import TransferForm

STATES = "state vectors"
VECTORS = "Pauli vectors"
# Above the first, states are weighed only where nothing else is open; above the second, never.
WEIGHED_QUBITS = 12
MAX_STATE_QUBITS = 20
# What is done once a step, for the weights, is spread over as many patches: a small batch.
PATCHES_A_STEP = 4096
# A Pauli vector has 4**n numbers.
MAX_VECTOR_QUBITS = 6


class TooLarge(Exception):
    """More qubits than a state can have here."""


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One way to compute a circuit.

    Attributes:
        name: Which.
        flops: Multiplications and additions a patch and filter in a forward pass, with a share of
            what is done once a step; `None` where the way is not open.
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
        * Pauli strings                    89 flops  4 strings, one an observable; 4 terms a step
          Pauli strings, late cut         121 flops  4 strings, one an observable; 4 terms a step
          Pauli strings, by matrices      841 flops  81 strings; a 16x16 unitary a step
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


def plan(circuit: QuanvCircuit, noise: Noise | None = None) -> Plan:
    """Decides how a circuit is to be computed."""
    return compile_circuit(circuit, noise)[0]


@dataclasses.dataclass(frozen=True, eq=False)
class Compiled:
    """A circuit that can be run.

    Attributes:
        plan: How it is computed.
        form: What computes it.
    """

    plan: Plan
    form: Any

    def __call__(self, features, weights):
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`."""
        return self.form(features, weights)


# Circuits that something uses are compiled once. What nothing uses any more is forgotten, since a
# compiled circuit can take tens of megabytes.
_in_use: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def compile_circuit(circuit: QuanvCircuit, noise: Noise | None = None) -> tuple[Plan, Compiled]:
    """Compiles a circuit, or takes what is still in use of an equal one.

    Args:
        circuit: Any `QuanvCircuit` of gates that have a matrix.
        noise: What befalls its qubits; the expectations are then those of the noisy circuit,
            exactly.

    Returns:
        The plan, and a function from features `[n_features, n]` and weights
        `[filters, n_weights]` to expectations `[filters * n_observables, n]`.

    Raises:
        ValueError: If a gate has no matrix as a function of its angle.
    """
    compiled = _in_use.get((circuit, noise))
    if compiled is None:
        operations = circuit.circuit if noise is None else noise.apply(circuit.circuit)
        gates = gates_of(operations, circuit.qubits)
        compiled = Compiled(
            *compile_gates(
                gates, circuit.observables, circuit.qubits, circuit.inputs, circuit.weights
            )
        )
        _in_use[circuit, noise] = compiled
    return compiled.plan, compiled


def compile_gates(gates, observables, qubits, inputs, weights) -> tuple[Plan, Callable]:
    """Compiles what `compile_circuit` makes of a circuit."""
    candidates, forms = [], {}
    for name, build in ways(gates, observables, qubits, inputs, weights):
        # States are as large as the circuit is wide: they are not built only to be weighed.
        if name == STATES and forms and len(qubits) > WEIGHED_QUBITS:
            candidates.append(Candidate(name, None, "not weighed: another way is open"))
            continue
        try:
            forms[name], note = build()
            share = -(-forms[name].flops_a_step // PATCHES_A_STEP)
            candidates.append(Candidate(name, forms[name].flops + share, note))
        except (NotAProduct, TooLarge) as reason:
            candidates.append(Candidate(name, None, f"not open: {reason}"))
        except TooManyTerms:
            candidates.append(Candidate(name, None, "not open: the sums grow too long"))
    if not forms:
        hint = ", or backend='noisy'" if _are_noisy(gates) else ""
        raise ValueError(
            f"backend='compiled' has no way to compute a circuit of {len(qubits)} qubits "
            f"and {len(gates)} gates:\n"
            + "\n".join(f"  {c.name}: {c.note}" for c in candidates)
            + "\nUse a smaller kernel_size, fewer channels a group, or fewer layers of the ansatz"
            f"{hint}."
        )
    best = min((c for c in candidates if c.flops is not None), key=lambda c: c.flops)
    chosen = Plan(len(qubits), len(gates), best.name, tuple(candidates))
    return chosen, forms[best.name]


def _are_noisy(gates) -> bool:
    return any(isinstance(g, Channel) for g in gates)


def ways(gates, observables, qubits, inputs, weights):
    """Yields each way's name, and a function that gives its form and a note, or says why not."""
    arguments = (observables, qubits, inputs, weights)
    n_qubits, noisy = len(qubits), _are_noisy(gates)

    def strings(*, late=False, dense=False):
        where = cut(gates, set(inputs), n_qubits, late=late)
        form = ProductForm(where, *arguments, dense=dense)
        note = f"{form.n_strings} strings"
        if form.one_string_each:
            note += ", one an observable"
        if not dense:
            stages = f" in {form.n_stages} stages" if form.n_stages > 1 else ""
            return form, f"{note}; {form.n_terms} terms a step{stages}"
        d, kind = (4**n_qubits, "transfer") if noisy else (2**n_qubits, "unitary")
        return form, f"{note}; a {d}x{d} {kind} a step"

    def states():
        if n_qubits > MAX_STATE_QUBITS:
            raise TooLarge(f"2**{n_qubits} amplitudes a patch are too many")
        form = StateForm(gates, *arguments)
        return form, f"{2**n_qubits} amplitudes, adjoint gradients"

    def vectors():
        if n_qubits > MAX_VECTOR_QUBITS:
            raise TooLarge(f"4**{n_qubits} numbers a patch are too many")
        return TransferForm(gates, *arguments), f"{4**n_qubits} numbers, for channels"

    yield "Pauli strings", strings
    yield "Pauli strings, late cut", lambda: strings(late=True)
    if n_qubits <= MAX_DENSE_QUBITS:
        yield "Pauli strings, by matrices", lambda: strings(dense=True)
    if noisy:
        yield VECTORS, vectors
    else:
        yield STATES, states
