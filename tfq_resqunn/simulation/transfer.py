"""Pauli vectors: noisy circuits on few qubits, as real vectors of 4**n numbers.

A state with noise in it is a density matrix, which is given by the expectation values of all 4**n
Pauli strings; a gate or a channel turns them by a real matrix, its Pauli transfer matrix. Read the
other way round, the same matrices pull observables back.

Reference: Greenbaum, *Introduction to quantum gate set tomography* (2015), arXiv:1509.02921,
section 2.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.angles import Angles, cosine, sine
from tfq_resqunn.simulation.gates import Channel, Gate, harmonics
from tfq_resqunn.simulation.pauli import operator_of

# Patches whose vectors are turned at once, in numbers: what lies between is kept for gradients.
CHUNK_NUMBERS = 2**20


@dataclasses.dataclass(frozen=True, eq=False)
class Transfer:
    """`constant + sum_k cos(pi delta_k t) even_k + sin(pi delta_k t) odd_k`, acting on qubits.

    Attributes:
        qubits: Indices of the qubits.
        constant: `[4**k, 4**k]`, from Pauli operators to what they are pulled back to.
        turning: Triples (delta, even, odd).
        place: Row of the exponent among the angles; `None` where nothing turns.
    """

    qubits: tuple[int, ...]
    constant: np.ndarray
    turning: tuple
    place: int | None

    @property
    def flops(self) -> int:
        """Multiplications and additions for each number of a vector."""
        return 2 * len(self.constant) * (1 + 2 * len(self.turning))


def transfers_of(gates: Sequence[Gate | Channel]) -> tuple[list[Transfer], list]:
    """Writes gates as transfers, channels merged into the gates that they follow.

    Returns:
        The transfers, and the exponents in the order of their places.
    """
    found: list[Transfer] = []
    exponents: list = []
    for gate in gates:
        if isinstance(gate, Channel) and found and set(gate.qubits) <= set(found[-1].qubits):
            found[-1] = _followed_by(found[-1], gate)
            continue
        constant, turning = 0, []
        for delta, even, odd in harmonics(gate):
            if delta and gate.exponent is not None:
                turning.append((delta, even, odd))
            else:
                constant = constant + even
        place = None
        if turning:
            place = len(exponents)
            exponents.append(gate.exponent)
        found.append(Transfer(gate.qubits, constant, tuple(turning), place))
    return found, exponents


def _followed_by(transfer: Transfer, channel: Channel) -> Transfer:
    n, places = len(transfer.qubits), [transfer.qubits.index(q) for q in channel.qubits]
    after = _embed(channel.transfer, places, n)
    return dataclasses.replace(
        transfer,
        constant=transfer.constant @ after,
        turning=tuple((d, even @ after, odd @ after) for d, even, odd in transfer.turning),
    )


def _embed(matrix: np.ndarray, places: Sequence[int], n: int) -> np.ndarray:
    """Gives the matrix on n qubits (four letters each) of one that acts on some."""
    rest = [q for q in range(n) if q not in places]
    whole = np.kron(matrix, np.eye(4 ** len(rest))).reshape((4,) * (2 * n))
    order = np.argsort([*places, *rest])
    return whole.transpose([*order, *(order + n)]).reshape(4**n, 4**n)


def turn(vectors: tf.Tensor, transfer: Transfer, angles, n_qubits: int, *, back: bool) -> tf.Tensor:
    """Turns Pauli vectors `[4**n_qubits, ...]` forward, or pulls operators back.

    Args:
        vectors: `[4**n_qubits, m]`.
        transfer: Which.
        angles: `[n_exponents, m]`, in half turns, or `None`.
        n_qubits: Number of qubits.
        back: The direction.
    """
    qubits, k = transfer.qubits, len(transfer.qubits)
    rest = [q for q in range(n_qubits) if q not in qubits]
    order = [*qubits, *rest]
    m = tf.shape(vectors)[-1]
    cube = tf.reshape(vectors, [*(4,) * n_qubits, m])
    flat = tf.reshape(tf.transpose(cube, [*order, n_qubits]), [4**k, -1])

    def apply(matrix):
        matrix = tf.constant(matrix if back else matrix.T, vectors.dtype)
        return tf.reshape(tf.matmul(matrix, flat), [4**k, 4 ** len(rest), m])

    turned = apply(transfer.constant)
    for delta, even, odd in transfer.turning:
        angle = delta * angles[transfer.place]
        turned += cosine(angle) * apply(even) + sine(angle) * apply(odd)
    turned = tf.transpose(tf.reshape(turned, [*(4,) * n_qubits, m]), [*np.argsort(order), n_qubits])
    return tf.reshape(turned, [4**n_qubits, m])


class TransferCoefficients:
    """Coefficients of Pauli strings, by operators pulled back through gates and channels.

    Args:
        gates: Gates of weights alone, and channels.
        operators: Observables, as Pauli strings with constant coefficients.
        strings: The strings whose coefficients are wanted.
        weights: Weight symbols, in their order.
    """

    def __init__(self, gates, operators, strings, weights):
        self._n_qubits = len(strings[0])
        self._transfers, exponents = transfers_of(gates)
        self._angles = Angles(exponents, list(weights)) if exponents else None
        self._operators = vectors_of(operators, self._n_qubits)
        self._strings = [_number(s) for s in strings]

    @property
    def flops(self) -> int:
        """Multiplications and additions a filter."""
        return self._operators.size * sum(t.flops for t in self._transfers)

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[n_observables, n_strings, filters]`."""
        n_operators, filters = self._operators.shape[1], weights.shape[1]
        vectors = tf.repeat(tf.constant(self._operators, weights.dtype), filters, axis=1)
        angles = None
        if self._angles is not None:
            angles = tf.tile(self._angles(weights), [1, n_operators])
        for transfer in reversed(self._transfers):
            vectors = turn(vectors, transfer, angles, self._n_qubits, back=True)
        wanted = tf.reshape(tf.gather(vectors, self._strings), [-1, n_operators, filters])
        return tf.transpose(wanted, [1, 0, 2])


