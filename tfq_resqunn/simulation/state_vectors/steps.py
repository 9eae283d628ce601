"""The steps of a state vector simulation: each is applied, undone, and knows its slope.

`protocols.Step` says what they have in common. States are `[2**n_qubits, filters, n]`.
"""

import dataclasses
from collections.abc import Sequence, Set
from typing import Any

import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.tensors.trigonometry import cos_sin

# What the exponent of a `SingleGate` depends on.
EXPONENTS = ("data", "weights", "both")


class Permutation:
    """Sends amplitude `source[i]`, times `phases[i]`, to place i."""

    kind = None
    place = 0
    flops = 2

    def __init__(self, qubits: set[int], source: np.ndarray, phases: np.ndarray):
        self.qubits, self._source, self._phases = qubits, source, phases

    def append(self, qubits: Sequence[int], source: np.ndarray, phases: np.ndarray) -> None:
        """Lets another permutation follow."""
        self.qubits.update(qubits)
        self._source, self._phases = self._source[source], phases * self._phases[source]

    def matrix(self, own: Any) -> None:
        return None

    def apply(self, state: tf.Tensor, matrix: None) -> tf.Tensor:
        return self._times(self._phases, tf.gather(state, self._source))

    def undo(self, state: tf.Tensor, matrix: None) -> tf.Tensor:
        return tf.gather(self._times(np.conj(self._phases), state), np.argsort(self._source))

    def slope(self, state: tf.Tensor, dual: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
        raise NotImplementedError  # it is constant

    def _times(self, phases, state):
        if np.allclose(phases, 1):
            return state
        return state * tf.constant(phases[:, None, None], state.dtype)


class Block:
    """Gates of weights alone on neighbouring qubits.

    Its gradient is that by its unitary, from which TensorFlow goes on to the weights.
    """

    kind = "blocks"
    place = 0

    def __init__(self, gates: list[Gate]):
        self.gates = gates

    @property
    def qubits(self) -> set[int]:
        """All the qubits that it spans, those between its gates' included."""
        own = [q for gate in self.gates for q in gate.qubits]
        return set(range(min(own), max(own) + 1))

    @property
    def local_gates(self) -> list[Gate]:
        """The gates, with qubits counted from the block's first."""
        first = min(self.qubits)
        return [
            dataclasses.replace(g, qubits=tuple(q - first for q in g.qubits)) for g in self.gates
        ]

    @property
    def flops(self) -> int:
        return 8 * 2 ** len(self.qubits)

    def matrix(self, own: tf.Tensor) -> tf.Tensor:
        return own  # [filters, d, d]

    def apply(self, state: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
        found = tf.matmul(matrix[:, None], self._view(state))
        amplitudes, filters = state.shape[:2]
        if filters == 1:
            return tf.reshape(found, [amplitudes, 1, -1])
        return tf.transpose(tf.reshape(found, [filters, amplitudes, -1]), [1, 0, 2])

    def undo(self, state: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
        return self.apply(state, tf.linalg.adjoint(matrix))

    def slope(self, state: tf.Tensor, dual: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
        # dE = 2 Re <dual| dU |before>, in TensorFlow's convention for complex gradients.
        products = tf.matmul(self._view(dual), self._view(before), adjoint_b=True)
        return 2 * tf.reduce_sum(products, axis=1)

    def _view(self, state):
        # [filters, above, d, below * n]
        filters, qubits = state.shape[1], self.qubits
        if filters > 1:
            state = tf.transpose(state, [1, 0, 2])
        return tf.reshape(state, [filters, 2 ** min(qubits), 2 ** len(qubits), -1])


class SingleGate:
    """One gate, whose exponent comes as a number for each filter, patch, or both."""

    place = 0

    def __init__(self, gate: Gate, data: Set[sympy.Symbol]):
        self.gate = gate
        self.qubits = set(gate.qubits)
        self.flops = 8 * 2 ** len(gate.qubits)
        self.kind: str | None = None
        if gate.exponent is not None:
            is_mixed = gate.symbols & data and gate.symbols - data
            self.kind = "both" if is_mixed else "data" if gate.symbols & data else "weights"

    def matrix(self, own: tf.Tensor | None) -> Any:
        return _matrix(self.gate, own)

    def apply(self, state: tf.Tensor, matrix: Any) -> tf.Tensor:
        return _apply(state, matrix, self.gate.qubits)

    def undo(self, state: tf.Tensor, matrix: Any) -> tf.Tensor:
        return _apply(state, _adjoint(matrix), self.gate.qubits)

    def slope(self, state: tf.Tensor, dual: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
        # d/dt U = i pi H U, so dE = 2 Re <dual| i pi H |state> dt.
        moved = _apply(state, self.gate.generator, self.gate.qubits)
        overlap = tf.math.imag(tf.reduce_sum(tf.math.conj(dual) * moved, axis=0))
        axes: list[int] = {"data": [0], "weights": [1]}.get(self.kind or "", [])
        return -2 * np.pi * tf.reduce_sum(overlap, axes, keepdims=self.kind != "both")


def _matrix(gate: Gate, exponents: tf.Tensor | None) -> Any:
    """Gives a gate's entries: a constant array, or a nested list of tensors `[f or 1, n or 1]`."""
    if exponents is None:
        return gate.projectors[0]
    phases = [
        tf.complex(*cos_sin(exponents * tf.constant(f, exponents.dtype))) if f else 1.0
        for f in gate.frequencies
    ]
    d = gate.projectors.shape[-1]
    return [[_entry(phases, gate.projectors[:, a, b]) for b in range(d)] for a in range(d)]


def _entry(phases, factors):
    parts = [
        p * (tf.cast(c, p.dtype) if tf.is_tensor(p) else complex(c))
        for p, c in zip(phases, factors, strict=True)
        if abs(c) > 1e-15
    ]
    if not parts:
        return 0
    dtype = next((p.dtype for p in parts if tf.is_tensor(p)), None)
    if dtype is None:
        return complex(sum(parts))
    return sum(tf.cast(p, dtype) for p in parts)


def _adjoint(matrix):
    if isinstance(matrix, np.ndarray):
        return matrix.conj().T
    d = len(matrix)
    return [[_conj(matrix[b][a]) for b in range(d)] for a in range(d)]


def _conj(entry):
    return tf.math.conj(entry) if tf.is_tensor(entry) else np.conj(entry)


def _apply(state, matrix, qubits):
    """Applies a matrix to some qubits of states `[2**n_qubits, f, n]`."""
    shape = tf.shape(state)
    # Most significant first, as slices are taken from the front.
    order = sorted(range(len(qubits)), key=lambda i: qubits[i])
    sorted_qubits = [qubits[i] for i in order]
    parts = [tf.reshape(p, [-1, shape[1], shape[2]]) for p in _parts(state, sorted_qubits)]
    place = [_reorder(b, order, len(qubits)) for b in range(len(parts))]
    by_matrix = dict(zip(place, parts, strict=True))
    new = {}
    for a in range(len(parts)):
        terms = [
            _times(matrix[a][b], by_matrix[b])
            for b in range(len(parts))
            if tf.is_tensor(matrix[a][b]) or abs(matrix[a][b]) > 1e-15
        ]
        new[a] = sum(terms[1:], terms[0]) if terms else tf.zeros_like(parts[0])
    joined = _joined([tf.reshape(new[a], [-1]) for a in place], sorted_qubits)
    return tf.reshape(joined, [state.shape[0], state.shape[1], shape[2]])


def _reorder(index: int, order: list[int], k: int) -> int:
    # The bits of `index` belong to sorted qubits; gives the index with bits as the gate has them.
    bits = [(index >> (k - 1 - i)) & 1 for i in range(k)]
    return sum(bits[i] << (k - 1 - original) for i, original in enumerate(order))


def _times(entry, part):
    if tf.is_tensor(entry):
        return tf.cast(entry, part.dtype) * part
    return part if entry == 1 else tf.cast(complex(entry), part.dtype) * part


def _parts(state, qubits):
    parts = [tf.reshape(state, [-1])]
    for removed, q in enumerate(qubits):
        above = 2 ** (q - removed)
        halves = [tf.reshape(p, [above, 2, -1]) for p in parts]
        parts = [tf.reshape(h[:, b], [-1]) for h in halves for b in (0, 1)]
    return parts


def _joined(parts, qubits):
    for removed, q in reversed(list(enumerate(qubits))):
        above = 2 ** (q - removed)
        pairs = zip(parts[0::2], parts[1::2], strict=True)
        parts = [
            tf.reshape(tf.stack([tf.reshape(p, [above, -1]) for p in pair], axis=1), [-1])
            for pair in pairs
        ]
    return parts[0]
