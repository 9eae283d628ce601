"""Circuits on product states: observables pulled back meet encoders that act qubit by qubit.

What depends on the weights alone is the same for every patch: each observable, pulled back, is a
sum of Pauli strings with coefficients computed once a step. An encoder that acts qubit by qubit
gives each letter of a string a number; a string is these numbers multiplied. All arithmetic is
real.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.coefficients import Coefficients
from tfq_resqunn.simulation.dense import DenseCoefficients
from tfq_resqunn.simulation.gates import Channel, Gate
from tfq_resqunn.simulation.letters import LetterRows, Letters
from tfq_resqunn.simulation.pauli import TooManyTerms, operator_of, pull_back
from tfq_resqunn.simulation.stages import TrigTable
from tfq_resqunn.simulation.sums import SumOfProducts
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
        letters = Letters(where.local)
        operators = [operator_of(o, qubits) for o in observables]
        trig = TrigTable()
        if dense:
            strings = letters.all_strings()
            wanted = [strings] * len(operators)
        else:
            allowed = letters.allowed(where.shared)
            pulled = pull_back(operators, where.shared, trig, len(qubits), allowed)
            owned = list(map(tuple, pulled.strings.tolist()))
            # An expectation can be zero, or a constant: then there is still the empty string.
            strings = sorted(set(owned)) or [(0,) * len(qubits)]
            wanted = [[] for _ in operators]
            for k, string in zip(pulled.owners, owned, strict=True):
                wanted[k].append(string)
        self.n_strings = len(strings)
        self.one_string_each = all(len(own) == 1 for own in wanted)

        self._rows = LetterRows(letters, strings, inputs, weights)
        products = [[self._rows.product(s) for s in own] for own in wanted]
        self._sum = SumOfProducts(products, self._rows.n_rows)
        if dense:
            noisy = any(isinstance(g, Channel) for g in where.shared)
            kind = TransferCoefficients if noisy else DenseCoefficients
            self._coefficients = kind(where.shared, operators, strings, weights)
        else:
            places = [
                self._sum.place(k, self._rows.product(s))
                for k, s in zip(pulled.owners, owned, strict=True)
            ]
            shape = (len(operators), self._sum.n_rests)
            *stages, last = pulled.stages
            rows = np.array(places, dtype=np.int64)[last.rows]
            last = dataclasses.replace(last, n_rows=shape[0] * shape[1], rows=rows)
            self._coefficients = Coefficients(shape, [*stages, last], trig, weights)
            self.n_terms, self.n_stages = pulled.n_terms, len(pulled.stages)

    @property
    def flops(self) -> int:
        """Multiplications and additions a patch and filter, forward."""
        return self._sum.flops + self._rows.flops

    @property
    def flops_a_step(self) -> int:
        """Multiplications and additions a filter, for its coefficients."""
        return self._coefficients.flops

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`."""
        weights = tf.transpose(weights)
        letters = self._rows(features, weights)  # [rows, n] or [rows, filters, n]
        return self._sum(letters, self._coefficients(weights))
