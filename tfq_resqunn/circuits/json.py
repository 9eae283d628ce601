"""Cirq's JSON, widened by the sympy expressions that it cannot write.

Cirq writes sums, products and powers of symbols. Anything else (`sin(x)`, `atan2(x, y)`, ...) is
written as sympy's own `srepr`, and read back without `eval`: by walking the parsed text and
calling nothing but sympy's classes.
"""

import ast

import cirq
import sympy
from cirq.protocols.json_serialization import CirqEncoder
from sympy.functions.elementary.piecewise import ExprCondPair

_EXPRESSION = "tfq_resqunn.expression"


class _Encoder(CirqEncoder):
    def default(self, o):
        if isinstance(o, sympy.Basic):
            try:
                return super().default(o)
            except TypeError:
                return {"cirq_type": _EXPRESSION, "srepr": sympy.srepr(o)}
        return super().default(o)


def write_json(value) -> str:
    """Gives `value` (anything that Cirq can write) as JSON text."""
    return cirq.to_json(value, cls=_Encoder)


def read_json(text: str, types: dict):
    """Reads what `write_json` wrote; `types` maps names to factories beyond Cirq's own."""
    types = {_EXPRESSION: lambda srepr, **_: parse_srepr(srepr), **types}
    return cirq.read_json(json_text=text, resolvers=[types.get, *cirq.DEFAULT_RESOLVERS])


def rename_symbols(circuit: cirq.AbstractCircuit, names: dict[str, str]) -> cirq.AbstractCircuit:
    """Renames symbols, and leaves all else as it is written.

    Cirq's `resolve_parameters` would turn the pi in an angle into a decimal.

    >>> q, a, b = cirq.LineQubit(0), *sympy.symbols("a b")
    >>> circuit = cirq.Circuit(cirq.rx(a)(q), cirq.ry(2 * b)(q))
    >>> print(rename_symbols(circuit, {"a": "b", "b": "a"}))
    0: ───Rx(b)───Ry(2*a)───
    """
    symbols = {sympy.Symbol(old): sympy.Symbol(new) for old, new in names.items()}
    try:
        text = write_json(circuit)
    except (TypeError, ValueError):  # a gate of the user's own that Cirq cannot write
        return cirq.resolve_parameters_once(circuit, symbols)
    return read_json(
        text,
        {
            "sympy.Symbol": lambda name, **_: sympy.Symbol(names.get(name, name)),
            _EXPRESSION: lambda srepr, **_: parse_srepr(srepr).xreplace(symbols),
        },
    )


def parse_srepr(text: str) -> sympy.Basic:
    """Parses sympy's `srepr` form.

    >>> parse_srepr(sympy.srepr(sympy.sin(sympy.Symbol("x")) + 2))
    sin(x) + 2

    Raises:
        ValueError: If the text is anything but nested calls of sympy's classes on constants.
    """
    return _evaluate(ast.parse(text, mode="eval").body)


def _evaluate(node):
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.Tuple(elts=items):
            return tuple(map(_evaluate, items))
        case ast.Name(id=name) if isinstance(getattr(sympy, name, None), sympy.Basic):
            return getattr(sympy, name)  # pi, E, I, true, ...
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            cls = ExprCondPair if name == "ExprCondPair" else getattr(sympy, name, None)
            if isinstance(cls, type) and issubclass(cls, sympy.Basic):
                options = {k.arg: _evaluate(k.value) for k in keywords}
                return cls(*map(_evaluate, args), **options)
    raise ValueError(f"Not an expression in sympy's srepr form: {ast.unparse(node)!r}.")
