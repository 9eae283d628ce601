"""Unitaries of several blocks of weights at once, as real matrices.

A gate is a sum of projectors times phases, so a product of a few gates is one of constant matrices
times phases of sums of exponents. These are real matrix products, with cosines and sines: one
operation for all blocks, whatever gates are in them.
"""

from collections.abc import Callable, Sequence

import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.gates.operators import embed
from tfq_resqunn.simulation.tensors.exponents import Exponents
from tfq_resqunn.simulation.tensors.trigonometry import cos_sin

# Entries of the constant matrices of one factor, which is a product of a few gates.
FACTOR_ENTRIES = 2**12
# How complex matrices `[..., d, d]` are written as real ones, `[..., 2 * d, 2 * d]`.
RealForm = Callable[[np.ndarray], np.ndarray]


def amplitude_by_amplitude(matrices: np.ndarray) -> np.ndarray:
    """Writes complex matrices as real ones; real and imaginary part of an amplitude go together."""
    one, turn = np.eye(2), np.array([[0.0, -1.0], [1.0, 0.0]])
    return np.kron(matrices.real, one) + np.kron(matrices.imag, turn)


def part_by_part(matrices: np.ndarray) -> np.ndarray:
    """Writes complex matrices as real ones; all real parts stand before all imaginary parts."""
    real, imag = matrices.real, matrices.imag
    return np.block([[real, -imag], [imag, real]])


class Factor:
    """`sum_k exp(i pi frequencies[k] . exponents) matrices[k]`: a product of a few gates."""

    def __init__(self, d: int):
        self.exponents: list[sympy.Expr] = []
        self.frequencies = np.zeros((1, 0))  # [k, exponents]
        self.matrices = np.eye(d, dtype=complex)[None]  # [k, d, d]

    def followed_by(self, gate: Gate, projectors: np.ndarray) -> "Factor":
        """Lets a gate follow, with its projectors as matrices of d rows."""
        k, d = len(gate.frequencies), len(projectors[0])
        new = Factor(d)
        new.exponents, new.frequencies = list(self.exponents), np.repeat(self.frequencies, k, 0)
        if gate.exponent is not None:
            if gate.exponent not in new.exponents:
                new.exponents.append(gate.exponent)
                new.frequencies = np.pad(new.frequencies, [(0, 0), (0, 1)])
            place = new.exponents.index(gate.exponent)
            new.frequencies[:, place] += np.tile(gate.frequencies, len(self.matrices))
        products = projectors[None] @ self.matrices[:, None]  # the later gate from the left
        new.matrices = products.reshape(-1, d, d)
        there = np.abs(new.matrices).max(axis=(1, 2)) > 1e-12
        new.frequencies, new.matrices = new.frequencies[there], new.matrices[there]
        return new


class Blocks:
    """Unitaries of blocks of gates on as many qubits each, built once a step.

    Attributes:
        flops: Multiplications and additions a filter.
    """

    def __init__(
        self,
        blocks: Sequence[Sequence[Gate]],
        n_qubits: int,
        weights: Sequence[sympy.Symbol],
        real_form: RealForm,
    ):
        self._d, self._n_blocks = 2**n_qubits, len(blocks)
        chains = [_factors(gates, n_qubits) for gates in blocks]
        self._length = max(map(len, chains), default=0)
        factors = [  # all first factors, all second ones, ...
            chain[i] if i < len(chain) else Factor(self._d)
            for i in range(self._length)
            for chain in chains
        ]
        exponents = list(dict.fromkeys(e for f in factors for e in f.exponents))
        self._exponents = Exponents(exponents, weights)
        self._k = max((len(f.matrices) for f in factors), default=0)
        self._frequencies = np.zeros((len(factors), self._k, len(exponents)))
        matrices = np.zeros((len(factors), self._k, self._d, self._d), dtype=complex)
        for i, f in enumerate(factors):
            matrices[i, : len(f.matrices)] = f.matrices
            for j, e in enumerate(f.exponents):
                self._frequencies[i, : len(f.matrices), exponents.index(e)] = f.frequencies[:, j]
        table = np.concatenate([real_form(matrices), real_form(1j * matrices)], axis=1)
        self._table = table.reshape(len(factors), 2 * self._k, (2 * self._d) ** 2)
        products = max(0, self._length - 1) * self._n_blocks
        self.flops = 2 * self._table.size + products * 2 * (2 * self._d) ** 3

    def __call__(self, weights: tf.Tensor) -> list[tf.Tensor]:
        """Maps weights `[n_weights, filters]` to `[filters, 2 * d, 2 * d]` for each block."""
        if not self._n_blocks:
            return []
        filters, n_factors = weights.shape[1], len(self._table)
        exponents = self._exponents(weights)
        flat = self._frequencies.reshape(-1, self._frequencies.shape[-1])
        half_turns = tf.matmul(tf.constant(flat, weights.dtype), exponents)
        half_turns = tf.reshape(half_turns, [n_factors, self._k, filters])
        phases = tf.concat(cos_sin(half_turns), axis=1)
        table = tf.constant(self._table, weights.dtype)
        found = tf.matmul(phases, table, transpose_a=True)
        side = 2 * self._d
        matrices = tf.reshape(found, [self._length, self._n_blocks * filters, side, side])
        # Neighbours are multiplied at once, the later one from the left.
        while matrices.shape[0] > 1:
            n_pairs = matrices.shape[0] // 2
            rest = matrices[2 * n_pairs :]
            pairs = tf.matmul(matrices[1 : 2 * n_pairs : 2], matrices[0 : 2 * n_pairs : 2])
            matrices = tf.concat([pairs, rest], axis=0) if rest.shape[0] else pairs
        return tf.unstack(tf.reshape(matrices, [self._n_blocks, filters, side, side]))


def unitary_of(gates: Sequence[Gate], n_qubits: int) -> np.ndarray:
    """Gives the matrix of constant gates."""
    product = np.eye(2**n_qubits, dtype=complex)
    for gate in gates:
        product = embed(gate.projectors[0], gate.qubits, n_qubits) @ product
    return product


def _factors(gates: Sequence[Gate], n_qubits: int) -> list[Factor]:
    d = 2**n_qubits
    most = max(8, FACTOR_ENTRIES // d**2)
    factors = [Factor(d)]
    for gate in gates:
        projectors = np.array([embed(p, gate.qubits, n_qubits) for p in gate.projectors])
        longer = factors[-1].followed_by(gate, projectors)
        if len(longer.matrices) > max(most, len(gate.frequencies)) and factors[-1].exponents:
            longer = Factor(d).followed_by(gate, projectors)
            factors.append(longer)
        else:
            factors[-1] = longer
    return factors
