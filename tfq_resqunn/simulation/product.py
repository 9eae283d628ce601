"""Circuits on product states: observables pulled back meet encoders that act qubit by qubit.

What depends on the weights alone is the same for every patch: each observable, pulled back, is a
sum of Pauli strings with coefficients computed once a step. An encoder that acts qubit by qubit
gives each letter of a string a number; a string is these numbers multiplied. All arithmetic is
real.
"""

import dataclasses
from collections.abc import Sequence

import tensorflow as tf

from tfq_resqunn.simulation.dense import DenseCoefficients
from tfq_resqunn.simulation.gates import Channel, Gate
from tfq_resqunn.simulation.letters import LetterRows, Letters
from tfq_resqunn.simulation.pauli import (
    MAX_MONOMIALS,
    Operator,
    TooManyTerms,
    TrigTable,
    operator_of,
    pull_back,
)
from tfq_resqunn.simulation.sums import OneProductEach, SumOfProducts
from tfq_resqunn.simulation.tables import Coefficients
from tfq_resqunn.simulation.transfer import TransferCoefficients

__all__ = ["MAX_DENSE_QUBITS", "Cut", "NotAProduct", "ProductForm", "TooManyTerms", "cut"]

# Dense coefficients multiply matrices of 2**n rows; above this, that costs more than it saves.
MAX_DENSE_QUBITS = 4
# Up to this many strings are computed row by row, more of them in blocks.
MAX_ROWS = 64


class NotAProduct(Exception):
    """Data enters after qubits are entangled, or mixed with weights."""


@dataclasses.dataclass(frozen=True, eq=False)
class Cut:
    """A circuit cut in two: local gates that hold all data, then gates of weights alone."""

    local: tuple[tuple[Gate | Channel, ...], ...]  # for each qubit
    shared: tuple[Gate | Channel, ...]


def cut(gates: Sequence[Gate | Channel], inputs: set, n_qubits: int, *, late: bool) -> Cut:
    """Cuts as early as the data allows, or as late as the entanglement does.

    Raises:
        NotAProduct: If there is no such cut.
    """
    local: list[list[Gate]] = [[] for _ in range(n_qubits)]
    shared: list[Gate] = []
    entangled: set[int] = set()
    for gate in gates:
        if len(gate.qubits) == 1 and gate.qubits[0] not in entangled:
            local[gate.qubits[0]].append(gate)
            shared.append(gate)
        else:
            entangled.update(gate.qubits)
            shared.append(gate)
    if not late:
        for q, own in enumerate(local):
            n_data = max((i + 1 for i, g in enumerate(own) if g.symbols & inputs), default=0)
            local[q] = own[:n_data]
    taken = {id(g) for own in local for g in own}
    shared = [g for g in shared if id(g) not in taken]
    if any(g.symbols & inputs for g in shared):
        raise NotAProduct("data enters after qubits are entangled")
    if any(g.symbols & inputs and g.symbols - inputs for own in local for g in own):
        raise NotAProduct("a gate's angle mixes data and weights")
    return Cut(tuple(map(tuple, local)), tuple(shared))


class ProductForm:
    """A function from features and weights to expectations, all patches at once.

    Args:
        where: How the circuit is cut.
        observables: Pauli sums.
        qubits: The qubits, in the order in which gates number them.
        inputs: Data symbols, in the order of the features.
        weights: Weight symbols, in their order.
        dense: Whether coefficients come from matrices instead of sums of paths: unitaries, or,
            with channels among the gates, Pauli transfer matrices.

    Raises:
        TooManyTerms: If the sums of Pauli strings grow too long.
    """

    def __init__(self, where: Cut, observables, qubits, inputs, weights, *, dense: bool = False):
        self._letters = Letters(where.local)
        operators = [operator_of(o, qubits) for o in observables]
        trig = TrigTable()
        if dense:
            strings = self._letters.all_strings()
        else:
            operators = [self._pull_back(op, where, trig) for op in operators]
            # An expectation can be zero, or a constant: then there is still the empty string.
            strings = sorted({s for op in operators for s in op}) or [(0,) * len(qubits)]
        self.one_string_each = not dense and all(len(op) == 1 for op in operators)
        if self.one_string_each:
            strings = [next(iter(op)) for op in operators]
        self.strings = strings
        self.n_observables = len(operators)

        if dense:
            noisy = any(isinstance(g, Channel) for g in where.shared)
            kind = TransferCoefficients if noisy else DenseCoefficients
            self._coefficients = kind(where.shared, operators, strings, weights)
        elif self.one_string_each:
            terms = [(k, m, c) for k, op in enumerate(operators) for m, c in op[strings[k]].items()]
            self._coefficients = Coefficients((len(strings),), terms, trig, weights)
        else:
            number = {s: i for i, s in enumerate(strings)}
            terms = [
                (k * len(strings) + number[s], m, c)
                for k, op in enumerate(operators)
                for s, polynomial in op.items()
                for m, c in polynomial.items()
            ]
            shape = (len(operators), len(strings))
            self._coefficients = Coefficients(shape, terms, trig, weights)
        self.n_terms = self._coefficients.n_terms
        self._rows = LetterRows(self._letters, strings, inputs, weights)
        kind = OneProductEach if self.one_string_each else SumOfProducts
        self._sum = kind(
            self._rows.strings, self._rows.n_rows, self._coefficients.mask, self._rows.qubits
        )
        self._is_small = len(strings) <= MAX_ROWS

    @property
    def flops(self) -> int:
        """Multiplications and additions a patch and filter, forward."""
        per_string = 2 if self.one_string_each else 1 + 2 * self.n_observables
        return len(self.strings) * per_string + self._rows.flops

    def _pull_back(self, operator: Operator, where: Cut, trig: TrigTable) -> Operator:
        last = {}  # the gate before which nothing but local gates acts on a qubit
        for i, gate in enumerate(where.shared):
            for q in gate.qubits:
                last.setdefault(q, i)
        untouched = [q for q in range(len(where.local)) if q not in last]
        operator = self._letters.prune(operator, untouched)
        for i in reversed(range(len(where.shared))):
            gate = where.shared[i]
            operator = pull_back(operator, [gate], trig, MAX_MONOMIALS)
            operator = self._letters.prune(operator, [q for q in gate.qubits if last[q] == i])
        return operator

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`."""
        weights = tf.transpose(weights)
        letters = self._rows(features, weights)  # [rows, n] or [rows, filters, n]
        coefficients = self._coefficients(weights)
        if self._is_small and len(letters.shape) == 2 and weights.shape[1] == 1:
            return self._sum.one_by_one(letters, coefficients[..., 0])
        return self._sum(letters, coefficients)
