"""What every part checks and writes alike."""

import cirq
import numpy as np


def is_integer(value) -> bool:
    """Tells whether `value` is a whole number, of Python's or NumPy's; a boolean is none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def check_count(value, argument: str, who: str) -> int:
    """Returns `value` if it is an integer of at least 1."""
    if not is_integer(value):
        raise TypeError(f"{who}: `{argument}` must be an integer. Received {value!r}.")
    if value < 1:
        raise ValueError(f"{who}: `{argument}` must be at least 1. Received {value}.")
    return int(value)


def check_flag(value, argument: str, who: str) -> bool:
    """Returns `value` if it is `True` or `False`."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{who}: `{argument}` must be True or False. Received {value!r}.")
    return bool(value)


def check_register(n_qubits, n_layers, who: str) -> tuple[list[cirq.LineQubit], int]:
    """Returns the qubits of an ansatz, and its number of layers."""
    n_qubits = check_count(n_qubits, "n_qubits", who)
    return cirq.LineQubit.range(n_qubits), check_count(n_layers, "n_layers", who)


def names(symbols) -> str:
    """Lists symbols for a message."""
    return ", ".join(map(str, symbols)) or "none"
