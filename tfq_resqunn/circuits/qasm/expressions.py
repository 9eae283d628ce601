"""Angles and sizes: nodes of the syntax tree -> sympy, each measured before sympy computes it."""

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy
from openqasm3 import ast

from tfq_resqunn.circuits.files import expressions
from tfq_resqunn.circuits.files.expressions import Measured
from tfq_resqunn.circuits.qasm.errors import error_at, error_in_line, shown

Angle: TypeAlias = sympy.Expr | float

# OpenQASM 2 and 3 and Qiskit have different names for some.
FUNCTIONS = {
    **{name: name for name in ("sin", "cos", "tan", "exp", "sign")},
    **{f"{prefix}{name}": f"a{name}" for name in ("sin", "cos", "tan") for prefix in ("a", "arc")},
    **dict.fromkeys(("ln", "log"), "log"),
    "abs": "Abs",
}
CONSTANTS = {
    **dict.fromkeys(("pi", "π"), sympy.pi),
    **dict.fromkeys(("tau", "τ"), 2 * sympy.pi),
    **dict.fromkeys(("euler", "ℇ"), sympy.E),
}
# What all expressions of a program may cost together, in parts of expressions.
MAX_WORK = 2_000_000
_PARTS_PER_SECOND = 100_000

ALLOWED = (
    "an angle may hold numbers, pi, tau, euler, inputs, constants, +, -, *, /, ** and the "
    f"functions {', '.join(FUNCTIONS)} and sqrt."
)


@dataclass(frozen=True)
class Value:
    """A number or an expression, and whether OpenQASM counts it among the whole numbers."""

    measured: Measured
    is_whole: bool = False


@dataclass(frozen=True)
class Array:
    """An array of inputs; its elements are symbols."""

    name: str
    shape: tuple[int, ...]


Scope = Mapping[str, Value | Array]


