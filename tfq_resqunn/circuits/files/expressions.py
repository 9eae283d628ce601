"""The expressions that may stand in a circuit: how they are made, and how large they may be.

Sympy evaluates text as Python, and computes with numbers of any size. So all expressions of a file
are made here, from the table of `expression_kinds.py`. How large the outcome will be is worked out
in Python's own numbers, before sympy sees it.
"""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from tfq_resqunn.circuits.files.expression_kinds import CONSTANTS, KINDS, NUMBER, TRUTH, Kind

MAX_NODES = 10_000  # parts of one expression
MAX_DEPTH = 80  # of nesting; sympy itself is recursive
MAX_TERMS = 20_000  # of its expanded form
MAX_BITS = 2**16  # of all its exact numbers together
MAX_EFFORT = 2.0  # seconds that sympy may take over it
MAX_NAME = 256  # characters of a symbol's name

ALLOWED = (
    "plain symbols, numbers, "
    f"{', '.join(CONSTANTS)}, +, *, ** and the functions "
    f"{', '.join(n for n in KINDS if n not in ('Add', 'Mul', 'Pow', 'ExprCondPair'))}"
)


@dataclass(frozen=True)
class Measure:
    """How large an expression is."""

    sort: str  # a number, a truth value, or one branch of a `Piecewise`
    value: Any  # if each symbol has its `sample`
    bits: float = 1  # of the exact numbers in it, and of those that sympy may make of them
    terms: int = 1  # of its expanded form, at most
    nodes: int = 1  # its parts
    depth: int = 1  # how deep they are nested
    degree: float = 1  # of its expanded form
    pieces: int = 0  # branches of `Piecewise` in it
    effort: float = 0  # seconds that sympy takes over it, roughly and at most
    constant: bool = True  # whether it has no symbols
    imaginary: bool = False  # whether the imaginary unit is in it

    @property
    def real(self) -> bool:
        """Whether it is real for all real values of its symbols, as far as this can be told."""
        imaginary_part = abs(complex(self.value).imag) if self.constant else 0.0
        return not self.imaginary and imaginary_part <= 1e-9 * abs(complex(self.value))


@dataclass(frozen=True)
class Measured:
    """An expression and how large it is."""

    expression: Any  # of sympy's
    measure: Measure


Names = Mapping[str, str]  # new names for symbols, by their old ones
Measures = Mapping[str, Measure]  # of values that symbols stand for, by the symbols' names
_CONSTANTS = {
    id(c): Measure(TRUTH, bool(c))
    if c in (sympy.true, sympy.false)
    else Measure(NUMBER, complex(c) if c is sympy.I else float(c), imaginary=c is sympy.I)
    for c in CONSTANTS.values()
}


def sample(name: str) -> float:
    """Gives the number, between 1/4 and 3/4, at which a symbol is tried out: always the same."""
    return 0.25 + zlib.crc32(name.encode("utf-8", "surrogatepass")) / 2**33


def symbol(name: object, names: Names | None = None) -> Measured:
    """Makes a symbol, whose name may be any short text; `names` gives new names for old ones."""
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
        raise ValueError(
            f"the name of a symbol must be text of 1 to {MAX_NAME} characters. Received "
            f"{_shortened(name)}."
        )
    return measured(sympy.Symbol((names or {}).get(name, name)))


def rational(numerator: object, denominator: object = 1) -> Measured:
    """Makes a fraction or a whole number."""
    if _whole(denominator) == 0:
        raise ValueError("the denominator of a Rational must not be 0.")
    return measured(sympy.Rational(_whole(numerator), denominator))


def measured(expression: sympy.Basic) -> Measured:
    """Takes a number or constant as it is."""
    return Measured(expression, _measure(expression, {}))


def combine(name: str, parts: Sequence[Measured], evaluate: bool = True) -> Measured:
    """Makes an expression of sympy's class `name` from its arguments, unless it would be too large.

    Where not `evaluate`, sympy does not simplify it.
    """
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError(f"an expression may hold {ALLOWED}. Received {_shortened(name)}.")
    kind = KINDS[name]
    # Measured before sympy computes anything, since the outcome may be too large to wait for.
    measure = _combined(name, kind, [p.measure for p in parts])
    options = {} if evaluate or name == "ExprCondPair" else {"evaluate": False}
    try:
        made = kind.cls(*(p.expression for p in parts), **options)
    except Exception as error:  # sympy has many ways to say that arguments do not fit together
        raise ValueError(f"sympy makes no {name} of its arguments: {_shortened(error)}") from error
    return Measured(made, measure)


def check_expression(expression: sympy.Basic, symbols: Measures | None = None) -> Measure:
    """Works out how large an expression is, and refuses one too large or not of the table.

    `symbols` has the measures of values that symbols stand for, by name, as far as they are known.
    """
    try:
        return _measure(expression, symbols or {})
    except RecursionError:
        raise ValueError(f"an expression may be nested {MAX_DEPTH} deep. It is more.") from None


