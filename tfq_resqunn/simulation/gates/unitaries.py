"""Unitaries of blocks of gates that depend on weights alone.

Gates on one qubit are multiplied qubit by qubit, as matrices of two rows, before the Kronecker
product of all qubits is made; gates between qubits follow as larger ones. All blocks are computed
together, so that a training step has few operations for them, however many gates there are.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.gates.operators import embed
from tfq_resqunn.simulation.tensors.complex_types import complex_type
from tfq_resqunn.simulation.tensors.exponents import Exponents
from tfq_resqunn.simulation.tensors.trigonometry import cos_sin

# Entries of the constant matrices of one sum, which is a product of a few gates.
SUM_ENTRIES = 2**12
MIN_TERMS, MAX_TERMS = 8, 16


@dataclasses.dataclass(frozen=True, eq=False)
class Sum:
    """`sum_k exp(i pi frequencies[k] . exponents) matrices[k]`: a product of a few gates.

    Attributes:
        exponents: In half turns.
        frequencies: `[k, exponents]`.
        matrices: `[k, d, d]`.
    """

    exponents: tuple[sympy.Expr, ...]
    frequencies: np.ndarray
    matrices: np.ndarray

    @classmethod
    def identity(cls, d: int) -> "Sum":
        """Gives the product of no gates."""
        return cls((), np.zeros((1, 0)), np.eye(d, dtype=complex)[None])

    def followed_by(self, gate: Gate, projectors: np.ndarray) -> "Sum":
        """Lets a gate follow, with its projectors as matrices of d rows."""
        exponents, frequencies = self.exponents, np.repeat(self.frequencies, len(projectors), 0)
        if gate.exponent is not None:
            if gate.exponent not in exponents:
                exponents = (*exponents, gate.exponent)
                frequencies = np.pad(frequencies, [(0, 0), (0, 1)])
            place = exponents.index(gate.exponent)
            frequencies[:, place] += np.tile(gate.frequencies, len(self.matrices))
        products = projectors[None] @ self.matrices[:, None]  # the later gate from the left
        matrices = products.reshape(-1, *projectors.shape[1:])
        there = np.abs(matrices).max(axis=(1, 2)) > 1e-12
        return Sum(exponents, frequencies[there], matrices[there])

    def times(self, matrix: np.ndarray) -> "Sum":
        """Multiplies by a constant matrix from the left."""
        return dataclasses.replace(self, matrices=matrix @ self.matrices)


@dataclasses.dataclass(frozen=True, eq=False)
class Layer:
    """Gates on one qubit each, as a sum of two rows for each qubit; then a constant unitary."""

    own: tuple[Sum, ...]
    constant: np.ndarray

    def times(self, matrix: np.ndarray) -> "Layer":
        """Multiplies by a constant matrix from the left."""
        return dataclasses.replace(self, constant=matrix @ self.constant)


class Unitaries:
    """Unitaries of blocks of gates, of as many qubits each, built once a step.

    Attributes:
        n: The number of blocks.
        flops: Multiplications and additions a filter.
        kernels: Operations of TensorFlow.
    """

    def __init__(
        self, blocks: Sequence[Sequence[Gate]], n_qubits: int, weights: Sequence[sympy.Symbol]
    ):
        self.n, self._n_qubits, self._d = len(blocks), n_qubits, 2**n_qubits
        chains = [_chain(gates, n_qubits) for gates in blocks]
        self._length = max(map(len, chains), default=0)
        layers = [item for chain in chains for item in chain if isinstance(item, Layer)]
        sums = [item for chain in chains for item in chain if isinstance(item, Sum)]
        # For each block: which of all layers, and then of all sums, comes first, second, ...;
        # last is the identity, for shorter blocks.
        number = {id(item): i for i, item in enumerate([*layers, *sums])}
        self._order = np.full((self._length, self.n), len(number))
        for b, chain in enumerate(chains):
            self._order[: len(chain), b] = [number[id(item)] for item in chain]
        own = [layer.own[q] for q in range(n_qubits) for layer in layers]
        self._own = _Sums(own, 2, weights)
        self._constants = np.array([layer.constant for layer in layers])
        self._sums = _Sums(sums, self._d, weights)
        products = max(0, self._length - 1) * self.n + len(layers)
        self.flops = self._own.flops + self._sums.flops + 8 * products * self._d**3
        self.kernels = 30 + 4 * n_qubits + 4 * self._length.bit_length()

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[blocks, filters, d, d]`."""
        filters, d = weights.shape[1], self._d
        dtype = complex_type(weights.dtype)
        if not self._length:
            return tf.eye(d, batch_shape=[self.n, filters], dtype=dtype)
        found = []
        if len(self._constants):
            found.append(self._layers(weights))
        if self._sums.n:
            found.append(self._sums(weights))
        n = sum(matrices.shape[0] for matrices in found)
        if (self._order == n).any():
            found.append(tf.eye(d, batch_shape=[1, filters], dtype=dtype))
        matrices = tf.concat(found, axis=0) if len(found) > 1 else found[0]
        if not np.array_equal(self._order.ravel(), np.arange(n)):
            matrices = tf.gather(matrices, self._order.ravel())
        matrices = tf.reshape(matrices, [self._length, self.n, filters, d, d])
        # Neighbours are multiplied at once, the later one from the left.
        while matrices.shape[0] > 1:
            n_pairs = matrices.shape[0] // 2
            rest = matrices[2 * n_pairs :]
            pairs = tf.reshape(matrices[: 2 * n_pairs], [n_pairs, 2, -1, d, d])
            earlier, later = tf.unstack(pairs, axis=1)
            pairs = tf.reshape(tf.matmul(later, earlier), [n_pairs, *matrices.shape[1:]])
            matrices = tf.concat([pairs, rest], axis=0) if rest.shape[0] else pairs
        return matrices[0]

    def _layers(self, weights: tf.Tensor) -> tf.Tensor:
        n_layers, filters = len(self._constants), weights.shape[1]
        own = tf.reshape(self._own(weights), [self._n_qubits, -1, 2, 2])
        product, *others = tf.unstack(own)
        for matrix in others:
            product = _kronecker(product, matrix)
        product = tf.reshape(product, [n_layers, filters, self._d, self._d])
        if np.array_equal(self._constants, np.broadcast_to(np.eye(self._d), self._constants.shape)):
            return product
        # Columns of all filters together: a constant is multiplied once a layer.
        columns = tf.transpose(product, [0, 2, 1, 3])
        columns = tf.reshape(columns, [n_layers, self._d, filters * self._d])
        columns = tf.matmul(tf.constant(self._constants, product.dtype), columns)
        columns = tf.reshape(columns, [n_layers, self._d, filters, self._d])
        return tf.transpose(columns, [0, 2, 1, 3])


