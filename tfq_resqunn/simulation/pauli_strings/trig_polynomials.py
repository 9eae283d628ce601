"""Polynomials of cosines and sines, as tensors."""

from collections.abc import Iterable, Sequence

import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.pauli_strings.stages import Monomial, Stage, TrigTable
from tfq_resqunn.simulation.tensors.exponents import Exponents
from tfq_resqunn.simulation.tensors.linear_map import LinearMap
from tfq_resqunn.simulation.tensors.rows import Products, Take
from tfq_resqunn.simulation.tensors.trigonometry import cosine, sine


class TrigRows:
    """Computes what occurs in monomials of a `TrigTable`: a row for each cosine, then each sine."""

    def __init__(
        self, trig: TrigTable, symbols: Sequence[sympy.Symbol], monomials: Iterable[Monomial]
    ):
        wanted = {entry for monomial in monomials for entry in monomial}
        used = sorted({entry // 2 for entry in wanted})
        exponents = list(trig.exponents)
        self._exponents = Exponents([exponents[r] for r in used], symbols)
        self._parts, self._places = [], {}
        for odd, function in enumerate((cosine, sine)):
            if own := sorted(entry for entry in wanted if entry % 2 == odd):
                self._parts.append((function, Take([used.index(entry // 2) for entry in own])))
                self._places.update({entry: len(self._places) + i for i, entry in enumerate(own)})
        self.n_rows = len(wanted)

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """Maps values `[n_symbols, m]` to rows `[n_rows, m]`."""
        if not self._parts:
            return values[:0]
        exponents = self._exponents(values)
        parts = [function(take(exponents)) for function, take in self._parts]
        return parts[0] if len(parts) == 1 else tf.concat(parts, axis=0)

    def product(self, monomial: Monomial) -> tuple[int, ...]:
        """Gives the numbers of the rows that a monomial multiplies, in their order."""
        return tuple(sorted(self._places[entry] for entry in monomial))


# A term takes about as long as this many multiplications where matrices are dense (measured).
_TERM_FLOPS = 250


class TrigPolynomials:
    """A tensor of polynomials of the weights' cosines and sines.

    Stages compute its entries, row by row, from the number 1.

    Attributes:
        flops: Multiplications and additions a filter; a term counts as `_TERM_FLOPS` of them.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        stages: Sequence[Stage],
        trig: TrigTable,
        weights: Sequence[sympy.Symbol],
    ):
        self._shape = shape
        if not len(stages[-1]):  # all entries are zero
            stages = [Stage.vector(int(np.prod(shape)), [(0, 0, 0.0)])]
        used = np.unique(np.concatenate([s.monomials for s in stages]))
        monomials = [trig.monomials[m] for m in used]
        self._rows = rows = TrigRows(trig, weights, monomials)
        self._products = Products(list(map(rows.product, monomials)), rows.n_rows)
        place = np.zeros(len(trig.monomials), dtype=np.int64)
        place[used] = np.arange(len(used))
        self._stages = [_StageMap(s, place[s.monomials], len(monomials)) for s in stages]
        self.flops = _TERM_FLOPS * sum(map(len, stages))

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[*shape, filters]`."""
        monomials = self._products(self._rows(weights))
        entries = None
        for stage in self._stages:
            entries = stage(monomials, entries)
        return tf.reshape(entries, [*self._shape, -1])


class _StageMap:
    """Multiplies by a sparse matrix, given the products of cosines and sines in its entries."""

    def __init__(self, stage: Stage, monomials: np.ndarray, n_monomials: int):
        keys = stage.columns * n_monomials + monomials
        distinct, inverse = np.unique(keys, return_inverse=True)
        self._take_columns, self._take_monomials = map(Take, np.divmod(distinct, n_monomials))
        shape = (stage.n_rows, len(distinct))
        self._map = LinearMap(shape, stage.rows, inverse, stage.factors)

    def __call__(self, monomials: tf.Tensor, entries: tf.Tensor | None) -> tf.Tensor:
        factors = self._take_monomials(monomials)
        if entries is not None:
            factors *= self._take_columns(entries)
        return self._map(factors)
