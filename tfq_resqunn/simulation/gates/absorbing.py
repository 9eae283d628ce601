"""Gates at the end of a circuit that observables absorb, so that nothing goes through them."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.gate import Operation
from tfq_resqunn.simulation.gates.harmonics import harmonics
from tfq_resqunn.simulation.gates.operators import Operator, String

MAX_ABSORBED = 4  # qubits of a gate that is absorbed
_TINY = 1e-9
# What each string has become, with a factor.
Pulled = dict[String, tuple[String, float]]


def absorb(circuit: GateCircuit, *, together: bool = False) -> GateCircuit:
    """Pulls observables back through as many gates as they can absorb.

    A gate that commutes with every Pauli string of every observable changes nothing, a Clifford
    gate makes another string of each, and noise may make each smaller. Such a gate can be absorbed
    past later ones on other qubits. With `together`, observables that can be measured in one
    product basis stay so.

    >>> import cirq, sympy
    >>> from tfq_resqunn import QuanvCircuit
    >>> a, b = cirq.LineQubit.range(2)
    >>> turns = cirq.ry(sympy.Symbol("a"))(b), cirq.rz(sympy.Symbol("b"))(b)
    >>> circuit = QuanvCircuit(cirq.Circuit(turns, cirq.CNOT(a, b)), [cirq.Z(b)])
    >>> found = absorb(GateCircuit.of(circuit))
    >>> [gate.exponent for gate in found.gates], found.observables
    ([a/pi], [{(3, 3): 1.0}])
    """
    pulled: Pulled = {s: (s, 1.0) for operator in circuit.observables for s in operator}
    kept: list[Operation] = []
    blocked: set[int] = set()
    for gate in reversed(circuit.gates):
        found = None
        if blocked.isdisjoint(gate.qubits) and len(gate.qubits) <= MAX_ABSORBED:
            found = _pull(gate, pulled)
        if found is not None and together and not _stay_together(pulled, found):
            found = None
        if found is None:
            kept.append(gate)
            blocked.update(gate.qubits)
        else:
            pulled = found
    observables: list[Operator] = []
    for operator in circuit.observables:
        changed: Operator = {}
        for s, coefficient in operator.items():
            string, factor = pulled[s]
            changed[string] = changed.get(string, 0.0) + coefficient * factor
        observables.append(changed)
    return dataclasses.replace(circuit, gates=kept[::-1], observables=observables)


def measured_letters(strings: Iterable[String]) -> tuple[int, ...] | None:
    """Gives the letter of each qubit that all strings share, or `None` if they differ on one."""
    letters = []
    for column in zip(*strings, strict=True):
        own = set(column) - {0}
        if len(own) > 1:
            return None
        letters.append(own.pop() if own else 0)
    return tuple(letters)


def _pull(gate: Operation, pulled: Pulled) -> Pulled | None:
    """Pulls all strings back through a gate, unless one becomes more than one string."""
    (_, constant, _), *varying = harmonics(gate)
    shape, found = (4,) * len(gate.qubits), {}
    for key, (string, factor) in pulled.items():
        column = int(np.ravel_multi_index([string[q] for q in gate.qubits], shape))
        if any(np.any(np.abs(m[:, column]) > _TINY) for _, *parts in varying for m in parts):
            return None
        rows = np.flatnonzero(np.abs(constant[:, column]) > _TINY)
        if len(rows) > 1:
            return None
        row = int(rows[0]) if len(rows) else column  # noise may leave nothing of a string
        new = list(string)
        for q, letter in zip(gate.qubits, np.unravel_index(row, shape), strict=True):
            new[q] = int(letter)
        found[key] = tuple(new), factor * float(constant[row, column])
    return found


def _stay_together(before: Pulled, after: Pulled) -> bool:
    # Strings that are measured at once must not come to be measured one by one.
    if measured_letters(s for s, _ in after.values()) is not None:
        return True
    changed = any(after[key][0] != string for key, (string, _) in before.items())
    return not changed or measured_letters(s for s, _ in before.values()) is None
