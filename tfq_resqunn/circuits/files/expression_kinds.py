"""The table of sympy's classes that an expression may hold, with the function that each computes.

To allow another function, enter its class in `KINDS`, and compute it, with its gradient, in
`simulation/tensors/expressions.py`.
"""

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass

import sympy
from sympy.functions.elementary.piecewise import ExprCondPair

NUMBER, TRUTH, BRANCH = "number", "condition", "branch of a Piecewise"

MANY = 10_000
FEW = 64  # for classes that compare each argument with all others


@dataclass(frozen=True)
class Kind:
    """A class of sympy's."""

    cls: type
    value: Callable  # the same function of Python's numbers
    least: int = 1  # number of arguments
    most: int = 1
    takes: tuple[str, ...] = (NUMBER,)  # sorts of arguments; the last holds for all further ones
    gives: str = NUMBER  # its own sort
    grows: Callable | None = None  # by how many bits exact numbers may grow, if they may
    # The seconds that sympy takes over it on a slow machine, if any to speak of: a function of its
    # arguments' parts, terms, branches of `Piecewise`, and degree.
    effort: Callable[[int, int, int, float], float] | None = None
    # Sympy takes the real and imaginary parts of its argument several times. So each one within
    # another takes several times as long.
    is_hyperbolic: bool = False


def _add(*values: complex) -> complex:
    total = complex(
        math.fsum(complex(v).real for v in values), math.fsum(complex(v).imag for v in values)
    )
    largest = max((abs(complex(v)) for v in values), default=0.0)
    if abs(total) < 1e-10 * largest:
        # The terms cancel up to rounding. If they are large, the rest is unknown.
        return 0.0 if largest < 1e6 else math.inf
    return _plain(total)


def _plain(z: complex) -> complex:
    return z.real if z.imag == 0 else z


def _real(z: complex) -> float:
    return complex(z).real


def _of_complex(function: Callable) -> Callable:
    return lambda z: _plain(function(complex(z)))


def _of_real(function: Callable) -> Callable:
    return lambda *values: function(*map(_real, values))


def _no_bits(*_: complex) -> float:
    return 0.0


def _exponential_bits(z: complex) -> float:
    return 1.5 * abs(complex(z))  # exp(1000*log(2)) is 2**1000


def _elementary(
    cls: type, value: Callable, grows: Callable = _no_bits, is_hyperbolic: bool = False
) -> Kind:
    return Kind(cls, value, grows=grows, is_hyperbolic=is_hyperbolic)


# Sympy multiplies out to take real and imaginary parts.
def _of_parts(cls: type, value: Callable) -> Kind:
    def effort(nodes: int, terms: int, pieces: int, degree: float) -> float:
        return 1e-4 * nodes**2 + 5e-5 * degree**2 + 0.01 * max(degree - 16, 0)

    return Kind(cls, value, grows=_no_bits, effort=effort)


# Sympy compares each argument with all others.
def _extremum(cls: type, value: Callable) -> Kind:
    return Kind(cls, _of_real(value), 1, FEW, effort=lambda nodes, *_: 1e-3 * nodes**2)


def _relation(cls: type, compare: Callable) -> Kind:
    return Kind(cls, _of_real(compare), 2, 2, gives=TRUTH)


def _logic(cls: type, value: Callable, least: int = 1, most: int = FEW) -> Kind:
    return Kind(cls, value, least, most, takes=(TRUTH,), gives=TRUTH)


