"""Random circuits: rotations by weights among random gates, in random places."""

import random
from collections.abc import Sequence
from typing import Any

import cirq

from tfq_resqunn._utils.arguments import check_seed
from tfq_resqunn.circuits.checks.arguments import check_register
from tfq_resqunn.circuits.names import ANSATZES
from tfq_resqunn.circuits.rotations import ROTATIONS
from tfq_resqunn.circuits.symbols import weight_symbols

_ONE_QUBIT_GATES = (cirq.H, cirq.S, cirq.T)
_TWO_QUBIT_GATES = (cirq.CNOT, cirq.CZ, cirq.SWAP, cirq.SWAP**0.5)


@ANSATZES.register("random")
def random_ansatz(n_qubits: int, n_layers: int = 1, *, seed: int = 0) -> cirq.Circuit:
    """Random gates in random places, among them one rotation a qubit and layer by a weight.

    Has `n_layers * n_qubits` weights. Each layer is, in random order: a rotation of each qubit
    about a random axis; `n_qubits` gates of two qubits (CNOT, CZ, SWAP or its square root), each
    on a random pair; and `n_qubits` gates of one qubit (H, S or T), each in a random place. One
    qubit has no gates of two.

    The same arguments give the same circuit, on every platform, and a longer one begins with the
    shorter. Where no gate that mixes |0> and |1> follows a rotation about z, its gradient is
    exactly zero; choose another seed, or more layers.

    Args:
        n_qubits: Number of qubits (`cirq.LineQubit`s from 0).
        n_layers: Number of layers, drawn anew each.
        seed: Integer of at least 0 that the draw starts from.

    Returns:
        A `cirq.Circuit` with the symbols `w_000`, `w_001`, ...: by layer, then in the order drawn.

    Raises:
        TypeError: If a count or `seed` is no integer.
        ValueError: If a count is below 1, or `seed` is below 0.

    Example:
        >>> circuit = random_ansatz(4, n_layers=2, seed=7)
        >>> len(cirq.parameter_symbols(circuit)), len(list(circuit.all_operations()))
        (8, 24)

    Reference:
        Henderson, Shakya, Pradhan, Cook, *Quanvolutional Neural Networks* (2020),
        arXiv:1904.04767, section 2; there the numbers of gates are random too.
    """
    qubits, n_layers = check_register(n_qubits, n_layers, "random_ansatz")
    draw = _Draw(check_seed(seed, "seed", "random_ansatz"))
    weights = iter(weight_symbols(n_layers * len(qubits)))
    circuit = cirq.Circuit()
    for _ in range(n_layers):
        gates = [(draw.one_of(tuple(ROTATIONS.values())), (q,)) for q in qubits]
        if len(qubits) > 1:
            gates += [(draw.one_of(_TWO_QUBIT_GATES), draw.pair(qubits)) for _ in qubits]
        gates += [(draw.one_of(_ONE_QUBIT_GATES), (draw.one_of(qubits),)) for _ in qubits]
        circuit += cirq.Circuit(
            (gate if isinstance(gate, cirq.Gate) else gate(next(weights)))(*places)
            for gate, places in draw.shuffled(gates)
        )
    return circuit


class _Draw:
    """Draws from `random.Random.random` alone: only that is promised to stay the same."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one_of(self, items: Sequence) -> Any:
        return items[int(self._random.random() * len(items))]

    def pair(self, items: Sequence) -> tuple:
        first = self.one_of(items)
        return first, self.one_of([item for item in items if item is not first])

    def shuffled(self, items: Sequence) -> list:
        keyed = [(self._random.random(), item) for item in items]
        return [item for _, item in sorted(keyed, key=lambda pair: pair[0])]
