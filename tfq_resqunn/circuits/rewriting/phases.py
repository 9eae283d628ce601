"""Phases that depend on symbols: their angles, and the gates that apply them under a control."""

import cirq
import numpy as np
import sympy

# Controlling qubits, the values at which they let act, and what they control.
Controlled = tuple[tuple[cirq.Qid, ...], cirq.ops.AbstractControlValues, cirq.Operation]


def angle_of(phase: sympy.Expr) -> sympy.Expr | None:
    """Gives the angle of a phase `exp(I * angle)`, or `None` if no real angle is found.

    >>> angle_of(sympy.exp(2 * sympy.I * sympy.Symbol("w")))
    2*w
    """
    if phase.is_number:
        value = complex(phase)
        return sympy.Float(np.angle(value)) if np.isclose(abs(value), 1) else None
    if isinstance(phase, sympy.Mul):
        numbers = [factor for factor in phase.args if factor.is_number]
        others = [factor for factor in phase.args if not factor.is_number]
        # Only the product of the numeric factors must have modulus 1.
        angles = [angle_of(sympy.Mul(*numbers)), *map(angle_of, others)]
        return None if None in angles else sympy.Add(*angles)
    if isinstance(phase, sympy.exp):
        angle = sympy.expand(phase.args[0] / sympy.I)
    elif isinstance(phase, sympy.Pow) and phase.base.is_number:
        angle = angle_of(phase.base)
        angle = None if angle is None else angle * phase.exp
    else:
        return None
    return None if angle is None or angle.has(sympy.I) else angle


def controlled_phase(
    exponent: sympy.Expr, controls: tuple[cirq.Qid, ...], values: tuple[int, ...]
) -> cirq.Operation:
    """Multiplies by exp(i pi exponent) where the controls have these values."""
    gate = cirq.ZPowGate(exponent=exponent)
    if values[-1] == 0:
        gate = cirq.ZPowGate(exponent=-exponent, global_shift=-1)
    if len(controls) == 1:
        return gate.on(*controls)
    return cirq.ControlledOperation(controls[:-1], gate.on(controls[-1]), values[:-1])
