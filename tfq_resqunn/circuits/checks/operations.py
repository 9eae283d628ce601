"""What the operations of a circuit must be."""

from collections.abc import Collection, Iterable

import cirq
import sympy

from tfq_resqunn.circuits.checks.angles import samples
from tfq_resqunn.circuits.free_symbols import expressions_in
from tfq_resqunn.circuits.rewriting.decomposing import can_be_run, controls_of, with_numbers
from tfq_resqunn.circuits.symbols import in_order, listed


def check_operations(
    operations: Collection[cirq.Operation], symbols: Iterable[sympy.Symbol]
) -> None:
    """Checks the operations of a circuit, those in subcircuits too.

    Args:
        operations: They, one of each kind.
        symbols: All their symbols.

    Raises:
        ValueError: If there is none, or one is not unitary, not on qubits, or cannot be run.
    """
    if not any(op.qubits for op in operations):
        raise ValueError("QuanvCircuit: `circuit` must hold gates. Received an empty circuit.")
    numbers = samples(symbols)
    for op in operations:
        if any(q.dimension != 2 for q in op.qubits):
            raise ValueError(
                "QuanvCircuit: `circuit` must act on qubits (two levels each). "
                f"Received {op!r} on qudits."
            )
        if cirq.is_measurement(op) or op.classical_controls:
            raise ValueError(
                f"QuanvCircuit: `circuit` must not measure{_or_depend(op)}. Received {op}. Remove "
                "it, and name what is to be measured in `observables`."
            )
        if assumed := _symbols_with_assumptions(op):
            raise ValueError(
                f"QuanvCircuit: `circuit` must have plain symbols. Received {op}, and "
                f"{', '.join(assumed)} has assumptions (real=True, say). Use "
                f"sympy.Symbol({assumed[0]!r})."
            )
        if not _is_unitary(op, numbers):
            raise ValueError(
                f"QuanvCircuit: `circuit` must consist of unitary operations. Received {op}, "
                f"which has no unitary.{_hint(op)}"
            )
        if not can_be_run(op):
            raise ValueError(
                "QuanvCircuit: each gate of `circuit` must be a cirq.EigenGate, or decompose into "
                "such gates, or have a unitary exp(i x H) with a constant matrix H for each of its "
                f"symbols x. Received {op}, which is none of these. Give its gate a _decompose_ "
                "method."
            )


def _symbols_with_assumptions(op: cirq.Operation) -> list[str]:
    # Symbols are known by their names, so that one of another kind would get no value.
    symbols = {s for e in expressions_in(op) for s in e.free_symbols}
    return sorted(s.name for s in symbols if s != sympy.Symbol(s.name))


def _or_depend(op: cirq.Operation) -> str:
    return ", nor depend on what is measured" if op.classical_controls else ""


def _hint(op: cirq.Operation) -> str:
    symbols = {s for e in expressions_in(op) for s in e.free_symbols}
    if symbols:
        return (
            f" It has the symbols {listed(in_order(symbols))}. A gate of your own needs the methods"
            " _is_parameterized_, _parameter_names_ and _resolve_parameters_, or a _decompose_."
        )
    return ""


def _is_unitary(op: cirq.Operation, numbers: cirq.ParamResolver) -> bool:
    try:
        return all(map(cirq.has_unitary, with_numbers(op, numbers)))
    except ValueError:
        # An angle that is not real at these numbers, as acos(5 x) is: the gate decides.
        return _is_unitary_at_real_angles(op.untagged)
    except TypeError:  # a gate that takes its symbol for a number
        return False


def _is_unitary_at_real_angles(op: cirq.Operation) -> bool:
    if controlled := controls_of(op):
        return _is_unitary_at_real_angles(controlled[-1].untagged)
    return isinstance(op.gate, cirq.EigenGate)
