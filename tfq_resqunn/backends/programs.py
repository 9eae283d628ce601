"""`Programs`: circuits as TensorFlow Quantum has them, run by its simulators.

A circuit becomes a program, a string. A row of a batch is a program with the values of its
symbols. TensorFlow Quantum's differentiators make gradients out of more such rows.
"""

from collections.abc import Callable

import tensorflow as tf

from tfq_resqunn._utils.tfq import import_tfq
from tfq_resqunn.backends.differentiators import tfq_differentiator
from tfq_resqunn.backends.rules import BackendArguments
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.rewriting.serializable import serializable
from tfq_resqunn.simulation.tensors.expressions import tensor_function
from tfq_resqunn.simulation.tensors.graph_gradients import held_by_graphs

tfq = import_tfq()

MAX_QUBITS = 30  # of many more, TensorFlow Quantum ends the process and raises no error


class Programs:
    """A function from features and weights to outcomes, for `"noiseless"` and `"noisy"`."""

    def __init__(self, circuit: QuanvCircuit, execution: BackendArguments):
        n_qubits, noise = len(circuit.qubits), execution.noise
        if n_qubits > MAX_QUBITS:
            raise ValueError(
                f"{execution.who}: backend={execution.backend!r} takes circuits of up to "
                f"{MAX_QUBITS} qubits, whose 2**{MAX_QUBITS} amplitudes take 8 GiB. Received one "
                f"of {n_qubits}. Use a smaller kernel, or backend='compiled', which can compute "
                "shallow circuits on more."
            )
        operations = circuit.circuit if noise is None else noise.apply(circuit.circuit).freeze()
        rewritten = serializable(operations)
        self._n_observables = len(circuit.observables)
        self._repetitions = execution.repetitions
        self._program = tfq.convert_to_tensor([rewritten.circuit])
        operators = [rewritten.rename(o) for o in circuit.observables]
        self._operators = tfq.convert_to_tensor([operators])
        self._names = tf.constant([str(s) for s in rewritten.expressions])
        self._values = tensor_function(
            [*circuit.inputs, *circuit.weights], list(rewritten.expressions.values())
        )
        self._op = _differentiable(execution)

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`."""
        columns = [row[:, None] for row in tf.unstack(features)]
        rows = [column[None, :] for column in tf.unstack(weights, axis=1)]
        n, filters = tf.shape(features)[1], weights.shape[0]
        values = [tf.broadcast_to(v, [n, filters]) for v in self._values(*columns, *rows)]
        values = tf.reshape(tf.stack(values, axis=-1), [n * filters, len(values)])
        arguments = [
            tf.tile(self._program, [n * filters]),
            self._names,
            tf.cast(values, tf.float32),
            tf.tile(self._operators, [n * filters, 1]),
        ]
        if self._repetitions is not None:
            arguments.append(tf.fill([n * filters, self._n_observables], self._repetitions))
        outcomes = tf.reshape(self._op(*arguments), [n, filters * self._n_observables])
        held_by_graphs()  # TensorFlow Quantum's gradients
        return tf.cast(tf.transpose(outcomes), features.dtype)


def _differentiable(execution: BackendArguments) -> Callable[..., tf.Tensor]:
    differentiator = tfq_differentiator(execution.differentiator)
    if execution.backend == "noiseless" and execution.repetitions is None:
        differentiator = differentiator or tfq.differentiators.Adjoint()
        return differentiator.generate_differentiable_op(analytic_op=tfq.get_expectation_op())
    differentiator = differentiator or tfq.differentiators.ParameterShift()
    is_noisy = execution.backend == "noisy"
    op = tfq.noise.expectation if is_noisy else tfq.get_sampled_expectation_op()
    return differentiator.generate_differentiable_op(sampled_op=op)
