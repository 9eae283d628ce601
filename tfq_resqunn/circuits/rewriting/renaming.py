"""A circuit with other names for its symbols."""

from collections.abc import Callable

import cirq
import sympy

from tfq_resqunn.circuits.files.reader import read_json
from tfq_resqunn.circuits.files.writer import write_json


def renamer(circuit: cirq.AbstractCircuit) -> Callable[[dict[str, str]], cirq.AbstractCircuit]:
    """Gives a function that renames symbols of a circuit, and leaves all else as it is written.

    Cirq's `resolve_parameters` would turn the pi in an angle into a decimal.

    >>> q, a, b = cirq.LineQubit(0), *sympy.symbols("a b")
    >>> rename = renamer(cirq.Circuit(cirq.rx(a)(q), cirq.ry(2 * b)(q)))
    >>> print(rename({"a": "b", "b": "a"}))
    0: ───Rx(b)───Ry(2*a)───
    """
    try:
        text = write_json(circuit)
    except (TypeError, ValueError):  # a gate that cannot be written, the user's own perhaps
        return lambda names: cirq.resolve_parameters_once(
            circuit, {sympy.Symbol(old): sympy.Symbol(new) for old, new in names.items()}
        )
    return lambda names: read_json(text, names=names)
