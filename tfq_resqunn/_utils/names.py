"""Names in messages: the one that may have been meant, and a list that is not too long."""

import difflib
from collections.abc import Iterable

MANY = 8  # names, of which a message shows the first and the last


def closest(name: str, known: Iterable[str]) -> str | None:
    """Gives the known name that is most like another one, if any is.

    >>> closest("angel", ["amplitude", "angle"])
    'angle'
    """
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Asks, at the end of a message, whether another name was meant; empty if none is like it.

    >>> did_you_mean("angel", ["amplitude", "angle"])
    " Did you mean 'angle'?"
    """
    close = closest(name, known)
    return "" if close is None else f" Did you mean {close!r}?"


def shortened(names: Iterable[object]) -> str:
    """Lists names, of many the first and the last.

    >>> shortened(f"w_{i}" for i in range(40))
    'w_0, w_1, w_2, w_3, ..., w_39'
    """
    texts = list(map(str, names))
    return ", ".join(texts if len(texts) <= MANY else [*texts[:4], "...", texts[-1]]) or "none"
