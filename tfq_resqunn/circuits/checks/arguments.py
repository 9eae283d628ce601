"""Rules for arguments: circuits, qubits, sizes of registers."""

from collections.abc import Collection, Iterable, Iterator

import cirq

from tfq_resqunn._utils.arguments import Rule, check_size, instance

check_circuit = instance(
    cirq.AbstractCircuit,
    "a cirq.Circuit or cirq.FrozenCircuit",
    "Put operations together with cirq.Circuit(...).",
)


def _are_qubits(value: object) -> bool:
    if isinstance(value, Iterator):  # not looked at, since it can be read only once
        return True
    return isinstance(value, Collection) and all(isinstance(q, cirq.Qid) for q in value)


def _none_of(qubits: Iterable[cirq.Qid]) -> str | None:
    is_empty = isinstance(qubits, Collection) and len(qubits) == 0
    return "a list of at least one qubit" if is_empty else None


check_qubits = Rule(
    "a list of qubits, such as cirq.LineQubit.range(2)", _are_qubits, _none_of, list
)


def check_register(n_qubits: int, n_layers: int, who: str) -> tuple[list[cirq.LineQubit], int]:
    """Returns the qubits of an ansatz, and its number of layers."""
    n_qubits = check_size(n_qubits, "n_qubits", who)
    return cirq.LineQubit.range(n_qubits), check_size(n_layers, "n_layers", who)
