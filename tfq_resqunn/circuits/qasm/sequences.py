"""What modifiers do to a gate, which is a sequence of operations and phases."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cirq
import sympy

from tfq_resqunn.circuits.qasm.expressions import Angle
from tfq_resqunn.circuits.rewriting.phases import controlled_phase


@dataclass(frozen=True)
class Phase:
    """A factor exp(i pi half_turns) of the state, which only a control can make seen."""

    half_turns: Angle


Part: TypeAlias = cirq.Operation | Phase
Parts: TypeAlias = list[Part]


def inverse(parts: Parts) -> Parts:
    """Undoes the parts, the last one first."""
    return [
        Phase(-part.half_turns) if isinstance(part, Phase) else cirq.inverse(part)
        for part in reversed(parts)
    ]


def power(parts: Parts, exponent: int | float) -> Parts | None:
    """Repeats the parts, or takes a fraction of one gate; `None` if that cannot be done here."""
    if exponent == int(exponent):
        n = int(exponent)
        return (parts if n >= 0 else inverse(parts)) * abs(n)
    if len(parts) != 1:
        return None
    (part,) = parts
    if isinstance(part, Phase):
        if isinstance(part.half_turns, sympy.Basic):
            return None
        return [Phase(_principal(part.half_turns) * exponent)]
    gate = part.gate
    is_plain = isinstance(gate, cirq.EigenGate) and gate.global_shift == 0
    if not is_plain or cirq.is_parameterized(gate):
        return None
    if gate.exponent == 0:
        return parts
    # All such gates of the libraries have the eigenvalues 1 and exp(i pi exponent).
    return [(gate ** (_principal(gate.exponent) / gate.exponent * exponent)).on(*part.qubits)]


def _principal(half_turns: float) -> float:
    """Takes whole turns away: what is left is above -1, and at most 1."""
    return half_turns - 2 * math.ceil((half_turns - 1) / 2)


def controlled(parts: Parts, controls: Sequence[cirq.Qid], value: int) -> Parts:
    """Lets the parts act where all controls have the value."""
    values = [value] * len(controls)
    return [
        controlled_phase(part.half_turns, tuple(controls), tuple(values))
        if isinstance(part, Phase)
        else part.controlled_by(*controls, control_values=values)
        for part in parts
    ]
