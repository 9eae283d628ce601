"""The steps of a state vector simulation: each is applied, undone, and knows its slope.

States are `[2**n_qubits, filters, n]`. All steps have:

- `qubits`, on which they act, and `flops`, multiplications and additions for each amplitude;
- `kind`: what their matrix depends on, which has a gradient; `None` where it is constant;
- `place`: their number among the steps of their kind;
- `matrix(own)`: their matrix, in a form of their own, made of what is given at their place;
- `apply(state, matrix)` and `undo(state, matrix)`: the state after them, and before them;
- `slope(state, dual, before)`, unless they are constant: the derivative of the sum `<dual|state>`
  by what is given at their place; `before` is the state before them.
"""

import dataclasses
from collections.abc import Sequence, Set
from typing import Any, TypeAlias

import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.gates.operators import embed
from tfq_resqunn.simulation.tensors.trigonometry import cos_sin

# What the exponent of a `SingleGate` depends on.
EXPONENTS = ("data", "weights", "both")
# A number or a tensor `[filters or 1, n or 1]`, and a `SingleGate`'s matrix of them, row by row.
Entry: TypeAlias = complex | tf.Tensor
Entries = list[list[Entry]]


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

    def _times(self, phases: np.ndarray, state: tf.Tensor) -> tf.Tensor:
        if np.allclose(phases, 1, rtol=0, atol=1e-12):
            return state
        return state * tf.constant(phases[:, None, None], state.dtype)


class Block:
    """Gates of weights alone on neighbouring qubits; TensorFlow differentiates their unitary."""

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

    def _view(self, state: tf.Tensor) -> tf.Tensor:
        # [filters, above, d, below * n]
        filters, qubits = state.shape[1], self.qubits
        if filters > 1:
            state = tf.transpose(state, [1, 0, 2])
        return tf.reshape(state, [filters, 2 ** min(qubits), 2 ** len(qubits), -1])


class SingleGate:
    """One gate, whose exponent comes as a number for each filter, patch, or both."""

    place = 0

    def __init__(self, gate: Gate, data: Set[sympy.Symbol]):
        # On sorted qubits, since slices of states are taken from the front.
        ranks = np.argsort(np.argsort(gate.qubits)).tolist()
        projectors = np.array([embed(p, ranks, len(ranks)) for p in gate.projectors])
        on = tuple(sorted(gate.qubits))
        self.gate = dataclasses.replace(gate, qubits=on, projectors=projectors)
        self.qubits, self.flops = set(on), 8 * 2 ** len(on)
        self.kind: str | None = None
        if gate.exponent is not None:
            is_mixed = gate.symbols & data and gate.symbols - data
            self.kind = "both" if is_mixed else "data" if gate.symbols & data else "weights"

    def matrix(self, own: tf.Tensor | None) -> Entries:
        if own is None:
            return self.gate.projectors[0].tolist()
        phases = [
            tf.complex(*cos_sin(own * tf.constant(f, own.dtype))) if f else 1.0
            for f in self.gate.frequencies
        ]
        d = self.gate.projectors.shape[-1]
        return [[_entry(phases, self.gate.projectors[:, a, b]) for b in range(d)] for a in range(d)]

    def apply(self, state: tf.Tensor, matrix: Entries) -> tf.Tensor:
        shape = tf.shape(state)
        parts = [tf.reshape(p, [-1, shape[1], shape[2]]) for p in self._split(state)]
        new = []
        for row in matrix:
            terms = [_times(e, p) for e, p in zip(row, parts, strict=True) if not _is_zero(e)]
            new.append(sum(terms[1:], terms[0]) if terms else tf.zeros_like(parts[0]))
        joined = self._join([tf.reshape(part, [-1]) for part in new])
        return tf.reshape(joined, [state.shape[0], state.shape[1], shape[2]])

    def undo(self, state: tf.Tensor, matrix: Entries) -> tf.Tensor:
        adjoint = [[_conjugate(e) for e in column] for column in zip(*matrix, strict=True)]
        return self.apply(state, adjoint)

    def slope(self, state: tf.Tensor, dual: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
        # d/dt U = i pi H U with a Hermitian H, so dE = 2 Re <dual| i pi H |state> dt.
        generator = np.einsum("k,kab->ab", self.gate.frequencies, self.gate.projectors)
        moved = self.apply(state, generator.tolist())
        overlap = tf.math.imag(tf.reduce_sum(tf.math.conj(dual) * moved, axis=0))
        axes: list[int] = {"data": [0], "weights": [1]}.get(self.kind or "", [])
        return -2 * np.pi * tf.reduce_sum(overlap, axes, keepdims=self.kind != "both")

    def _split(self, state: tf.Tensor) -> list[tf.Tensor]:
        parts = [tf.reshape(state, [-1])]
        for removed, q in enumerate(self.gate.qubits):
            halves = [tf.reshape(p, [2 ** (q - removed), 2, -1]) for p in parts]
            parts = [tf.reshape(h[:, b], [-1]) for h in halves for b in (0, 1)]
        return parts

    def _join(self, parts: list[tf.Tensor]) -> tf.Tensor:
        for removed, q in reversed(list(enumerate(self.gate.qubits))):
            rows = [tf.reshape(p, [2 ** (q - removed), -1]) for p in parts]
            pairs = zip(rows[0::2], rows[1::2], strict=True)
            parts = [tf.reshape(tf.stack(pair, axis=1), [-1]) for pair in pairs]
        return parts[0]


Step = Permutation | Block | SingleGate


def _entry(phases: Sequence[Entry], factors: np.ndarray) -> Entry:
    return sum(p * complex(c) for p, c in zip(phases, factors, strict=True) if abs(c) > 1e-15)


def _is_zero(entry: Entry) -> bool:
    return not tf.is_tensor(entry) and abs(entry) <= 1e-15


def _times(entry: Entry, part: tf.Tensor) -> tf.Tensor:
    return part if not tf.is_tensor(entry) and entry == 1 else entry * part


def _conjugate(entry: Entry) -> Entry:
    return tf.math.conj(entry) if tf.is_tensor(entry) else entry.conjugate()
