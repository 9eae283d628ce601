"""Rotations of each qubit and CZs of neighbours in a brick pattern, in layers."""

import cirq

from tfq_resqunn.circuits.ansatzes.pairs import pairs
from tfq_resqunn.circuits.checks.arguments import check_register
from tfq_resqunn.circuits.names import ANSATZES
from tfq_resqunn.circuits.symbols import weight_symbols


@ANSATZES.register("brick")
def brick(n_qubits: int, n_layers: int = 1) -> cirq.Circuit:
    """The hardware-efficient ansatz: ry and rz of each qubit, between bricks of CZs.

    Has `2 * (n_layers + 1) * n_qubits` weights. Each layer is a rotation about y and one about z
    of each qubit, then CZs of neighbours, first those that start at an even qubit, then the
    others. One more pair of rotations follows the last layer, as in the paper: CZs right before a
    measurement of Pauli Z would not be seen. Under that measurement the gradients of the very last
    rotations about z are exactly zero.

    Args:
        n_qubits: As for `basic_entangler`, likewise errors.
        n_layers: As for `basic_entangler`.

    Returns:
        A `cirq.Circuit` with the symbols `w_000`, `w_001`, ...: by layer, then gate, then qubit.

    Example:
        >>> print(brick(3))
        0: ───Ry(w_000)───Rz(w_003)───@───────Ry(w_006)───Rz(w_009)───
                                      │
        1: ───Ry(w_001)───Rz(w_004)───@───@───Ry(w_007)───Rz(w_010)───
                                          │
        2: ───Ry(w_002)───Rz(w_005)───────@───Ry(w_008)───Rz(w_011)───

    Reference:
        Kandala et al., *Hardware-efficient variational quantum eigensolver for small molecules and
        quantum magnets* (2017), arXiv:1704.05018; here with CZs as the entangler.
    """
    qubits, n_layers = check_register(n_qubits, n_layers, "brick")
    weights = iter(weight_symbols(2 * (n_layers + 1) * len(qubits)))
    circuit = cirq.Circuit()
    for layer in range(n_layers + 1):
        for gate in (cirq.ry, cirq.rz):
            circuit += cirq.Moment(gate(next(weights))(q) for q in qubits)
        if layer < n_layers:
            for first in (0, 1):
                circuit += cirq.Circuit(cirq.CZ(*pair) for pair in pairs(qubits, first))
    return circuit


@ANSATZES.register("simplified_two_design")
def simplified_two_design(n_qubits: int, n_layers: int = 1) -> cirq.Circuit:
    """A rotation about y of each qubit, then CZs of neighbours, each with two such rotations.

    Has `n_qubits + 2 * n_layers * (n_qubits - 1)` weights. Each layer goes through the neighbours
    that start at an even qubit, then through the others: a CZ, then a rotation about y of both.
    Deep circuits of this kind show barren plateaus as random ones do. One qubit has its first
    rotation alone.

    Args:
        n_qubits: As for `basic_entangler`, likewise errors.
        n_layers: As for `basic_entangler`.

    Returns:
        A `cirq.Circuit` with the symbols `w_000`, `w_001`, ...: the first rotations, then by layer,
        pair and qubit.

    Example:
        >>> print(simplified_two_design(3))
        0: ───Ry(w_000)───@───Ry(w_003)───────────────────
                          │
        1: ───Ry(w_001)───@───Ry(w_004)───@───Ry(w_005)───
                                          │
        2: ───Ry(w_002)───────────────────@───Ry(w_006)───

    Reference:
        Cerezo, Sone, Volkoff, Cincio, Coles, *Cost function dependent barren plateaus in shallow
        parametrized quantum circuits* (2021), arXiv:2001.00550, figure 4.
    """
    qubits, n_layers = check_register(n_qubits, n_layers, "simplified_two_design")
    n = len(qubits)
    weights = iter(weight_symbols(n + 2 * n_layers * (n - 1)))
    circuit = cirq.Circuit(cirq.Moment(cirq.ry(next(weights))(q) for q in qubits))
    for _ in range(n_layers):
        for first in (0, 1):
            own = pairs(qubits, first)
            circuit += cirq.Circuit(cirq.CZ(*pair) for pair in own)
            circuit += cirq.Circuit(cirq.ry(next(weights))(q) for pair in own for q in pair)
    return circuit
