"""Phases: state vectors of few qubits, where what depends on data only multiplies by phases.

In a basis of its own for each qubit, a data gate is diagonal, so gates that commute are one
multiplication of all amplitudes. The changes of basis, and gates of weights, are matrices of
groups of neighbouring qubits.
"""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.absorbing import absorb, measured_letters
from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.gate import Gate, as_gates
from tfq_resqunn.simulation.gates.operators import Operator
from tfq_resqunn.simulation.gates.unitaries import Unitaries
from tfq_resqunn.simulation.phases.one_group import OneGroup
from tfq_resqunn.simulation.phases.program import (
    Block,
    Constant,
    Merge,
    Move,
    Multiply,
    Program,
    Start,
)
from tfq_resqunn.simulation.phases.steps import steps_of
from tfq_resqunn.simulation.phases.two_groups import TwoGroups
from tfq_resqunn.simulation.protocols import NotOpen, Work
from tfq_resqunn.simulation.tensors.exponents import Exponents
from tfq_resqunn.simulation.tensors.own_gradient import recomputed

# Qubits of a group, whose matrices have as many rows as it has amplitudes, twice.
GROUP_QUBITS = 5
# Amplitudes (of all patches of a chunk, and filters) that are simulated at once.
CHUNK_AMPLITUDES = 2**19