# What `simulation/tensors/expressions.py` computes, values and gradients, and nothing else.
KINDS: dict[str, Kind] = {
    "Add": Kind(sympy.Add, _add, 0, MANY),
    "Mul": Kind(sympy.Mul, lambda *values: _plain(math.prod(map(complex, values))), 0, MANY),
    "Pow": Kind(sympy.Pow, lambda a, b: _plain(complex(a) ** complex(b)), 2, 2),
    "exp": _elementary(sympy.exp, _of_complex(cmath.exp), _exponential_bits),
    "log": _elementary(sympy.log, _of_complex(cmath.log)),
    "sin": _elementary(sympy.sin, _of_complex(cmath.sin)),
    "cos": _elementary(sympy.cos, _of_complex(cmath.cos)),
    "tan": _elementary(sympy.tan, _of_complex(cmath.tan)),
    "asin": _elementary(sympy.asin, _of_complex(cmath.asin)),
    "acos": _elementary(sympy.acos, _of_complex(cmath.acos)),
    "atan": _elementary(sympy.atan, _of_complex(cmath.atan)),
    "sinh": _elementary(sympy.sinh, _of_complex(cmath.sinh), _exponential_bits, is_hyperbolic=True),
    "cosh": _elementary(sympy.cosh, _of_complex(cmath.cosh), _exponential_bits, is_hyperbolic=True),
    "tanh": _elementary(sympy.tanh, _of_complex(cmath.tanh), is_hyperbolic=True),
    "asinh": _elementary(sympy.asinh, _of_complex(cmath.asinh)),
    "acosh": _elementary(sympy.acosh, _of_complex(cmath.acosh)),
    "atanh": _elementary(sympy.atanh, _of_complex(cmath.atanh)),
    "atan2": Kind(sympy.atan2, _of_real(math.atan2), 2, 2),
    "erf": _elementary(sympy.erf, _of_real(math.erf)),
    "loggamma": _elementary(
        # At a whole number, sympy writes out the factorial whose logarithm it is.
        sympy.loggamma, _of_real(math.lgamma), lambda z: 2 * abs(math.lgamma(_real(z)))
    ),
    "Abs": _of_parts(sympy.Abs, lambda z: abs(complex(z))),
    "sign": _of_parts(sympy.sign, lambda z: z / abs(z) if z else 0.0),
    "floor": _of_parts(sympy.floor, lambda z: _real(z) // 1),
    "ceiling": _of_parts(sympy.ceiling, lambda z: -(-_real(z) // 1)),
    "Mod": Kind(
        sympy.Mod, _of_real(lambda a, b: a - b * (a / b // 1)), 2, 2,
        effort=lambda nodes, terms, pieces, degree: 2e-5 * nodes**3 + 6e-5 * terms**2,
    ),
    "re": _of_parts(sympy.re, _real),
    "im": _of_parts(sympy.im, lambda z: complex(z).imag),
    "arg": _of_parts(sympy.arg, lambda z: cmath.phase(complex(z))),
    "Max": _extremum(sympy.Max, lambda *values: max(values)),
    "Min": _extremum(sympy.Min, lambda *values: min(values)),
    "UnevaluatedExpr": Kind(sympy.UnevaluatedExpr, lambda z: z),
    "Piecewise": Kind(
        sympy.Piecewise, lambda *branches: next((v for v, holds in branches if holds), 0.0),
        1, FEW, takes=(BRANCH,),
        effort=lambda nodes, terms, pieces, degree: 0.05 * pieces + 1e-6 * nodes**2,
    ),
    "ExprCondPair": Kind(
        ExprCondPair, lambda *pair: pair, 2, 2, takes=(NUMBER, TRUTH), gives=BRANCH
    ),
    "StrictGreaterThan": _relation(sympy.StrictGreaterThan, lambda a, b: a > b),
    "GreaterThan": _relation(sympy.GreaterThan, lambda a, b: a >= b),
    "StrictLessThan": _relation(sympy.StrictLessThan, lambda a, b: a < b),
    "LessThan": _relation(sympy.LessThan, lambda a, b: a <= b),
    "Equality": _relation(sympy.Equality, lambda a, b: a == b),
    "Unequality": _relation(sympy.Unequality, lambda a, b: a != b),
    "And": _logic(sympy.And, lambda *values: all(values), 0),
    "Or": _logic(sympy.Or, lambda *values: any(values), 0),
    "Not": _logic(sympy.Not, lambda value: not value, 1, 1),
    "Xor": _logic(sympy.Xor, lambda *values: sum(values) % 2 == 1, 0, 8),
    "ITE": _logic(sympy.ITE, lambda a, b, c: b if a else c, 3, 3),
    "Implies": _logic(sympy.Implies, lambda a, b: b or not a, 2, 2),
}  # fmt: skip

CONSTANTS = {
    "pi": sympy.pi,
    "E": sympy.E,
    "EulerGamma": sympy.EulerGamma,
    "Catalan": sympy.Catalan,
    "GoldenRatio": sympy.GoldenRatio,
    "TribonacciConstant": sympy.TribonacciConstant,
    "I": sympy.I,
    "true": sympy.true,
    "false": sympy.false,
}
