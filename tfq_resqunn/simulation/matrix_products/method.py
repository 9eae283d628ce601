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
from tfq_resqunn.simulation.matrix_products.network import Network
from tfq_resqunn.simulation.matrix_products.sweeps import Sweeps
from tfq_resqunn.simulation.pauli_strings.letters import LetterRows, Letters
from tfq_resqunn.simulation.pauli_strings.split import split


class MatrixProducts:
    """Computes expectations by sweeps along the qubits, which Pauli strings share."""

    def __init__(self, circuit: GateCircuit):
        local, shared = split(circuit, late=False)
        letters, n = Letters(local), circuit.n_qubits
        own = [[a for a in (1, 2, 3) if (q, a) in letters.polynomials] for q in range(n)]
        self._network = Network(shared, [[0, *found] for found in own])
        single = [[tuple(a * (i == q) for i in range(n)) for a in own[q]] for q in range(n)]
        self._rows = LetterRows(letters, [s for strings in single for s in strings], circuit)
        places = [[self._rows.product(s)[0] for s in strings] for strings in single]
        self._sweeps = Sweeps(self._network, places)
        sizes = [self._size(node, 1 + len(places[node.qubit])) for node in self._network.moving]
        self.flops = self._rows.flops + sum(sizes)
        self.flops_a_step = 0
        width = max(c.vectors.shape[2] * len(c.slices) for c in self._network.coordinates.values())
        self.note = f"sweeps over {len(sizes)} matrices, {width} coordinates"

    def _size(self, node: Node, n_letters: int) -> int:
        # Multiplications and additions at a node.
        before, after = (self._network.coordinates[n].vectors for n in (node.parent, node))
        return 2 * len(after) * before.shape[2] * n_letters * (1 + after.shape[2])

    @tf.autograph.experimental.do_not_convert
    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        filters, n = weights.shape[0], tf.shape(features)[1]
        weights = tf.transpose(weights)
        matrices = self._network(weights)
        rows = self._rows(features, weights)
        if len(rows.shape) == 2:
            rows = rows[:, None]
        strings = self._sweeps(rows, [matrices[m] for m in self._network.moving], filters)
        mixing = self._network.mixing
        if not np.array_equal(mixing, np.eye(len(mixing))):
            flat = tf.reshape(strings, [mixing.shape[1], -1])
            strings = tf.matmul(tf.constant(mixing, flat.dtype), flat)
        strings = tf.reshape(strings, [len(mixing), filters, n])
        return tf.reshape(tf.transpose(strings, [1, 0, 2]), [-1, n])
