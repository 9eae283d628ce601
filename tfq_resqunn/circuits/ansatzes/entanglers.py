"""Rotations of each qubit, then a ring of CNOTs, in layers."""

from collections.abc import Sequence

import cirq

from tfq_resqunn.circuits.checks.arguments import check_register
from tfq_resqunn.circuits.names import ANSATZES
from tfq_resqunn.circuits.rotations import rotation_gate
from tfq_resqunn.circuits.symbols import weight_symbols


@ANSATZES.register("basic_entangler")
def basic_entangler(n_qubits: int, n_layers: int = 1, *, rotation: str = "rx") -> cirq.Circuit:
    """One rotation a qubit, then a closed ring of CNOTs, in each layer.

    Has `n_layers * n_qubits` weights. Two qubits are joined by one CNOT instead of a ring of two,
    and one qubit by none.

    Args:
        n_qubits: Number of qubits (`cirq.LineQubit`s from 0).
        n_layers: How often rotations and ring are repeated, with new weights each time.
        rotation: `"rx"`, `"ry"` or `"rz"`.

    Returns:
        A `cirq.Circuit` with the symbols `w_000`, `w_001`, ..., layer by layer.

    Raises:
        TypeError: If a count is no integer.
        ValueError: If a count is below 1 or `rotation` is unknown.

    Example:
        >>> print(basic_entangler(3))
        0: ───Rx(w_000)───@───────X───
                          │       │
        1: ───Rx(w_001)───X───@───┼───
                              │   │
        2: ───Rx(w_002)───────X───@───

    Reference:
        As PennyLane's template of this name; the ring goes back to Schuld et al. (2020),
        arXiv:1804.00633, figure 4.
    """
    qubits, n_layers = check_register(n_qubits, n_layers, "basic_entangler")
    gate = rotation_gate(rotation, "basic_entangler")
    weights = iter(weight_symbols(n_layers * len(qubits)))
    circuit = cirq.Circuit()
    for _ in range(n_layers):
        circuit += cirq.Moment(gate(next(weights))(q) for q in qubits)
        circuit += cirq.Circuit(_ring(qubits, step=1))
    return circuit


@ANSATZES.register("strongly_entangling")
def strongly_entangling(n_qubits: int, n_layers: int = 1) -> cirq.Circuit:
    """A general rotation (rz, ry, rz) on each qubit, then CNOTs that reach further each layer.

    Has `3 * n_layers * n_qubits` weights. In layer l (from 0) the CNOT of qubit i acts on qubit
    `(i + r) mod n_qubits` with the reach `r = l mod (n_qubits - 1) + 1`. Two qubits are joined by
    one CNOT a layer, and one qubit by none. The last rz of the last layer turns about the axis
    that is measured where no CNOT follows it, and its gradient is then exactly zero.

    Args:
        n_qubits: As for `basic_entangler`, likewise errors.
        n_layers: As for `basic_entangler`.

    Returns:
        A `cirq.Circuit` with the symbols `w_000`, `w_001`, ...: by layer, then qubit, then gate.

    Example:
        >>> print(strongly_entangling(2))
        0: ───Rz(w_000)───Ry(w_001)───Rz(w_002)───@───
                                                  │
        1: ───Rz(w_003)───Ry(w_004)───Rz(w_005)───X───

    Reference:
        Schuld, Bocharov, Svore, Wiebe, *Circuit-centric quantum classifiers* (2020),
        arXiv:1804.00633.
    """
    qubits, n_layers = check_register(n_qubits, n_layers, "strongly_entangling")
    weights = iter(weight_symbols(3 * n_layers * len(qubits)))
    circuit = cirq.Circuit()
    for layer in range(n_layers):
        angles = [[next(weights) for _ in range(3)] for _ in qubits]
        for i, gate in enumerate((cirq.rz, cirq.ry, cirq.rz)):
            circuit += cirq.Moment(gate(a[i])(q) for a, q in zip(angles, qubits, strict=True))
        circuit += cirq.Circuit(_ring(qubits, step=layer % max(1, len(qubits) - 1) + 1))
    return circuit


def _ring(qubits: Sequence[cirq.Qid], step: int) -> list[cirq.Operation]:
    n = len(qubits)
    if n == 2:
        return [cirq.CNOT(*qubits)]
    return [cirq.CNOT(qubits[i], qubits[(i + step) % n]) for i in range(n if n > 1 else 0)]
