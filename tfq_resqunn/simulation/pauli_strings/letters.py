"""What a product state makes of Pauli letters: numbers, for each qubit and letter, by the data."""

import collections
import dataclasses
import weakref
from collections.abc import Sequence, Set

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.gate import Operation
from tfq_resqunn.simulation.gates.harmonics import harmonics
from tfq_resqunn.simulation.gates.operators import String
from tfq_resqunn.simulation.pauli_strings.propagation import Allowed, TooManyTerms, pull_back
from tfq_resqunn.simulation.pauli_strings.split import split
from tfq_resqunn.simulation.pauli_strings.stages import Monomial, Stage, TrigTable, merge
from tfq_resqunn.simulation.pauli_strings.trig_polynomials import TrigPolynomials, TrigRows
from tfq_resqunn.simulation.tensors.rows import Products

# A letter other than I, of a qubit.
Letter = tuple[int, int]
Polynomial = dict[Monomial, float]

# A letter of more monomials is given up.
_MAX_MONOMIALS = 20_000


class Letters:
    """The Pauli letters that are not zero on a product state, as trigonometric polynomials.

    For each qubit, it is given the gates that act on it alone.
    """

    def __init__(self, local: Sequence[Sequence[Operation]]):
        self.trig = TrigTable()
        self.polynomials: dict[Letter, Polynomial] = {}
        for q, gates in enumerate(local):
            own = [dataclasses.replace(g, qubits=(0,)) for g in gates]
            for letter in (1, 2, 3):
                if polynomial := _polynomial(letter, own, self.trig):
                    self.polynomials[q, letter] = polynomial
        self._n_qubits = len(local)

    def allowed(self, gates: Sequence[Operation]) -> Allowed:
        """Tells `pull_back`, for each gate, which letters before it can still have a value.

        All others are zero in the product state that these gates act on.
        """
        n_qubits = self._n_qubits
        now = np.array(
            [[a == 0 or (q, a) in self.polynomials for a in range(4)] for q in range(n_qubits)]
        )
        before = {}
        for i, gate in enumerate(gates):
            before.update({(i, q): now[q].copy() for q in gate.qubits})
            if len(gate.qubits) == 1:
                (q,) = gate.qubits
                leads_to = sum(np.abs(even) + np.abs(odd) for _, even, odd in harmonics(gate))
                now[q] = now[q] @ leads_to > 0
            else:
                now[list(gate.qubits)] = True
        before.update({(len(gates), q): now[q] for q in range(n_qubits)})
        return lambda i, q: before[i, q]


