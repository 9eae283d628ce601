"""Gates at the end of a circuit that observables absorb, so that no state goes through them.

A gate that commutes with every Pauli string of every observable changes nothing. A Clifford gate
turns each string into one other string.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.gates.harmonics import harmonics
from tfq_resqunn.simulation.gates.operators import Operator, String

MAX_ABSORBED = 4  # qubits of a gate that is absorbed
_TINY = 1e-9


def absorb(
    gates: Sequence[Gate], observables: Sequence[Operator]
) -> tuple[list[Gate], list[Operator]]:
    """Pulls observables back through as many gates as they can absorb.

    Gives the other gates, and the observables that are measured after them. Observables that can
    be measured in one product basis stay so.

    >>> import cirq, sympy
    >>> from tfq_resqunn.simulation.gates.spectral import gates_of
    >>> a, b = cirq.LineQubit.range(2)
    >>> circuit = cirq.FrozenCircuit(
    ...     cirq.ry(sympy.Symbol("a"))(b), cirq.rz(sympy.Symbol("b"))(b), cirq.CNOT(a, b)
    ... )
    >>> gates, observables = absorb(gates_of(circuit, [a, b]), [{(0, 3): 1.0}])
    >>> [g.exponent for g in gates], observables
    ([a/pi], [{(3, 3): 1.0}])
    """
    strings = {s for operator in observables for s in operator}
    # What each string has become, with a coefficient.
    now: dict[String, tuple[String, float]] = {s: (s, 1.0) for s in strings}
    kept: list[Gate] = []
    blocked: set[int] = set()
    for gate in reversed(gates):
        pulled = None
        if blocked.isdisjoint(gate.qubits) and len(gate.qubits) <= MAX_ABSORBED:
            pulled = _pull(gate, now)
        if pulled is None:
            kept.append(gate)
            blocked.update(gate.qubits)
        else:
            now = pulled
    found: list[Operator] = []
    for operator in observables:
        changed: Operator = {}
        for s, coefficient in operator.items():
            string, factor = now[s]
            changed[string] = changed.get(string, 0.0) + coefficient * factor
        found.append(changed)
    return kept[::-1], found


def measured_letters(strings: Iterable[String]) -> tuple[int, ...] | None:
    """Gives the letter of each qubit that all strings share, or `None` if they differ on one."""
    letters = []
    for column in zip(*strings, strict=True):
        own = set(column) - {0}
        if len(own) > 1:
            return None
        letters.append(own.pop() if own else 0)
    return tuple(letters)


def _pull(gate: Gate, now: dict[String, tuple[String, float]]) -> dict | None:
    """Pulls all strings back through a gate, unless one becomes more than one string."""
    first, *others = harmonics(gate)
    if gate.exponent is None:
        first = (0.0, np.sum([even for _, even, _ in (first, *others)], axis=0), first[2])
        others = []
    shape, pulled = (4,) * len(gate.qubits), {}
    for key, (string, factor) in now.items():
        column = int(np.ravel_multi_index([string[q] for q in gate.qubits], shape))
        if any(np.any(np.abs(m[:, column]) > _TINY) for _, *parts in others for m in parts):
            return None
        rows = np.flatnonzero(np.abs(first[1][:, column]) > _TINY)
        if len(rows) != 1:
            return None
        new = list(string)
        for q, letter in zip(gate.qubits, np.unravel_index(rows[0], shape), strict=True):
            new[q] = int(letter)
        pulled[key] = tuple(new), factor * float(first[1][rows[0], column])
    if measured_letters(s for s, _ in pulled.values()) is None:
        # Observables that are measured at once must not come to be measured one by one.
        unchanged = all(pulled[key][0] == string for key, (string, _) in now.items())
        if not unchanged and measured_letters(s for s, _ in now.values()) is not None:
            return None
    return pulled