class Evaluator:
    """Evaluates the expressions of one program, and limits their cost."""

    def __init__(self, version: int) -> None:
        self.version = version
        self._work = 0.0

    def evaluate(self, node: ast.Expression, scope: Scope) -> Value:
        """Evaluates an expression, in which the names of `scope` and constants may stand."""
        value = self._evaluated(node, scope)
        measure = value.measured.measure
        self._work += measure.nodes + _PARTS_PER_SECOND * measure.effort
        if self._work > MAX_WORK:
            raise error_at(
                node,
                f"the expressions of a program may have {MAX_WORK} parts together, once its gates "
                "are written out. These have more. Take shorter expressions, or fewer gates.",
            )
        return value

    def angle(self, node: ast.Expression, scope: Scope) -> Measured:
        """Evaluates an angle, which must be real."""
        measured = self.evaluate(node, scope).measured
        if measured.measure.constant and not measured.measure.real:
            raise error_at(node, f"an angle must be real. Received {shown(node)}, which is not.")
        return measured

    def whole(self, node: ast.Expression, scope: Scope, what: str) -> int:
        """Evaluates a size or an index."""
        value = self.evaluate(node, scope)
        number = value.measured.expression
        if not value.is_whole or not isinstance(number, sympy.Integer):
            raise error_at(node, f"{what} must be a whole number. Received {shown(node)}.")
        return int(number)

    def _evaluated(self, node: ast.Expression, scope: Scope) -> Value:
        try:
            match node:
                case ast.IntegerLiteral(value=number):
                    return Value(_make(expressions.rational, number), is_whole=True)
                case ast.FloatLiteral(value=number) if math.isinf(number):
                    raise _Refused(f"a number must be below {sys.float_info.max:.1g}.")
                case ast.FloatLiteral(value=number):
                    return Value(_make(expressions.measured, sympy.Float(number)))
                case ast.Identifier(name=name):
                    return self._named(node, name, scope)
                case ast.IndexExpression():
                    return self._element(node, scope)
                case ast.UnaryExpression(op=op, expression=inner) if op.name == "-":
                    return self._negative(self.evaluate(inner, scope))
                case ast.BinaryExpression(op=op, lhs=left, rhs=right):
                    parts = self.evaluate(left, scope), self.evaluate(right, scope)
                    return self._combined(node, op.name, *parts)
                case ast.FunctionCall(name=ast.Identifier(name=name), arguments=arguments):
                    return self._called(node, name, [self.evaluate(a, scope) for a in arguments])
        except _Refused as error:
            raise error_at(node, str(error)) from None
        raise error_at(node, f"{ALLOWED} Received {shown(node)}.")

    def _named(self, node: ast.Identifier, name: str, scope: Scope) -> Value:
        found = scope.get(name)
        if isinstance(found, Array):
            raise error_at(node, f"{name} is an array of inputs. Name one, such as {name}[0].")
        if found is not None:
            return found
        if name in CONSTANTS:
            return Value(expressions.measured(CONSTANTS[name]))
        remedy = (
            "Declare it, before it is used: `input float[64] name;`."
            if self.version == 3
            else "OpenQASM 2 declares none: name it in `parameters`, or write its value."
        )
        raise error_at(node, f"{name} is not declared here. {remedy}")

    def _element(self, node: ast.IndexExpression, scope: Scope) -> Value:
        indices: list = []
        collection: ast.Expression = node
        while isinstance(collection, ast.IndexExpression):
            if not isinstance(collection.index, list):
                raise error_at(node, f"an index must be a whole number. Received {shown(node)}.")
            indices = [*collection.index, *indices]
            collection = collection.collection
        array = scope.get(collection.name) if isinstance(collection, ast.Identifier) else None
        if not isinstance(array, Array):
            raise error_at(node, f"only arrays of inputs have elements. Received {shown(node)}.")
        if len(indices) != len(array.shape):
            raise error_at(
                node, f"{array.name} takes {len(array.shape)} indices. Received {len(indices)}."
            )
        numbers = [
            place(node, self.whole(i, scope, "an index"), size)
            for i, size in zip(indices, array.shape, strict=True)
        ]
        return Value(expressions.symbol("_".join([array.name, *map(str, numbers)])))

    def _negative(self, value: Value) -> Value:
        return Value(_combine("Mul", expressions.rational(-1), value.measured), value.is_whole)

    def _combined(self, node: ast.Expression, op: str, left: Value, right: Value) -> Value:
        a, b = left.measured, right.measured
        both = left.is_whole and right.is_whole
        match op:
            case "+":
                return Value(_combine("Add", a, b), both)
            case "-":
                return Value(_combine("Add", a, self._negative(right).measured), both)
            case "*":
                return Value(_combine("Mul", a, b), both)
            case "/":
                return self._quotient(node, a, b, both and self.version == 3)
            case "**":
                return Value(_combine("Pow", a, b), both and b.expression >= 0)
        raise error_at(node, f"{ALLOWED} Received {shown(node)}.")

    def _quotient(self, node: ast.Expression, a: Measured, b: Measured, both: bool) -> Value:
        quotient = _combine("Mul", a, _combine("Pow", b, expressions.rational(-1)))
        if both and not isinstance(quotient.expression, sympy.Integer):
            # OpenQASM 3 rounds it, and those who wrote it seldom mean that.
            raise error_at(
                node,
                f"a quotient of whole numbers must be whole. Received {shown(node)}. Write one of "
                "them with a point, such as 1.0.",
            )
        return Value(quotient, both)

    def _called(self, node: ast.Expression, name: str, arguments: list[Value]) -> Value:
        parts = [a.measured for a in arguments]
        if name == "sqrt" and len(parts) == 1:
            return Value(_combine("Pow", parts[0], expressions.rational(1, 2)))
        if name in FUNCTIONS:
            return Value(_combine(FUNCTIONS[name], *parts))
        raise error_at(node, f"{ALLOWED} Received {shown(node)}.")


class _Refused(ValueError):
    """What the table of expressions says, without a line."""


def _combine(name: str, *parts: Measured) -> Measured:
    return _make(expressions.combine, name, parts)


def _make(function: Callable[..., Measured], *arguments: Any) -> Measured:
    try:
        return function(*arguments)
    except ValueError as error:
        raise _Refused(str(error)) from None


def angle_of(measured: Measured) -> Angle:
    """Gives a number where there is no symbol, since Cirq is faster with numbers."""
    e = measured.expression
    return e if e.free_symbols else float(e)


def place(node: ast.QASMNode, index: int, size: int) -> int:
    """Checks an index; a negative one counts from the end."""
    if not -size <= index < size:
        raise error_at(
            node,
            f"an index must be from 0 to {size - 1}, since {size} are declared. Received {index}. "
            "Declare more, or take another.",
        )
    return index % size


def named(name: str) -> Value:
    """Makes the symbol of a name."""
    try:
        return Value(expressions.symbol(name))
    except ValueError as error:
        raise error_in_line(None, str(error)) from None
