"""Two halves and a matrix product: up to some ten qubits in a product state.

An observable, pulled back, is a tensor of coefficients of all Pauli strings, which is made once a
step. For each patch, the letters of the first qubits are multiplied out, and those of the others;
the strings are all products of the two. So an expectation is one of the first kind, times the
coefficients as a matrix, times the second: one matrix product for all patches.
"""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.matrix_products.dense import DenseCoefficients
from tfq_resqunn.simulation.matrix_products.network import Network
from tfq_resqunn.simulation.pauli_strings.letters import LetterRows, Letters
from tfq_resqunn.simulation.pauli_strings.matrices import TransferCoefficients, UnitaryCoefficients
from tfq_resqunn.simulation.pauli_strings.split import split
from tfq_resqunn.simulation.protocols import NotOpen

MAX_COEFFICIENTS = 2**21  # of all observables


class Halves:
    """Computes expectations from all strings' coefficients and the letters of two halves.

    Coefficients come from matrix products, or from matrices of the whole circuit: unitaries or,
    with channels among the gates, Pauli transfer matrices.
    """

    def __init__(self, circuit: GateCircuit, *, by_matrices: bool = False):
        local, shared = split(circuit, late=False)
        letters, n = Letters(local), circuit.n_qubits
        own = [[a for a in (1, 2, 3) if (q, a) in letters.polynomials] for q in range(n)]
        sizes = [1 + len(found) for found in own]
        self._n_outputs = n_outputs = len(circuit.observables)
        if n_outputs * math.prod(sizes) > MAX_COEFFICIENTS:
            raise NotOpen(f"{n_outputs} x {math.prod(sizes)} coefficients are too many")
        self._coefficients: Callable[[tf.Tensor], tf.Tensor]
        if by_matrices:
            strings = list(itertools.product(*([0, *found] for found in own)))
            kind = TransferCoefficients if circuit.is_noisy else UnitaryCoefficients
            by_strings = kind(shared, strings)
            self._coefficients = lambda w: tf.transpose(by_strings(w), [2, 0, 1])
        else:
            self._coefficients = DenseCoefficients(Network(shared, [[0, *found] for found in own]))
        single = [[tuple(a * (i == q) for i in range(n)) for a in own[q]] for q in range(n)]
        self._rows = LetterRows(letters, [s for strings in single for s in strings], circuit)
        self._places = [[self._rows.product(s)[0] for s in strings] for strings in single]

        def work(cut: int) -> int:
            return math.prod(sizes[:cut]) + n_outputs * math.prod(sizes[cut:])

        self._cut = min(range(n + 1), key=work)
        self._sizes = math.prod(sizes[: self._cut]), math.prod(sizes[self._cut :])
        self.flops = 2 * n_outputs * math.prod(sizes) + self._rows.flops
        self.flops_a_step = 0
        self.note = f"{self._sizes[0]} x {n_outputs * self._sizes[1]} coefficients"

    @tf.autograph.experimental.do_not_convert
    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        filters, n = weights.shape[0], tf.shape(features)[1]
        weights = tf.transpose(weights)
        coefficients = self._coefficients(weights)
        coefficients = tf.reshape(coefficients, [filters, self._n_outputs, *self._sizes])
        coefficients = tf.transpose(coefficients, [0, 1, 3, 2])
        coefficients = tf.reshape(coefficients, [filters, -1, self._sizes[0]])
        rows = self._rows(features, weights)
        first, second = (self._product(rows, own) for own in (self._places[: self._cut], self._places[self._cut :]))
        if len(rows.shape) == 2:
            sums = tf.matmul(tf.reshape(coefficients, [-1, self._sizes[0]]), first)
            sums = tf.reshape(sums, [filters * self._n_outputs, self._sizes[1], n])
            return tf.reduce_sum(sums * second, axis=1)
        sums = tf.matmul(coefficients, tf.transpose(first, [1, 0, 2]))
        sums = tf.reshape(sums, [filters, self._n_outputs, self._sizes[1], n])
        sums = tf.reduce_sum(sums * tf.transpose(second, [1, 0, 2])[:, None], axis=2)
        return tf.reshape(sums, [-1, n])

    def _product(self, rows: tf.Tensor, places: Sequence[Sequence[int]]) -> tf.Tensor:
        """Multiplies letters out: `[strings, n]`, or `[strings, filters, n]`."""
        product = tf.ones_like(rows[:1])
        for own in reversed(places):
            product = tf.concat([product, *(product * rows[i] for i in own)], axis=0)
        return product
