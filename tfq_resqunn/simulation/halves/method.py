"""Two halves and a matrix product: up to some ten qubits in a product state.

An observable, pulled back, is a tensor of coefficients of all Pauli strings, which is made once a
step. For each patch, the letters of the first qubits are multiplied out, and those of the others;
the strings are all products of the two. So an expectation is one of the first kind, times the
coefficients as a matrix, times the second: one matrix product for all patches.
"""

import math
from collections.abc import Sequence

import tensorflow as tf

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.halves.matrices import TransferCoefficients, UnitaryCoefficients
from tfq_resqunn.simulation.matrix_products.dense import DenseCoefficients
from tfq_resqunn.simulation.matrix_products.network import network_of
from tfq_resqunn.simulation.pauli_strings.letters import letters_of
from tfq_resqunn.simulation.protocols import NotOpen, Work
from tfq_resqunn.simulation.tensors.rows import all_products

MAX_COEFFICIENTS = 2**21  # of all observables
Coefficients = DenseCoefficients | TransferCoefficients | UnitaryCoefficients


class Halves:
    """Computes expectations from all strings' coefficients and the letters of two halves.

    Coefficients come from matrix products, or from matrices of the whole circuit: unitaries or,
    with channels among the gates, Pauli transfer matrices.
    """

    xla = True

    def __init__(self, circuit: GateCircuit, *, by_matrices: bool = False):
        self._letters = letters = letters_of(circuit)
        sizes = list(map(len, letters.letters))
        self._n_outputs = n_outputs = len(circuit.observables)
        if n_outputs * math.prod(sizes) > MAX_COEFFICIENTS:
            raise NotOpen(f"{n_outputs} x {math.prod(sizes)} coefficients are too many")
        self._coefficients: Coefficients
        if not by_matrices:
            self._coefficients = DenseCoefficients(network_of(circuit))
        elif circuit.is_noisy:
            self._coefficients = TransferCoefficients(letters.shared, letters.letters)
        else:
            self._coefficients = UnitaryCoefficients(letters.shared, letters.letters)

        def work(cut: int) -> int:
            return math.prod(sizes[:cut]) + n_outputs * math.prod(sizes[cut:])

        cut = min(range(len(sizes) + 1), key=work)
        self._first, self._second = letters.places[:cut], letters.places[cut:]
        self._sizes = math.prod(sizes[:cut]), math.prod(sizes[cut:])
        self.work = Work(
            products=2 * n_outputs * math.prod(sizes),
            numbers=letters.numbers + 2 * self._sizes[0] + 3 * n_outputs * self._sizes[1],
            once=self._coefficients.flops,
            kernels=20 + 3 * len(sizes) + self._coefficients.kernels,
        )
        self.note = f"{self._sizes[0]} x {n_outputs * self._sizes[1]} coefficients"

    @tf.autograph.experimental.do_not_convert
    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        filters, n = weights.shape[0], tf.shape(features)[1]
        weights = tf.transpose(weights)
        coefficients = self._coefficients(weights)
        coefficients = tf.reshape(coefficients, [filters, self._n_outputs, *self._sizes])
        coefficients = tf.transpose(coefficients, [0, 1, 3, 2])
        coefficients = tf.reshape(coefficients, [filters, -1, self._sizes[0]])
        rows = self._letters(features, weights)
        first, second = _product(rows, self._first), _product(rows, self._second)
        if rows.shape[1] == 1:
            flat = tf.reshape(coefficients, [-1, self._sizes[0]])
            sums = tf.matmul(flat, first[:, 0])
            second = tf.transpose(second, [1, 0, 2])
        else:
            sums = tf.matmul(coefficients, tf.transpose(first, [1, 0, 2]))
            second = tf.repeat(tf.transpose(second, [1, 0, 2]), self._n_outputs, axis=0)
        sums = tf.reshape(sums, [filters * self._n_outputs, self._sizes[1], n])
        return tf.reduce_sum(sums * second, axis=1)


def _product(rows: tf.Tensor, places: Sequence[Sequence[int]]) -> tf.Tensor:
    """Multiplies letters out, `[strings, filters or 1, n]`; the last letter changes fastest."""
    return all_products(tf.ones_like(rows[:1]), [[rows[i] for i in own] for own in places])
