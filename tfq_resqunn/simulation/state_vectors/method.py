"""State vectors: for any circuit, data re-uploaded or entangled included.

The states of all patches go through the gates together. Gradients come by the adjoint method:
gates are undone instead of states being stored, so that memory does not grow with depth, and
patches are taken in chunks, so that it does not grow with their number either.

Reference: Jones, Gacon, *Efficient calculation of gradients in classical simulations of
variational quantum algorithms* (2020), arXiv:2009.02823.
"""

from typing import Any

import tensorflow as tf

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.gate import as_gates
from tfq_resqunn.simulation.gates.unitaries import Unitaries
from tfq_resqunn.simulation.protocols import NotOpen, Work
from tfq_resqunn.simulation.state_vectors.fusion import fuse
from tfq_resqunn.simulation.state_vectors.measuring import Observables
from tfq_resqunn.simulation.state_vectors.steps import EXPONENTS, Block, SingleGate, Step
from tfq_resqunn.simulation.tensors.complex_types import complex_type
from tfq_resqunn.simulation.tensors.exponents import Exponents
from tfq_resqunn.simulation.tensors.own_gradient import with_gradient

MAX_STATE_QUBITS = 20
# Amplitudes (of all patches of a chunk, and filters) that are simulated at once.
CHUNK_AMPLITUDES = 2**21
# What the steps of each kind are given, each at its place.
Given = dict[str, Any]


