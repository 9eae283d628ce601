"""State vectors: for any circuit, data re-uploaded or entangled included.

The states of all patches go through the gates together. Gradients come by the adjoint method:
gates are undone instead of states being stored, so that memory does not grow with depth, and
patches are taken in chunks, so that it does not grow with their number either.

Reference: Jones, Gacon, *Efficient calculation of gradients in classical simulations of
variational quantum algorithms* (2020), arXiv:2009.02823.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.angles import Angles
from tfq_resqunn.simulation.dense import Unitary
from tfq_resqunn.simulation.fusion import fuse
from tfq_resqunn.simulation.gates import Gate
from tfq_resqunn.simulation.own_gradient import with_gradient
from tfq_resqunn.simulation.pauli import operator_of
from tfq_resqunn.simulation.steps import Turn, UnitaryStep, step_of

# Amplitudes (of all patches of a chunk, and filters) that are simulated at once.
CHUNK_AMPLITUDES = 2**21


class StateForm:
    """A function from features and weights to expectations, by state vectors.

    Args:
        gates: All gates, in order.
        observables: Pauli sums.
        qubits: The qubits, in the order in which gates number them.
        inputs: Data symbols, in the order of the features.
        weights: Weight symbols, in their order.
    """

    flops_a_step = 0  # all that is counted is done for each patch

    def __init__(self, gates: Sequence[Gate], observables, qubits, inputs, weights):
        self._n_qubits, data = len(qubits), set(inputs)
        self._observables = _Observables(observables, qubits)
        self._steps = [step_of(s, self._n_qubits, data) for s in fuse(gates, data, len(qubits))]
        expressions: dict[str, list] = {kind: [] for kind in Turn.KINDS}
        blocks = []
        for step in self._steps:
            if isinstance(step, Turn) and step.kind is not None:
                step.place = len(expressions[step.kind])
                expressions[step.kind].append(step.gate.exponent)
            elif isinstance(step, UnitaryStep):
                step.place = len(blocks)
                blocks.append(Unitary(step.gates, step.n_qubits, weights))
        self._blocks = blocks
        self._data = Angles(expressions["data"], list(inputs))
        self._weights = Angles(expressions["weights"], list(weights))
        self._both = Angles(expressions["both"], [*inputs, *weights])

    @property
    def flops(self) -> int:
        """Multiplications and additions a patch and filter, forward."""
        return 2**self._n_qubits * (4 + sum(step.flops for step in self._steps))

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`."""
        filters, n = weights.shape[0], tf.shape(features)[1]
        outcomes = self._in_chunks(*self._given(features, weights), filters, n, features.shape[1])
        return tf.reshape(tf.transpose(outcomes, [1, 0, 2]), [-1, n])

    def states(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps the same to state vectors `[2**n_qubits, filters, n]`, all of them at once."""
        shared, own = self._given(features, weights)
        return self._run({**shared, **own}, weights.shape[0])

    def _given(self, features, weights):
        # What all patches share, and what is each one's own.
        weights = tf.transpose(weights)
        shared = {
            "weights": self._weights(weights)[:, :, None],
            "blocks": [block(weights) for block in self._blocks],
        }
        return shared, {
            "data": self._data(features)[:, None, :],
            "both": self._mixed(features, weights),
        }

    def _mixed(self, features, weights):
        filters, n = weights.shape[1], tf.shape(features)[1]
        if not self._both.n_rows:
            return tf.zeros([0, filters, n], features.dtype)
        x = tf.tile(features[:, None, :], [1, filters, 1])
        w = tf.tile(weights[:, :, None], [1, 1, n])
        rows = tf.reshape(tf.concat([x, w], axis=0), [-1, filters * n])
        return tf.reshape(self._both(rows), [self._both.n_rows, filters, n])

    def _in_chunks(self, shared, own, filters, n, static_n):
        # Gives [observables, filters, n].
        most = max(1, CHUNK_AMPLITUDES // (2**self._n_qubits * filters))
        if static_n is not None and static_n <= most:
            return self._simulate({**shared, **own}, filters)
        n_chunks = tf.maximum(1, (n + most - 1) // most)
        chunk = (n + n_chunks - 1) // n_chunks

        def split(rows, width):
            rows = tf.pad(rows, [(0, 0), (0, 0), (0, n_chunks * chunk - n)])
            rows = tf.reshape(rows, [rows.shape[0], width, n_chunks, chunk])
            return tf.transpose(rows, [2, 0, 1, 3])

        outcomes = tf.map_fn(
            lambda part: self._simulate({**shared, **part}, filters),
            {"data": split(own["data"], 1), "both": split(own["both"], filters)},
            fn_output_signature=own["data"].dtype,
            parallel_iterations=1,
        )
        outcomes = tf.transpose(outcomes, [1, 2, 0, 3])
        return tf.reshape(outcomes, [len(self._observables), filters, n_chunks * chunk])[:, :, :n]

    def _simulate(self, given, filters):
        """Gives `[observables, filters, n]`, with gradients by the adjoint method."""
        kinds = Turn.KINDS

        def named(flat):
            return {**dict(zip(kinds, flat, strict=False)), "blocks": flat[len(kinds) :]}

        def value(*flat):
            return self._observables.measure(self._run(named(flat), filters))

        def gradient(*flat):
            # Starts again from what was given: no state is kept, and the gradient can itself be
            # differentiated.
            *flat, upstream = flat
            given = named(flat)
            found = self._gradients(given, filters, upstream)
            turns = [
                tf.stack(found[kind]) if found[kind] else tf.zeros_like(given[kind])
                for kind in kinds
            ]
            return (*turns, *found["blocks"])

        expectations = with_gradient(value, gradient)
        return expectations(*(given[kind] for kind in kinds), *given["blocks"])

    def _run(self, given, filters):
        dtype = tf.complex128 if given["data"].dtype == tf.float64 else tf.complex64
        start = tf.reshape(tf.one_hot(0, 2**self._n_qubits, dtype=dtype), [-1, 1, 1])
        shape = [2**self._n_qubits, filters, tf.shape(given["data"])[2]]
        state = tf.broadcast_to(start, shape)
        for step in self._steps:
            state = step.apply(state, step.of(given))
        return state

    def _gradients(self, given, filters, upstream) -> dict[str, list]:
        state = self._run(given, filters)
        dual = self._observables.apply(state, upstream)
        found: dict[str, list] = {kind: [None] * given[kind].shape[0] for kind in Turn.KINDS}
        found["blocks"] = [None] * len(self._blocks)
        done: list = []
        for step in reversed(self._steps):
            own = step.of(given)
            # One step after the other, or states would pile up that wait for their gradient.
            with tf.control_dependencies(done):
                before, dual_before = step.undo(state, own), step.undo(dual, own)
                if step.kind is not None:
                    slope = step.slope(state, dual, before)
                    found[step.kind][step.place] = slope
                    done = [slope]
                state, dual = before, dual_before
        return found


class _Observables:
    """Pauli sums: those of Z alone by probabilities, other strings one by one."""

    def __init__(self, observables, qubits):
        self._n = len(observables)
        index = np.arange(2 ** len(qubits))
        bits = [(index >> (len(qubits) - 1 - q)) & 1 for q in range(len(qubits))]
        self._signs = np.zeros((self._n, 2 ** len(qubits)))
        self._strings = []  # (observable, coefficient, permutation, phases)
        for k, observable in enumerate(observables):
            for string, coefficient in operator_of(observable, qubits).items():
                phases, flips = np.ones(len(index), dtype=complex), 0
                for q, letter in enumerate(string):
                    if letter in (2, 3):
                        phases = phases * (1 - 2 * bits[q])
                    if letter in (1, 2):
                        flips |= 1 << (len(qubits) - 1 - q)
                    if letter == 2:
                        phases = phases * -1j
                if flips:
                    self._strings.append((k, coefficient, index ^ flips, phases))
                else:
                    self._signs[k] += coefficient * phases.real

    def __len__(self) -> int:
        return self._n

    def measure(self, state):
        """Gives the expectations `[observables, f, n]`."""
        real_type = state.dtype.real_dtype
        _, f, n = tf.unstack(tf.shape(state))
        probabilities = tf.math.real(state) ** 2 + tf.math.imag(state) ** 2
        flat = tf.reshape(probabilities, [state.shape[0], -1])
        outcomes = tf.reshape(tf.matmul(tf.constant(self._signs, real_type), flat), [self._n, f, n])
        for k, coefficient, flips, phases in self._strings:
            moved = tf.gather(state, flips) * tf.constant(phases[:, None, None], state.dtype)
            value = coefficient * tf.math.real(tf.reduce_sum(tf.math.conj(state) * moved, axis=0))
            outcomes += tf.one_hot(k, self._n, dtype=real_type)[:, None, None] * value
        return outcomes

    def apply(self, state, factors):
        """Gives the sum of all observables, each times its factor `[observables, f, n]`."""
        _, f, n = tf.unstack(tf.shape(factors))
        signs = tf.constant(self._signs.T, factors.dtype)
        diagonal = tf.reshape(
            tf.matmul(signs, tf.reshape(factors, [self._n, -1])), [state.shape[0], f, n]
        )
        result = tf.cast(diagonal, state.dtype) * state
        for k, coefficient, flips, phases in self._strings:
            moved = tf.gather(state, flips) * tf.constant(phases[:, None, None], state.dtype)
            result += tf.cast(coefficient * factors[k], state.dtype) * moved
        return result
