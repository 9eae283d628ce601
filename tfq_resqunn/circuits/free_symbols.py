"""The symbols of gates and circuits, including those that gates hide from Cirq.

`cirq.parameter_symbols` asks each gate for its symbols, and some gates do not tell them:
`cirq.PhasedFSimGate`, `cirq.BooleanHamiltonianGate`, gates of the user's own. So this module also
looks at the gates' attributes.
"""

import functools
from collections.abc import Iterable

import cirq
import numpy as np
import sympy

from tfq_resqunn.circuits.rewriting.unrolling import distinct


def symbols_of(circuit: cirq.AbstractCircuit) -> set[sympy.Symbol]:
    """Gives all symbols of a circuit.

    >>> q, x = cirq.LineQubit.range(2), sympy.Symbol("x")
    >>> circuit = cirq.Circuit(cirq.PhasedFSimGate(theta=x).on(*q))
    >>> cirq.parameter_symbols(circuit), symbols_of(circuit)
    (set(), {x})
    """
    return set().union(*map(symbols_in, distinct(circuit)))


def symbols_in(op: cirq.Operation) -> set[sympy.Symbol]:
    """Gives all symbols of an operation that is no subcircuit."""
    return set(map(sympy.Symbol, cirq.parameter_names(op))) | hidden_symbols(op)


def hidden_symbols(op: cirq.Operation) -> set[sympy.Symbol]:
    """Gives the symbols that `cirq.parameter_symbols` does not see."""
    found = {s.name for e in expressions_in(op) for s in e.free_symbols}
    hidden = set(map(sympy.Symbol, found.difference(cirq.parameter_names(op))))
    return set() if hidden and _is_constant(op) else hidden


def expressions_in(value: object) -> set[sympy.Basic]:
    """Finds the sympy expressions in the attributes of a gate or operation, except in its tags."""
    return _found(value, sympy.Basic)


def texts_in(value: object) -> set[str]:
    """Finds the texts in the attributes of a gate or operation, except in its tags."""
    return _found(value, str)


def _found(value: object, kind: type) -> set:
    if isinstance(value, cirq.TaggedOperation):
        value = value.untagged
    if isinstance(value, kind):
        return {value}
    # Most parts are plain, which saves time.
    parts = (p for p in _parts(value) if isinstance(p, kind) or not isinstance(p, _PLAIN))
    return set().union(*(_found(part, kind) for part in parts))


_PLAIN = (str, int, float, complex, type(None), cirq.Qid)


def _parts(value: object) -> Iterable:
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.dtype == object else ()
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if isinstance(value, (cirq.Gate, cirq.Operation, cirq.Duration)):
        own = {n: getattr(value, n) for n in _slots(value.__class__) if hasattr(value, n)}
        own |= getattr(value, "__dict__", {})
        # When a gate is compared with another, Cirq keeps values that it computes in attributes.
        return [v for n, v in own.items() if not n.startswith(("_method_cache_", "__doc__"))]
    return ()


@functools.lru_cache(maxsize=1024)
def _slots(cls: type) -> tuple[str, ...]:
    return tuple(name for t in cls.__mro__ for name in getattr(t, "__slots__", ()))


def _is_constant(op: cirq.Operation) -> bool:
    try:
        return cirq.unitary(op, default=None) is not None
    except (TypeError, ValueError):  # a gate of the user's own needs a number, and has a symbol
        return False
