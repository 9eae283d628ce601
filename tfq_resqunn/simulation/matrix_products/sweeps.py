"""`Sweeps`: along the qubits from either end, for all patches; and back, for gradients."""

import collections
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.matrix_products.cuts import Node
from tfq_resqunn.simulation.matrix_products.meetings import meetings_of, put_back, take
from tfq_resqunn.simulation.matrix_products.network import Network
from tfq_resqunn.simulation.tensors.own_gradient import custom_gradient

# What a sweep carries at each node: [slices, filters, 1, coordinates, patches]. The 1 stands where
# letters stand, `[1, filters or 1, letters, 1, patches]`.
Values = dict[Node, tf.Tensor]


class Sweeps:
    """Computes the expectations of Pauli strings from the letters of each patch.

    The gradient is written out, of few operations. TensorFlow's own takes many times as many, and
    tracing these would take longer than training does.
    """

    def __init__(self, network: Network, places: Sequence[Sequence[int]]):
        self._network, self._coordinates = network, network.coordinates
        self._moves = set(network.moving)
        self._needed = {node.parent for node in network.moving}.union(*network.pairs)
        alike = collections.defaultdict(list)  # qubits, by their number of letters
        for q, own in enumerate(places):
            alike[len(own)].append(q)
        self._qubits = list(alike.values())
        # Rows of letters, after one of the identity.
        self._rows = [[[0, *(1 + i for i in places[q])] for q in qubits] for qubits in self._qubits]
        self._meetings = meetings_of(network)
        self._order = np.argsort([i for meetings in self._meetings for i in meetings.strings])

    def __call__(self, rows: tf.Tensor, matrices: Sequence[tf.Tensor], filters: int) -> tf.Tensor:
        """Maps letters `[n_rows, filters or 1, n]` to strings `[n_strings, filters, n]`.

        The matrices are those of the network, by groups of nodes.
        """
        n, groups = tf.shape(rows)[2], self._network.alike

        @custom_gradient
        def swept(*given: tf.Tensor) -> tuple[tf.Tensor, Callable]:
            letters = self._by_qubit(given[: len(self._qubits)])
            own = [tf.expand_dims(group, 3) for group in given[len(self._qubits) :]]
            matrices = self._network.by_node(own)
            values, parts = self._forward(letters, matrices, filters, n)
            met = [meetings.meet(values) for meetings in self._meetings]

            def gradient(upstream: tf.Tensor) -> list[tf.Tensor]:
                sums = self._at_meetings(upstream, met)
                by_letters, by_matrices = self._back(sums, letters, matrices, values, parts)
                return [
                    *(tf.stack([by_letters[q] for q in qubits]) for qubits in self._qubits),
                    *(_together([by_matrices[m] for m in nodes]) for nodes in groups),
                ]

            strings = tf.concat([_over_coordinates(x * y) for x, y in met], axis=0)
            return take(strings, self._order), gradient

        return swept(*self._letters(rows), *matrices)

    def _letters(self, rows: tf.Tensor) -> list[tf.Tensor]:
        """Gives letters of qubits with equally many, `[qubits, 1, filters or 1, letters, 1, n]`.

        The identity is the first.
        """
        rows = tf.concat([tf.ones_like(rows[:1]), rows], axis=0)
        found = [tf.transpose(_gathered(rows, own), [0, 2, 1, 3]) for own in self._rows]
        return [tf.expand_dims(tf.expand_dims(letters, 1), 4) for letters in found]

    def _by_qubit(self, letters: Sequence[tf.Tensor]) -> dict[int, tf.Tensor]:
        found = {}
        for qubits, group in zip(self._qubits, letters, strict=True):
            found.update(zip(qubits, tf.unstack(group, num=len(qubits)), strict=True))
        return found

    def _forward(
        self,
        letters: Mapping[int, tf.Tensor],
        matrices: Mapping[Node, tf.Tensor],
        filters: int,
        n: tf.Tensor,
    ) -> tuple[Values, Values]:
        """Gives the values of all nodes, and what each matrix is multiplied by."""
        values: Values = {}
        parts: Values = {}
        reshape, dtype = _Reshape(), next(iter(letters.values())).dtype
        for node in self._network.nodes:
            own = self._coordinates[node]
            if own.constant is not None and node not in self._needed:
                continue
            if own.constant is not None:
                still = tf.constant(own.constant[:, None, None, :, None], dtype)
                k, size = own.constant.shape
                values[node] = tf.broadcast_to(still, [k, filters, 1, size, n])
                continue
            before = take(values[_parent(node)], self._network.taken(node))
            part = before * letters[node.qubit]
            k, f, n_letters, size, _ = part.shape
            parts[node] = reshape(part, [k, f, 1, n_letters * size])
            values[node] = tf.matmul(matrices[node], parts[node], transpose_a=True)
        return values, parts

    def _at_meetings(
        self, upstream: tf.Tensor, met: Sequence[tuple[tf.Tensor, tf.Tensor]]
    ) -> dict[Node, list[tf.Tensor]]:
        """Gives the derivatives by the values of nodes, where two meet."""
        sums: dict[Node, list[tf.Tensor]] = collections.defaultdict(list)
        for meetings, (x, y) in zip(self._meetings, met, strict=True):
            by = take(upstream, np.array(meetings.strings))
            by = tf.expand_dims(tf.expand_dims(by[:, None], 3), 3)  # [strings, 1, filters, 1, 1, n]
            if meetings.lefts[0] in self._moves:
                for node, by_left in zip(meetings.lefts, meetings.by_lefts(by, y), strict=True):
                    sums[node].append(by_left)
            if meetings.rights[0] in self._moves:
                for node, by_right in zip(meetings.rights, meetings.by_rights(by, x), strict=True):
                    sums[node].append(by_right)
        return sums

    def _back(
        self,
        sums: dict[Node, list[tf.Tensor]],
        letters: Mapping[int, tf.Tensor],
        matrices: Mapping[Node, tf.Tensor],
        values: Values,
        parts: Values,
    ) -> tuple[dict[int, tf.Tensor], Values]:
        """Gives the derivatives by letters, and those by matrices."""
        by_letters: dict[int, list[tf.Tensor]] = {q: [] for q in letters}
        by_matrices: Values = {}
        reshape, over_letters, over_coordinates = _Reshape(), tf.constant(2), tf.constant(3)
        for node in reversed(self._network.moving):
            by_value = _sum(sums.pop(node))
            by_matrices[node] = tf.matmul(parts[node], by_value, transpose_b=True)
            letter, parent = letters[node.qubit], _parent(node)
            before = take(values[parent], self._network.taken(node))
            k, f, _, size, _ = before.shape
            by_parts = reshape(tf.matmul(matrices[node], by_value), [k, f, letter.shape[2], size])
            by_letter = by_parts * before
            if size > 1:  # not over all axes at once, which is slower
                by_letter = tf.reduce_sum(by_letter, over_coordinates, keepdims=True)
            if k > 1 or f > letter.shape[1]:
                over_rest = [0] if f == letter.shape[1] else [0, 1]
                by_letter = tf.reduce_sum(by_letter, over_rest, keepdims=True)
            by_letters[node.qubit].append(by_letter)
            if parent in self._moves:
                by_before = tf.reduce_sum(by_parts * letter, over_letters, keepdims=True)
                n_slices = values[parent].shape[0]
                sums[parent].append(put_back(by_before, self._network.taken(node), n_slices))
        sums_of_letters = {
            q: _sum(found) if found else tf.zeros_like(letters[q])
            for q, found in by_letters.items()
        }
        return sums_of_letters, by_matrices


