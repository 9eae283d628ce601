"""Writes circuits as Cirq's JSON, with the sympy expressions that Cirq cannot write.

Cirq writes sums, products and powers of symbols. All other expressions (`sin(x)`, `atan2(x, y)`,
...) are written as sympy's own `srepr`. Since Cirq writes some gates incompletely, everything is
read back and compared at once.
"""

from typing import Any

import cirq
import sympy
from cirq.protocols.json_serialization import CirqEncoder

from tfq_resqunn.circuits.files.expression_kinds import CONSTANTS
from tfq_resqunn.circuits.files.reader import EXPRESSION, Types, read_json
from tfq_resqunn.circuits.files.srepr import parse_srepr


class _Encoder(CirqEncoder):
    """Cirq's encoder, with what it leaves out."""

    exactly = False  # whether expressions keep their form when sympy reads them back

    def default(self, o: object) -> Any:
        if isinstance(o, sympy.Basic):
            return _written(o, self.exactly)
        written = super().default(o)
        # Cirq reads these fields, but does not write them.
        if isinstance(o, cirq.PauliInteractionGate):
            written["exponent"] = o.exponent
        elif isinstance(o, cirq.ConstantQubitNoiseModel):
            written["prepend"] = o._prepend
        return written


class _ExactEncoder(_Encoder):
    exactly = True


def _written(e: sympy.Basic, exactly: bool) -> dict:
    """Writes an expression as Cirq does, if Cirq can."""
    if isinstance(e, sympy.Symbol) and e == sympy.Symbol(e.name):
        return {"cirq_type": "sympy.Symbol", "name": e.name}
    if exactly and parse_srepr(text := _as_it_is(e)) != e:
        return {"cirq_type": EXPRESSION, "srepr": text, "evaluate": False}
    if isinstance(e, (sympy.Add, sympy.Mul, sympy.Pow)):
        parts = [_written(part, False) for part in e.args]
        return {"cirq_type": f"sympy.{type(e).__name__}", "args": parts}
    if isinstance(e, sympy.Integer):
        return {"cirq_type": "sympy.Integer", "i": e.p}
    if isinstance(e, sympy.Rational):
        return {"cirq_type": "sympy.Rational", "p": e.p, "q": e.q}
    if isinstance(e, sympy.Float) and e == sympy.Float(float(e)):
        return {"cirq_type": "sympy.Float", "approx": float(e)}
    for name in ("pi", "E", "EulerGamma"):
        if e is CONSTANTS[name]:
            return {"cirq_type": f"sympy.{name}"}
    return {"cirq_type": EXPRESSION, "srepr": sympy.srepr(e)}


def _as_it_is(e: sympy.Basic) -> str:
    """Gives `srepr` text with the arguments in the expression's own order."""
    if not e.args:
        return sympy.srepr(e)
    return f"{type(e).__name__}({', '.join(map(_as_it_is, e.args))})"


def write_json(
    value: object, types: Types | None = None, *, expected: Any = None, who: str = "write_json"
) -> str:
    """Gives `value` as JSON text, which `read_json` with these `types` must read as `expected`.

    Raises:
        TypeError: If Cirq cannot write it.
        ValueError: If it is not read back as `expected` (by default, `value` itself).
    """
    expected = value if expected is None else expected
    try:
        for encoder in (_Encoder, _ExactEncoder):
            text = cirq.to_json(value, cls=encoder)
            read = read_json(text, types, who=who)
            if _equal(read, expected):
                return text
        if _nearly_equal(read, expected):
            return text
    except TypeError as error:
        raise TypeError(f"{who}: Cirq cannot write a {type(value).__name__}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{who}: what is written cannot be read again: {error}") from error
    raise ValueError(_difference(value, who))


def _equal(read: object, value: object) -> bool:
    if type(value).__eq__ is object.__eq__:  # some of Cirq's noise models have no other
        return type(read) is type(value) and vars(read) == vars(value)
    return bool(read == value)


def _nearly_equal(read: Any, value: object) -> bool:
    """Tells whether only numbers differ, as NumPy's numbers of low precision do when rounded."""
    if isinstance(value, tuple) and isinstance(read, tuple):
        return all(a == b or _nearly_equal(a, b) for a, b in zip(read, value, strict=True))
    if not isinstance(value, cirq.AbstractCircuit):
        return False
    pairs = [*zip(read.all_operations(), value.all_operations(), strict=True)]
    return list(map(len, read)) == list(map(len, value)) and all(
        a == b or (not cirq.is_parameterized(b) and cirq.approx_eq(a, b, atol=1e-6))
        for a, b in pairs
    )


def _difference(value: object, who: str) -> str:
    """Says which part of a value is not read back as it was, and what to do."""
    circuit = getattr(value, "circuit", value)
    part, name = value, type(value).__name__
    if isinstance(circuit, cirq.AbstractCircuit):
        for op in circuit.all_operations():
            if read_json(cirq.to_json(op, cls=_Encoder), who=who) != op:
                part, name = op, type(op.gate or op).__name__
                break
    return (
        f"{who}: what is written must be read back equal, and Cirq's JSON of a {name} leaves some "
        f"of it out. Received {part!r}. Write it with other gates, such as its decomposition, "
        "cirq.decompose_once(operation), or a cirq.MatrixGate of its unitary."
    )
