"""Light cones: which qubits an observable can depend on."""

from collections.abc import Iterable

import cirq


def light_cone(circuit: cirq.AbstractCircuit, qubits: Iterable[cirq.Qid]) -> frozenset[cirq.Qid]:
    """Gives the qubits from which gates lead to those that are measured, these included.

    An expectation value on `qubits` does not depend on what happens elsewhere before the first
    gate. Within the cone it may still not depend on every qubit, since gates can cancel or commute
    with the observable.

    Example:
        >>> a, b, c = cirq.LineQubit.range(3)
        >>> circuit = cirq.Circuit(cirq.CZ(a, b), cirq.CZ(b, c))
        >>> sorted(light_cone(circuit, [b]))
        [cirq.LineQubit(0), cirq.LineQubit(1), cirq.LineQubit(2)]
        >>> sorted(light_cone(circuit, [a]))
        [cirq.LineQubit(0), cirq.LineQubit(1)]
    """
    cone = frozenset(qubits)
    for moment in reversed(circuit.moments):
        for operation in moment.operations:
            if not cone.isdisjoint(operation.qubits):
                cone |= frozenset(operation.qubits)
    return cone
