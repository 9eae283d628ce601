"""Observables pulled back through a circuit, as sums of Pauli strings (the Heisenberg picture).

Clifford gates permute Pauli strings, a rotation splits those that it does not commute with into a
cosine and a sine part, and what commutes or lies outside the light cone drops out. On a product
state, a Pauli string is as many numbers multiplied as it has letters.

Reference: Rall, Liang, Cook, Kretschmer, *Simulation of qubit quantum circuits via Pauli
propagation* (2019), arXiv:1901.09070.
"""

import collections
from collections.abc import Iterable, Sequence

import cirq
import numpy as np
import sympy

from tfq_resqunn.simulation.gates import Channel, Gate, harmonics

# A Pauli string has one letter a qubit: 0, 1, 2, 3 for I, X, Y, Z.
String = tuple[int, ...]
# A product of cosines and sines, by their numbers in a `TrigTable`, sorted.
Monomial = tuple[int, ...]
Polynomial = dict[Monomial, float]
Operator = dict[String, Polynomial]

LETTERS = "IXYZ"
# Above this many monomials an observable is given up: state vectors cost less.
MAX_MONOMIALS = 20_000


class TooManyTerms(Exception):
    """The sum of Pauli strings has grown beyond the limit."""


class TrigTable:
    """Numbers the cosines and sines that occur: of `pi * angle` for each distinct angle.

    Entry 0 is the number 1, entries 2r + 1 and 2r + 2 are cosine and sine of angle r.
    """

    def __init__(self):
        self.angles: dict[sympy.Expr, int] = {}

    def cosine(self, angle: sympy.Expr) -> int:
        """Gives the number of a cosine; the sine's is one more."""
        return 2 * self.angles.setdefault(angle, len(self.angles)) + 1


def operator_of(observable: cirq.PauliSum, qubits: Sequence[cirq.Qid]) -> Operator:
    """Writes a Pauli sum as an operator with constant coefficients."""
    operator: Operator = collections.defaultdict(dict)
    for term in observable:
        string = tuple(LETTERS.index(str(term.get(q, cirq.I))) for q in qubits)
        _add(operator[string], (), complex(term.coefficient).real)
    return dict(operator)


def pull_back(
    operator: Operator, gates: Iterable[Gate | Channel], trig: TrigTable, limit: int
) -> Operator:
    """Pulls an operator back through gates, the last of which comes first.

    Raises:
        TooManyTerms: If it takes more than `limit` monomials, or a gate has more than 3 qubits.
    """
    for gate in gates:
        operator = _through(operator, gate, trig)
        if sum(map(len, operator.values())) > limit:
            raise TooManyTerms
    return operator


def _through(operator: Operator, gate: Gate | Channel, trig: TrigTable) -> Operator:
    if len(gate.qubits) > 3:
        raise TooManyTerms
    if not any(string[q] for string in operator for q in gate.qubits):
        return operator
    table = _turns(gate, trig)
    turned: Operator = collections.defaultdict(dict)
    for string, polynomial in operator.items():
        letters = tuple(string[q] for q in gate.qubits)
        for new_letters, entry, factor in table[letters]:
            new = list(string)
            for q, letter in zip(gate.qubits, new_letters, strict=True):
                new[q] = letter
            target = turned[tuple(new)]
            for monomial, coefficient in polynomial.items():
                product = monomial if entry == 0 else tuple(sorted((*monomial, entry)))
                _add(target, product, coefficient * factor)
    cleaned = (
        (string, {m: c for m, c in polynomial.items() if abs(c) > 1e-14})
        for string, polynomial in turned.items()
    )
    return {string: polynomial for string, polynomial in cleaned if polynomial}


def _turns(gate: Gate | Channel, trig: TrigTable) -> dict[String, list[tuple[String, int, float]]]:
    """For each choice of letters: (new letters, entry of the trig table, factor)."""
    n = len(gate.qubits)
    strings = list(np.ndindex((4,) * n))
    turns: dict[String, list] = {s: [] for s in strings}
    for difference, even, odd in harmonics(gate):
        cosine = 0
        if difference and gate.exponent is not None:
            cosine = trig.cosine(difference * gate.exponent)
        for matrix, entry in ((even, cosine), (odd, cosine + 1)):
            for b, a in zip(*np.nonzero(matrix), strict=True):
                turns[strings[a]].append((strings[b], entry, float(matrix[b, a])))
    return turns


def _add(polynomial: Polynomial, monomial: Monomial, coefficient: float) -> None:
    polynomial[monomial] = polynomial.get(monomial, 0.0) + coefficient