def _measure(e: sympy.Basic, symbols: Measures) -> Measure:
    if isinstance(e, sympy.Symbol):
        return symbols.get(e.name) or Measure(NUMBER, sample(e.name), constant=False)
    if (constant := _CONSTANTS.get(id(e))) is not None:
        return constant
    if isinstance(e, sympy.Rational):
        bits = e.p.bit_length() + e.q.bit_length()
        return _limited(Measure(NUMBER, _or_infinity(e.p.__truediv__, e.q), bits=bits))
    if isinstance(e, sympy.Float):
        return _limited(Measure(NUMBER, _or_infinity(float, e), bits=max(1, e._prec - 52)))
    name, parts = type(e).__name__, e.args
    kind = KINDS.get(name)
    if kind is None or not isinstance(e, kind.cls):
        raise ValueError(
            f"an expression may hold {ALLOWED}. Received {_shortened(e)}, which holds {name}."
        )
    return _combined(name, kind, [_measure(part, symbols) for part in parts])


def _combined(name: str, kind: Kind, parts: Sequence[Measure]) -> Measure:
    if not kind.least <= len(parts) <= kind.most:
        several = f"{kind.least} to {kind.most}" if kind.least < kind.most else f"{kind.least}"
        raise ValueError(f"{name} takes {several} arguments. Received {len(parts)}.")
    for i, part in enumerate(parts):
        wanted = kind.takes[min(i, len(kind.takes) - 1)]
        if part.sort != wanted:
            raise ValueError(f"{name} takes a {wanted} as argument {i}. Received a {part.sort}.")
        if part.sort == NUMBER and name not in _OF_COMPLEX and not part.real:
            raise ValueError(f"{name} takes real numbers. Argument {i} is complex.")
    if name == "UnevaluatedExpr" and parts[0].constant:
        raise ValueError("UnevaluatedExpr takes what has symbols. Received a constant.")
    values = [p.value for p in parts]
    value = _or_infinity(kind.value, *values)
    bits, terms = float(sum(p.bits for p in parts)), sum(p.terms for p in parts)
    degree = max((p.degree for p in parts), default=1)
    nodes, pieces = sum(p.nodes for p in parts), sum(p.pieces for p in parts)
    effort = sum(p.effort for p in parts)
    if kind.effort is not None:
        effort += kind.effort(nodes, terms, pieces, degree)
    if kind.is_hyperbolic:
        effort = 4 * effort + 0.02
    if name == "Pow" and parts[0].constant and complex(values[1]) != int(abs(complex(values[1]))):
        # Sympy looks for an exact root of a fraction.
        effort += 2e-11 * parts[0].bits ** 3
    if name == "Mul":
        terms = math.prod(min(p.terms, MAX_TERMS + 1) for p in parts)
        degree = sum(p.degree for p in parts)
    elif name == "Pow":
        power = abs(complex(values[1]))
        bits = parts[1].bits + parts[0].bits * max(power, 1)
        terms = _terms_of_power(parts[0].terms, power)
        degree = parts[0].degree * max(power, 1)
    elif kind.grows is not None:
        bits += kind.grows(*values)
        terms, degree = max((p.terms for p in parts), default=1), 1
    measure = Measure(
        kind.gives,
        value,
        bits,
        terms,
        1 + nodes,
        1 + max((p.depth for p in parts), default=0),
        degree,
        pieces + (name == "ExprCondPair"),
        effort,
        constant=all(p.constant for p in parts),
        imaginary=any(p.imaginary for p in parts),
    )
    return _limited(measure, name)


# Phases are products of exp(I*angle). Nothing else in a circuit is computed with complex numbers.
_OF_COMPLEX = ("Add", "Mul", "Pow", "exp")


def _terms_of_power(terms: int, power: float) -> int:
    if terms == 1 or power > MAX_TERMS:
        return 1 if terms == 1 else MAX_TERMS + 1
    # The expanded power has one term for each way to choose `n` factors among the terms.
    n = max(1, math.ceil(power))
    return math.comb(terms + n - 1, n)


def _limited(measure: Measure, name: str = "number") -> Measure:
    value = measure.value
    if measure.sort == NUMBER and not (abs(complex(value)) < math.inf):
        raise ValueError(
            f"each part of an expression must be a finite number of moderate size. {name} is "
            "not, for values of its symbols from 0.25 to 0.75."
        )
    for size, limit, what in (
        (measure.nodes, MAX_NODES, "parts"),
        (measure.depth, MAX_DEPTH, "levels of nesting"),
        (measure.terms, MAX_TERMS, "terms, once it is multiplied out"),
        (measure.bits, MAX_BITS, "bits in its whole numbers and fractions"),
        (measure.effort, MAX_EFFORT, "seconds of sympy's time"),
    ):
        if not size <= limit:
            raise ValueError(f"an expression may have {limit:g} {what}. This {name} has more.")
    return measure


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(
            f"an Integer, and the parts of a Rational, must be whole numbers. Received "
            f"{_shortened(value)}."
        )
    return value


def _or_infinity(function: Callable, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except (OverflowError, ZeroDivisionError, ValueError):
        return math.inf


def _shortened(value: object) -> str:
    """Prints a value for a message, never all of a large one."""
    if isinstance(value, int) and value.bit_length() > 200:
        return "a whole number of hundreds of digits"
    text = repr(value) if isinstance(value, (str, int, float, bool, type(None))) else str(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
