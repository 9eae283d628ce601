"""Polynomials of cosines and sines, as tensors."""

from collections.abc import Iterable, Sequence

import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.pauli_strings.stages import Stage, TrigTable
from tfq_resqunn.simulation.tensors.exponents import Exponents
from tfq_resqunn.simulation.tensors.linear_map import LinearMap
from tfq_resqunn.simulation.tensors.rows import Products, Take
from tfq_resqunn.simulation.tensors.trigonometry import cosine, sine


class TrigRows:
    """Computes rows of a `TrigTable`: cosines and sines of its exponents.

    Args:
        trig: The table.
        symbols: The symbols of its exponents, in the order of the values' rows.
        entries: The entries that are wanted; each may be named more than once.
    """

    def __init__(self, trig: TrigTable, symbols: Sequence[sympy.Symbol], entries: Iterable[int]):
        wanted = sorted(set(entries))
        cosines, sines = ([e for e in wanted if e % 2 == odd] for odd in (0, 1))
        used = sorted({e // 2 for e in wanted})
        exponents = list(trig.exponents)
        self._exponents = Exponents([exponents[r] for r in used], symbols)
        number = {r: i for i, r in enumerate(used)}
        self._cosines = Take([number[e // 2] for e in cosines]) if cosines else None
        self._sines = Take([number[e // 2] for e in sines]) if sines else None
        self._places = {e: i for i, e in enumerate([*cosines, *sines])}

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """Maps values `[n_symbols, m]` to rows `[n_entries, m]`."""
        if not self._places:
            return values[:0]
        exponents, parts = self._exponents(values), []
        if self._cosines is not None:
            parts.append(cosine(self._cosines(exponents)))
        if self._sines is not None:
            parts.append(sine(self._sines(exponents)))
        return parts[0] if len(parts) == 1 else tf.concat(parts, axis=0)

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self._places)

    def place(self, entry: int) -> int:
        """Gives the row of an entry of the table."""
        return self._places[entry]


# A term takes about as long as this many multiplications where matrices are dense (measured).
_TERM_FLOPS = 50


class TrigPolynomials:
    """A tensor whose entries are polynomials of cosines and sines of the weights.

    Args:
        shape: Its shape.
        stages: What computes its entries, row by row, from the number 1.
        trig: The table of cosines and sines.
        weights: The symbols of its exponents, in the order of the values.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        stages: Sequence[Stage],
        trig: TrigTable,
        weights: Sequence[sympy.Symbol],
    ):
        self.shape = shape
        if not len(stages[-1]):  # all entries are zero
            stages = [Stage.vector(int(np.prod(shape)), [(0, 0, 0.0)])]
        used = np.unique(np.concatenate([s.monomials for s in stages]))
        monomials = [trig.monomials[m] for m in used]
        self._rows = rows = TrigRows(trig, weights, [e for m in monomials for e in m])
        self._products = Products(
            [tuple(sorted(map(rows.place, m))) for m in monomials], rows.n_rows
        )
        place = np.zeros(len(trig.monomials), dtype=np.int64)
        place[used] = np.arange(len(used))
        self._n_terms = sum(map(len, stages))
        self._stages = []
        for stage in stages:
            self._stages.append(_StageMap(stage, place[stage.monomials], len(monomials)))

    @property
    def flops(self) -> int:
        """Multiplications and additions a filter; a term counts as `_TERM_FLOPS` of them."""
        return _TERM_FLOPS * self._n_terms

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[*shape, filters]`."""
        monomials = self._products(self._rows(weights))
        entries = None
        for stage in self._stages:
            entries = stage(monomials, entries)
        return tf.reshape(entries, [*self.shape, -1])


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
