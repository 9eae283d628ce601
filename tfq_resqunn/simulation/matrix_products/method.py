"""Matrix products along the qubits: shallow circuits, on any number of qubits.

An observable, pulled back through a circuit, is a matrix product operator: its bonds grow with the
circuit's depth, and not with the number of qubits. What depends on weights alone, a tensor for each
qubit, is made once a step. On a product state each Pauli letter is a number for each patch, so that
a patch takes one small matrix product for each qubit.
"""

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.absorbing import absorb
from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.matrix_products.bases import Coordinates, find_coordinates
from tfq_resqunn.simulation.matrix_products.columns import Columns
from tfq_resqunn.simulation.matrix_products.sweeps import Node, cut_strings
from tfq_resqunn.simulation.pauli_strings.letters import LetterRows, Letters
from tfq_resqunn.simulation.pauli_strings.split import split


class Network:
    """The tensors of a circuit of weights alone, and what strings need of them.

    Attributes:
        nodes: What sweeps from either end go through, each node after its parent.
    """

    def __init__(self, circuit: GateCircuit, letters):
        circuit = absorb(circuit)
        n = circuit.n_qubits
        self.strings = sorted({s for o in circuit.observables for s in o}) or [(0,) * n]
        self.mixing = np.zeros((len(circuit.observables), len(self.strings)))
        for row, operator in zip(self.mixing, circuit.observables, strict=True):
            for string, coefficient in operator.items():
                row[self.strings.index(string)] += coefficient
        starts = [sorted({s[q] for s in self.strings}) for q in range(n)]
        self._columns = columns = Columns(circuit, starts, letters)
        self._starts = starts
        self.cuts = cut_strings(self.strings)
        self.coordinates = find_coordinates(columns, self.cuts)
        self.nodes = [
            node
            for node in (*self.cuts.left, *self.cuts.right)
            if node.parent is not None and self.coordinates[node].constant is None
        ]
        self._edges = {}
        for node in self.nodes:
            key = (
                columns.likeness(node.qubit),
                node.side,
                node.letters[-1],
                id(self.coordinates[node.parent]),
                id(self.coordinates[node]),
            )
            self._edges.setdefault(key, []).append(node)

    def tensors(self, weights):
        """Maps weights `[n_weights, filters]` to `[slices, filters, letters * in, out]` a node."""
        columns = {}
        for qubits, values in self._columns(self._columns.angles(weights)):
            for i, q in enumerate(qubits):
                columns[q] = values, i
        found = {}
        for nodes in self._edges.values():
            values, _ = columns[nodes[0].qubit]
            places = [columns[node.qubit][1] for node in nodes]
            start = self._starts[nodes[0].qubit].index(nodes[0].letters[-1])
            x = tf.gather(values[:, :, :, start], places) if len(places) < values.shape[0] or places != list(range(len(places))) else values[:, :, :, start]
            for node, tensor in zip(nodes, self._edge(nodes[0], x), strict=True):
                found[node] = tensor
        return found

    def _edge(self, node, x):
        # x [nodes, slices or 1, filters, left, right, letters]
        if node.side == "right":
            x = tf.transpose(x, [0, 1, 2, 4, 3, 5])
        n, k, f, size_in, size_out, n_letters = x.shape
        before, after = self.coordinates[node.parent], self.coordinates[node]
        other = {"left": "right", "right": "left"}[node.side]
        chosen = np.searchsorted(before.slices, after.slices)
        if k > 1:
            x = tf.gather(x, after.slices, axis=1)
            k = len(after.slices)
        e_in = self._arranged(before.vectors[chosen], node.qubit, node.side)  # [K, own, passing, r]
        e_out = self._arranged(after.vectors, node.qubit, other)
        K, _, passing, r_in = e_in.shape
        r_out = e_out.shape[-1]
        e_in = e_in.transpose(0, 2, 3, 1).reshape(K, passing * r_in, size_in)
        e_out = e_out.reshape(K, size_out * passing, r_out)
        x = tf.reshape(tf.transpose(x, [1, 3, 0, 2, 5, 4]), [k, size_in, -1])
        y = tf.matmul(tf.constant(e_in, x.dtype), x)  # [K, passing r_in, n f a out]
        y = tf.reshape(y, [K, passing, r_in, n * f, n_letters, size_out])
        y = tf.transpose(y, [0, 3, 4, 2, 5, 1])  # K, n f, a, r_in, out, passing
        y = tf.matmul(tf.reshape(y, [K, -1, size_out * passing]), tf.constant(e_out, x.dtype))
        y = tf.reshape(y, [K, n, f, n_letters * r_in, r_out])
        return tf.unstack(y, axis=1)

    def _arranged(self, vectors, q, side):
        sizes, order = self._columns.bonds_of(q, side)
        K, _, r = vectors.shape
        n_own = sum(1 for _ in order) - self._columns.n_passing(q)
        cube = vectors.reshape(K, *sizes, r).transpose(0, *(1 + i for i in order), 1 + len(sizes))
        own = int(np.prod([sizes[i] for i in order[:n_own]], dtype=int))
        return cube.reshape(K, own, -1, r)


