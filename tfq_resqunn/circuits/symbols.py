"""The names of data symbols and weights, and their order."""

import contextlib
import contextvars
import re
from collections.abc import Iterable, Iterator

import sympy

DATA_PREFIX = "x_"
WEIGHT_PREFIX = "w_"

# "natural" compares numbers in names as numbers. "string" puts x_10 before x_2.
ORDERS = ("natural", "string")
_order = contextvars.ContextVar("order", default=ORDERS[0])


def data_symbols(n: int) -> list[sympy.Symbol]:
    """Gives the data symbols `x_000`, `x_001`, ... of `n` features."""
    return _numbered(DATA_PREFIX, n)


def weight_symbols(n: int) -> list[sympy.Symbol]:
    """Gives the trainable symbols `w_000`, `w_001`, ... of `n` weights."""
    return _numbered(WEIGHT_PREFIX, n)


def in_order(symbols: Iterable) -> tuple:
    """Sorts symbols (or their names) by name, and numbers in names as numbers.

    >>> in_order(sympy.symbols("x_10 x_2 x_1"))
    (x_1, x_2, x_10)
    """
    return tuple(sorted(symbols, key=_natural if _order.get() == "natural" else str))


def listed(symbols: Iterable) -> str:
    """Lists symbols for a message."""
    return ", ".join(map(str, symbols)) or "none"


@contextlib.contextmanager
def sorted_by(order: str) -> Iterator[None]:
    """Makes `in_order` sort in one of `ORDERS`, as long as the context lasts.

    Files of earlier versions were written in the `"string"` order. They are read in that order by
    everything that builds their circuits, including functions of the user's own.

    >>> with sorted_by("string"):
    ...     in_order(["w_2", "w_10"])
    ('w_10', 'w_2')
    """
    token = _order.set(order)
    try:
        yield
    finally:
        _order.reset(token)


def _natural(symbol: sympy.Symbol | str) -> tuple:
    texts = re.split("([0-9]+)", str(symbol))
    # Without leading zeros, a number with more digits is larger.
    digits = [number.lstrip("0") for number in texts[1::2]]
    numbers = [(len(d), d) for d in digits]
    return tuple(zip(texts[::2], [*numbers, (0, "")], strict=True)), str(symbol)


def _numbered(prefix: str, n: int) -> list[sympy.Symbol]:
    # Padded with zeros, so that programs that sort names as strings get the same order.
    width = max(3, len(str(n - 1)))
    return [sympy.Symbol(f"{prefix}{i:0{width}d}") for i in range(n)]