class _Reshape:
    """Reshapes tensors, all of whose last axis has any length.

    Each shape is made a tensor once. In a graph, it is an operation of its own.
    """

    def __init__(self) -> None:
        self._shapes: dict[tuple, tf.Tensor] = {}

    def __call__(self, x: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
        key = (*shape, -1)
        if key not in self._shapes:
            self._shapes[key] = tf.constant(key)
        return tf.reshape(x, self._shapes[key])


def _gathered(rows: tf.Tensor, places: Sequence) -> tf.Tensor:
    """Gathers rows by an array of numbers; its gradient is dense."""

    @custom_gradient
    def gathered(rows: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        n_rows = rows.shape[0]
        return tf.gather(rows, places), lambda g: tf.math.unsorted_segment_sum(g, places, n_rows)

    return gathered(rows)


def _over_coordinates(products: tf.Tensor) -> tf.Tensor:
    # Of `[strings, slices, filters, 1, coordinates, n]`; over both axes at once is slower.
    return tf.reduce_sum(tf.reduce_sum(products, axis=[3, 4]), axis=1)


def _together(matrices: Sequence[tf.Tensor]) -> tf.Tensor:
    return tf.squeeze(tf.stack(matrices, axis=1), axis=3)


def _parent(node: Node) -> Node:
    assert node.parent is not None  # all nodes that are computed have one
    return node.parent


def _sum(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    return tensors[0] if len(tensors) == 1 else tf.add_n(tensors)
