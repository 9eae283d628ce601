"""Pauli transfer matrices: what gates and channels make of Pauli vectors.

A state with noise in it is a density matrix, which is given by the expectation values of all 4**n
Pauli strings, its Pauli vector. A gate or a channel maps this vector by a real matrix. Read the
other way round, the same matrices pull observables back.

Reference: Greenbaum, *Introduction to quantum gate set tomography* (2015), arXiv:1509.02921,
section 2.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.gates.gate import Channel, Operation
from tfq_resqunn.simulation.gates.harmonics import harmonics
from tfq_resqunn.simulation.gates.operators import Operator, embed
from tfq_resqunn.simulation.tensors.exponents import Exponents
from tfq_resqunn.simulation.tensors.trigonometry import cosine, sine


@dataclasses.dataclass(frozen=True, eq=False)
class Transfer:
    """`constant + sum_k cos(pi delta_k t) even_k + sin(pi delta_k t) odd_k`, acting on qubits.

    Attributes:
        qubits: Indices of the qubits.
        constant: `[4**k, 4**k]`, from Pauli operators to what they are pulled back to.
        varying: Triples (delta, even, odd).
        place: Row of the exponent t among the exponents; `None` where nothing varies.
    """

    qubits: tuple[int, ...]
    constant: np.ndarray
    varying: tuple[tuple[float, np.ndarray, np.ndarray], ...]
    place: int | None

    def followed_by(self, channel: Channel) -> "Transfer":
        """Merges in a channel on some of the qubits."""
        places = [self.qubits.index(q) for q in channel.qubits]
        after = embed(channel.transfer, places, len(self.qubits), base=4)
        varying = tuple((d, even @ after, odd @ after) for d, even, odd in self.varying)
        return dataclasses.replace(self, constant=self.constant @ after, varying=varying)


class Transfers:
    """Gates and channels, one after the other. A channel is merged into the gate it follows.

    Attributes:
        exponents: Computes the exponents from the values of the symbols.
        flops: Multiplications and additions for each number of a vector.
    """

    def __init__(self, gates: Sequence[Operation], n_qubits: int, symbols: Sequence[sympy.Symbol]):
        self._n_qubits = n_qubits
        self._transfers: list[Transfer] = []
        exponents: list[sympy.Expr] = []
        for gate in gates:
            last = self._transfers[-1] if self._transfers else None
            if isinstance(gate, Channel) and last and set(gate.qubits) <= set(last.qubits):
                self._transfers[-1] = last.followed_by(gate)
                continue
            parts, place, n_constant = harmonics(gate), None, 1  # the first has delta 0
            if gate.exponent is None:
                n_constant = len(parts)
            elif len(parts) > 1:
                place = len(exponents)
                exponents.append(gate.exponent)
            constant = np.sum([even for _, even, _ in parts[:n_constant]], axis=0)
            varying = tuple(parts[n_constant:])
            self._transfers.append(Transfer(gate.qubits, constant, varying, place))
        self.exponents = Exponents(exponents, symbols)
        self.flops = sum(2 * len(t.constant) * (1 + 2 * len(t.varying)) for t in self._transfers)

    def apply(self, vectors: tf.Tensor, exponents: tf.Tensor, *, back: bool = False) -> tf.Tensor:
        """Maps Pauli vectors `[4**n_qubits, m]`, given `[n_exponents, m]`; or operators, back."""
        for transfer in reversed(self._transfers) if back else self._transfers:
            vectors = self._multiply(vectors, transfer, exponents, back)
        return vectors

    def _multiply(
        self, vectors: tf.Tensor, transfer: Transfer, exponents: tf.Tensor, back: bool
    ) -> tf.Tensor:
        n_qubits, k = self._n_qubits, len(transfer.qubits)
        order = [*transfer.qubits, *(q for q in range(n_qubits) if q not in transfer.qubits)]
        m = tf.shape(vectors)[-1]
        cube = tf.reshape(vectors, [*(4,) * n_qubits, m])
        flat = tf.reshape(tf.transpose(cube, [*order, n_qubits]), [4**k, -1])

        def apply(matrix: np.ndarray) -> tf.Tensor:
            matrix = tf.constant(matrix if back else matrix.T, vectors.dtype)
            return tf.reshape(tf.matmul(matrix, flat), [4**k, 4 ** (n_qubits - k), m])

        found = apply(transfer.constant)
        for delta, even, odd in transfer.varying:
            exponent = delta * exponents[transfer.place]
            found += cosine(exponent) * apply(even) + sine(exponent) * apply(odd)
        found = tf.reshape(found, [*(4,) * n_qubits, m])
        found = tf.transpose(found, [*np.argsort(order), n_qubits])
        return tf.reshape(found, [4**n_qubits, m])


def vectors_of(operators: Sequence[Operator], n_qubits: int) -> np.ndarray:
    """Writes operators as columns of `[4**n_qubits, n_operators]`."""
    vectors = np.zeros((len(operators), *(4,) * n_qubits))
    for vector, operator in zip(vectors, operators, strict=True):
        for string, coefficient in operator.items():
            vector[string] = coefficient
    return vectors.reshape(len(operators), 4**n_qubits).T