class PhaseStates:
    """Computes expectations from state vectors, where gates of data are diagonal in some basis.

    Args:
        circuit: The circuit, without channels.
        n_groups: Groups of qubits, 1 or 2; as few as possible by default.
    """

    def __init__(self, circuit: GateCircuit, n_groups: int | None = None):
        n = circuit.n_qubits
        if n > 2 * GROUP_QUBITS:
            raise NotOpen(f"{n} qubits are more than {2 * GROUP_QUBITS}")
        n_groups = n_groups or (1 if n <= GROUP_QUBITS else 2)
        groups = [range(n)] if n_groups == 1 else [range(n // 2), range(n // 2, n)]
        circuit = absorb(circuit, together=True)
        gates, observables = _along_z(as_gates(circuit.gates), list(circuit.observables))
        program = Program(steps_of(gates, set(circuit.inputs), groups), groups)
        self._instructions, self._phases = program.instructions, program.phases
        self._states: Any = (OneGroup if n_groups == 1 else TwoGroups)(groups, observables)
        self._blocks = [
            Unitaries(blocks, len(group), circuit.weights)
            for blocks, group in zip(program.blocks, groups, strict=True)
        ]
        self._first_block = [0, len(program.blocks[0])]  # of each group, among all blocks
        self._exponents, self._frequencies = [], []
        inputs, weights = set(circuit.inputs), set(circuit.weights)
        for phases in self._phases:
            free = set().union(*(e.free_symbols for e in phases.exponents))
            symbols = [
                *(circuit.inputs if free & inputs else ()),
                *(circuit.weights if free & weights else ()),
            ]
            kind = bool(free & inputs), bool(free & weights)
            self._exponents.append((kind, Exponents(phases.exponents, symbols)))
            self._frequencies.append(self._states.frequencies(phases.part, phases.frequencies))
        self._n_amplitudes, self._n_observables = 2**n, len(observables)
        self.work = self._count(groups)
        self.xla = n_groups == 1
        self._depends_on_data = any(of_data for (of_data, _), _ in self._exponents)
        n_turns = sum(isinstance(i, Multiply) for i in self._instructions)
        self.note = f"{2**n} amplitudes; layers of phases: {n_turns}"

    def _count(self, groups: list[range]) -> Work:
        sizes, n = [2 ** len(g) for g in groups], self._n_amplitudes
        products = 4 * n * self._n_observables + 2 * sum(f.size for f in self._frequencies)
        numbers = 13 * sum(f.size // f.shape[-1] for f in self._frequencies)
        for i in self._instructions:
            if isinstance(i, Multiply):
                numbers += 0 if i.first else 6 * math.prod(sizes[g] for g in i.part)
            elif isinstance(i, Block):
                products += 8 * n * sizes[i.group]
                numbers += 2 * n
            elif isinstance(i, Constant):
                products += (8 if i.matrix.dtype == complex else 4) * n * sizes[i.group]
                numbers += 2 * n
            else:
                numbers += 2 * n
        once = sum(blocks.flops for blocks in self._blocks)
        return Work(products, numbers, once, 20 + 12 * len(self._instructions))

    @tf.autograph.experimental.do_not_convert
    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        filters, static_n = weights.shape[0], features.shape[1]
        weights = tf.transpose(weights)
        matrices = []
        for blocks, form in zip(self._blocks, self._states.real_forms, strict=True):
            if blocks.n:
                unitaries = blocks(weights)
                real = form(tf.math.real(unitaries), tf.math.imag(unitaries), tf)
                matrices += tf.unstack(real)
        size = max(1, CHUNK_AMPLITUDES // (self._n_amplitudes * filters))
        if static_n is not None and static_n <= size:
            return self._run(features, weights, *matrices)
        # Also where their number is not known yet, since a branch for few would take far longer to
        # trace than one chunk costs.
        return self._in_chunks(features, weights, size, *matrices)

    def _in_chunks(
        self, features: tf.Tensor, weights: tf.Tensor, size: int, *matrices: tf.Tensor
    ) -> tf.Tensor:
        n = tf.shape(features)[1]
        n_chunks = tf.maximum(1, -(-n // size))
        size = -(-n // n_chunks)
        padded = tf.pad(features, [[0, 0], [0, n_chunks * size - n]])
        chunks = tf.transpose(tf.reshape(padded, [features.shape[0], n_chunks, size]), [1, 0, 2])
        run = recomputed(self._run)
        outcomes = tf.map_fn(
            lambda chunk: run(chunk, weights, *matrices), chunks, parallel_iterations=1
        )
        outcomes = tf.transpose(outcomes, [1, 0, 2])
        rows = weights.shape[1] * self._n_observables
        return tf.reshape(outcomes, [rows, n_chunks * size])[:, :n]

    def _run(self, features: tf.Tensor, weights: tf.Tensor, *matrices: tf.Tensor) -> tf.Tensor:
        states, exponents = self._states, self._exponents
        half_turns = [
            states.half_turns(frequencies, _values(kind, exponent, features, weights))
            for (kind, exponent), frequencies in zip(exponents, self._frequencies, strict=True)
        ]
        phases = [states.phases(h) for h in half_turns]
        parts: dict[int, tf.Tensor] = {}  # the states, by the first group of each
        for i in self._instructions:
            if isinstance(i, Start):
                parts[i.part[0]] = states.constant(i.state, i.part, features.dtype)
            elif isinstance(i, Multiply) and i.first:
                parts[i.part[0]] = states.begin(half_turns[i.phases], phases[i.phases])
            elif isinstance(i, Multiply):
                state = parts[i.part[0]]
                parts[i.part[0]] = states.multiply(state, half_turns[i.phases], phases[i.phases])
            elif isinstance(i, Merge):
                parts = {0: states.merge(parts[0], parts[1])}
            elif isinstance(i, Move):
                parts[0] = states.move(parts[0], i.source, i.factors)
            else:
                g = i.group if i.group in parts else 0
                if isinstance(i, Block):
                    parts[g] = states.block(
                        parts[g], matrices[self._first_block[i.group] + i.number], i.group
                    )
                else:
                    parts[g] = states.by_constant(parts[g], i.matrix, i.group)
        outcomes = states.measure(parts[0])
        # No weights may be in the circuit, and all filters equal; or no data.
        shape = [weights.shape[1] * self._n_observables, tf.shape(features)[1]]
        if outcomes.shape[0] < shape[0]:
            outcomes = tf.tile(outcomes, [weights.shape[1], 1])
        return outcomes if self._depends_on_data else tf.broadcast_to(outcomes, shape)


def _along_z(gates: list[Gate], observables: list[Operator]) -> tuple[list[Gate], list[Operator]]:
    """Changes the basis at the end, where one product basis serves all observables."""
    strings = {s for operator in observables for s in operator}
    letters = measured_letters(strings)
    if not letters or set(letters) <= {0, 3}:
        return gates, observables
    to_z = {
        1: np.array([[1, 1], [1, -1]]) / np.sqrt(2),
        2: np.array([[1, -1j], [1, 1j]]) / np.sqrt(2),
    }
    changes = [
        Gate((q,), None, np.zeros(1), to_z[a][None].astype(complex))
        for q, a in enumerate(letters)
        if a in to_z
    ]
    turned = [{tuple(3 if a else 0 for a in s): c for s, c in o.items()} for o in observables]
    return [*gates, *changes], turned


def _values(
    kind: tuple[bool, bool], exponents: Exponents, features: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """Computes exponents `[m, f, p]` of weights, or of both; of data alone, `[m, p]`."""
    of_data, of_weights = kind
    if not of_data:
        return tf.expand_dims(exponents(weights), 2)
    if not of_weights:
        return exponents(features)
    filters, n = weights.shape[1], tf.shape(features)[1]
    x = tf.tile(features[:, None, :], [1, filters, 1])
    w = tf.tile(weights[:, :, None], [1, 1, n])
    rows = tf.reshape(tf.concat([x, w], axis=0), [-1, filters * n])
    return tf.reshape(exponents(rows), [exponents.n_rows, filters, n])
