"""`Network`: observables pulled back through gates of weights alone, as matrix products."""

import dataclasses
import math
import weakref
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.absorbing import absorb
from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.matrix_products.bases import OTHER_SIDE, find_coordinates
from tfq_resqunn.simulation.matrix_products.columns import Columns
from tfq_resqunn.simulation.matrix_products.cuts import Node, cut_strings
from tfq_resqunn.simulation.pauli_strings.letters import letters_of


@dataclasses.dataclass(frozen=True, eq=False)
class Meeting:
    """Where the two nodes of a string meet.

    Attributes:
        at_left: Which of the left node's slices are the right one's as well.
        at_right: Which of the right one's slices these are.
        overlaps: `[slices, left, right]`: what their coordinates make of each other.
    """

    at_left: np.ndarray
    at_right: np.ndarray
    overlaps: np.ndarray


# Of circuits that are being planned: several methods ask for the same.
_found: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def network_of(circuit: GateCircuit) -> "Network":
    """Gives the network of all that follows a circuit's product state, which is made once."""
    if circuit not in _found:
        letters = letters_of(circuit)
        _found[circuit] = Network(letters.shared, letters.letters)
    return _found[circuit]


class Network:
    """The matrices that sweeps multiply, one for each node; they depend on weights alone.

    Attributes:
        letters: For each qubit, its letters that are not zero, the identity first.
        pairs: For each Pauli string, its node from the left and the one from the right.
        meetings: Where these meet, for each string.
        mixing: `[observables, strings]`, the coefficients of the strings.
        nodes: All nodes, each after its parent.
        moving: Those whose values weights and data change, in the same order.
        coordinates: What a sweep carries at each node.
    """

    def __init__(self, circuit: GateCircuit, letters: Sequence[Sequence[int]]):
        circuit, self.letters = absorb(circuit), letters
        n = circuit.n_qubits
        strings = sorted({s for o in circuit.observables for s in o}) or [(0,) * n]
        places = {string: i for i, string in enumerate(strings)}
        self.mixing = np.zeros((len(circuit.observables), len(strings)))
        for row, operator in zip(self.mixing, circuit.observables, strict=True):
            for string, coefficient in operator.items():
                row[places[string]] += coefficient
        self._starts = [sorted({s[q] for s in strings}) for q in range(n)]
        self._columns = Columns(circuit, self._starts, letters)
        cuts = cut_strings(strings)
        self.pairs, self.nodes = cuts.pairs, [*cuts.left, *cuts.right]
        self.coordinates = find_coordinates(self._columns, cuts)
        self.meetings = [self._meeting(*pair) for pair in self.pairs]
        self.moving = [node for node in self.nodes if self.coordinates[node].constant is None]
        # Nodes whose matrices are computed together.
        self._like: dict[tuple, list[Node]] = {}
        for node in self.moving:
            before, own = (self.coordinates[m] for m in (node.parent or node, node))
            likeness = self._columns.likeness[node.qubit]
            key = likeness, node.side, node.letters[-1], id(before), id(own)
            self._like.setdefault(key, []).append(node)

    @property
    def flops(self) -> int:
        """Multiplications and additions for the matrices of a filter."""
        total = 0
        for node in self.moving:
            before, after = (self.coordinates[m].vectors for m in (node.parent or node, node))
            column = before.shape[1] * after.shape[1] * len(self.letters[node.qubit])
            total += 2 * len(after) * column * (before.shape[2] + after.shape[2])
        return total

    @property
    def kernels(self) -> int:
        """Operations for the matrices, of all filters together."""
        return 12 * len(self._like) + 40

    def __call__(self, weights: tf.Tensor) -> dict[Node, tf.Tensor]:
        """Maps weights `[n_weights, filters]` to the matrix of each moving node.

        These are `[slices, filters, letters * coordinates before, coordinates]`.
        """
        columns, places = {}, {}
        for qubits, values in self._columns(self._columns.angles(weights)):
            for i, q in enumerate(qubits):
                columns[q], places[q] = values, i
        matrices = {}
        for nodes in self._like.values():
            first = nodes[0]
            start = self._starts[first.qubit].index(first.letters[-1])
            column = columns[first.qubit][:, :, :, start]
            own = [places[node.qubit] for node in nodes]
            if own != list(range(column.shape[0])):
                column = tf.gather(column, own)
            matrices.update(zip(nodes, self._matrices(first, column), strict=True))
        return matrices

    def _meeting(self, left: Node, right: Node) -> Meeting:
        ends = self.coordinates[left], self.coordinates[right]
        both = np.intersect1d(ends[0].slices, ends[1].slices)
        at_left, at_right = (np.searchsorted(own.slices, both) for own in ends)
        vectors = ends[0].vectors[at_left], ends[1].vectors[at_right]
        return Meeting(at_left, at_right, np.einsum("kin,kim->knm", *vectors))

    def n_strings(self, node: Node) -> int:
        """Gives the number of strings of letters on the qubits that a node has taken in."""
        n = len(node.letters)
        own = self.letters[:n] if node.side == "left" else self.letters[len(self.letters) - n :]
        return math.prod(map(len, own))

    def _matrices(self, node: Node, column: tf.Tensor) -> list[tf.Tensor]:
        """Gives the matrices of nodes like one, from columns.

        These are `[nodes, slices or 1, filters, left, right, letters]`.
        """
        if node.side == "right":
            column = tf.transpose(column, [0, 1, 2, 4, 3, 5])
        n, n_slices, filters, size_in, size_out, n_letters = column.shape
        parent = node.parent or node
        before, after = self.coordinates[parent], self.coordinates[node]
        if n_slices > 1:
            column = tf.gather(column, after.slices, axis=1)
        chosen = np.searchsorted(before.slices, after.slices)
        enter = self._by_bonds(before.vectors[chosen], node.qubit, node.side)
        leave = self._by_bonds(after.vectors, node.qubit, OTHER_SIDE[node.side])
        k, passing, _, n_before = enter.shape
        n_after = leave.shape[3]
        enter = enter.transpose(0, 1, 3, 2)
        leave = leave.transpose(0, 2, 1, 3).reshape(k, size_out * passing, n_after)
        column = tf.transpose(column, [1, 3, 0, 2, 5, 4])
        if n_slices > 1:
            enter = enter.reshape(k, passing * n_before, size_in)
            column = tf.reshape(column, [k, size_in, -1])
        else:  # all slices have the same
            enter = enter.reshape(-1, size_in)
            column = tf.reshape(column, [size_in, -1])
        x = tf.matmul(tf.constant(enter, column.dtype), column)
        x = tf.reshape(x, [k, passing, n_before, n * filters, n_letters, size_out])
        x = tf.reshape(tf.transpose(x, [0, 3, 4, 2, 5, 1]), [k, -1, size_out * passing])
        x = tf.matmul(x, tf.constant(leave, x.dtype))
        x = tf.reshape(x, [k, n, filters, n_letters * n_before, n_after])
        return tf.unstack(x, num=n, axis=1)

    def _by_bonds(self, vectors: np.ndarray, q: int, side: str) -> np.ndarray:
        """Arranges `[slices, size, n]` as `[slices, passing bonds, own bonds, n]`."""
        sizes, order = self._columns.bonds_of(q, side)
        k, _, n = vectors.shape
        n_own = len(order) - self._columns.n_passing(q)
        axes = [*(1 + i for i in order[n_own:]), *(1 + i for i in order[:n_own])]
        n_passing = int(np.prod([sizes[i] for i in order[n_own:]], dtype=int))
        cube = vectors.reshape(k, *sizes, n).transpose(0, *axes, 1 + len(sizes))
        return cube.reshape(k, n_passing, -1, n)
