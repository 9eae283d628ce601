"""The rules that arguments keep, and what is said where one does not.

A rule is a function `rule(value, argument, who)`: it gives the value in its usual form (a Python
integer for NumPy's), or raises a `TypeError` or a `ValueError` that says who asks, which argument,
the rule, and what was received. `checked` applies rules to the arguments of a function.
"""

import functools
import inspect
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

Rule = Callable[[Any, str, str], Any]

MAX_COUNT = 2**31 - 1  # shapes and shots are counted with 32 bits
MAX_SIZE = 4096  # qubits and layers of a named circuit: a qubit for each pixel of 64 x 64
MAX_SEED = 2**32 - 1  # of NumPy's and scikit-learn's generators


# --- what rules are made of ------------------------------------------------------------------


def is_integer(value) -> bool:
    """Tells whether `value` is a whole number, of Python's or NumPy's; a boolean is none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_number(value) -> bool:
    """Tells whether `value` is a real number, of Python's or NumPy's; a boolean is none."""
    is_real = isinstance(value, (int, float, np.integer, np.floating))
    return is_real and not isinstance(value, bool)


def received(value) -> str:
    """Describes a value for a message: in one line, its type too where that may be the fault.

    >>> received([1, 2])
    '[1, 2] of type list'
    """
    shown = " ".join(repr(value).split())
    shown = shown if len(shown) <= 200 else f"{shown[:200]} ..."
    return (
        shown
        if is_number(value) or value is None or isinstance(value, bool)
        else f"{shown} of type {type(value).__name__}"
    )


# --- rules -----------------------------------------------------------------------------------


def integer(low: int, high: int = MAX_COUNT) -> Rule:
    """Makes the rule for integers from `low` to `high`."""

    def check(value, argument: str, who: str) -> int:
        if not is_integer(value):
            raise TypeError(f"{who}: `{argument}` must be an integer. Received {received(value)}.")
        if not low <= value <= high:
            limit = f"at least {low}" if value < low else f"at most {high}"
            raise ValueError(f"{who}: `{argument}` must be {limit}. Received {value}.")
        return int(value)

    return check


def number(low: float = -math.inf, high: float = math.inf, *, above: bool = False) -> Rule:
    """Makes the rule for finite numbers from `low` to `high`; `above` leaves `low` itself out."""
    limits = [f" {'above' if above else 'of at least'} {low:g}"] * (low > -math.inf)
    limits += [f" of at most {high:g}"] * (high < math.inf)
    kind = "a finite number" + " and".join(limits)

    def check(value, argument: str, who: str) -> float:
        if not is_number(value):
            raise TypeError(f"{who}: `{argument}` must be {kind}. Received {received(value)}.")
        if not _is_finite(value) or value > high or (value <= low if above else value < low):
            raise ValueError(f"{who}: `{argument}` must be {kind}. Received {value}.")
        return float(value)

    return check


def choice(*choices: str) -> Rule:
    """Makes the rule for one of some words."""

    def check(value, argument: str, who: str) -> str:
        if not isinstance(value, str) or value not in choices:
            raise (ValueError if isinstance(value, str) else TypeError)(
                f"{who}: `{argument}` must be one of {', '.join(map(repr, choices))}. "
                f"Received {value!r}."
            )
        return value

    return check


def instance(types, what: str, remedy: str = "") -> Rule:
    """Makes the rule for objects of some types, which `what` calls by name."""

    def check(value, argument: str, who: str):
        if not isinstance(value, types):
            raise TypeError(
                f"{who}: `{argument}` must be {what}. Received {received(value)}."
                + (f" {remedy}" if remedy else "")
            )
        return value

    return check


def optional(rule: Rule) -> Rule:
    """Makes the rule that also takes `None`."""

    def check(value, argument: str, who: str):
        return None if value is None else rule(value, argument, who)

    return check


check_count = integer(1)
check_size = integer(1, MAX_SIZE)
check_seed = integer(0, MAX_SEED)
check_text = instance(str, "text")
check_function = instance(Callable, "a function")


def check_flag(value, argument: str, who: str) -> bool:
    """Takes `True` and `False`."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{who}: `{argument}` must be True or False. Received {received(value)}.")
    return bool(value)


def check_path(value, argument: str, who: str):
    """Takes the name of a file or folder that the system can have."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(
            f"{who}: `{argument}` must be a path, as text or pathlib.Path. "
            f"Received {received(value)}."
        )
    if not os.fspath(value) or "\0" in os.fspath(value):
        raise ValueError(f"{who}: `{argument}` must name a file or folder. Received {value!r}.")
    return value


# --- their use -------------------------------------------------------------------------------


def checked(**rules: Rule) -> Callable:
    """Applies rules to a function's arguments, by their names, before the function runs.

    Args:
        **rules: A rule for each argument that has one.

    Returns:
        A decorator.

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

    def decorate(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            for argument, rule in rules.items():
                if argument in bound.arguments:
                    value = rule(bound.arguments[argument], argument, function.__name__)
                    bound.arguments[argument] = value
            return function(*bound.args, **bound.kwargs)

        return wrapper

    return decorate


def _is_finite(value) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False
