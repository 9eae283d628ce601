"""`Sweeps`: goes along the qubits from either end, for all patches, and back for gradients."""

import collections
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.matrix_products.bases import Coordinates
from tfq_resqunn.simulation.matrix_products.network import Network
from tfq_resqunn.simulation.matrix_products.strings import Node

# The numbers of a node: [slices, filters, coordinates, patches].
Values = Mapping[Node, tf.Tensor]


class Sweeps:
    """Computes the expectations of Pauli strings from the letters of each patch.

    Its gradient is written out: TensorFlow's own takes three times as many operations, which are
    traced one by one.
    """

    def __init__(self, network: Network, places: Sequence[Sequence[int]]):
        self._pairs, self._places = network.pairs, places
        self._coordinates = network.coordinates
        self._nodes = [node for node in network.nodes if node in network.moving]
        self._still = [node for node in network.nodes if node not in network.moving]
        self._overlaps = [self._overlap(*pair) for pair in network.pairs]

    def _overlap(self, left: Node, right: Node) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # Which slices of both meet, and what their coordinates make of each other.
        ends = [self._coordinates[node] for node in (left, right)]
        both = np.intersect1d(*(own.slices for own in ends))
        at = [np.searchsorted(own.slices, both) for own in ends]
        vectors = [own.vectors[i] for own, i in zip(ends, at, strict=True)]
        return at[0], at[1], np.einsum("kin,kim->knm", *vectors)

    def __call__(self, rows: tf.Tensor, matrices: Sequence[tf.Tensor]) -> tf.Tensor:
        """Maps letters `[n_rows, filters or 1, n]` to strings `[n_strings, filters, n]`.

        The matrices are those of the network's moving nodes.
        """

        @tf.custom_gradient
        def swept(rows: tf.Tensor, *matrices: tf.Tensor) -> tuple[tf.Tensor, Callable]:
            shape = tf.shape(rows)
            letters = tf.unstack(tf.reshape(rows, [rows.shape[0], 1, -1, 1, shape[2]]), num=rows.shape[0])
            filters = matrices[0].shape[1] if matrices else rows.shape[1]
            values, parts = self._forward(letters, matrices, [filters, shape[2]])
            strings = self._meet(values, [filters, shape[2]])

            def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
                by_rows, by_matrices = self._back(upstream, letters, matrices, values, parts)
                axis = 0 if rows.shape[1] != filters else None
                return self._sum_rows(by_rows, rows, axis), *by_matrices

            return strings, gradient

        return swept(rows, *matrices)

    def _forward(self, letters, matrices, shape):
        values: dict[Node, tf.Tensor] = {}
        parts = []
        for node in self._still:
            values[node] = tf.constant(self._coordinates[node].constant[:, None, :, None], letters[0].dtype)
        for node, matrix in zip(self._nodes, matrices, strict=True):
            before = self._before(node, values, shape)
            own = [letters[i] for i in self._places[node.qubit]]
            parts.append(tf.concat([before, *(before * row for row in own)], axis=2))
            values[node] = tf.matmul(matrix, parts[-1], transpose_a=True)
        return values, parts
