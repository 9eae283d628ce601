"""`Placement`: the parsed form of `"(X+O1)+O2"`.

placement = "none" | sum ("," sum)*
sum       = term ("+" term)+
term      = "X" | "O" number | "(" sum ")"
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re

# A term is the index of an output (0: the network's input) or a sum, which is a tuple of terms.
Term = int | tuple

_TOKEN = re.compile(r"\s*(?:(O)(\d+)|([X(),+]))")


@dataclasses.dataclass(frozen=True)
class Placement:
    """Which sums of outputs feed which layer of a network.

    `Ok` is the output of layer k and `X` the network's input. In a sum, the term with the highest
    index is replaced by that sum wherever it would flow next: `"X+O1"` feeds layer 2 with X + O1,
    `"O1+O2"` feeds the head of a two-layer network, `"(X+O1)+O2"` does both. Separate sums are
    joined by commas, long ones are allowed (`"X+O2"`), and `"none"` is the plain stack.

    Attributes:
        sums: Tuples of terms; a term is 0 for X, k for Ok, or such a tuple again.

    Example:
        >>> placement = Placement.parse("(X+O1)+O2")
        >>> placement.sums
        (((0, 1), 2),)
        >>> placement.feed(1), placement.feed(2)
        ((0, 1), ((0, 1), 2))
        >>> print(Placement.parse(" X + O1,O2+O3 "))
        X+O1, O2+O3

    Reference:
        The notation is that of Kashif, Shafique, *ResQuNNs* (2025), arXiv:2402.09146.
    """

    sums: tuple[tuple, ...] = ()

    def __post_init__(self):
        if not isinstance(self.sums, tuple) or not all(map(_is_sum, self.sums)):
            raise TypeError(
                "Placement: `sums` must be a tuple of sums, each a tuple of at least two terms. "
                f"Received {self.sums!r}. For the text form use Placement.parse('X+O1')."
            )

    @classmethod
    def parse(cls, text: str, depth: int | None = None) -> Placement:
        """Parses the text form.

        Args:
            text: For example `"none"`, `"X+O1"`, `"(X+O1)+O2"`, `"X+O1, O2+O3"`.
            depth: Number of layers of the network, or `None` to leave that unchecked.

        Raises:
            TypeError: If `text` is no string.
            ValueError: If it does not parse, names a layer that is not there, or says twice what
                takes an output's place. The error shows where.
        """
        if not isinstance(text, str):
            raise TypeError(f"Placement: `text` must be a string. Received {text!r}.")
        return cls(_Parser(text, depth).parse())

    @classmethod
    def full(cls, depth: int) -> Placement:
        """Gives the placement with a residual around every layer.

        >>> print(Placement.full(3))
        ((X+O1)+O2)+O3
        """
        return cls.around(range(1, depth + 1))

    @classmethod
    def around(cls, layers) -> Placement:
        """Gives the placement with a residual around each of these layers.

        >>> print(Placement.around([1, 3]))
        X+O1, O2+O3
        """
        sums: list[tuple] = []
        for k in sorted(layers):
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
        layers = range(1, depth + 1)
        chosen = (itertools.combinations(layers, n) for n in range(depth + 1))
        return [cls.around(c) for c in itertools.chain.from_iterable(chosen)]

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


def show_term(term: Term) -> str:
    """Writes a term as the text form does."""
    text = _show(term)
    return text[1:-1] if isinstance(term, tuple) else text


def _is_sum(term) -> bool:
    return (
        isinstance(term, tuple)
        and len(term) > 1
        and all(_is_sum(t) if isinstance(t, tuple) else isinstance(t, int) and t >= 0 for t in term)
    )


def _show(term: Term) -> str:
    if isinstance(term, tuple):
        return f"({'+'.join(map(_show, term))})"
    return f"O{term}" if term else "X"


def _index(term: Term) -> int:
    return max(map(_index, term)) if isinstance(term, tuple) else term


class _Parser:
    """Recursive descent over the tokens, each of which knows its place for the error."""

    def __init__(self, text: str, depth: int | None):
        self.text, self.depth, self.at = text, depth, 0
        self.replaced: dict[int, tuple] = {}

    def parse(self) -> tuple[tuple, ...]:
        if self.text.strip() == "none":
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
            inner = self._sum()
            if self._next() != ")":
                self._fail("This '(' is never closed", start)
            self._take()
            return inner
        if isinstance(token, int):
            if token < 1:
                self._fail("Layers are counted from O1 (X is the network's input)", self.last)
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
        return int(match[2]) if match[1] else match[3]

    def _take(self):
        token = self._next()
        self.last = self._start()
        if token is not None:
            self.at = _TOKEN.match(self.text, self.at).end()
        return token

    def _start(self) -> int:
        return self.at + len(self.text[self.at :]) - len(self.text[self.at :].lstrip())

    def _fail(self, why: str, place: int):
        raise ValueError(
            f"Placement: {why}.\n    {self.text}\n    {' ' * place}^\n"
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
