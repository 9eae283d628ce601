"""Coefficients of all Pauli strings that a product state can have, from matrix products."""

import math

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.matrix_products.cuts import Node
from tfq_resqunn.simulation.matrix_products.meetings import take
from tfq_resqunn.simulation.matrix_products.network import Meeting, Network


class DenseCoefficients:
    """Multiplies a network's matrices out, over all letters of all qubits."""

    def __init__(self, network: Network):
        self._network = network
        widths = {
            node: own.vectors.shape[2] * len(own.slices)
            for node, own in network.coordinates.items()
        }
        own = (
            network.n_strings(m) * network.coordinates[m].vectors.shape[2] * widths[m]
            for m in network.moving
        )
        n_strings = math.prod(map(len, network.letters))
        met = (n_strings * min(widths[left], widths[right]) for left, right in network.pairs)
        self.flops = network.flops + 2 * (sum(own) + sum(met))
        self.kernels = network.kernels + 6 * len(network.moving) + 8 * len(network.pairs)

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[filters, observables, strings]`.

        Of the strings, the last qubit's letter changes fastest.
        """
        network, filters = self._network, weights.shape[1]
        matrices = network.by_node(network(weights))
        values: dict[Node, tf.Tensor] = {}  # [slices, filters, letters so far, coordinates]
        for node in network.nodes:
            own = network.coordinates[node]
            if node.parent is None or node not in matrices:
                values[node] = self._still(node, filters, weights.dtype)
                continue
            before = take(values[node.parent], network.taken(node))
            k, size = before.shape[0], before.shape[3]
            n_letters, after = matrices[node].shape[2] // size, own.vectors.shape[2]
            matrix = tf.reshape(matrices[node], [k, filters, n_letters, size, after])
            matrix = tf.transpose(matrix, [0, 1, 3, 2, 4])
            matrix = tf.reshape(matrix, [k, filters, size, n_letters * after])
            value = tf.matmul(before, matrix)  # [slices, filters, letters so far, (letter, after)]
            if node.side == "right":  # whose letter comes before the others
                value = tf.reshape(value, [k, filters, -1, n_letters, after])
                value = tf.transpose(value, [0, 1, 3, 2, 4])
            values[node] = tf.reshape(value, [k, filters, -1, after])
        found = [
            self._meet(values[left], values[right], meeting)
            for (left, right), meeting in zip(network.pairs, network.meetings, strict=True)
        ]
        strings = tf.stack(found, axis=1)
        if np.array_equal(network.mixing, np.eye(len(found))):
            return strings
        mixing = np.repeat(network.mixing[None], filters, axis=0)
        return tf.matmul(tf.constant(mixing, strings.dtype), strings)

    def _still(self, node: Node, filters: int, dtype: tf.DType) -> tf.Tensor:
        """A node that nothing changes: all of its letters but the identity count nothing."""
        constant = self._network.coordinates[node].constant
        assert constant is not None  # as it is of all nodes that do not move
        n_letters = self._network.n_strings(node)
        value = np.zeros((len(constant), filters, n_letters, constant.shape[1]))
        value[:, :, 0] = constant[:, None]
        return tf.constant(value, dtype)

    def _meet(self, x: tf.Tensor, y: tf.Tensor, meeting: Meeting) -> tf.Tensor:
        """Gives a string's coefficients, `[filters, strings of letters]`, from both ends."""
        x, y = tf.gather(x, meeting.at_left), tf.gather(y, meeting.at_right)
        (k, filters, n_left, _), n_right = x.shape, y.shape[2]
        overlaps = np.repeat(meeting.overlaps[:, None], filters, axis=1)
        x = tf.matmul(x, tf.constant(overlaps, x.dtype))
        x = tf.reshape(tf.transpose(x, [1, 2, 0, 3]), [filters, n_left, k * y.shape[3]])
        y = tf.reshape(tf.transpose(y, [1, 2, 0, 3]), [filters, n_right, k * y.shape[3]])
        return tf.reshape(tf.matmul(x, y, transpose_b=True), [filters, -1])
