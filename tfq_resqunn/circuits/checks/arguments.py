"""Rules for arguments: circuits, qubits, sizes of registers."""

from collections.abc import Collection, Iterator

import cirq

from tfq_resqunn._utils.arguments import Rule, check_size, instance

check_circuit = instance(
    cirq.AbstractCircuit, "a cirq.Circuit", "Put operations together with cirq.Circuit(...)."
)


# An iterator is not looked at, since it can be read only once.
check_qubits = Rule(
    "a list of qubits, such as cirq.LineQubit.range(2)",
    lambda value: (
        isinstance(value, Iterator)
        or (isinstance(value, Collection) and all(isinstance(q, cirq.Qid) for q in value))
    ),
    lambda value: (
        None if isinstance(value, Iterator) or len(value) else "a list of at least one qubit"
    ),
    list,
)


def check_register(n_qubits, n_layers, who: str) -> tuple[list[cirq.LineQubit], int]:
    """Returns the qubits of an ansatz, and its number of layers."""
    n_qubits = check_size(n_qubits, "n_qubits", who)
    return cirq.LineQubit.range(n_qubits), check_size(n_layers, "n_layers", who)
