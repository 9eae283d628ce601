"""Observables by name: functions from qubits to Pauli strings."""

from collections.abc import Iterable

import cirq

from tfq_resqunn._utils.arguments import checked
from tfq_resqunn.circuits.checks.arguments import check_qubits
from tfq_resqunn.circuits.names import OBSERVABLES


@OBSERVABLES.register("z")
@checked(qubits=check_qubits)
def pauli_z(qubits: Iterable[cirq.Qid]) -> list[cirq.PauliString]:
    """Gives Pauli Z on each qubit, in their order.

    >>> pauli_z(cirq.LineQubit.range(2))
    [cirq.Z(cirq.LineQubit(0)), cirq.Z(cirq.LineQubit(1))]
    """
    return [cirq.Z(q) for q in qubits]


@OBSERVABLES.register("x")
@checked(qubits=check_qubits)
def pauli_x(qubits: Iterable[cirq.Qid]) -> list[cirq.PauliString]:
    """Gives Pauli X on each qubit, in their order."""
    return [cirq.X(q) for q in qubits]


@OBSERVABLES.register("y")
@checked(qubits=check_qubits)
def pauli_y(qubits: Iterable[cirq.Qid]) -> list[cirq.PauliString]:
    """Gives Pauli Y on each qubit, in their order."""
    return [cirq.Y(q) for q in qubits]


@OBSERVABLES.register("xyz")
@checked(qubits=check_qubits)
def pauli_xyz(qubits: Iterable[cirq.Qid]) -> list[cirq.PauliString]:
    """Gives Pauli X, Y and Z on each qubit: three outcomes for the first, then the second, ...

    >>> [str(o) for o in pauli_xyz(cirq.LineQubit.range(1))]
    ['X(q(0))', 'Y(q(0))', 'Z(q(0))']
    """
    return [pauli(q) for q in qubits for pauli in (cirq.X, cirq.Y, cirq.Z)]


@OBSERVABLES.register("parity")
@checked(qubits=check_qubits)
def parity(qubits: Iterable[cirq.Qid]) -> list[cirq.PauliString]:
    """Gives one outcome: the parity of all qubits, Z Z ... Z.

    >>> print(*parity(cirq.LineQubit.range(2)))
    Z(q(0))*Z(q(1))
    """
    return [cirq.PauliString(cirq.Z(q) for q in qubits)]


@OBSERVABLES.register("neighbour_parity")
@checked(qubits=check_qubits)
def neighbour_parity(qubits: Iterable[cirq.Qid]) -> list[cirq.PauliString]:
    """Gives Z Z on each qubit and the next, closed to a ring: as many outcomes as qubits.

    Two qubits have one such pair, and one qubit gives its own Z.

    >>> len(neighbour_parity(cirq.LineQubit.range(4)))
    4
    """
    qubits = list(qubits)
    if len(qubits) < 3:
        return parity(qubits)
    pairs = zip(qubits, qubits[1:] + qubits[:1], strict=True)
    return [cirq.Z(a) * cirq.Z(b) for a, b in pairs]
