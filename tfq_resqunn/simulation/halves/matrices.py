"""Coefficients of all Pauli strings by matrices: for few qubits, and circuits of any depth."""

import itertools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.gate import as_gates
from tfq_resqunn.simulation.gates.operators import string_matrix
from tfq_resqunn.simulation.gates.transfers import Transfers, vectors_of
from tfq_resqunn.simulation.gates.unitaries import Unitaries


class UnitaryCoefficients:
    """Coefficients in observables that are pulled back by gates of weights alone.

    They are those of all strings of some letters for each qubit.
    """

    def __init__(self, circuit: GateCircuit, letters: Sequence[Sequence[int]]):
        d = 2**circuit.n_qubits
        gates = as_gates(circuit.gates)
        self._unitary = Unitaries([gates], circuit.n_qubits, circuit.weights)
        self._observables = np.zeros((len(circuit.observables), d, d), dtype=complex)
        for matrix, operator in zip(self._observables, circuit.observables, strict=True):
            matrix += sum(c * string_matrix(s) for s, c in operator.items())
        strings = itertools.product(*letters)
        self._strings = np.array([string_matrix(s).T.ravel() for s in strings]).T / d
        self.flops, self.kernels = self._unitary.flops, 10 + self._unitary.kernels

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[filters, observables, strings]`."""
        unitary = self._unitary(weights)[0][:, None]  # [filters, 1, d, d]
        observables = tf.constant(self._observables, unitary.dtype)
        pulled = tf.matmul(unitary, tf.matmul(observables, unitary), adjoint_a=True)
        pulled = tf.reshape(pulled, [-1, len(self._observables), len(self._strings)])
        real = tf.constant(np.ascontiguousarray(self._strings.real), weights.dtype)
        imag = tf.constant(np.ascontiguousarray(self._strings.imag), weights.dtype)
        return tf.matmul(tf.math.real(pulled), real) - tf.matmul(tf.math.imag(pulled), imag)


class TransferCoefficients:
    """The same by Pauli transfer matrices, with channels among the gates."""

    def __init__(self, circuit: GateCircuit, letters: Sequence[Sequence[int]]):
        self._transfers = Transfers(circuit.gates, circuit.n_qubits, circuit.weights)
        self._operators = vectors_of(circuit.observables, circuit.n_qubits)
        shape = (4,) * circuit.n_qubits
        self._places = [int(np.ravel_multi_index(s, shape)) for s in itertools.product(*letters)]
        self.flops = self._operators.size * self._transfers.flops
        self.kernels = 6 * len(circuit.gates)

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[filters, observables, strings]`."""
        n_operators, filters = self._operators.shape[1], weights.shape[1]
        vectors = tf.repeat(tf.constant(self._operators, weights.dtype), filters, axis=1)
        exponents = tf.tile(self._transfers.exponents(weights), [1, n_operators])
        vectors = self._transfers.apply(vectors, exponents, back=True)
        wanted = tf.reshape(tf.gather(vectors, self._places), [-1, n_operators, filters])
        return tf.transpose(wanted, [2, 1, 0])
