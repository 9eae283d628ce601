"""`Placement`: the parsed form of `"(X+O1)+O2"`.

placement = "none" | sum ("," sum)*
sum       = term ("+" term)+
term      = "X" | "O" number | "(" sum ")"

Letters may be small. Terms stand in the order of their layers; a sum counts as its last term.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
import reprlib
from collections.abc import Iterable

from tfq_resqunn._utils.arguments import Rule, check_count, checked, integer

# A term is the index of an output (0: the network's input) or a sum, which is a tuple of terms.
Term = int | tuple

# Sums nest as deep as there are layers, and Python's stack has an end.
MAX_LAYERS = 200
MAX_DEPTH_OF_EVERY = 16
SHOWN = 72  # characters of a text around the place of an error

_LAYERS = Rule(
    "a list of layers, counted from 1",
    lambda value: isinstance(value, Iterable) and not isinstance(value, str | bytes),
)
_TOKEN = re.compile(r"\s*(?:(O)([0-9]+)|([X(),+]))", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Placement:
    """Which sums of outputs feed which layer of a network.

    `Ok` is the output of layer k and `X` the network's input. In a sum, the term with the highest
    index is replaced by that sum wherever it would flow next: `"X+O1"` feeds layer 2 with X + O1,
    `"O1+O2"` feeds the head of a two-layer network, `"(X+O1)+O2"` does both. Separate sums are
    joined by commas, long ones are allowed (`"X+O2"`), and `"none"` is the plain stack.

    Attributes:
        sums: Tuples of terms; a term is 0 for X, k for Ok, or such a tuple again. Terms stand in
            the order of their layers. Separate sums are sorted, since their order means nothing.

    Raises:
        TypeError: If `sums` is no tuple of sums.
        ValueError: If it is nothing that the text form could say; see `parse`.

    Example:
        >>> placement = Placement.parse("(X+O1)+O2")
        >>> placement.sums
        (((0, 1), 2),)
        >>> placement.feed(1), placement.feed(2)
        ((0, 1), ((0, 1), 2))
        >>> print(Placement.parse(" x + o1,O2+O3 "))
        X+O1, O2+O3

    Reference:
        The notation is that of Kashif, Shafique, *ResQuNNs* (2025), arXiv:2402.09146.
    """

    sums: tuple[tuple, ...] = ()

    def __post_init__(self):
        if not isinstance(self.sums, tuple) or not all(map(_is_sum, self.sums)):
            raise TypeError(
                "Placement: `sums` must be a tuple of sums, each a tuple of at least two terms. "
                f"Received {reprlib.repr(self.sums)}. For the text form use "
                "Placement.parse('X+O1')."
            )
        # The parser knows all the rules, and shows where one is broken.
        sums = _Parser(str(self)).parse()
        object.__setattr__(self, "sums", tuple(sorted(sums, key=_index)))

    @classmethod
    def parse(cls, text: str, depth: int | None = None) -> Placement:
        """Parses the text form.

        Args:
            text: For example `"none"`, `"X+O1"`, `"(X+O1)+O2"`, `"X+O1, O2+O3"`.
            depth: Number of layers of the network, or `None` to leave that unchecked.

        Raises:
            TypeError: If `text` is no string, or `depth` no integer.
            ValueError: If it does not parse, names a layer that is not there, has terms out of
                order, or says twice what takes an output's place. The error shows where.
        """
        if not isinstance(text, str):
            raise TypeError(f"Placement: `text` must be a string. Received {text!r}.")
        if depth is not None:
            depth = check_count(depth, "depth", "Placement")
        return cls(_Parser(text, depth).parse())

    @classmethod
    def full(cls, depth: int) -> Placement:
        """Gives the placement with a residual around every layer.

        >>> print(Placement.full(3))
        ((X+O1)+O2)+O3
        """
        return cls.around(range(1, _check_depth(depth, MAX_LAYERS) + 1))

    @classmethod
    @checked(layers=_LAYERS)
    def around(cls, layers) -> Placement:
        """Gives the placement with a residual around each of these layers.

        >>> print(Placement.around([1, 3]))
        X+O1, O2+O3
        """
        sums: list[tuple] = []
        for k in sorted({check_count(k, "layers", "Placement") for k in layers}):
            if sums and _index(sums[-1]) == k - 1:
                sums.append((sums.pop(), k))
            else:
                sums.append((k - 1, k))
        return cls(tuple(sums))

    @classmethod
    def every(cls, depth: int) -> list[Placement]:
        """Gives all 2**depth placements of residuals around single layers.

        >>> [str(p) for p in Placement.every(2)]
        ['none', 'X+O1', 'O1+O2', '(X+O1)+O2']
        """
        layers = range(1, _check_depth(depth, MAX_DEPTH_OF_EVERY) + 1)
        chosen = (itertools.combinations(layers, n) for n in range(depth + 1))
        return [cls.around(c) for c in itertools.chain.from_iterable(chosen)]

    @checked(k=integer(0))
    def feed(self, k: int) -> Term:
        """Gives what flows on where output `k` would: a sum, or `k` itself."""
        return self._feeds.get(k, k)

    @functools.cached_property
    def _feeds(self) -> dict[int, tuple]:
        feeds: dict[int, tuple] = {}

        def collect(term):
            if isinstance(term, tuple):
                for inner in term:
                    collect(inner)
                feeds[_index(term)] = term

        for term in self.sums:
            collect(term)
        return feeds

    def __str__(self) -> str:
        return ", ".join(_show(s)[1:-1] for s in self.sums) or "none"


def as_placement(value, depth: int) -> Placement:
    """Normalises `None` (a residual around every layer), text or a `Placement` for a network."""
    if value is None:
        return Placement.full(depth)
    if isinstance(value, Placement):
        value = str(value)
    return Placement.parse(value, depth)


def _check_depth(depth, most: int) -> int:
    depth = check_count(depth, "depth", "Placement")
    if depth > most:
        raise ValueError(f"Placement: `depth` must be at most {most}. Received {depth}.")
    return depth


def show_term(term: Term) -> str:
    """Writes a term as the text form does."""
    text = _show(term)
    return text[1:-1] if isinstance(term, tuple) else text


def _is_sum(term, room: int = MAX_LAYERS) -> bool:
    return (
        isinstance(term, tuple)
        and len(term) > 1
        and room > 0
        and all(_is_sum(t, room - 1) if isinstance(t, tuple) else type(t) is int for t in term)
    )


def _show(term: Term) -> str:
    if isinstance(term, tuple):
        return f"({'+'.join(map(_show, term))})"
    return f"O{term}" if term else "X"


def _index(term: Term) -> int:
    return max(map(_index, term)) if isinstance(term, tuple) else term


class _Parser:
    """Recursive descent over the tokens, each of which knows its place for the error."""

    def __init__(self, text: str, depth: int | None = None):
        self.text, self.depth, self.at, self.nesting = text, depth, 0, 0
        self.replaced: dict[int, tuple] = {}

    def parse(self) -> tuple[tuple, ...]:
        if self.text.strip().lower() == "none":
            return ()
        sums = []
        while True:
            start = self._start()
            sums.append(self._sum())
            self._claim(sums[-1], start)
            if self._next() is None:
                return tuple(sums)
            if self._take() != ",":
                self._fail("Expected '+', ',' or the end", self.last)

    def _sum(self) -> tuple:
        start, terms = self._start(), [self._term()]
        while self._next() == "+":
            self._take()
            place = self._start()
            term = self._term()
            if set(_atoms(term)) & set(_atoms(tuple(terms))):
                self._fail("A sum holds each output once, but this one stands in it already", place)
            if _index(term) < _index(terms[-1]):
                right = tuple(sorted([*terms, term], key=_index))
                self._fail(
                    "The terms of a sum stand in the order of their layers: here "
                    f"{show_term(right)}",
                    place,
                )
            terms.append(term)
        if len(terms) < 2:
            self._fail("A sum needs two terms, as in X+O1", start)
        return tuple(terms)

    def _term(self) -> Term:
        token = self._take()
        if token == "X":
            return 0
        if token == "(":
            start = self.last
            self.nesting += 1
            if self.nesting > MAX_LAYERS:
                self._fail(f"Sums can be nested {MAX_LAYERS} deep", start)
            inner = self._sum()
            if self._next() != ")":
                self._fail("This '(' is never closed", start)
            self._take()
            self.nesting -= 1
            return inner
        if isinstance(token, int):
            if token < 1:
                self._fail("Layers are counted from O1 (X is the network's input)", self.last)
            if token > MAX_LAYERS:
                self._fail(f"A network has at most {MAX_LAYERS} layers", self.last)
            if self.depth is not None and token > self.depth:
                has = ", ".join(f"O{k}" for k in range(1, self.depth + 1))
                self._fail(
                    f"There is no layer {token}: the network's depth is {self.depth} ({has})",
                    self.last,
                )
            return token
        return self._fail("Expected X, O1, O2, ... or '('", self.last)

    def _claim(self, term: Term, start: int) -> None:
        # An outer sum may take over from one of its own parts, but from no other sum.
        for part in _groups(term):
            k = _index(part)
            if k in self.replaced:
                self._fail(
                    f"Two sums take the place of {_show(k)}: {show_term(self.replaced[k])} and "
                    f"{show_term(part)}",
                    start,
                )
        self.replaced.update((_index(part), part) for part in _groups(term))

    def _next(self):
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            if self.text[self.at :].strip():
                place = self._start()
                zero = " (with the letter O, not the digit 0)" if self.text[place] == "0" else ""
                self._fail(f"Expected X, O1, O2, ..., '(', ')', '+' or ','{zero}", place)
            return None
        if not match[1]:
            return match[3].upper()
        digits = match[2].lstrip("0")
        # Python refuses to read numbers of thousands of digits; this one is refused here.
        return int(digits[: len(str(MAX_LAYERS)) + 1] or 0)

    def _take(self):
        token = self._next()
        self.last = self._start()
        if token is not None:
            self.at = _TOKEN.match(self.text, self.at).end()
        return token

    def _start(self) -> int:
        return self.at + len(self.text[self.at :]) - len(self.text[self.at :].lstrip())

    def _fail(self, why: str, place: int):
        text, start = self.text, max(0, place - SHOWN // 2)
        if len(text) > SHOWN:
            before, after = "..." * (start > 0), "..." * (start + SHOWN < len(text))
            text = f"{before}{text[start : start + SHOWN]}{after}"
            place += len(before) - start
        raise ValueError(
            f"Placement: {why}.\n    {text}\n    {' ' * place}^\n"
            "Examples: 'none', 'X+O1', 'O1+O2', '(X+O1)+O2', 'X+O1, O2+O3'."
        )


def _atoms(term: Term) -> list[int]:
    if isinstance(term, tuple):
        return [a for inner in term for a in _atoms(inner)]
    return [term]


def _groups(term: Term) -> list[tuple]:
    if not isinstance(term, tuple):
        return []
    return [g for inner in term for g in _groups(inner)] + [term]
