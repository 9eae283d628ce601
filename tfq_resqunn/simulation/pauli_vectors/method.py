"""Pauli vectors: noisy circuits on few qubits, as real vectors of 4**n numbers."""

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.transfers import Transfers, vectors_of
from tfq_resqunn.simulation.protocols import NotOpen, Work
from tfq_resqunn.simulation.tensors.own_gradient import recomputed

MAX_VECTOR_QUBITS = 6  # a Pauli vector has 4**n numbers
# Numbers that are computed at once, of as many patches' vectors: what lies between is kept for
# gradients.
CHUNK_NUMBERS = 2**20


class PauliVectors:
    """Computes expectations from the Pauli vector of every patch.

    Patches are taken in chunks, whose vectors are computed again for gradients.
    """

    xla = True

    def __init__(self, circuit: GateCircuit):
        self._n_qubits = n_qubits = circuit.n_qubits
        if n_qubits > MAX_VECTOR_QUBITS:
            raise NotOpen(f"4**{n_qubits} numbers a patch are too many")
        symbols = [*circuit.inputs, *circuit.weights]
        self._transfers = Transfers(circuit.gates, n_qubits, symbols)
        self._observables = vectors_of(circuit.observables, n_qubits).T
        start = np.zeros((4,) * n_qubits)
        start[np.ix_(*[(0, 3)] * n_qubits)] = 1  # in |0...0>, each I and Z is 1
        self._start = start.reshape(-1, 1)
        numbers = 4**n_qubits * self._transfers.flops / 4  # products of small matrices are as slow
        self.work = Work(numbers=numbers, kernels=6 * len(circuit.gates))
        self.note = f"{4**n_qubits} numbers, for channels"

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        outcomes = [self._filter(features, w) for w in tf.unstack(weights[:, :, None])]
        return tf.concat(outcomes, axis=0)

    def _filter(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        n = tf.shape(features)[1]
        size = max(1, CHUNK_NUMBERS // 4**self._n_qubits)
        if features.shape[1] is not None and features.shape[1] <= size:
            return self._run(features, weights)
        n_chunks = -(-n // size)
        padded = tf.pad(features, [[0, 0], [0, n_chunks * size - n]])
        chunks = tf.transpose(tf.reshape(padded, [features.shape[0], n_chunks, size]), [1, 0, 2])
        run = recomputed(self._run)
        outcomes = tf.map_fn(lambda chunk: run(chunk, weights), chunks, parallel_iterations=1)
        outcomes = tf.reshape(tf.transpose(outcomes, [1, 0, 2]), [len(self._observables), -1])
        return outcomes[:, :n]

    def _run(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        n = tf.shape(features)[1]
        vectors = tf.tile(tf.constant(self._start, features.dtype), [1, n])
        values = tf.concat([features, tf.tile(weights, [1, n])], axis=0)
        vectors = self._transfers.apply(vectors, self._transfers.exponents(values))
        return tf.matmul(tf.constant(self._observables, features.dtype), vectors)
