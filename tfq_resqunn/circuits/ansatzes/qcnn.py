"""Convolutions of qubits: one block of two qubits, the same on all neighbours."""

from collections.abc import Iterator, Sequence

import cirq
import sympy

from tfq_resqunn._utils.arguments import choice
from tfq_resqunn.circuits.ansatzes.pairs import pairs
from tfq_resqunn.circuits.checks.arguments import check_register
from tfq_resqunn.circuits.names import ANSATZES
from tfq_resqunn.circuits.symbols import weight_symbols


@ANSATZES.register("qcnn")
def qcnn(n_qubits: int, n_layers: int = 1, *, block: str = "su4") -> cirq.Circuit:
    """Convolution layers of a quantum convolutional network: shared weights on all neighbours.

    Each layer puts one block on the pairs of neighbours that start at an even qubit, then on the
    others. Has 15 weights a layer with `"su4"` and 2 with `"ry_cnot"`, whatever the number of
    qubits.

    Args:
        n_qubits: Number of qubits (`cirq.LineQubit`s from 0), at least 2.
        n_layers: Number of layers, with new weights each.
        block: `"su4"`: any two-qubit gate, up to a global phase (three CNOTs and 15 rotations).
            `"ry_cnot"`: a rotation about y of both qubits, then a CNOT.

    Returns:
        A `cirq.Circuit` with the symbols `w_000`, `w_001`, ...: by layer, then in the order of the
        block's gates, the first qubit before the second.

    Raises:
        TypeError: If a count is no integer.
        ValueError: If `n_qubits` is below 2, `n_layers` is below 1 or `block` is unknown.

    Example:
        >>> print(qcnn(3, block="ry_cnot"))
        0: ───Ry(w_000)───@───────────────────
                          │
        1: ───Ry(w_001)───X───Ry(w_000)───@───
                                          │
        2: ───────────────────Ry(w_001)───X───

        >>> len(cirq.parameter_symbols(qcnn(8, n_layers=2)))
        30

    Reference:
        Cong, Choi, Lukin, *Quantum convolutional neural networks* (2019), arXiv:1810.03787; the
        blocks as in Hur, Kim, Park (2022), arXiv:2108.00661, figure 2; the general one goes back to
        Vatan, Williams (2004), arXiv:quant-ph/0308006.
    """
    qubits, n_layers = check_register(n_qubits, n_layers, "qcnn")
    if len(qubits) < 2:
        raise ValueError(
            "qcnn: `n_qubits` must be at least 2, since its blocks stand on pairs of neighbours. "
            f"Received {n_qubits}."
        )
    operations, n_weights = _BLOCKS[choice(*_BLOCKS)(block, "block", "qcnn")]
    weights = weight_symbols(n_layers * n_weights)
    circuit = cirq.Circuit()
    for layer in range(n_layers):
        own = weights[layer * n_weights : (layer + 1) * n_weights]
        for first in (0, 1):
            circuit += cirq.Circuit(operations(own, a, b) for a, b in pairs(qubits, first))
    return circuit


def _su4(weights: Sequence[sympy.Symbol], a: cirq.Qid, b: cirq.Qid) -> Iterator[cirq.Operation]:
    w = iter(weights)
    yield from _any_rotation(w, a)
    yield from _any_rotation(w, b)
    yield cirq.CNOT(a, b)
    yield cirq.ry(next(w))(a)
    yield cirq.rz(next(w))(b)
    yield cirq.CNOT(b, a)
    yield cirq.ry(next(w))(a)
    yield cirq.CNOT(a, b)
    yield from _any_rotation(w, a)
    yield from _any_rotation(w, b)


def _any_rotation(w: Iterator[sympy.Symbol], qubit: cirq.Qid) -> Iterator[cirq.Operation]:
    for gate in (cirq.rz, cirq.ry, cirq.rz):
        yield gate(next(w))(qubit)


def _ry_cnot(weights: Sequence[sympy.Symbol], a: cirq.Qid, b: cirq.Qid) -> Iterator[cirq.Operation]:
    yield cirq.ry(weights[0])(a)
    yield cirq.ry(weights[1])(b)
    yield cirq.CNOT(a, b)


# Each block's operations, and its number of weights.
_BLOCKS = {"su4": (_su4, 15), "ry_cnot": (_ry_cnot, 2)}
