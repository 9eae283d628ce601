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
from collections.abc import Iterable, Iterator
from typing import NoReturn

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
_TOKEN = re.compile(r"O(?P<layer>[0-9]+)|[X(),+]|(?P<other>\S)", re.IGNORECASE)


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

    def __post_init__(self) -> None:
        if not isinstance(self.sums, tuple) or not all(map(_is_sum, self.sums)):
            raise TypeError(
                "Placement: `sums` must be a tuple of sums, each a tuple of at least two terms. "
                f"Received {reprlib.repr(self.sums)}. For the text form use "
                "Placement.parse('X+O1')."
            )
        # The parser knows all the rules, and shows where one is broken.
        sums = _parse(str(self))
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
        return cls(_parse(text, depth))

    @classmethod
    def full(cls, depth: int) -> Placement:
        """Gives the placement with a residual around every layer.

        >>> print(Placement.full(3))
        ((X+O1)+O2)+O3
        """
        depth = integer(1, MAX_LAYERS)(depth, "depth", "Placement")
        return cls.around(range(1, depth + 1))

    @classmethod
    @checked(layers=_LAYERS)
    def around(cls, layers: Iterable[int]) -> Placement:
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
        depth = integer(1, MAX_DEPTH_OF_EVERY)(depth, "depth", "Placement")
        layers = range(1, depth + 1)
        chosen = (itertools.combinations(layers, n) for n in range(depth + 1))
        return [cls.around(c) for c in itertools.chain.from_iterable(chosen)]

    @checked(k=integer(0))
    def feed(self, k: int) -> Term:
        """Gives what flows on where output `k` would: a sum, or `k` itself."""
        return self._feeds.get(k, k)

    @functools.cached_property
    def _feeds(self) -> dict[int, tuple]:
        return {_index(group): group for term in self.sums for group in _groups(term)}

    def __str__(self) -> str:
        return ", ".join(map(show_term, self.sums)) or "none"


def as_placement(value: str | Placement | None, depth: int) -> Placement:
    """Normalises `None` (a residual around every layer), text or a `Placement` for a network."""
    if value is None:
        return Placement.full(depth)
    if isinstance(value, Placement):
        value = str(value)
    return Placement.parse(value, depth)


def show_term(term: Term) -> str:
    """Writes a term as the text form does."""
    if isinstance(term, tuple):
        return "+".join(f"({show_term(t)})" if isinstance(t, tuple) else show_term(t) for t in term)
    return f"O{term}" if term else "X"


def _is_sum(term: object, room: int = MAX_LAYERS) -> bool:
    return (
        isinstance(term, tuple)
        and len(term) > 1
        and room > 0
        and all(_is_sum(t, room - 1) if isinstance(t, tuple) else type(t) is int for t in term)
    )


def _index(term: Term) -> int:
    return max(map(_index, term)) if isinstance(term, tuple) else term


def _parse(text: str, depth: int | None = None) -> tuple[tuple, ...]:
    return () if text.strip().lower() == "none" else _Parser(text, depth).parse()


class _Parser:
    """Reads a text by recursive descent. Each token knows its place, which errors point at."""

    def __init__(self, text: str, depth: int | None = None) -> None:
        self.text, self.depth = text, depth
        self.tokens = list(self._tokens())
        self.token, self.place = self.tokens[0]
        self.nesting = 0
        self.replaced: dict[int, tuple] = {}  # an output, and the sum that takes its place

    def parse(self) -> tuple[tuple, ...]:
        sums = []
        while True:
            start = self.place
            sums.append(self._sum())
            self._claim(sums[-1], start)
            if self.token is None:
                return tuple(sums)
            if self.token != ",":
                self._fail("Expected '+', ',' or the end", self.place)
            self._step()

    def _tokens(self) -> Iterator[tuple[str | int | None, int]]:
        """Yields layers as integers (X is 0), signs as text and `None` for the end."""
        for match in _TOKEN.finditer(self.text):
            place = match.start()
            if match["other"]:
                zero = " (with the letter O, not the digit 0)" if match["other"] == "0" else ""
                self._fail(f"Expected X, O1, O2, ..., '(', ')', '+' or ','{zero}", place)
            if match["layer"] is None:
                yield (0 if match[0] in "Xx" else match[0]), place
                continue
            # Cut short, since Python refuses to read integers of thousands of digits.
            layer = int(match["layer"].lstrip("0")[: len(str(MAX_LAYERS)) + 1] or 0)
            if layer < 1:
                self._fail("Layers are counted from O1 (X is the network's input)", place)
            yield layer, place
        yield None, len(self.text)

    def _step(self) -> None:
        self.tokens.pop(0)
        self.token, self.place = self.tokens[0]

    def _sum(self) -> tuple:
        start, terms = self.place, [self._term()]
        while self.token == "+":
            self._step()
            place, term = self.place, self._term()
            if set(_atoms(term)) & set(_atoms(tuple(terms))):
                self._fail("A sum holds each output once, but this one stands in it already", place)
            if _index(term) < _index(terms[-1]):
                right = show_term(tuple(sorted([*terms, term], key=_index)))
                why = "The terms of a sum stand in the order of their layers: here"
                self._fail(f"{why} {right}", place)
            terms.append(term)
        if len(terms) < 2:
            self._fail("A sum needs two terms, as in X+O1", start)
        return tuple(terms)

    def _term(self) -> Term:
        token, place = self.token, self.place
        if token == "(":
            self._step()
            self.nesting += 1
            if self.nesting > MAX_LAYERS:
                self._fail(f"Sums can be nested {MAX_LAYERS} deep", place)
            inner = self._sum()
            if self.token != ")":
                self._fail("This '(' is never closed", place)
            self.nesting -= 1
            self._step()
            return inner
        if not isinstance(token, int):
            self._fail("Expected X, O1, O2, ... or '('", place)
        if token > MAX_LAYERS:
            self._fail(f"A network has at most {MAX_LAYERS} layers", place)
        if self.depth is not None and token > self.depth:
            has = ", ".join(f"O{k}" for k in range(1, self.depth + 1))
            why = f"There is no layer {token}: the network's depth is {self.depth} ({has})"
            self._fail(why, place)
        self._step()
        return token

    def _claim(self, term: tuple, start: int) -> None:
        """Notes whose places a sum and those within it take; no other sum may take them, too."""
        groups = _groups(term)
        for group in groups:
            if (k := _index(group)) in self.replaced:
                both = f"{show_term(self.replaced[k])} and {show_term(group)}"
                self._fail(f"Two sums take the place of {show_term(k)}: {both}", start)
        self.replaced.update((_index(group), group) for group in groups)

    def _fail(self, why: str, place: int) -> NoReturn:
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
    return [a for inner in term for a in _atoms(inner)] if isinstance(term, tuple) else [term]


def _groups(term: Term) -> list[tuple]:
    """Gives the sums within a term and, last, the term itself if it is one."""
    if not isinstance(term, tuple):
        return []
    return [g for inner in term for g in _groups(inner)] + [term]
