"""Polynomials of cosines and sines of weights, as a chain of sparse matrices.

Written out, the coefficient of a Pauli string has a monomial for each path that leads to it, and
their number grows exponentially with the gates. A chain of sparse matrices, a few gates each, has
as many entries as there are strings on the way, times two or three.
"""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
import sympy

from tfq_resqunn.simulation.protocols import NotOpen
from tfq_resqunn.simulation.tensors.linear_map import expand

# A product of cosines and sines, by their numbers in a `TrigTable`, sorted.
Monomial = tuple[int, ...]

# Up to this many entries, matrices are multiplied out even where that makes more of them.
_FEW = 1024
_TINY = 1e-14
MAX_PRODUCTS = 800_000  # of monomials; of more, deciding on a plan takes many seconds


class TrigTable:
    """Numbers the cosines and sines that occur, and their products.

    The cosine of `pi * exponent` has the number 2r, for the r-th distinct exponent, and its sine
    2r + 1.

    Attributes:
        exponents: The number of each exponent.
        monomials: All products so far; number 0 is the empty one.
    """

    def __init__(self) -> None:
        self.exponents: dict[sympy.Expr, int] = {}
        self.monomials: list[Monomial] = []
        self._numbers: dict[Monomial, int] = {}
        self._n_products = 0
        self.number(())

    def cosine(self, exponent: sympy.Expr) -> int:
        """Gives the number of a cosine; the sine's is one more."""
        return 2 * self.exponents.setdefault(exponent, len(self.exponents))

    def number(self, monomial: Iterable[int]) -> int:
        """Gives the number of a product."""
        monomial = tuple(sorted(monomial))
        if monomial not in self._numbers:
            self._numbers[monomial] = len(self.monomials)
            self.monomials.append(monomial)
        return self._numbers[monomial]

    def times(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Multiplies products, all by their numbers."""
        n = len(self.monomials)
        pairs, inverse = np.unique(left * n + right, return_inverse=True)
        left, right = np.divmod(pairs, n)
        found = np.where(left == 0, right, left)
        both = np.flatnonzero((left > 0) & (right > 0))
        self._n_products += len(both)
        if self._n_products > MAX_PRODUCTS:
            raise TooManyTerms
        for i in both:
            found[i] = self.number(self.monomials[left[i]] + self.monomials[right[i]])
        return found[inverse]


class TooManyTerms(NotOpen):
    """The sum of Pauli strings has grown beyond the limit."""

    def __init__(self) -> None:
        super().__init__("the sums grow too long")


@dataclasses.dataclass(frozen=True, eq=False)
class Stage:
    """A sparse matrix: entry e is `factors[e]` times a product of cosines and sines.

    The product is given by its number in a `TrigTable`, `monomials[e]`.
    """

    n_rows: int
    rows: np.ndarray
    columns: np.ndarray
    monomials: np.ndarray
    factors: np.ndarray

    @classmethod
    def vector(cls, n_rows: int, terms: Iterable[tuple[int, int, float]]) -> "Stage":
        """Makes a matrix of one column from (row, number of a monomial, factor)."""
        rows, monomials, factors = np.array(list(terms), dtype=float).reshape(-1, 3).T
        rows, monomials = rows.astype(np.int64), monomials.astype(np.int64)
        return cls(n_rows, rows, 0 * rows, monomials, factors)

    def __len__(self) -> int:
        return len(self.rows)

    def keep(self, where: np.ndarray) -> "Stage":
        """Gives the matrix with some of its entries."""
        parts = (self.rows, self.columns, self.monomials, self.factors)
        return Stage(self.n_rows, *(part[where] for part in parts))

    def keep_rows(self, wanted: np.ndarray) -> "Stage":
        """Gives the matrix with some of its rows, which get new numbers."""
        kept = self.keep(wanted[self.rows])
        rows = _renumber(wanted)[kept.rows]
        return dataclasses.replace(kept, n_rows=int(wanted.sum()), rows=rows)


def stack(stages: Sequence[Stage], n_columns: Sequence[int]) -> Stage:
    """Gives the block-diagonal matrix of several matrices."""
    *below, n_rows = np.cumsum([0, *(s.n_rows for s in stages)])
    *right, _ = np.cumsum([0, *n_columns])
    parts = [
        (s.rows + b, s.columns + r, s.monomials, s.factors)
        for s, b, r in zip(stages, below, right, strict=True)
    ]
    return Stage(int(n_rows), *map(np.concatenate, zip(*parts, strict=True)))


def merge(stages: Iterable[Stage], trig: TrigTable, few: float = _FEW) -> list[Stage]:
    """Multiplies neighbours, where that leaves no more entries, or few."""
    merged: list[Stage] = []
    for stage in stages:
        if merged:
            n = np.bincount(merged[-1].rows, minlength=merged[-1].n_rows)[stage.columns].sum()
            if n <= max(few, len(merged[-1]) + len(stage)):
                stage = _product(stage, merged.pop(), trig)
        merged.append(stage)
    return merged


def _product(later: Stage, earlier: Stage, trig: TrigTable) -> Stage:
    if _is_permutation(later, earlier.n_rows):  # as Clifford gates are
        place, sign = np.empty_like(later.rows), np.empty_like(later.factors)
        place[later.columns], sign[later.columns] = later.rows, later.factors
        rows, factors = place[earlier.rows], sign[earlier.rows] * earlier.factors
        return dataclasses.replace(earlier, rows=rows, factors=factors)
    order = np.argsort(earlier.rows, kind="stable")
    counts = np.bincount(earlier.rows, minlength=earlier.n_rows)
    here, within = expand(counts[later.columns])
    there = order[(np.cumsum(counts) - counts)[later.columns[here]] + within]
    rows, columns = later.rows[here], earlier.columns[there]
    monomials = trig.times(later.monomials[here], earlier.monomials[there])
    factors = later.factors[here] * earlier.factors[there]
    # What stands at one place adds up.
    shape = (later.n_rows, int(columns.max(initial=0)) + 1, len(trig.monomials))
    keys = np.ravel_multi_index((rows, columns, monomials), shape)
    keys, inverse = np.unique(keys, return_inverse=True)
    factors = np.bincount(inverse, factors, len(keys))
    rows, columns, monomials = np.unravel_index(keys, shape)
    return Stage(later.n_rows, rows, columns, monomials, factors).keep(np.abs(factors) > _TINY)


def _is_permutation(stage: Stage, n_columns: int) -> bool:
    if not len(stage) == stage.n_rows == n_columns or stage.monomials.any():
        return False
    return all(np.bincount(places).max(initial=1) == 1 for places in (stage.rows, stage.columns))


def trim(stages: Sequence[Stage]) -> tuple[list[Stage], np.ndarray]:
    """Drops entries that come from nothing or lead to nothing; says which last rows are left."""
    found, alive = [], np.array([True])
    for stage in stages:
        found.append(stage.keep(alive[stage.columns]))
        alive = np.zeros(stage.n_rows, dtype=bool)
        alive[found[-1].rows] = True
    left, trimmed = alive, []
    for i, stage in reversed(list(enumerate(found))):
        stage = stage.keep_rows(alive)
        alive = np.zeros(found[i - 1].n_rows, dtype=bool) if i else np.array([True])
        alive[stage.columns] = True
        columns = _renumber(alive)[stage.columns]
        trimmed.append(dataclasses.replace(stage, columns=columns))
    return trimmed[::-1], left


def _renumber(kept: np.ndarray) -> np.ndarray:
    """Gives what is kept its new number."""
    return np.cumsum(kept) - 1
