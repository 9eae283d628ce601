"""`CirqCircuits`: circuits on Cirq's simulators, samplers and devices, differentiated by shifts."""

from collections.abc import Callable

import tensorflow as tf

from tfq_resqunn.backends import differentiators
from tfq_resqunn.backends.cirq_rows import as_op, exact, sampled
from tfq_resqunn.backends.rules import BackendArguments
from tfq_resqunn.backends.separation import separate
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.simulation.shifts import differentiated, shift_rule
from tfq_resqunn.simulation.tensors.exponents import Exponents


class CirqCircuits:
    """A function from features and weights to outcomes.

    The circuit is the user's own, on its own qubits, since a device has no others. It runs once
    for each distinct row of angles.
    """

    def __init__(self, circuit: QuanvCircuit, execution: BackendArguments):
        noise = execution.noise
        separated = separate(circuit.circuit if noise is None else noise.apply(circuit.circuit))
        self._n_observables = len(circuit.observables)
        symbols = [*circuit.inputs, *circuit.weights]
        angles = Exponents(separated.expressions, symbols)
        what = execution.backend, separated.circuit, circuit.observables
        if execution.repetitions is None:
            rows = exact(*what, circuit.qubits)
        else:
            rows = sampled(*what, execution.repetitions, execution.max_circuits)
        run = as_op(rows, separated.symbols, self._n_observables)
        differences = differentiators.differences(execution.differentiator)
        if differences is None:
            by_angles = differentiated(run, list(map(shift_rule, separated.gates)))
            self._outcomes: Callable = lambda values: by_angles(angles(values))
        else:
            rules = [differences] * len(symbols)
            self._outcomes = differentiated(lambda values: run(angles(values)), rules)

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`."""
        n, (filters, n_weights) = tf.shape(features)[1], weights.shape
        x = tf.tile(features[:, None, :], [1, filters, 1])
        w = tf.tile(tf.transpose(weights)[:, :, None], [1, 1, n])
        values = tf.reshape(tf.concat([x, w], axis=0), [features.shape[0] + n_weights, filters * n])
        outcomes = tf.reshape(self._outcomes(values), [self._n_observables, filters, n])
        return tf.reshape(tf.transpose(outcomes, [1, 0, 2]), [filters * self._n_observables, n])
