"""What a product state makes of Pauli letters: numbers, for each qubit and letter, by the data."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates import Gate
from tfq_resqunn.simulation.pauli import MAX_MONOMIALS, Operator, Polynomial, TrigTable, pull_back
from tfq_resqunn.simulation.tables import Coefficients, Products, TrigRows


class Letters:
    """The Pauli letters that are not zero on the product state, as trigonometric polynomials.

    Args:
        local: For each qubit, the gates that act on it alone, data included.
    """

    def __init__(self, local: Sequence[Sequence[Gate]]):
        self.trig = TrigTable()
        self.polynomials: dict[tuple[int, int], Polynomial] = {}
        for q, gates in enumerate(local):
            own = [dataclasses.replace(g, qubits=(0,)) for g in gates]
            for letter in (1, 2, 3):
                turned = pull_back({(letter,): {(): 1.0}}, own[::-1], self.trig, MAX_MONOMIALS)
                # In the state |0>, I and Z are 1, X and Y are 0.
                polynomial: Polynomial = {}
                for string, terms in turned.items():
                    if string[0] in (0, 3):
                        for m, c in terms.items():
                            polynomial[m] = polynomial.get(m, 0.0) + c
                polynomial = {m: c for m, c in polynomial.items() if abs(c) > 1e-12}
                if polynomial:
                    self.polynomials[q, letter] = polynomial
        self._n_qubits = len(local)

    def prune(self, operator: Operator, qubits) -> Operator:
        """Drops strings with a letter that is zero on the product state."""
        return {
            s: p
            for s, p in operator.items()
            if all(s[q] == 0 or (q, s[q]) in self.polynomials for q in qubits)
        }

    def all_strings(self) -> list[tuple[int, ...]]:
        """Gives every string of letters that are not zero."""
        choices = [
            [0, *(a for a in (1, 2, 3) if (q, a) in self.polynomials)]
            for q in range(self._n_qubits)
        ]
        return [
            tuple(c)
            for c in np.stack(np.meshgrid(*choices, indexing="ij"), -1)
            .reshape(-1, self._n_qubits)
            .tolist()
        ]


class LetterRows:
    """Computes the numbers of some letters for all patches.

    Args:
        letters: All letters of the product state.
        strings: The Pauli strings in which they are wanted.
        inputs: Data symbols, in the order of the features.
        weights: Weight symbols, in their order.

    Attributes:
        n_rows: The number of rows.
        flops: Multiplications and additions a patch.
    """

    def __init__(self, letters: Letters, strings, inputs, weights):
        wanted = sorted({(q, a) for s in strings for q, a in enumerate(s) if a})
        self.n_rows = len(wanted)
        if not wanted:  # constants alone, as where noise leaves nothing
            self._number, self.flops = {}, 0
            return
        data, local = TrigTable(), TrigTable()
        split = {key: _split(letters, key, set(inputs), data, local) for key in wanted}
        entries = [e for parts in split.values() for monomial in parts for e in monomial]
        self._rows = TrigRows(data, inputs, entries)
        products = {
            monomial: tuple(sorted(map(self._rows.place, monomial)))
            for parts in split.values()
            for monomial in parts
        }
        monomials = sorted(products, key=products.get)
        place = {m: i for i, m in enumerate(monomials)}
        self._monomials = Products([products[m] for m in monomials], self._rows.n_rows)
        self._mix = None
        # Most encoders give each letter one cosine or sine: then there is nothing to mix.
        if not _are_single(split.values()) or len(place) < len(wanted):
            terms = [
                (i * len(monomials) + place[m], w, c)
                for i, key in enumerate(wanted)
                for m, by_weights in split[key].items()
                for w, c in by_weights.items()
            ]
            self._mix = Coefficients((len(wanted), len(monomials)), terms, local, weights)
            number = {key: i for i, key in enumerate(wanted)}
        else:
            number = {key: place[next(iter(parts))] for key, parts in split.items()}
            signs = {
                place[m]: by_weights[()] for p in split.values() for m, by_weights in p.items()
            }
            self._signs = np.array([signs[i] for i in range(len(monomials))])[:, None]
        self._is_shared = not local.angles
        self._number = number
        mixing = 0 if self._mix is None else 2 * len(wanted) * len(monomials)
        self.flops = mixing + 20 * len(data.angles)

    def product(self, string) -> tuple[int, ...]:
        """Gives the numbers of the rows that a string multiplies, in their order."""
        return tuple(sorted(self._number[q, a] for q, a in enumerate(string) if a))

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]` to rows `[n_rows, n]`, for all filters.

        Where weights have turned the letters, and there are several filters, to
        `[n_rows, filters, n]`. The weights are `[n_weights, filters]`.
        """
        if not self.n_rows:
            return features[:0]
        monomials = self._monomials(self._rows(features))
        if self._mix is None:
            if np.all(self._signs == 1):
                return monomials
            return monomials * tf.constant(self._signs, monomials.dtype)
        matrix = self._mix(weights)  # [rows, monomials, filters]
        if self._is_shared or matrix.shape[2] == 1:
            return tf.matmul(matrix[:, :, 0], monomials)
        rows = tf.matmul(tf.transpose(matrix, [2, 0, 1]), monomials[None])
        return tf.transpose(rows, [1, 0, 2])


def _split(letters: Letters, key, inputs: set, data: TrigTable, local: TrigTable) -> dict:
    """Writes a letter as {monomial of data: {monomial of weights: coefficient}}."""
    angles = list(letters.trig.angles)
    parts: dict = {}
    for monomial, coefficient in letters.polynomials[key].items():
        of_data, of_weights = [], []
        for entry in monomial:
            angle = angles[(entry - 1) // 2]
            is_data = bool(angle.free_symbols & inputs)
            table, target = (data, of_data) if is_data else (local, of_weights)
            target.append(table.cosine(angle) + (entry - 1) % 2)
        row = parts.setdefault(tuple(sorted(of_data)), {})
        row[tuple(sorted(of_weights))] = coefficient
    return parts


def _are_single(split) -> bool:
    return all(len(parts) == 1 and list(*parts.values()) == [()] for parts in split)
