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
        alike: The same, by groups whose matrices are computed together.
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
        alike: dict[tuple, list[Node]] = {}
        for node in self.moving:
            before, own = (self.coordinates[m] for m in (node.parent or node, node))
            likeness = self._columns.likeness[node.qubit]
            key = likeness, node.side, node.letters[-1], id(before), id(own)
            alike.setdefault(key, []).append(node)
        self.alike = list(alike.values())

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
        return 12 * len(self.alike) + 40

    def __call__(self, weights: tf.Tensor) -> list[tf.Tensor]:
        """Maps weights `[n_weights, filters]` to the matrices of moving nodes, for each group.

        These are `[slices, nodes, filters, letters * coordinates before, coordinates]`.
        """
        columns, places = {}, {}
        for qubits, values in self._columns(self._columns.angles(weights)):
            for i, q in enumerate(qubits):
                columns[q], places[q] = values, i
        matrices = []
        for nodes in self.alike:
            first = nodes[0]
            start = self._starts[first.qubit].index(first.letters[-1])
            column = columns[first.qubit][:, :, :, start]
            own = [places[node.qubit] for node in nodes]
            if own != list(range(column.shape[0])):
                column = tf.gather(column, own)
            matrices.append(self._matrices(first, column))
        return matrices

    def by_node(self, matrices: Sequence[tf.Tensor]) -> dict[Node, tf.Tensor]:
        """Gives the matrix of each moving node from those of groups."""
        found = {}
        for nodes, group in zip(self.alike, matrices, strict=True):
            found.update(zip(nodes, tf.unstack(group, num=len(nodes), axis=1), strict=True))
        return found

    def _meeting(self, left: Node, right: Node) -> Meeting:
        ends = self.coordinates[left], self.coordinates[right]
        both = np.intersect1d(ends[0].slices, ends[1].slices)
        at_left, at_right = (np.searchsorted(own.slices, both) for own in ends)
        vectors = ends[0].vectors[at_left], ends[1].vectors[at_right]
        return Meeting(at_left, at_right, np.einsum("kin,kim->knm", *vectors))

    def taken(self, node: Node) -> np.ndarray:
        """Gives which slices of its parent a node goes on with, by their places there."""
        before, own = (self.coordinates[m] for m in (node.parent or node, node))
        return np.searchsorted(before.slices, own.slices)

    def n_strings(self, node: Node) -> int:
        """Gives the number of strings of letters on the qubits that a node has taken in."""
        n = len(node.letters)
        own = self.letters[:n] if node.side == "left" else self.letters[len(self.letters) - n :]
        return math.prod(map(len, own))

    def _matrices(self, node: Node, column: tf.Tensor) -> tf.Tensor:
        """Gives the matrices of nodes like one, from columns.

        These are `[nodes, slices or 1, filters, left, right, letters]`.
        """
        n, n_slices, filters = column.shape[:3]
        before, after = (self.coordinates[m] for m in (node.parent or node, node))
        enter = self._by_bonds(before.vectors[self.taken(node)], node.qubit, node.side)
        leave = self._by_bonds(after.vectors, node.qubit, OTHER_SIDE[node.side])
        # k: slices, p: passing bonds, i and o: own bonds of both sides, b and c: coordinates
        # before and after, n: nodes, f: filters, l: letters.
        bonds = "io" if node.side == "left" else "oi"
        if n_slices > 1:
            column = tf.gather(column, after.slices, axis=1)
            entering = f"kpib,nkf{bonds}l->kpbnfol"
        else:  # all slices have the same
            column = tf.squeeze(column, axis=1)
            entering = f"kpib,nf{bonds}l->kpbnfol"
        x = tf.einsum(entering, tf.constant(enter, column.dtype), column)
        x = tf.einsum("kpbnfol,kpoc->knflbc", x, tf.constant(leave, column.dtype))
        k, n_after = len(after.slices), after.vectors.shape[2]
        return tf.reshape(x, [k, n, filters, -1, n_after])

    def _by_bonds(self, vectors: np.ndarray, q: int, side: str) -> np.ndarray:
        """Arranges `[slices, size, n]` as `[slices, passing bonds, own bonds, n]`."""
        sizes, order = self._columns.bonds_of(q, side)
        k, _, n = vectors.shape
        n_own = len(order) - self._columns.n_passing(q)
        axes = [*(1 + i for i in order[n_own:]), *(1 + i for i in order[:n_own])]
        n_passing = int(np.prod([sizes[i] for i in order[n_own:]], dtype=int))
        cube = vectors.reshape(k, *sizes, n).transpose(0, *axes, 1 + len(sizes))
        return cube.reshape(k, n_passing, -1, n)
