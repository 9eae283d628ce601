"""The rules of circuits: qubits, sizes of registers; and how symbols are listed."""

from collections.abc import Iterable

import cirq

from tfq_resqunn.arguments import check_count as check_count  # TODO after the merge
from tfq_resqunn.arguments import check_flag as check_flag
from tfq_resqunn.arguments import check_size, instance, received
from tfq_resqunn.arguments import is_integer as is_integer

check_circuit = instance(
    cirq.AbstractCircuit, "a cirq.Circuit", "Put operations together with cirq.Circuit(...)."
)


def check_qubits(value, argument: str, who: str) -> list[cirq.Qid]:
    """Takes qubits in any order, at least one, and lists them."""
    is_many = isinstance(value, Iterable) and not isinstance(value, cirq.Qid)
    qubits = list(value) if is_many else [value]
    if not is_many or not all(isinstance(q, cirq.Qid) for q in qubits):
        raise TypeError(
            f"{who}: `{argument}` must be a list of qubits, such as cirq.LineQubit.range(2). "
            f"Received {received(value)}."
        )
    if not qubits:
        raise ValueError(f"{who}: `{argument}` must hold at least one qubit. Received none.")
    return qubits


def check_register(n_qubits, n_layers, who: str) -> tuple[list[cirq.LineQubit], int]:
    """Returns the qubits of an ansatz, and its number of layers."""
    n_qubits = check_size(n_qubits, "n_qubits", who)
    return cirq.LineQubit.range(n_qubits), check_size(n_layers, "n_layers", who)


def names(symbols) -> str:
    """Lists symbols for a message."""
    return ", ".join(map(str, symbols)) or "none"
