"""The rules that arguments must keep, and the errors where one does not.

A `Rule` is called with a value, the argument's name and who asks. It gives the value in its usual
form (a Python integer for one of NumPy's), or raises an error that says who asks, which argument,
the rule, and what was received. `checked` applies rules to a function's arguments.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import numbers
import os
from collections.abc import Callable
from typing import Any, TypeVar

MAX_COUNT = 2**31 - 1  # shapes and shots are counted with 32 bits
MAX_SIZE = 4096  # qubits and layers of a named circuit: a qubit for each pixel of 64 x 64
MAX_SEED = 2**32 - 1  # of NumPy's and scikit-learn's generators


# --- what rules are made of ------------------------------------------------------------------


def is_integer(value: object) -> bool:
    """Tells whether `value` is a whole number, of Python's or NumPy's; a boolean is none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Tells whether `value` is a real number, of Python's or NumPy's; a boolean is none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_finite(number: float) -> bool:
    """Tells whether a number is a finite float, or can be made one."""
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer beyond all floats
        return False


def received(value: object) -> str:
    """Describes a value for a message, in one line; with its type, where that may be wrong.

    >>> received([1, 2])
    '[1, 2] of type list'
    """
    shown = " ".join(_shown(value).split())
    shown = shown if len(shown) <= 200 else f"{shown[:200]} ..."
    speaks_for_itself = value is None or isinstance(value, (bool, str)) or is_number(value)
    return shown if speaks_for_itself else f"{shown} of type {type(value).__name__}"


def _shown(value: object) -> str:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and len(shape) > 1:
        return f"an array of shape {shape}"  # its numbers would fill the line
    try:
        return repr(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "an integer of thousands of digits"


# --- rules -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Rule:
    """What one argument must be. A value of another kind is a TypeError.

    Example:
        >>> integer(1)(3, "filters", "Quanv2D")
        3
        >>> integer(1)(0, "filters", "Quanv2D")
        Traceback (most recent call last):
        ValueError: Quanv2D: `filters` must be at least 1. Received 0.
    """

    kind: str  # what it must be, for messages: "an integer"
    is_kind: Callable[[Any], bool]
    # Gives the limit that a value of the kind does not keep, such as "at least 1": a ValueError.
    broken: Callable[[Any], str | None] = lambda value: None
    convert: Callable[[Any], Any] = lambda value: value  # into its usual form
    remedy: str = ""  # what to do instead, for messages

    def __call__(self, value: Any, argument: str, who: str) -> Any:
        is_kind = self.is_kind(value)
        if (rule := self.broken(value) if is_kind else self.kind) is None:
            return self.convert(value)
        remedy = f" {self.remedy}" if self.remedy else ""
        raise (ValueError if is_kind else TypeError)(
            f"{who}: `{argument}` must be {rule}. Received {received(value)}.{remedy}"
        )

    def or_none(self) -> Rule:
        """Gives the rule that also takes `None`."""
        return dataclasses.replace(
            self,
            kind=f"{self.kind} or None",
            is_kind=lambda value: value is None or self.is_kind(value),
            broken=lambda value: None if value is None else self.broken(value),
            convert=lambda value: None if value is None else self.convert(value),
        )


def integer(low: int, high: int = MAX_COUNT) -> Rule:
    """Makes the rule for integers from `low` to `high`."""

    def broken(value: Any) -> str | None:
        if value < low:
            return f"at least {low}"
        return f"at most {high}" if value > high else None

    return Rule("an integer", is_integer, broken, int)


def number(low: float = -math.inf, high: float = math.inf, *, above: bool = False) -> Rule:
    """Makes the rule for finite numbers from `low` to `high`; `above` leaves `low` itself out."""
    limits = [f" {'above' if above else 'of at least'} {low:g}"] * (low > -math.inf)
    limits += [f" of at most {high:g}"] * (high < math.inf)
    kind = "a finite number" + " and".join(limits)

    def broken(value: Any) -> str | None:
        is_inside = low < value <= high if above else low <= value <= high
        return None if is_inside and is_finite(value) else kind

    return Rule(kind, is_number, broken, float)


def choice(*choices: str) -> Rule:
    """Makes the rule for one of some words."""
    kind = f"one of {', '.join(map(repr, choices))}"
    return Rule(
        kind,
        lambda value: True,
        lambda value: None if isinstance(value, str) and value in choices else kind,
    )


def instance(types: type | tuple[type, ...], kind: str, remedy: str = "") -> Rule:
    """Makes the rule for objects of some types."""
    return Rule(kind, lambda value: isinstance(value, types), remedy=remedy)


def _is_flag(value: object) -> bool:
    kind = type(value)  # NumPy's is known by its name, since importing NumPy takes a while
    return kind is bool or (kind.__module__, kind.__name__) == ("numpy", "bool")


check_count = integer(1)
check_size = integer(1, MAX_SIZE)
check_seed = integer(0, MAX_SEED)
check_text = Rule(
    "text",
    lambda value: isinstance(value, str),
    lambda value: None if value else "text that is not empty",
)
check_function = Rule("a function", callable)
check_flag = Rule("True or False", _is_flag, convert=bool)
check_path = Rule(
    "a path, as text or pathlib.Path",
    lambda value: isinstance(value, (str, os.PathLike)),
    lambda value: None if str(value) and "\0" not in str(value) else "the name of a file or folder",
)

# Formats that Matplotlib writes by itself; "pgf" needs a LaTeX.
PICTURES = ("png", "svg", "pdf", "jpg", "jpeg", "tif", "tiff", "webp", "eps", "ps", "svgz")


def _no_picture(path: str | os.PathLike) -> str | None:
    suffix = os.path.splitext(path)[1].lower().removeprefix(".")
    listed = f"a file whose suffix is one of {', '.join(PICTURES)}"
    return check_path.broken(path) or (None if suffix in PICTURES else listed)


check_picture = dataclasses.replace(
    check_path, broken=_no_picture, remedy="Name a file such as picture.png."
)


# --- their use -------------------------------------------------------------------------------

F = TypeVar("F", bound=Callable)  # `checked` leaves the types of a function as they are


def checked(**rules: Rule) -> Callable[[F], F]:
    """Makes a decorator that applies rules to a function's arguments, by name, before it runs.

    Example:
        >>> @checked(n=integer(1))
        ... def double(n, factor=2):
        ...     return factor * n
        >>> double(3)
        6
        >>> double(0)
        Traceback (most recent call last):
        ValueError: double: `n` must be at least 1. Received 0.
    """

    def decorate(function: Callable) -> Any:
        signature = inspect.signature(function)
        # A method's errors name its class, as those of the constructor do.
        who = function.__qualname__.rpartition("<locals>.")[2].partition(".")[0]

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:  # Python's own message names the function
                return function(*args, **kwargs)
            for argument, rule in rules.items():
                if argument in bound.arguments:
                    bound.arguments[argument] = rule(bound.arguments[argument], argument, who)
            return function(*bound.args, **bound.kwargs)

        return wrapper

    return decorate
