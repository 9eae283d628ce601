"""The symbols of gates and circuits, those that gates hide from Cirq too.

`cirq.parameter_symbols` asks each gate, and some do not tell: `cirq.PhasedFSimGate`,
`cirq.BooleanHamiltonianGate`, gates of the user's own. Here their attributes are looked at.
"""

import cirq
import numpy as np
import sympy

from tfq_resqunn.circuits.unrolling import unroll


def symbols_of(circuit: cirq.AbstractCircuit) -> set[sympy.Symbol]:
    """Gives all symbols of a circuit.

    >>> q, x = cirq.LineQubit.range(2), sympy.Symbol("x")
    >>> circuit = cirq.Circuit(cirq.PhasedFSimGate(theta=x).on(*q))
    >>> cirq.parameter_symbols(circuit), symbols_of(circuit)
    (set(), {x})
    """
    return set().union(*map(symbols_in, unroll(circuit).all_operations()))


def symbols_in(op: cirq.Operation) -> set[sympy.Symbol]:
    """Gives all symbols of an operation that is no subcircuit."""
    return set(cirq.parameter_symbols(op)) | hidden_symbols(op)


def hidden_symbols(op: cirq.Operation) -> set[sympy.Symbol]:
    """Gives the symbols that `cirq.parameter_symbols` does not see."""
    names = cirq.parameter_names(op)
    found = {s.name for e in expressions_in(op) for s in e.free_symbols}
    hidden = {sympy.Symbol(name) for name in found - names}
    return set() if hidden and _is_constant(op) else hidden


def expressions_in(value) -> set[sympy.Basic]:
    """Finds the sympy expressions among the attributes of a gate or operation, but for its tags."""
    if isinstance(value, cirq.TaggedOperation):
        value = value.untagged
    if isinstance(value, sympy.Basic):
        return {value}
    if isinstance(value, np.ndarray):
        parts = value.ravel().tolist() if value.dtype == object else ()
    elif isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        parts = value
    elif isinstance(value, (cirq.Gate, cirq.Operation, cirq.Duration)):
        slots = (n for t in type(value).__mro__ for n in getattr(t, "__slots__", ()))
        own = {n: getattr(value, n) for n in slots if hasattr(value, n)}
        parts = {**own, **getattr(value, "__dict__", {})}.values()
    else:
        parts = ()
    return set().union(*map(expressions_in, parts))


def _is_constant(op: cirq.Operation) -> bool:
    try:
        return cirq.unitary(op, default=None) is not None
    except (TypeError, ValueError):  # of a symbol where a gate of the user's own needs a number
        return False
