"""`Sweeps`: along the qubits from either end, for all patches; and back, for gradients."""

import collections
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.matrix_products.cuts import Node
from tfq_resqunn.simulation.matrix_products.network import Network

# What a sweep carries at each node: [slices, filters, coordinates, patches].
Values = dict[Node, tf.Tensor]


class Sweeps:
    """Computes the expectations of Pauli strings from the letters of each patch.

    The gradient is written out. TensorFlow's own takes three times as many operations, and tracing
    these would take longer than training does.
    """

    def __init__(self, network: Network, places: Sequence[Sequence[int]]):
        self._nodes, self._moving, self._pairs = network.nodes, network.moving, network.pairs
        self._coordinates, self._places = network.coordinates, places
        self._meetings = network.meetings
        self._moves = set(network.moving)
        self._needed = {node.parent for node in self._moving}.union(*network.pairs)

    def __call__(self, rows: tf.Tensor, matrices: Sequence[tf.Tensor], filters: int) -> tf.Tensor:
        """Maps letters `[n_rows, filters or 1, n]` to strings `[n_strings, filters, n]`.

        The matrices are those of the network's moving nodes.
        """

        @tf.custom_gradient
        def swept(rows: tf.Tensor, *matrices: tf.Tensor) -> tuple[tf.Tensor, Callable]:
            letters = [row[None, :, None] for row in tf.unstack(rows)]  # [1, filters or 1, 1, n]
            values, parts = self._forward(letters, matrices, [filters, tf.shape(rows)[2]])
            met = [self._meet(pair, values) for pair in self._numbered_pairs()]

            def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
                sums = self._at_meetings(tf.unstack(upstream), values, met)
                by_rows, by_matrices = self._back(sums, letters, matrices, values, parts)
                axes = [0, 2] if rows.shape[1] == filters else [0, 1, 2]
                return _stack_sums(by_rows, rows, axes), *by_matrices

            found = [tf.reduce_sum(x * y, axis=[0, 2]) for x, y in met]
            return tf.stack(found), gradient

        return swept(rows, *matrices)

    def _numbered_pairs(self) -> list[tuple[int, Node, Node]]:
        return [(i, left, right) for i, (left, right) in enumerate(self._pairs)]

    def _forward(
        self, letters: Sequence[tf.Tensor], matrices: Sequence[tf.Tensor], shape: list
    ) -> tuple[Values, list[tf.Tensor]]:
        """Gives the values of all nodes, and what each matrix is multiplied by."""
        values: Values = {}
        parts, given = [], iter(matrices)
        for node in self._nodes:
            own = self._coordinates[node]
            if own.constant is not None and node not in self._needed:
                continue
            if own.constant is not None:
                still = tf.constant(own.constant[:, None, :, None], letters[0].dtype)
                k, _, size, _ = still.shape
                values[node] = tf.broadcast_to(still, [k, shape[0], size, shape[1]])
                continue
            before = _take(values[_parent(node)], self._slices(node))
            rows = [letters[i] for i in self._places[node.qubit]]
            parts.append(tf.concat([before, *(before * row for row in rows)], axis=2))
            values[node] = tf.matmul(next(given), parts[-1], transpose_a=True)
        return values, parts

    def _slices(self, node: Node) -> np.ndarray:
        before, own = self._coordinates[_parent(node)], self._coordinates[node]
        return np.searchsorted(before.slices, own.slices)

    def _meet(self, pair: tuple[int, Node, Node], values: Values) -> tuple[tf.Tensor, tf.Tensor]:
        number, left, right = pair
        meeting = self._meetings[number]
        there = _take(values[right], meeting.at_right)
        overlaps = _repeated(meeting.overlaps, there)
        return _take(values[left], meeting.at_left), tf.matmul(overlaps, there)

    def _at_meetings(
        self, upstream: Sequence[tf.Tensor], values: Values, met: Sequence
    ) -> dict[Node, list[tf.Tensor]]:
        """Gives the derivatives by the values of nodes, where two meet."""
        sums: dict[Node, list[tf.Tensor]] = collections.defaultdict(list)
        for (number, left, right), (x, y) in zip(self._numbered_pairs(), met, strict=True):
            meeting = self._meetings[number]
            by = upstream[number][None, :, None]
            if left in self._moves:
                sums[left].append(_put_back(by * y, meeting.at_left, values[left]))
            if right in self._moves:
                overlaps = _repeated(meeting.overlaps, x)
                by_right = tf.matmul(overlaps, by * x, transpose_a=True)
                sums[right].append(_put_back(by_right, meeting.at_right, values[right]))
        return sums

    def _back(
        self,
        sums: dict[Node, list[tf.Tensor]],
        letters: Sequence[tf.Tensor],
        matrices: Sequence[tf.Tensor],
        values: Values,
        parts: Sequence[tf.Tensor],
    ) -> tuple[dict[int, list[tf.Tensor]], list[tf.Tensor]]:
        """Gives the derivatives by letters, not summed yet, and by matrices."""
        by_rows: dict[int, list[tf.Tensor]] = collections.defaultdict(list)
        by_matrices: list[tf.Tensor] = []
        steps = list(zip(self._moving, matrices, parts, strict=True))
        for node, matrix, part in reversed(steps):
            by_value = tf.add_n(sums[node])
            by_matrices.append(tf.matmul(part, by_value, transpose_b=True))
            places, parent = self._places[node.qubit], _parent(node)
            by_parts = tf.split(tf.matmul(matrix, by_value), 1 + len(places), axis=2)
            before = _take(values[parent], self._slices(node))
            for i, by_part in zip(places, by_parts[1:], strict=True):
                by_rows[i].append(before * by_part)
            if parent in self._moves:
                turned = [p * letters[i] for i, p in zip(places, by_parts[1:], strict=True)]
                by_before = tf.add_n([by_parts[0], *turned])
                sums[parent].append(_put_back(by_before, self._slices(node), values[parent]))
        return by_rows, by_matrices[::-1]


def _parent(node: Node) -> Node:
    assert node.parent is not None  # all nodes that are computed have one
    return node.parent


def _repeated(matrices: np.ndarray, values: tf.Tensor) -> tf.Tensor:
    """Gives constant matrices of slices once for each filter."""
    return tf.constant(np.repeat(matrices[:, None], values.shape[1], axis=1), values.dtype)


def _take(values: tf.Tensor, slices: np.ndarray) -> tf.Tensor:
    return values if len(slices) == values.shape[0] else tf.gather(values, slices)


def _put_back(part: tf.Tensor, slices: np.ndarray, values: tf.Tensor) -> tf.Tensor:
    """Undoes `_take`: slices that were not taken are 0."""
    n = values.shape[0]
    if len(slices) == n:
        return part
    places = np.full(n, len(slices))
    places[slices] = np.arange(len(slices))
    return tf.gather(tf.concat([part, tf.zeros_like(values[:1])], axis=0), places)


def _stack_sums(
    by_rows: dict[int, list[tf.Tensor]], rows: tf.Tensor, axes: Sequence[int]
) -> tf.Tensor:
    none = tf.zeros_like(rows[0])
    sums = []
    for i in range(rows.shape[0]):
        found = [tf.reduce_sum(x, axis=axes) for x in by_rows[i]]
        sums.append(tf.reshape(tf.add_n(found), tf.shape(none)) if found else none)
    return tf.stack(sums)
