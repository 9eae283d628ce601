"""Finite shots: outcomes drawn from the exact distribution, gradients by the parameter shift rule.

A device measures each Pauli string of an observable in runs of its own, whose outcomes are +1 or
-1. Their mean over so many shots is drawn here, from the string's exact expectation value: a
binomial distribution, whatever the circuit, and whether the strings commute or not.
"""

import dataclasses
import functools

import cirq
import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.circuits.observables.measurements import split
from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.gates.operators import operator_of
from tfq_resqunn.simulation.plan import compile_gates
from tfq_resqunn.simulation.random_streams import draw_seed
from tfq_resqunn.simulation.shifts import moves_by, shift_rule
from tfq_resqunn.simulation.tensors.exponents import Exponents
from tfq_resqunn.simulation.tensors.own_gradient import with_gradient

_seeds = tf.random.experimental.stateless_split


class Sampled:
    """A function from features and weights to estimates of expectations, new ones at each call.

    A call takes one seed (`draw_seed`), and all its random numbers, those of its gradient included,
    from that seed. So `set_seed` makes them repeat, whatever runs at once.
    Each Pauli string of each observable gets its own shots. Replicas of a `tf.distribute` strategy
    draw different numbers, even where they are seeded alike.

    Attributes:
        plan: How the exact expectations are computed.
    """

    def __init__(self, circuit: QuanvCircuit, repetitions: int, noise: Noise | None = None):
        self._repetitions = repetitions
        strings, self._mix, self._constant = split(circuit.observables)
        if not strings:  # observables can be constants; then one string goes along unseen
            strings, self._mix = [cirq.Z(circuit.qubits[0])], np.zeros((len(self._mix), 1))
        self._n_strings = len(strings)
        exact = GateCircuit.of(circuit, noise)
        # Each gate with an exponent gets a symbol of its own, so that it can be shifted alone.
        inputs, gates = set(circuit.inputs), list(exact.gates)
        data: dict[sympy.Symbol, Gate] = {}
        weights: dict[sympy.Symbol, Gate] = {}
        for i, gate in enumerate(gates):
            if isinstance(gate, Gate) and gate.exponent is not None:
                name, own = ("x", data) if gate.symbols & inputs else ("w", weights)
                symbol = sympy.Symbol(f"{name}_{len(own):06}")
                own[symbol] = gate
                gates[i] = dataclasses.replace(gate, exponent=symbol)
        observables = [operator_of([s], circuit.qubits) for s in strings]
        self.plan, self._means = compile_gates(
            GateCircuit(gates, observables, exact.n_qubits, list(data), list(weights))
        )
        self._n_data = len(data)
        self._moves = moves_by([shift_rule(g) for g in (*data.values(), *weights.values())])
        # The exponents of data gates may hold weights too.
        self._is_mixed = any(gate.symbols - inputs for gate in data.values())
        known = [*circuit.inputs, *circuit.weights] if self._is_mixed else circuit.inputs
        self._by_data = Exponents([g.exponent for g in data.values()], known)
        self._by_weights = Exponents([g.exponent for g in weights.values()], circuit.weights)

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`."""
        by_weights = tf.transpose(self._by_weights(tf.transpose(weights)))
        seed = _of_replica(draw_seed())
        if not self._is_mixed:
            estimates = self._sample(self._by_data(features), by_weights, seed)
        else:
            n, filters = tf.shape(features)[1], weights.shape[0]
            seeds = tf.unstack(_seeds(seed, filters), num=filters)
            estimates = []
            for k in range(filters):
                own = tf.tile(weights[k][:, None], [1, n])
                by_data = self._by_data(tf.concat([features, own], axis=0))
                estimates.append(self._sample(by_data, by_weights[k : k + 1], seeds[k]))
            estimates = tf.concat(estimates, axis=0)
        estimates = tf.reshape(estimates, [weights.shape[0], self._n_strings, -1])
        outcomes = tf.matmul(tf.constant(self._mix, features.dtype)[None], estimates)
        outcomes += tf.constant(self._constant, features.dtype)[None, :, None]
        return tf.reshape(outcomes, [weights.shape[0] * len(self._mix), -1])

    def _sample(self, by_data: tf.Tensor, by_weights: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        for_values, for_gradient = tf.unstack(_seeds(seed, 2))
        value = functools.partial(self._draw, seed=for_values)
        gradient = functools.partial(self._shifted, seed=for_gradient)
        return with_gradient(value, gradient)(by_data, by_weights)

    def _draw(self, by_data: tf.Tensor, by_weights: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        means = self._means(by_data, by_weights)
        chance = tf.clip_by_value((1 + means) / 2, 0.0, 1.0)
        ones = tf.random.stateless_binomial(
            tf.shape(chance), seed, tf.cast(self._repetitions, chance.dtype), chance, chance.dtype
        )
        return 2 * ones / self._repetitions - 1

    def _shifted(
        self, by_data: tf.Tensor, by_weights: tf.Tensor, upstream: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        n_data = self._n_data
        steps, factors = (tf.constant(a, by_data.dtype) for a in self._moves)

        def one(move: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
            step, own = move
            moved = self._draw(by_data + step[:n_data, None], by_weights + step[None, n_data:], own)
            moved = tf.reshape(upstream * moved, [by_weights.shape[0], self._n_strings, -1])
            return tf.reduce_sum(moved, axis=[0, 1]), tf.reduce_sum(moved, axis=[1, 2])

        # A seed for each move, since moves may run at the same time.
        seeds = _seeds(seed, self._moves.shape[-1])
        for_patches, for_filters = tf.map_fn(
            one, (tf.transpose(steps), seeds), fn_output_signature=(by_data.dtype, by_data.dtype)
        )
        by_data_gradient = tf.matmul(factors[:n_data], for_patches)
        by_weights_gradient = tf.transpose(tf.matmul(factors[n_data:], for_filters))
        return by_data_gradient, by_weights_gradient


def _of_replica(seed: tf.Tensor) -> tf.Tensor:
    """Gives each replica of a strategy a seed of its own; without one, leaves the seed alone."""
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return seed
    return tf.random.experimental.stateless_fold_in(seed, replica.replica_id_in_sync_group)
