"""Matrix products along the qubits: shallow circuits, on any number of qubits.

An observable, pulled back through a circuit, is a matrix product operator, whose bonds grow with
the circuit's depth and not with the number of qubits. What depends on the weights alone, a matrix
for each qubit, is made once a step. On a product state each Pauli letter is a number for each
patch, so that a patch takes one small matrix product a qubit.
"""

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.matrix_products.cuts import Node
from tfq_resqunn.simulation.matrix_products.network import network_of
from tfq_resqunn.simulation.matrix_products.sweeps import Sweeps
from tfq_resqunn.simulation.pauli_strings.letters import letters_of
from tfq_resqunn.simulation.protocols import Work


class MatrixProducts:
    """Computes expectations by sweeps along the qubits, which Pauli strings share."""

    xla = True

    def __init__(self, circuit: GateCircuit):
        self._letters = letters = letters_of(circuit)
        self._network = network_of(circuit)
        self._sweeps = Sweeps(self._network, letters.places)
        sizes = [
            self._size(node, len(letters.letters[node.qubit])) for node in self._network.moving
        ]
        self.work = Work(
            products=sum(products for products, _ in sizes),
            numbers=letters.numbers + sum(numbers for _, numbers in sizes),
            once=self._network.flops,
            kernels=12 * len(sizes) + self._network.kernels,
        )
        width = max(c.vectors.shape[2] * len(c.slices) for c in self._network.coordinates.values())
        carried = "coordinate" if width == 1 else "coordinates"
        self.note = f"sweeps over {len(sizes)} matrices, {width} {carried}"

    def _size(self, node: Node, n_letters: int) -> tuple[int, int]:
        # Multiplications and additions in the product at a node, and what is written.
        after = self._network.coordinates[node].vectors
        k, _, size = after.shape
        parts = self._network.coordinates[node.parent or node].vectors.shape[2] * n_letters
        return 2 * k * parts * size, k * (parts + size)

    @tf.autograph.experimental.do_not_convert
    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        filters, n = weights.shape[0], tf.shape(features)[1]
        weights = tf.transpose(weights)
        rows = self._letters(features, weights)
        strings = self._sweeps(rows, self._network(weights), filters)
        mixing = self._network.mixing
        if not np.array_equal(mixing, np.eye(len(mixing))):
            flat = tf.reshape(strings, [mixing.shape[1], -1])
            strings = tf.matmul(tf.constant(mixing, flat.dtype), flat)
        strings = tf.reshape(strings, [len(mixing), filters, n])
        return tf.reshape(tf.transpose(strings, [1, 0, 2]), [-1, n])
