"""Rotations by name, with angles that print as one expects."""

from collections.abc import Callable

import cirq
import numpy as np
import sympy

from tfq_resqunn._utils.arguments import choice, number

ROTATIONS = {"rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz}


def rotation_gate(name: str, who: str) -> Callable[[sympy.Expr], cirq.Gate]:
    """Looks up `cirq.rx`, `cirq.ry` or `cirq.rz` by name for the function `who`."""
    return ROTATIONS[choice(*ROTATIONS)(name, "rotation", who)]


def radians_per_unit(scale: float, who: str) -> sympy.Expr | float:
    """Checks the factor between data and angles, and gives it in a form that prints well.

    A multiple of pi stays symbolic, so that angles cancel as one expects.
    """
    scale = number()(scale, "scale", who)
    if scale == 0:
        raise ValueError(
            f"{who}: `scale` must be a finite number of radians per unit of input, and not 0, "
            f"which would encode nothing. Received {scale}."
        )
    turns = sympy.nsimplify(scale / np.pi, rational=True, tolerance=1e-14)
    if turns.q <= 64:
        return turns * sympy.pi
    return sympy.Integer(scale) if scale.is_integer() else scale
