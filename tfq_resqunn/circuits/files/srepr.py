"""Reads sympy's `srepr` text without evaluating any of it."""

import ast
import re

import sympy

from tfq_resqunn.circuits.files import expressions
from tfq_resqunn.circuits.files.expression_kinds import CONSTANTS
from tfq_resqunn.circuits.files.expressions import MAX_DEPTH, MAX_NODES, Measured, Names

MAX_SREPR_LENGTH = 500_000  # characters
MAX_DIGITS = 700  # of one number
MAX_PRECISION = 4096  # bits of a Float
_DECIMAL = re.compile(
    rf"[+-]?(?=\.?[0-9])[0-9]{{0,{MAX_DIGITS}}}(\.[0-9]{{0,{MAX_DIGITS}}})?(e[+-]?[0-9]{{1,3}})?"
)


def parse_srepr(text: str, evaluate: bool = True) -> sympy.Basic:
    """Parses what `sympy.srepr` gave; where not `evaluate`, sympy does not simplify it.

    >>> parse_srepr(sympy.srepr(sympy.sin(sympy.Symbol("x")) + 2))
    sin(x) + 2
    """
    return read_srepr(text, evaluate).expression


def read_srepr(text: str, evaluate: bool = True, names: Names | None = None) -> Measured:
    """Does what `parse_srepr` does, and also says how large the expression is."""
    if not isinstance(text, str):
        raise ValueError(f"sympy's srepr form is text. Received a {type(text).__name__}.")
    if len(text) > MAX_SREPR_LENGTH:
        raise ValueError(
            f"an expression in sympy's srepr form may have {MAX_SREPR_LENGTH} characters. Received "
            f"{len(text)}."
        )
    _check_nesting(text)
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _error(text[:100]) from None
    if sum(isinstance(n, ast.Call) for n in ast.walk(tree)) > MAX_NODES:
        raise ValueError(f"an expression may have {MAX_NODES} parts. This has more.")
    return _read(tree, evaluate, names)


def _read(node: ast.expr, evaluate: bool, names: Names | None) -> Measured:
    match node:
        case ast.Name(id=name) if name in CONSTANTS:
            return expressions.measured(CONSTANTS[name])
        case ast.Call(func=ast.Name(id="Symbol"), args=[ast.Constant(value=name)], keywords=[]):
            return expressions.symbol(name, names)
        case ast.Call(func=ast.Name(id="Integer"), args=[number], keywords=[]):
            return expressions.rational(_whole(number))
        case ast.Call(func=ast.Name(id="Rational"), args=[p, q], keywords=[]):
            return expressions.rational(_whole(p), _whole(q))
        case ast.Call(func=ast.Name(id="Float"), args=[ast.Constant(value=digits)]):
            return expressions.measured(_float(node, digits))
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]):
            made = [_read(part, evaluate, names) for part in parts]
            return expressions.combine(name, made, evaluate)
    raise _error(ast.unparse(node)[:100])


def _whole(node: ast.expr) -> int:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return -value
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return value
        case ast.Constant(value=str() as text) if re.fullmatch(
            rf"[+-]?[0-9]{{1,{MAX_DIGITS}}}", text
        ):
            return int(text)
    raise _error(ast.unparse(node)[:100])


def _float(node: ast.Call, digits: object) -> sympy.Float:
    match node.keywords:
        case []:
            precision = 53
        case [ast.keyword(arg="precision", value=ast.Constant(value=int() as precision))]:
            pass
        case _:
            raise _error(ast.unparse(node)[:100])
    if not isinstance(digits, str) or not _DECIMAL.fullmatch(digits):
        raise _error(ast.unparse(node)[:100])
    if not 1 <= precision <= MAX_PRECISION:
        raise ValueError(
            f"the precision of a Float must lie between 1 and {MAX_PRECISION} bits. Received "
            f"{precision}."
        )
    return sympy.Float(digits, precision=precision)


_TEXT = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")


def _check_nesting(text: str) -> None:
    """Checks how deep brackets are nested: too deep, and Python's own parser may crash."""
    deep = 0
    for bracket in re.findall(r"[(\[{)\]}]", _TEXT.sub("", text)):
        deep += 1 if bracket in "([{" else -1
        if deep > MAX_DEPTH:
            raise ValueError(f"an expression may have {MAX_DEPTH} levels of nesting. It has more.")


def _error(text: str) -> ValueError:
    return ValueError(
        f"Not an expression in sympy's srepr form: {text!r}. It may hold {expressions.ALLOWED}, "
        "each argument an expression itself; text may stand only for a symbol's name and for the "
        "digits of a number."
    )
