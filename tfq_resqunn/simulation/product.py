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
from tfq_resqunn.simulation.sums import SumOfProducts
from tfq_resqunn.simulation.tables import Coefficients
from tfq_resqunn.simulation.transfer import TransferCoefficients

__all__ = ["MAX_DENSE_QUBITS", "Cut", "NotAProduct", "ProductForm", "TooManyTerms", "cut"]

# Dense coefficients multiply matrices of 2**n rows; above this, that costs more than it saves.
MAX_DENSE_QUBITS = 4


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
            wanted = [strings] * len(operators)
        else:
            operators = [self._pull_back(op, where, trig) for op in operators]
            # An expectation can be zero, or a constant: then there is still the empty string.
            strings = sorted({s for op in operators for s in op}) or [(0,) * len(qubits)]
            wanted = [sorted(op) for op in operators]
        self.n_strings = len(strings)
        self.one_string_each = all(len(own) == 1 for own in wanted)

        self._rows = LetterRows(self._letters, strings, inputs, weights)
        products = [[self._rows.product(s) for s in own] for own in wanted]
        self._sum = SumOfProducts(products, self._rows.n_rows)
        if dense:
            noisy = any(isinstance(g, Channel) for g in where.shared)
            kind = TransferCoefficients if noisy else DenseCoefficients
            self._coefficients = kind(where.shared, operators, strings, weights)
        else:
            terms = [
                (self._sum.place(k, self._rows.product(s)), monomial, c)
                for k, op in enumerate(operators)
                for s, polynomial in op.items()
                for monomial, c in polynomial.items()
            ]
            shape = (len(operators), self._sum.n_rests)
            self._coefficients = Coefficients(shape, terms, trig, weights)
        self.n_terms = self._coefficients.n_terms

    @property
    def flops(self) -> int:
        """Multiplications and additions a patch and filter, forward."""
        return self._sum.flops + self._rows.flops

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
        return self._sum(letters, self._coefficients(weights))
