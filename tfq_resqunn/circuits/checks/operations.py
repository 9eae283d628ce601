"""What the operations of a circuit must be."""

from collections.abc import Collection, Iterable

import cirq
import sympy

from tfq_resqunn._utils.names import shortened
from tfq_resqunn.circuits.checks.angles import Samples
from tfq_resqunn.circuits.checks.parameters import check_parameters
from tfq_resqunn.circuits.checks.shown import shown
from tfq_resqunn.circuits.files.expressions import sample
from tfq_resqunn.circuits.free_symbols import expressions_in
from tfq_resqunn.circuits.rewriting.decomposing import can_be_run, innermost, with_numbers
from tfq_resqunn.circuits.symbols import in_order


def check_operations(
    operations: Collection[cirq.Operation], symbols: Iterable[sympy.Symbol]
) -> None:
    """Checks one operation of each kind, those in subcircuits too; `symbols` are all in them."""
    if not any(op.qubits for op in operations):
        raise ValueError("QuanvCircuit: `circuit` must hold gates. Received an empty circuit.")
    numbers = Samples({s: sample(s.name) for s in symbols})  # to try the circuit out
    for op in operations:
        if any(q.dimension != 2 for q in op.qubits):
            raise ValueError(
                "QuanvCircuit: `circuit` must act on qubits (two levels each). "
                f"Received {op!r} on qudits."
            )
        if cirq.is_measurement(op) or op.classical_controls:
            dependence = ", nor depend on what is measured" if op.classical_controls else ""
            raise ValueError(
                f"QuanvCircuit: `circuit` must not measure{dependence}. Received {shown(op)}. "
                "Remove it, and name what is to be measured in `observables`."
            )
        # Symbols get their values by name, so one with assumptions would get none.
        if assumed := sorted(s.name for s in _symbols(op) if s != sympy.Symbol(s.name)):
            raise ValueError(
                f"QuanvCircuit: `circuit` must have plain symbols. Received {shown(op)}, and "
                f"{', '.join(assumed)} has assumptions (real=True, say). Use "
                f"sympy.Symbol({assumed[0]!r})."
            )
        check_parameters(op, numbers)
        if not _is_unitary(op, numbers):
            hint = ""
            if own := _symbols(op):
                hint = (
                    f" It has the symbols {shortened(in_order(own))}. A gate of your own needs the "
                    "methods _is_parameterized_, _parameter_names_ and _resolve_parameters_, or a "
                    "_decompose_."
                )
            raise ValueError(
                f"QuanvCircuit: `circuit` must consist of unitary operations. Received "
                f"{shown(op)}, which has no unitary.{hint}"
            )
        if not can_be_run(op):
            raise ValueError(
                "QuanvCircuit: each gate of `circuit` must be a cirq.EigenGate, or decompose into "
                "such gates, or have a unitary exp(i x H) with a constant matrix H for each of its "
                f"symbols x. Received {shown(op)}, which is none of these. Give its gate a "
                "_decompose_ method."
            )


def _symbols(op: cirq.Operation) -> set[sympy.Symbol]:
    return {s for e in expressions_in(op) for s in e.free_symbols}


def _is_unitary(op: cirq.Operation, numbers: cirq.ParamResolver) -> bool:
    try:
        return all(map(cirq.has_unitary, with_numbers(op, numbers)))
    except ValueError:
        # An angle such as acos(5 x) need not be real at these numbers. At real angles, such a gate
        # is unitary if it is a power.
        return isinstance(innermost(op).gate, cirq.EigenGate)
    except TypeError:  # a gate that takes its symbol for a number
        return False