class QubitLetters:
    """The letters of all qubits, for methods that take in one qubit after the other.

    Attributes:
        shared: The circuit that follows the gates of which the letters are made.
        letters: For each qubit, its letters that are not zero, the identity first.
        places: For each qubit, the numbers of their rows; the identity, which is 1, has none.
        numbers: What is written, a patch.
    """

    def __init__(self, circuit: GateCircuit):
        local, self.shared = split(circuit, late=False)
        letters, qubits = Letters(local), range(circuit.n_qubits)
        others = [[a for a in (1, 2, 3) if (q, a) in letters.polynomials] for q in qubits]
        alone = [[tuple(a * (i == q) for i in qubits) for a in others[q]] for q in qubits]
        self._rows = LetterRows(letters, [s for strings in alone for s in strings], circuit)
        self.letters = [[0, *own] for own in others]
        self.places = [[self._rows.product(s)[0] for s in strings] for strings in alone]
        self.numbers = self._rows.numbers

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]` to rows `[n_rows, filters or 1, n]`.

        The weights are `[n_weights, filters]`.
        """
        rows = self._rows(features, weights)
        if not self._rows.n_rows:  # noise can leave nothing of any letter: a row that nobody takes
            rows = tf.ones([1, tf.shape(features)[1]], features.dtype)
        return rows[:, None] if len(rows.shape) == 2 else rows


# Of circuits that are being planned: several methods ask for the same.
_found: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def letters_of(circuit: GateCircuit) -> QubitLetters:
    """Gives a circuit's letters, which are made once."""
    if circuit not in _found:
        _found[circuit] = QubitLetters(circuit)
    return _found[circuit]


class LetterRows:
    """Computes the numbers of the letters that occur in some strings, for all patches.

    Attributes:
        n_rows: The number of rows.
        numbers: What is written, a patch.
    """

    def __init__(self, letters: Letters, strings: Sequence[String], circuit: GateCircuit):
        wanted = sorted({(q, a) for s in strings for q, a in enumerate(s) if a})
        self.n_rows = len(wanted)
        if not wanted:  # constants alone, as where noise leaves nothing
            self._number, self.numbers = {}, 0
            return
        data, local, inputs = TrigTable(), TrigTable(), set(circuit.inputs)
        by_letter = {key: _by_data(letters, key, inputs, data, local) for key in wanted}
        distinct = set().union(*by_letter.values())
        self._rows = TrigRows(data, circuit.inputs, distinct)
        monomials = sorted(distinct, key=self._rows.product)
        place = {m: i for i, m in enumerate(monomials)}
        self._monomials = Products(list(map(self._rows.product, monomials)), self._rows.n_rows)
        self._mix = None
        # Most encoders give each letter one cosine or sine: then there is nothing to mix.
        are_single = all(list(map(list, parts.values())) == [[()]] for parts in by_letter.values())
        if not are_single or len(place) < len(wanted):
            shape = (len(wanted), len(monomials))
            terms = [
                (i * len(monomials) + place[m], local.number(w), c)
                for i, key in enumerate(wanted)
                for m, by_weights in by_letter[key].items()
                for w, c in by_weights.items()
            ]
            stage = Stage.vector(shape[0] * shape[1], terms)
            self._mix = TrigPolynomials(shape, [stage], local, circuit.weights)
            self._number = {key: i for i, key in enumerate(wanted)}
        else:
            self._number, self._signs = {}, np.empty((len(wanted), 1))
            for key, parts in by_letter.items():
                [(monomial, by_weights)] = parts.items()
                self._number[key] = place[monomial]
                self._signs[place[monomial]] = by_weights[()]
        self._is_shared = not local.exponents
        mixing = 0 if self._mix is None else len(monomials)
        self.numbers = len(wanted) + mixing + 6 * len(data.exponents)

    def product(self, string: String) -> tuple[int, ...]:
        """Gives the numbers of the rows that a string multiplies, in their order."""
        return tuple(sorted(self._number[q, a] for q, a in enumerate(string) if a))

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]` to rows `[n_rows, n]`, for all filters.

        Where the letters depend on weights too, and there are several filters, to
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


def _polynomial(letter: int, gates: Sequence[Operation], trig: TrigTable) -> Polynomial:
    """Writes a letter, pulled back through the gates of one qubit, on the state |0>."""
    # In this state I and Z are 1, X and Y are 0.
    in_zero, anywhere = np.array([True, False, False, True]), np.ones(4, bool)
    allowed = lambda i, q: anywhere if i else in_zero  # noqa: E731
    pulled = pull_back(GateCircuit(gates, [{(letter,): 1.0}], 1, (), ()), trig, allowed)
    stages = merge(pulled.stages, trig, _MAX_MONOMIALS)
    if len(stages) > 1:
        raise TooManyTerms
    polynomial: Polynomial = collections.defaultdict(float)
    for monomial, factor in zip(stages[0].monomials, stages[0].factors, strict=True):
        polynomial[trig.monomials[monomial]] += factor
    return {m: c for m, c in polynomial.items() if abs(c) > 1e-12}


def _by_data(
    letters: Letters, key: Letter, inputs: Set, data: TrigTable, local: TrigTable
) -> dict[Monomial, Polynomial]:
    """Writes a letter as {monomial of data: {monomial of weights: coefficient}}."""
    exponents = list(letters.trig.exponents)
    parts: dict[Monomial, Polynomial] = {}
    for monomial, coefficient in letters.polynomials[key].items():
        of_data, of_weights = [], []
        for entry in monomial:
            exponent = exponents[entry // 2]
            is_data = bool(exponent.free_symbols & inputs)
            table, target = (data, of_data) if is_data else (local, of_weights)
            target.append(table.cosine(exponent) + entry % 2)
        row = parts.setdefault(tuple(sorted(of_data)), {})
        row[tuple(sorted(of_weights))] = coefficient
    return parts