class StateVectors:
    """Computes expectations from the state vector of every patch, for circuits without channels."""

    xla = False

    def __init__(self, circuit: GateCircuit):
        self._n_qubits = n_qubits = circuit.n_qubits
        if n_qubits > MAX_STATE_QUBITS:
            raise NotOpen(f"2**{n_qubits} amplitudes a patch are too many")
        self._observables = Observables(circuit.observables, n_qubits)
        self._steps = fuse(as_gates(circuit.gates), set(circuit.inputs), n_qubits)
        exponents: dict[str, list] = {kind: [] for kind in EXPONENTS}
        self._blocks = []
        for step in self._steps:
            if isinstance(step, SingleGate) and step.kind is not None:
                step.place = len(exponents[step.kind])
                exponents[step.kind].append(step.gate.exponent)
            elif isinstance(step, Block):
                step.place = len(self._blocks)
                gates, size = step.local_gates, len(step.qubits)
                self._blocks.append(Unitaries([gates], size, circuit.weights))
        self._data = Exponents(exponents["data"], circuit.inputs)
        self._weights = Exponents(exponents["weights"], circuit.weights)
        self._both = Exponents(exponents["both"], [*circuit.inputs, *circuit.weights])
        self.note = f"{2**n_qubits} amplitudes, adjoint gradients"
        numbers = 2**n_qubits * (4 + sum(step.flops for step in self._steps)) / 5
        self.work = Work(numbers=numbers, kernels=25 * len(self._steps))

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        outcomes = self._in_chunks(features, weights)
        return tf.reshape(tf.transpose(outcomes, [1, 0, 2]), [-1, tf.shape(features)[1]])

    def states(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps the same to state vectors `[2**n_qubits, filters, n]`, all of them at once."""
        shared, own = self._given(features, weights)
        return self._run({**shared, **own}, weights.shape[0])

    def _given(self, features: tf.Tensor, weights: tf.Tensor) -> tuple[Given, Given]:
        # What all patches share, and what is each one's own.
        weights = tf.transpose(weights)
        by_weights = self._weights(weights)[:, :, None]
        shared = {"weights": by_weights, "blocks": [block(weights)[0] for block in self._blocks]}
        own = {"data": self._data(features)[:, None, :], "both": self._mixed(features, weights)}
        return shared, own

    def _mixed(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        filters, n = weights.shape[1], tf.shape(features)[1]
        if not self._both.n_rows:
            return tf.zeros([0, filters, n], features.dtype)
        x = tf.tile(features[:, None, :], [1, filters, 1])
        w = tf.tile(weights[:, :, None], [1, 1, n])
        rows = tf.reshape(tf.concat([x, w], axis=0), [-1, filters * n])
        return tf.reshape(self._both(rows), [self._both.n_rows, filters, n])

    def _in_chunks(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        # Gives [observables, filters, n].
        shared, own = self._given(features, weights)
        filters, n, static_n = weights.shape[0], tf.shape(features)[1], features.shape[1]
        most = max(1, CHUNK_AMPLITUDES // (2**self._n_qubits * filters))
        if static_n is not None and static_n <= most:
            return self._simulate({**shared, **own}, filters)
        n_chunks = tf.maximum(1, (n + most - 1) // most)
        chunk = (n + n_chunks - 1) // n_chunks

        def chunked(rows: tf.Tensor, width: int) -> tf.Tensor:
            rows = tf.pad(rows, [(0, 0), (0, 0), (0, n_chunks * chunk - n)])
            rows = tf.reshape(rows, [rows.shape[0], width, n_chunks, chunk])
            return tf.transpose(rows, [2, 0, 1, 3])

        outcomes = tf.map_fn(
            lambda part: self._simulate({**shared, **part}, filters),
            {"data": chunked(own["data"], 1), "both": chunked(own["both"], filters)},
            fn_output_signature=own["data"].dtype,
            parallel_iterations=1,
        )
        outcomes = tf.transpose(outcomes, [1, 2, 0, 3])
        return tf.reshape(outcomes, [len(self._observables), filters, n_chunks * chunk])[:, :, :n]

    def _simulate(self, given: Given, filters: int) -> tf.Tensor:
        """Gives `[observables, filters, n]`, with gradients by the adjoint method."""

        def named(flat: tuple[tf.Tensor, ...]) -> Given:
            return {**dict(zip(EXPONENTS, flat, strict=False)), "blocks": flat[len(EXPONENTS) :]}

        def value(*flat: tf.Tensor) -> tf.Tensor:
            return self._observables.measure(self._run(named(flat), filters))

        def gradient(*flat: tf.Tensor) -> tuple[tf.Tensor, ...]:
            # Starts again from what was given: no state is kept, and the gradient can itself be
            # differentiated.
            given, upstream = named(flat[:-1]), flat[-1]
            found = self._gradients(given, filters, upstream)
            by_exponents = [
                tf.stack(found[kind]) if found[kind] else tf.zeros_like(given[kind])
                for kind in EXPONENTS
            ]
            return (*by_exponents, *found["blocks"])

        expectations = with_gradient(value, gradient)
        return expectations(*(given[kind] for kind in EXPONENTS), *given["blocks"])

    def _run(self, given: Given, filters: int) -> tf.Tensor:
        dtype = complex_type(given["data"].dtype)
        start = tf.reshape(tf.one_hot(0, 2**self._n_qubits, dtype=dtype), [-1, 1, 1])
        shape = [2**self._n_qubits, filters, tf.shape(given["data"])[2]]
        state = tf.broadcast_to(start, shape)
        for step in self._steps:
            state = step.apply(state, _matrix(step, given))
        return state

    def _gradients(self, given: Given, filters: int, upstream: tf.Tensor) -> dict[str, list]:
        state = self._run(given, filters)
        dual = self._observables.apply(state, upstream)
        found: dict[str, list] = {kind: [None] * given[kind].shape[0] for kind in EXPONENTS}
        found["blocks"] = [None] * len(self._blocks)
        done: list = []
        for step in reversed(self._steps):
            matrix = _matrix(step, given)
            # One step after the other, or states would pile up that wait for their gradient.
            with tf.control_dependencies(done):
                before, dual_before = step.undo(state, matrix), step.undo(dual, matrix)
                if step.kind is not None:
                    slope = step.slope(state, dual, before)
                    found[step.kind][step.place] = slope
                    done = [slope]
                state, dual = before, dual_before
        return found


def _matrix(step: Step, given: Given) -> Any:
    return step.matrix(None if step.kind is None else given[step.kind][step.place])
