"""Checks that all expressions in a circuit can be computed and saved."""

import cirq
import sympy

from tfq_resqunn.circuits.checks.shown import shown
from tfq_resqunn.circuits.files.expressions import Measure, Measures, check_expression
from tfq_resqunn.circuits.free_symbols import expressions_in
from tfq_resqunn.circuits.rewriting.decomposing import innermost
from tfq_resqunn.circuits.rewriting.unrolling import subcircuit_in


class Samples(cirq.ParamResolver):
    """Computes expressions with Python's numbers, since sympy takes long over some.

    Has no `__init__`: Cirq makes a resolver of this one, gets the same object, and would run it.
    """

    def value_of(self, value: cirq.TParamVal, recursive: bool = True) -> cirq.TParamValComplex:
        """Gives the number for an expression."""
        if isinstance(value, sympy.Basic) and value.free_symbols <= self.param_dict.keys():
            return check_expression(value).value
        return super().value_of(value, recursive)


def check_angles(circuit: cirq.AbstractCircuit, who: str, symbols: Measures | None = None) -> None:
    """Checks the expressions in the gates of a circuit and of its subcircuits.

    They must be of the table of expressions, and not too large. For a subcircuit, `symbols` has the
    measures of the values that its symbols get.
    """
    checked = set()
    for op in circuit.all_operations():
        for expression in expressions_in(op):
            if expression not in checked:
                measure = _check(expression, op, who, symbols)
                if measure.constant and not measure.real and not _takes_phases(op):
                    raise ValueError(
                        f"{who}: `circuit` must have real angles. Received "
                        f"{str(expression)[:100]}, which is complex, in {shown(op)}."
                    )
                checked.add(expression)
        inner = subcircuit_in(op)
        if inner is not None:
            values = {
                (s if isinstance(s, str) else s.name): _check(
                    sympy.S(v) if isinstance(v, (int, float)) else v, op, who, symbols
                )
                for s, v in inner.param_resolver.param_dict.items()
                if isinstance(v, (int, float, sympy.Basic)) and not isinstance(v, bool)
            }
            check_angles(inner.circuit, who, {**(symbols or {}), **values})


def _check(e: sympy.Basic, op: cirq.Operation, who: str, symbols: Measures | None) -> Measure:
    try:
        return check_expression(e, symbols)
    except ValueError as error:
        raise ValueError(
            f"{who}: `circuit` must have angles that can be computed, with gradients, and saved: "
            f"{error} It stands in {shown(op)}."
        ) from None


def _takes_phases(op: cirq.Operation) -> bool:
    """Tells whether an operation has a coefficient, which may be complex."""
    inner = innermost(op)
    has_phase = (cirq.GlobalPhaseGate, cirq.BaseDensePauliString, cirq.PauliString)
    return isinstance(inner.gate or inner, has_phase)
