"""Circuits with other names for their symbols."""

from collections.abc import Callable

import cirq
import sympy

from tfq_resqunn.circuits.files.reader import read_json
from tfq_resqunn.circuits.files.writer import write_json
from tfq_resqunn.circuits.free_symbols import symbols_of
from tfq_resqunn.circuits.symbols import in_order, weight_symbols


def renamer(circuit: cirq.AbstractCircuit) -> Callable[[dict[str, str]], cirq.AbstractCircuit]:
    """Gives a function that renames symbols of a circuit, and changes nothing else.

    Cirq's `resolve_parameters` would also turn the pi in an angle into a decimal number.

    >>> q, a, b = cirq.LineQubit(0), *sympy.symbols("a b")
    >>> rename = renamer(cirq.Circuit(cirq.rx(a)(q), cirq.ry(2 * b)(q)))
    >>> print(rename({"a": "b", "b": "a"}))
    0: ───Rx(b)───Ry(2*a)───
    """
    try:
        text = write_json(circuit)
    except (TypeError, ValueError):  # a gate cannot be written, such as one of the user's own
        return lambda names: cirq.resolve_parameters_once(
            circuit, {sympy.Symbol(old): sympy.Symbol(new) for old, new in names.items()}
        )
    return lambda names: read_json(text, names=names)


def with_new_weights(circuit: cirq.AbstractCircuit, n: int) -> list[cirq.AbstractCircuit]:
    """Gives `n` copies of a circuit. Their symbols are numbered through, from `w_000` on.

    >>> print(*with_new_weights(cirq.Circuit(cirq.rx(sympy.Symbol("a"))(cirq.LineQubit(0))), 2))
    0: ───Rx(w_000)─── 0: ───Rx(w_001)───
    """
    old = [s.name for s in in_order(symbols_of(circuit))]
    new = iter([s.name for s in weight_symbols(n * len(old))])
    rename = renamer(circuit)
    return [rename({name: next(new) for name in old}) for _ in range(n)]