class TransferForm:
    """A function from features and weights to expectations, by Pauli vectors of every patch.

    Patches are taken in chunks, whose vectors are computed again for gradients.

    Args:
        gates: All gates and channels, in order.
        observables: Pauli sums.
        qubits: The qubits, in the order in which gates number them.
        inputs: Data symbols, in the order of the features.
        weights: Weight symbols, in their order.
    """

    flops_a_step = 0  # all that is counted is done for each patch

    def __init__(self, gates, observables, qubits, inputs, weights):
        self._n_qubits = len(qubits)
        self._transfers, exponents = transfers_of(gates)
        self._angles = Angles(exponents, [*inputs, *weights]) if exponents else None
        operators = [operator_of(o, qubits) for o in observables]
        self._observables = vectors_of(operators, self._n_qubits).T
        start = np.zeros((4,) * self._n_qubits)
        start[np.ix_(*[(0, 3)] * self._n_qubits)] = 1  # in |0...0>, each I and Z is 1
        self._start = start.reshape(-1, 1)

    @property
    def flops(self) -> int:
        """Multiplications and additions a patch and filter, forward."""
        return 4**self._n_qubits * sum(t.flops for t in self._transfers)

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`."""
        outcomes = [self._filter(features, w) for w in tf.unstack(weights[:, :, None])]
        return tf.concat(outcomes, axis=0)

    def _filter(self, features, weights):
        n = tf.shape(features)[1]
        size = max(1, CHUNK_NUMBERS // 4**self._n_qubits)
        if features.shape[1] is not None and features.shape[1] <= size:
            return self._run(features, weights)
        n_chunks = -(-n // size)
        padded = tf.pad(features, [[0, 0], [0, n_chunks * size - n]])
        chunks = tf.transpose(tf.reshape(padded, [features.shape[0], n_chunks, size]), [1, 0, 2])
        run = tf.recompute_grad(self._run)  # it sees gradients by its arguments alone
        outcomes = tf.map_fn(lambda chunk: run(chunk, weights), chunks, parallel_iterations=1)
        outcomes = tf.reshape(tf.transpose(outcomes, [1, 0, 2]), [len(self._observables), -1])
        return outcomes[:, :n]

    def _run(self, features, weights):
        n = tf.shape(features)[1]
        vectors = tf.tile(tf.constant(self._start, features.dtype), [1, n])
        angles = None
        if self._angles is not None:
            values = tf.concat([features, tf.tile(weights, [1, n])], axis=0)
            angles = self._angles(values)
        for transfer in self._transfers:
            vectors = turn(vectors, transfer, angles, self._n_qubits, back=False)
        return tf.matmul(tf.constant(self._observables, features.dtype), vectors)


def vectors_of(operators, n_qubits: int) -> np.ndarray:
    """Writes operators with constant coefficients as columns of `[4**n_qubits, n_operators]`."""
    vectors = np.zeros((4**n_qubits, len(operators)))
    for k, operator in enumerate(operators):
        for string, coefficient in operator.items():
            vectors[_number(string), k] = coefficient
    return vectors


def _number(string) -> int:
    return int("".join(map(str, string)), 4) if string else 0
