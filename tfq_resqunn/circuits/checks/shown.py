"""Operations as text, for messages."""

import cirq
import sympy

from tfq_resqunn.circuits.rewriting.decomposing import innermost

MAX_LENGTH = 200  # characters


def shown(op: cirq.Operation) -> str:
    """Prints an operation with its angle in radians, where Cirq prints a fraction of pi.

    >>> q, x = cirq.LineQubit(0), sympy.Symbol("x_0")
    >>> print(cirq.ry(2 * x)(q), "or", shown(cirq.ry(2 * x)(q)))
    Ry(2*x_0/piπ)(q(0)) or Ry(2*x_0)(q(0))
    """
    try:
        text, gate = str(op.untagged), innermost(op).gate
        if isinstance(gate, (cirq.Rx, cirq.Ry, cirq.Rz)) and cirq.is_parameterized(gate):
            angle = f"{type(gate).__name__}({gate.exponent * sympy.pi})"
            text = text.replace(str(gate), angle)
        return text[:MAX_LENGTH]
    except Exception:  # Cirq cannot print every operation that it can hold
        return f"a {type(op.gate or op).__name__}"
