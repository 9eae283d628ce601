"""Finite shots: outcomes drawn from the exact distribution, gradients by the parameter shift rule.

A device measures each Pauli string of an observable in runs of its own, whose outcomes are +1 or
-1. Their mean over so many shots is drawn here, from the string's exact expectation value: a
binomial distribution, whatever the circuit, and whether the strings commute or not.

Reference: Wierichs, Izaac, Wang, Lin, *General parameter-shift rules for quantum gradients*
(2022), arXiv:2107.12390, section 3.
"""

import dataclasses

import cirq
import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.measurements import split
from tfq_resqunn.circuits.noise import Noise
from tfq_resqunn.simulation.angles import Angles
from tfq_resqunn.simulation.gates import gates_of, harmonics
from tfq_resqunn.simulation.plan import Plan, compile_gates


class Sampled:
    """A function from features and weights to estimates of expectations, new ones at each call.

    Random numbers come from TensorFlow's global generator, so `set_seed` makes them repeat.

    Args:
        circuit: What is run.
        repetitions: Shots for each Pauli string of each observable.
        noise: What befalls the qubits, or `None`.

    Attributes:
        plan: How the exact expectations are computed.
    """

    plan: Plan

    def __init__(self, circuit: QuanvCircuit, repetitions: int, noise: Noise | None = None):
        self._repetitions = repetitions
        strings, self._mix, self._constant = split(circuit.observables)
        operations = circuit.circuit if noise is None else noise.apply(circuit.circuit)
        gates = gates_of(operations, circuit.qubits)
        gates, self._data, self._weights = _one_symbol_each(gates, circuit)
        if not strings:  # observables can be constants; then one string goes along unseen
            strings, self._mix = [cirq.Z(circuit.qubits[0])], np.zeros((len(self._mix), 1))
        self._n_strings = len(strings)
        sums = [cirq.PauliSum.from_pauli_strings([s]) for s in strings]
        self.plan, self._means = compile_gates(
            gates, sums, circuit.qubits, self._data.symbols, self._weights.symbols
        )
        self._shifts = _Shifts(gates, self._data.symbols, self._weights.symbols)

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`."""
        by_weights = tf.transpose(self._weights.angles(tf.transpose(weights)))
        if not self._data.is_mixed:
            estimates = self._sample(self._data.angles(features), by_weights)
        else:
            n = tf.shape(features)[1]
            estimates = []
            for k in range(weights.shape[0]):
                own = tf.tile(weights[k][:, None], [1, n])
                angles = self._data.angles(tf.concat([features, own], axis=0))
                estimates.append(self._sample(angles, by_weights[k : k + 1]))
            estimates = tf.concat(estimates, axis=0)
        estimates = tf.reshape(estimates, [weights.shape[0], self._n_strings, -1])
        outcomes = tf.matmul(tf.constant(self._mix, features.dtype)[None], estimates)
        outcomes += tf.constant(self._constant, features.dtype)[None, :, None]
        return tf.reshape(outcomes, [weights.shape[0] * len(self._mix), -1])

    def _sample(self, by_data, by_weights):
        @tf.custom_gradient
        def sample(by_data, by_weights):
            def gradient(upstream):
                return self._shifted(by_data, by_weights, upstream)

            return self._draw(by_data, by_weights), gradient

        return sample(by_data, by_weights)

    def _draw(self, by_data, by_weights):
        means = self._means(by_data, by_weights)
        seed = tf.random.uniform([2], maxval=tf.int32.max, dtype=tf.int32)
        chance = tf.clip_by_value((1 + means) / 2, 0.0, 1.0)
        ones = tf.random.stateless_binomial(
            tf.shape(chance), seed, tf.cast(self._repetitions, chance.dtype), chance, chance.dtype
        )
        return 2 * ones / self._repetitions - 1

    def _shifted(self, by_data, by_weights, upstream):
        data, weights, factors = (tf.constant(a, by_data.dtype) for a in self._shifts.table)

        def one(shift):
            of_data, of_weights = shift
            moved = self._draw(by_data + of_data[:, None], by_weights + of_weights[None])
            moved = tf.reshape(upstream * moved, [by_weights.shape[0], self._n_strings, -1])
            return tf.reduce_sum(moved, axis=[0, 1]), tf.reduce_sum(moved, axis=[1, 2])

        kinds = (by_data.dtype, by_data.dtype)
        for_patches, for_filters = tf.map_fn(one, (data, weights), fn_output_signature=kinds)
        places = self._shifts.n_data
        by_data_gradient = tf.matmul(factors[:places], for_patches)
        by_weights_gradient = tf.transpose(tf.matmul(factors[places:], for_filters))
        return by_data_gradient, by_weights_gradient


@dataclasses.dataclass(frozen=True, eq=False)
class _Arguments:
    """Symbols that stand for gates' exponents, and how these come from the circuit's symbols."""

    symbols: tuple[sympy.Symbol, ...]
    angles: Angles
    is_mixed: bool

    @classmethod
    def of(cls, pairs, known, is_mixed: bool) -> "_Arguments":
        angles = Angles([expression for _, expression in pairs], known)
        return cls(tuple(symbol for symbol, _ in pairs), angles, is_mixed)


def _one_symbol_each(gates, circuit: QuanvCircuit):
    """Gives each gate with an exponent a symbol of its own, so that it can be shifted alone."""
    inputs = set(circuit.inputs)
    renamed, expressions = [], {True: [], False: []}
    for gate in gates:
        if gate.exponent is None:
            renamed.append(gate)
            continue
        is_data = bool(gate.symbols & inputs)
        own = expressions[is_data]
        symbol = sympy.Dummy("x" if is_data else "w")
        own.append((symbol, gate.exponent))
        renamed.append(dataclasses.replace(gate, exponent=symbol))
    is_mixed = any(e.free_symbols - inputs for _, e in expressions[True])
    known = [*circuit.inputs, *circuit.weights] if is_mixed else list(circuit.inputs)
    data = _Arguments.of(expressions[True], known, is_mixed)
    weights = _Arguments.of(expressions[False], list(circuit.weights), False)
    return renamed, data, weights


class _Shifts:
    """All shifts of exponents that the gradient takes, and the factors of their outcomes.

    Attributes:
        table: Shifts of data's exponents `[shifts, data]`, of weights' `[shifts, weights]`, and
            factors `[data + weights, shifts]`.
        n_data: The number of data's exponents.
    """

    def __init__(self, gates, data, weights):
        order = {s: i for i, s in enumerate((*data, *weights))}
        self.n_data = len(data)
        moves = [
            (order[g.exponent], shift, factor)
            for g in gates
            if g.exponent is not None
            for shift, factor in _rule(g)
        ]
        shifts = np.zeros((len(moves), len(order)))
        factors = np.zeros((len(order), len(moves)))
        for m, (place, shift, factor) in enumerate(moves):
            shifts[m, place], factors[place, m] = shift, factor
        self.table = shifts[:, : len(data)], shifts[:, len(data) :], factors


def _rule(gate) -> list[tuple[float, float]]:
    """Gives shifts s and factors d so that f'(t) is the sum of all d f(t + s)."""
    frequencies = np.array(
        [d for d, even, odd in harmonics(gate) if d and (even.any() or odd.any())]
    )
    if not len(frequencies):
        return []
    # Equidistant shifts serve for all multiples of one frequency; others may make them singular.
    unit = next((u for u in frequencies.min() / np.arange(1, 9) if _divides(u, frequencies)), None)
    if unit is None:
        raise ValueError(
            "Finite shots are differentiated by the parameter shift rule, for gates whose "
            f"frequencies are multiples of one. Received a gate with {frequencies.tolist()}. "
            "Decompose it, or take repetitions=None."
        )
    n = round(frequencies.max() / unit)
    multiples = unit * np.arange(1, n + 1)
    shifts = (2 * np.arange(n) + 1) / (2 * n * unit)
    factors = np.linalg.solve(2 * np.sin(np.pi * np.outer(multiples, shifts)), np.pi * multiples)
    return [(s, d) for s, d in zip(shifts, factors, strict=True)] + [
        (-s, -d) for s, d in zip(shifts, factors, strict=True)
    ]


def _divides(unit: float, frequencies: np.ndarray) -> bool:
    return np.allclose(frequencies / unit, np.round(frequencies / unit), atol=1e-6)
