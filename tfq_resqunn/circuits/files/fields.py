"""What may stand in the fields of a circuit's JSON: checks of one value each."""

import ast
import math
from collections.abc import Callable
from typing import Any

import cirq
import sympy

from tfq_resqunn.circuits.files.expression_kinds import NUMBER
from tfq_resqunn.circuits.files.expressions import Measured

# Takes a value from a file, and gives it as Cirq wants it. The error of a value that may not stand
# there completes a sentence: "must be a number. Received ...".
Field = Callable[[Any], Any]

MAX_QUBITS = 32  # of one gate
MANY_QUBITS = 4096  # of a gate that leaves its qubits alone, or acts on each by itself
MAX_NAME_LENGTH = 1000  # characters of a name
MAX_ALTERNATIVES = 4096  # combinations of values at which a gate's controls let it act


class Optional:
    """A field that may be missing; with `null`, it may also be null."""

    def __init__(self, field: Field, null: bool = False) -> None:
        self.field = field
        self.null = null

    def __call__(self, value: Any) -> Any:
        return None if value is None and self.null else self.field(value)


def _refuse(wanted: str, value: object) -> ValueError:
    shown = repr(value.expression if isinstance(value, Measured) else value)
    return ValueError(f"must be {wanted}. Received {shown[:100]} ({type(value).__name__}).")


# --- numbers and text ---------------------------------------------------------------------------


def number(value: object) -> float:
    """A finite real number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _refuse("a number", value)
    if not abs(value) <= 1e300:
        raise ValueError("must be a finite number below 1e300.")
    return value


def angle(value: object) -> sympy.Expr | float:
    """A number or an expression, never text."""
    if isinstance(value, Measured):
        if value.measure.sort != NUMBER:
            raise _refuse("a number or an expression of sympy's", value)
        return value.expression
    try:
        return number(value)
    except ValueError:
        raise _refuse("a finite number or an expression of sympy's", value) from None


def amplitude(value: object) -> sympy.Expr | complex:
    """A real or complex number, or an expression."""
    return value if isinstance(value, complex) else angle(value)


def entry(value: object) -> complex:
    """A real or complex number."""
    return value if isinstance(value, complex) else number(value)


def whole(least: int, most: int) -> Field:
    """A whole number in a range."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _refuse("a whole number", value)
        if not least <= value <= most:
            raise ValueError(f"must lie between {least} and {most}. Received another number.")
        return value

    return check


place = whole(-(2**62), 2**62)
levels = whole(1, 64)
qubit_count = whole(0, MAX_QUBITS)
level = whole(0, 63)  # of a qubit or qudit that controls a gate


def text(value: object) -> str:
    """A name or a label."""
    if not isinstance(value, str) or len(value) > MAX_NAME_LENGTH:
        raise _refuse(f"text of at most {MAX_NAME_LENGTH} characters", value)
    return value


def symbol_or_name(value: object) -> sympy.Symbol | str:
    """A parameter: a symbol or its name."""
    if isinstance(value, Measured) and isinstance(value.expression, sympy.Symbol):
        return value.expression
    return text(value)


def tag(value: object) -> Any:
    """A label of an operation; nothing looks into it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Measured):
        return value.expression
    try:
        hash(value)  # without a hash, Cirq could not write the tag again
    except TypeError:
        raise _refuse("a label: text, a number or a tag of Cirq's", value) from None
    return value


# --- lists and objects --------------------------------------------------------------------------


def several(field: Field, most: float = math.inf) -> Field:
    """A list of values of one kind."""

    def check(value: object) -> list:
        if not isinstance(value, list):
            raise _refuse("a list", value)
        if len(value) > most:
            raise ValueError(f"must have at most {most} entries. Received {len(value)}.")
        return [field(v) for v in value]

    return check


def pair(first: Field, second: Field) -> Field:
    """A list of two values."""

    def check(value: object) -> list:
        if not isinstance(value, list) or len(value) != 2:
            raise _refuse("a list of two", value)
        return [first(value[0]), second(value[1])]

    return check


def either(first: Field, second: Field) -> Field:
    """A value that one of two checks takes."""

    def check(value: object) -> Any:
        try:
            return first(value)
        except ValueError:
            return second(value)

    return check


def of(*types: type, wanted: str = "") -> Field:
    """An object of some types, which the reader has made already."""
    wanted = wanted or f"a {' or a '.join(t.__name__ for t in types)}"

    def check(value: object) -> Any:
        if not isinstance(value, types):
            raise _refuse(wanted, value)
        return value

    return check


flag = of(bool, wanted="true or false")
nothing = of(type(None), wanted="null")
gate = of(cirq.Gate)
operation = of(cirq.Operation)
qubit = of(cirq.Qid)
qubits = several(qubit)
matrix = several(several(entry))


def probabilities(value: object) -> dict[str, float]:
    """From Pauli letters to probabilities."""
    if not isinstance(value, dict) or not all(set(k) <= set("IXYZ") for k in value):
        raise _refuse("Pauli letters and their probabilities", value)
    return {text(k): number(p) for k, p in value.items()}


# --- controls -----------------------------------------------------------------------------------


def product_of_sums(value: object) -> list:
    """For each control, the value or values at which the gate acts."""
    values = several(either(level, several(level, 64)), MAX_QUBITS)(value)
    if math.prod(len(v) for v in values if isinstance(v, list)) > MAX_ALTERNATIVES:
        raise ValueError(f"must allow at most {MAX_ALTERNATIVES} combinations of control values.")
    return values


sum_of_products = several(several(level, MAX_QUBITS), MAX_ALTERNATIVES)
control_values = either(of(cirq.ProductOfSums, cirq.SumOfProducts), product_of_sums)


# --- formulas, which Cirq evaluates -------------------------------------------------------------

_IN_FORMULAS = (
    ast.Expression, ast.Name, ast.Load,
    ast.BinOp, ast.BitAnd, ast.BitOr, ast.BitXor, ast.UnaryOp, ast.Invert,
)  # fmt: skip


def boolean_formulas(value: object) -> list[str]:
    """Formulas such as `a & ~b`: names and operators, nothing else."""
    formulas = several(text, 64)(value)
    for formula in formulas:
        nodes = _parsed(formula)
        if not 0 < len(nodes) <= 500 or not all(isinstance(n, _IN_FORMULAS) for n in nodes):
            raise _refuse("formulas of names, &, |, ^ and ~", formula)
    return formulas


def check_formulas(fields: dict) -> None:
    """Checks that formulas use only the parameters that are listed beside them."""
    names = {n.id for f in fields["boolean_strs"] for n in _parsed(f) if isinstance(n, ast.Name)}
    if unknown := sorted(names - set(fields["parameter_names"])):
        raise ValueError(f"its formulas must be of its `parameter_names`. Received {unknown}.")


def _parsed(formula: str) -> list[ast.AST]:
    try:
        return list(ast.walk(ast.parse(formula, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