def _kronecker(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    # Of matrices [n, r, r] and [n, s, s]. As matrix products, gradients are quicker.
    n, r, s = a.shape[0], a.shape[1], b.shape[1]
    products = tf.matmul(tf.reshape(a, [n, r * r, 1]), tf.reshape(b, [n, 1, s * s]))
    products = tf.transpose(tf.reshape(products, [n, r, r, s, s]), [0, 1, 3, 2, 4])
    return tf.reshape(products, [n, r * s, r * s])


def unitary_of(gates: Sequence[Gate], n_qubits: int) -> np.ndarray:
    """Gives the matrix of constant gates."""
    product = np.eye(2**n_qubits, dtype=complex)
    for gate in gates:
        product = embed(gate.projectors[0], gate.qubits, n_qubits) @ product
    return product


class _Sums:
    """Computes many sums at once."""

    def __init__(self, sums: Sequence[Sum], d: int, weights: Sequence[sympy.Symbol]):
        self.n, self._d = len(sums), d
        exponents = list(dict.fromkeys(e for s in sums for e in s.exponents))
        self._exponents = Exponents(exponents, weights)
        self._k = max((len(s.matrices) for s in sums), default=0)
        self._frequencies = np.zeros((self.n, self._k, len(exponents)))
        self._matrices = np.zeros((self.n, self._k, d * d), dtype=complex)
        for i, s in enumerate(sums):
            self._matrices[i, : len(s.matrices)] = s.matrices.reshape(-1, d * d)
            for j, e in enumerate(s.exponents):
                self._frequencies[i, : len(s.matrices), exponents.index(e)] = s.frequencies[:, j]
        self.flops = 8 * self._matrices.size

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[n, filters, d, d]`."""
        filters = weights.shape[1]
        shape = [self.n, filters, self._d, self._d]
        if not self._exponents.n_rows:
            constants = tf.constant(self._matrices, complex_type(weights.dtype))
            return tf.reshape(tf.repeat(constants, filters, axis=1), shape)
        flat = self._frequencies.reshape(-1, self._exponents.n_rows)
        half_turns = tf.matmul(tf.constant(flat, weights.dtype), self._exponents(weights))
        phases = tf.complex(*cos_sin(tf.reshape(half_turns, [self.n, self._k, filters])))
        found = tf.matmul(phases, tf.constant(self._matrices, phases.dtype), transpose_a=True)
        return tf.reshape(found, shape)


def _chain(gates: Sequence[Gate], n_qubits: int) -> list[Layer | Sum]:
    """Writes gates as layers and sums, in order; a constant is part of what stands before it."""
    nothing, one = (Sum.identity(2),) * n_qubits, np.eye(2**n_qubits, dtype=complex)
    own = list(nothing)  # what is still to come, on each qubit
    chain: list[Layer | Sum] = []

    def flush() -> None:
        chain.append(Layer(tuple(own), one))
        own[:] = nothing

    for gate in gates:
        if len(gate.qubits) == 1:
            (q,) = gate.qubits
            if not _is_short(own[q].followed_by(gate, gate.projectors), gate):
                flush()
            own[q] = own[q].followed_by(gate, gate.projectors)
            continue
        if any(own[q] is not nothing[q] for q in gate.qubits) or not chain:
            flush()
        projectors = np.array([embed(p, gate.qubits, n_qubits) for p in gate.projectors])
        if gate.exponent is None:
            chain[-1] = chain[-1].times(projectors[0])
            continue
        last = chain[-1]
        if isinstance(last, Sum) and _is_short(last.followed_by(gate, projectors), gate):
            chain[-1] = last.followed_by(gate, projectors)
        else:
            chain.append(Sum.identity(2**n_qubits).followed_by(gate, projectors))
    if any(own[q] is not nothing[q] for q in range(n_qubits)):
        flush()
    return chain


def _is_short(longer: Sum, gate: Gate) -> bool:
    # Whether a sum that ends with a gate has few terms; those of the gate alone are always few.
    most = min(MAX_TERMS, max(MIN_TERMS, SUM_ENTRIES // longer.matrices[0].size))
    return len(longer.matrices) <= max(most, len(gate.projectors))