class MatrixProducts:
    """Computes expectations by sweeps along the qubits, from either end, that many share."""

    def __init__(self, circuit: GateCircuit):
        local, shared = split(circuit, late=False)
        letters, n = Letters(local), circuit.n_qubits
        own = [[0, *(a for a in (1, 2, 3) if (q, a) in letters.polynomials)] for q in range(n)]
        self._network = network = Network(shared, own)
        single = {
            (q, a): tuple(a if i == q else 0 for i in range(n)) for q in range(n) for a in own[q][1:]
        }
        self._rows = LetterRows(letters, list(single.values()), circuit)
        self._places = [[self._rows.product(single[q, a])[0] for a in own[q][1:]] for q in range(n)]
        widths = [
            c.vectors.shape[2] * len(c.slices) for c in (network.coordinates[m] for m in network.nodes)
        ]
        self.flops = int(sum(2 * w * 10 * 3 for w in widths))
        self.flops_a_step = 0
        self.note = f"{len(network.nodes)} matrices, up to {max(widths, default=1)} coordinates"

    def __call__(self, features, weights):
        weights = tf.transpose(weights)
        tensors = self._network.tensors(weights)
        rows = self._rows(features, weights)
        shared = len(rows.shape) == 2
        rows = [r[None, None, None] if shared else r[None, :, None] for r in tf.unstack(rows, num=self._rows.n_rows)]
        values = {}
        network = self._network
        for node in (*network.cuts.left, *network.cuts.right):
            own = network.coordinates[node]
            if own.constant is not None:
                values[node] = tf.constant(own.constant[:, None, :, None], features.dtype)
                continue
            before = network.coordinates[node.parent]
            v = values[node.parent]
            if not np.array_equal(before.slices, own.slices):
                v = tf.gather(v, np.searchsorted(before.slices, own.slices))
            letters = [rows[i] for i in self._places[node.qubit]]
            values[node] = _absorb(v, tensors[node], letters)
        n = tf.shape(features)[1]
        found = []
        for left, right in network.cuts.pairs:
            found.append(self._pair(left, right, values) * tf.ones([1, n], features.dtype))
        found = tf.stack(found, axis=1)  # [filters, strings, n]
        mixing = tf.constant(network.mixing, found.dtype)
        if network.mixing.shape[0] != network.mixing.shape[1] or (network.mixing != np.eye(len(network.mixing))).any():
            found = tf.matmul(mixing[None], found)
        return tf.reshape(found, [-1, n])

    def _pair(self, left, right, values):
        a, b = (self._network.coordinates[node] for node in (left, right))
        both = np.intersect1d(a.slices, b.slices)
        at = [np.searchsorted(own.slices, both) for own in (a, b)]
        x, y = values[left], values[right]
        if not len(both):
            return tf.zeros_like(x[:1, :, 0])[0]
        x, y = (v if len(i) == len(c.slices) else tf.gather(v, i) for v, i, c in zip((x, y), at, (a, b), strict=True))
        joint = np.einsum("kin,kim->knm", a.vectors[at[0]], b.vectors[at[1]])
        y = tf.matmul(tf.constant(joint[:, None], y.dtype), y)
        return tf.reduce_sum(x * y, axis=[0, 2])


def _absorb(v, tensor, letters):
    parts = [v, *(v * row for row in letters)]
    if v.shape[-1] == 1 and letters:
        parts[0] = v * tf.ones_like(letters[0])
    if len(letters):
        shape = tf.shape(parts[1])
        if parts[0].shape[1] != parts[1].shape[1]:
            parts[0] = tf.broadcast_to(parts[0], shape)
    stacked = tf.concat(parts, axis=2)
    return tf.matmul(tensor, stacked, transpose_a=True)
