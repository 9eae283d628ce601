"""The steps of a state vector simulation: each is applied, undone, and knows its slope."""

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.angles import cos_sin
from tfq_resqunn.simulation.fusion import Block, Permutation
from tfq_resqunn.simulation.gates import Gate


class Step:
    """One step of the simulation: `apply`, `undo` it, and (if it has a `kind`) its `slope`."""

    kind: str | None = None
    place = 0

    def of(self, given):
        return None


class Permute(Step):
    """Amplitudes change places, and phases."""

    flops = 2

    def __init__(self, permutation: Permutation):
        self._source, self._phases = permutation.source, permutation.phases
        self._back = np.argsort(permutation.source)
        self._has_phases = not np.allclose(self._phases, 1)

    def apply(self, state, own):
        state = tf.gather(state, self._source)
        return self._times_phases(state, self._phases)

    def undo(self, state, own):
        state = self._times_phases(state, np.conj(self._phases))
        return tf.gather(state, self._back)

    def _times_phases(self, state, phases):
        if not self._has_phases:
            return state
        return state * tf.constant(phases[:, None, None], state.dtype)


class UnitaryStep(Step):
    """A block; gradients are by its unitary, through which TensorFlow goes on to the weights."""

    kind = "blocks"

    def __init__(self, block: Block):
        self.gates, self._first = block.local_gates, block.first
        self.n_qubits = block.last - block.first + 1
        self.flops = 8 * 2**self.n_qubits

    def of(self, given):
        return given["blocks"][self.place]

    def apply(self, state, unitary):
        return self._multiply(unitary, state)

    def undo(self, state, unitary):
        return self._multiply(tf.linalg.adjoint(unitary), state)

    def slope(self, state, dual, before):
        # dE = 2 Re <dual| dU |before>, in TensorFlow's convention for complex gradients.
        products = tf.matmul(self._view(dual), self._view(before), adjoint_b=True)
        return 2 * tf.reduce_sum(products, axis=1)

    def _multiply(self, unitary, state):
        return self._unview(tf.matmul(unitary[:, None], self._view(state)), state)

    def _view(self, state):
        # [filters, above, d, below * n]
        d, filters = 2**self.n_qubits, state.shape[1]
        above = 2**self._first
        if filters == 1:
            return tf.reshape(state, [1, above, d, -1])
        state = tf.transpose(state, [1, 0, 2])
        return tf.reshape(state, [filters, above, d, -1])

    def _unview(self, view, state):
        amplitudes, filters = state.shape[:2]
        if filters == 1:
            return tf.reshape(view, [amplitudes, 1, -1])
        return tf.transpose(tf.reshape(view, [filters, amplitudes, -1]), [1, 0, 2])


class Turn(Step):
    """One gate, whose exponent comes as a number for each filter, patch, or both."""

    KINDS = ("data", "weights", "both")

    def __init__(self, gate: Gate, data: set):
        self.gate = gate
        self.flops = 8 * 2 ** len(gate.qubits)
        if gate.exponent is not None:
            is_mixed = gate.symbols & data and gate.symbols - data
            self.kind = "both" if is_mixed else "data" if gate.symbols & data else "weights"

    def of(self, given):
        turns = None if self.kind is None else given[self.kind][self.place]
        return _matrix(self.gate, turns)

    def apply(self, state, matrix):
        return _apply(state, matrix, self.gate.qubits)

    def undo(self, state, matrix):
        return _apply(state, _adjoint(matrix), self.gate.qubits)

    def slope(self, state, dual, before):
        # d/dt U = i pi H U, so dE = 2 Re <dual| i pi H |state> dt.
        moved = _apply(state, self.gate.generator, self.gate.qubits)
        overlap = tf.math.imag(tf.reduce_sum(tf.math.conj(dual) * moved, axis=0))
        axes = {"data": 0, "weights": 1, "both": []}[self.kind]
        return -2 * np.pi * tf.reduce_sum(overlap, axes, keepdims=self.kind != "both")


def step_of(fused, n_qubits: int, data: set) -> Step:
    """Gives the step that does what one of `fusion.fuse` says."""
    if isinstance(fused, Permutation):
        return Permute(fused)
    if isinstance(fused, Block):
        return UnitaryStep(fused)
    return Turn(fused.gate, data)


def _matrix(gate: Gate, turns):
    """Gives a gate's entries: a constant array, or a nested list of tensors `[f or 1, n or 1]`."""
    if turns is None:
        return gate.projectors[0]
    phases = [
        tf.complex(*cos_sin(turns * tf.constant(f, turns.dtype))) if f else 1.0
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
    parts = [tf.reshape(p, [-1, shape[1], shape[2]]) for p in _split(state, sorted_qubits)]
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
    joined = _join([tf.reshape(new[a], [-1]) for a in place], sorted_qubits)
    return tf.reshape(joined, [state.shape[0], state.shape[1], shape[2]])


def _reorder(index: int, order: list[int], k: int) -> int:
    # The bits of `index` belong to sorted qubits; gives the index with bits as the gate has them.
    bits = [(index >> (k - 1 - i)) & 1 for i in range(k)]
    return sum(bits[i] << (k - 1 - original) for i, original in enumerate(order))


def _times(entry, part):
    if tf.is_tensor(entry):
        return tf.cast(entry, part.dtype) * part
    return part if entry == 1 else tf.cast(complex(entry), part.dtype) * part


def _split(state, qubits):
    parts = [tf.reshape(state, [-1])]
    for removed, q in enumerate(qubits):
        above = 2 ** (q - removed)
        halves = [tf.reshape(p, [above, 2, -1]) for p in parts]
        parts = [tf.reshape(h[:, b], [-1]) for h in halves for b in (0, 1)]
    return parts


def _join(parts, qubits):
    for removed, q in reversed(list(enumerate(qubits))):
        above = 2 ** (q - removed)
        pairs = zip(parts[0::2], parts[1::2], strict=True)
        parts = [
            tf.reshape(tf.stack([tf.reshape(p, [above, -1]) for p in pair], axis=1), [-1])
            for pair in pairs
        ]
    return parts[0]
