"""Matrix products along the qubits: shallow circuits, on any number of qubits.

An observable, pulled back through a circuit, is a matrix product operator, whose bonds grow with
the circuit's depth and not with the number of qubits. What depends on the weights alone, a matrix
for each qubit, is made once a step. On a product state each Pauli letter is a number for each
patch, so that a patch takes one small matrix product a qubit.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.matrix_products.network import Network
from tfq_resqunn.simulation.matrix_products.sweeps import Node
from tfq_resqunn.simulation.pauli_strings.letters import LetterRows, Letters
from tfq_resqunn.simulation.pauli_strings.split import split


class MatrixProducts:
    """Computes expectations by sweeps along the qubits, which Pauli strings share."""

    def __init__(self, circuit: GateCircuit):
        local, shared = split(circuit, late=False)
        letters, n = Letters(local), circuit.n_qubits
        own = [[a for a in (1, 2, 3) if (q, a) in letters.polynomials] for q in range(n)]
        self._network = Network(shared, [[0, *letters_of] for letters_of in own])
        single = [[tuple(a * (i == q) for i in range(n)) for a in own[q]] for q in range(n)]
        self._rows = LetterRows(letters, [s for strings in single for s in strings], circuit)
        self._places = [[self._rows.product(s)[0] for s in strings] for strings in single]
        sizes = [self._size(node) for node in self._network.nodes]
        self.flops = self._rows.flops + sum(sizes)
        self.flops_a_step = 0
        width = max(c.vectors.shape[2] * len(c.slices) for c in self._network.coordinates.values())
        self.note = f"sweeps over {len(sizes)} matrices, {width} coordinates"

    def _size(self, node: Node) -> int:
        # Multiplications and additions at a node.
        own = self._network.coordinates[node]
        if node.parent is None or own.constant is not None:
            return 0
        before = self._network.coordinates[node.parent].vectors.shape[2]
        k, _, after = own.vectors.shape
        return 2 * k * before * (1 + len(self._places[node.qubit])) * (1 + after)

    @tf.autograph.experimental.do_not_convert
    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        weights, n = tf.transpose(weights), tf.shape(features)[1]
        matrices = self._network(weights)
        rows = self._rows(features, weights)
        if len(rows.shape) == 2:
            rows = rows[:, None]
        letters = [tf.gather(rows, own) if own else rows[:0] for own in self._places]
        values: dict[Node, tf.Tensor] = {}
        for node in self._network.nodes:
            own = self._network.coordinates[node]
            if node.parent is None or own.constant is not None:
                values[node] = tf.constant(own.constant[:, None, :, None], features.dtype)
                continue
            before = values[node.parent]
            slices = self._network.coordinates[node.parent].slices
            if len(slices) != len(own.slices):
                before = tf.gather(before, np.searchsorted(slices, own.slices))
            if before.shape[1] != weights.shape[1] or before.shape[3] == 1:
                shape = [before.shape[0], weights.shape[1], before.shape[2], n]
                before = tf.broadcast_to(before, shape)
            values[node] = _absorb(before, matrices[node], letters[node.qubit])
        found = [self._meet(left, right, values) for left, right in self._network.pairs]
        shape = [weights.shape[1], n]
        strings = tf.stack([tf.broadcast_to(x, shape) for x in found], axis=1)
        mixing = self._network.mixing
        if not np.array_equal(mixing, np.eye(len(found))):
            strings = tf.matmul(tf.constant(mixing[None], strings.dtype), strings)
        return tf.reshape(strings, [-1, n])

    def _meet(self, left: Node, right: Node, values: dict[Node, tf.Tensor]) -> tf.Tensor:
        """Gives the expectations of a string, `[filters or 1, n or 1]`, from its two nodes."""
        ends = [(self._network.coordinates[node], values[node]) for node in (left, right)]
        both = np.intersect1d(*(own.slices for own, _ in ends))
        if not len(both):
            return tf.zeros([1, 1], values[left].dtype)
        vectors, parts = [], []
        for own, value in ends:
            at = np.searchsorted(own.slices, both)
            vectors.append(own.vectors[at])
            parts.append(value if len(at) == len(own.slices) else tf.gather(value, at))
        overlaps = np.einsum("kin,kim->knm", *vectors)
        seen = tf.matmul(tf.constant(overlaps[:, None], parts[1].dtype), parts[1])
        return tf.reduce_sum(parts[0] * seen, axis=[0, 2])


@tf.custom_gradient
def _absorb(
    before: tf.Tensor, matrix: tf.Tensor, letters: tf.Tensor
) -> tuple[tf.Tensor, Callable]:
    """Takes in a qubit.

    Maps coordinates `[slices, filters, before, n]`, a matrix `[slices, filters, letters * before,
    after]` and the letters `[letters - 1, filters or 1, n]` to coordinates `[slices, filters,
    after, n]`.
    """
    size = before.shape[2]
    own = [row[None, :, None] for row in tf.unstack(letters)]
    parts = tf.concat([before, *(before * row for row in own)], axis=2)

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        by_parts = tf.split(tf.matmul(matrix, upstream), [size] * (1 + len(own)), axis=2)
        by_before = tf.add_n([by_parts[0], *(p * r for p, r in zip(by_parts[1:], own, strict=True))])
        by_matrix = tf.matmul(parts, upstream, transpose_b=True)
        axes = [0, 2] if letters.shape[1] == before.shape[1] else [0, 1, 2]
        by_rows = [tf.reduce_sum(before * part, axis=axes) for part in by_parts[1:]]
        by_letters = tf.reshape(tf.stack(by_rows), tf.shape(letters)) if own else letters
        return by_before, by_matrix, by_letters

    return tf.matmul(matrix, parts, transpose_a=True), gradient
