"""Circuits as Cirq's simulators and devices get them: each angle is a symbol of its own.

A symbol that stands in several gates, or within an expression, cannot be shifted gate by gate. So
the gates of the user's circuit keep their order, qubits and tags, and get fresh symbols, whose
values are computed beforehand.
"""

import dataclasses
from collections.abc import Iterator

import cirq
import sympy

from tfq_resqunn.circuits.checks.shown import shown
from tfq_resqunn.circuits.free_symbols import symbols_in
from tfq_resqunn.circuits.rewriting.decomposing import (
    by_its_unitary,
    controls_of,
    decomposed,
    is_power,
)
from tfq_resqunn.circuits.rewriting.unrolling import unroll
from tfq_resqunn.simulation.gates.gate import Gate, as_gates
from tfq_resqunn.simulation.gates.spectral import gates_of


@dataclasses.dataclass(frozen=True, eq=False)
class Separated:
    """A circuit in which each symbol is the exponent of one gate.

    `expressions[i]` is what `symbols[i]` stands for, in the symbols of the original circuit;
    `gates[i]` is the gate, in spectral form, that has this exponent.
    """

    circuit: cirq.Circuit
    symbols: tuple[sympy.Symbol, ...]
    expressions: tuple[sympy.Expr, ...]
    gates: tuple[Gate, ...]


def separate(circuit: cirq.AbstractCircuit) -> Separated:
    """Gives each angle of a circuit a symbol of its own.

    Subcircuits are written out. Operations with symbols whose gates are no `cirq.EigenGate`,
    controlled or not, are decomposed; global phases with symbols are dropped, since no measurement
    sees them. Raises a `ValueError` if a gate cannot be decomposed.

    >>> q, x = cirq.LineQubit(0), sympy.Symbol("x")
    >>> separated = separate(cirq.Circuit(cirq.rx(x)(q), cirq.H(q), cirq.Z(q) ** (x * x)))
    >>> print(separated.circuit)
    0: ───Rx(pi*t_000)───H───Z^t_001───
    >>> separated.expressions
    (x/pi, x**2)
    """
    expressions: list[sympy.Expr] = []
    symbols: list[sympy.Symbol] = []

    def separated(op: cirq.Operation) -> Iterator[cirq.Operation]:
        if not symbols_in(op):
            yield op
            return
        if isinstance(op.gate, cirq.GlobalPhaseGate):
            return
        symbol = sympy.Symbol(f"t_{len(symbols):03d}")
        if found := _with_exponent(op.untagged, symbol):
            turned, exponent = found
            symbols.append(symbol)
            expressions.append(exponent)
            yield turned.with_tags(*op.tags)
        else:
            for part in _decompose(op):
                yield from separated(part)

    rewritten = cirq.Circuit()
    for moment in unroll(circuit):
        parts = [list(separated(op)) for op in moment]
        # What was one moment stays one, where nothing in it was decomposed.
        if all(len(part) <= 1 for part in parts):
            rewritten.append(cirq.Moment(parts))
        else:
            rewritten += cirq.Circuit(parts)
    qubits = sorted(circuit.all_qubits())
    by_exponent = {
        gate.exponent: gate
        for op in filter(cirq.is_parameterized, rewritten.all_operations())
        for gate in as_gates(gates_of(cirq.Circuit(op), qubits))
    }
    in_order = tuple(by_exponent[s] for s in symbols)
    return Separated(rewritten, tuple(symbols), tuple(expressions), in_order)


def _with_exponent(
    op: cirq.Operation, symbol: sympy.Symbol
) -> tuple[cirq.Operation, sympy.Expr] | None:
    """Gives an operation with another exponent, and its own, or `None` if it has not just one."""
    if isinstance(op, cirq.ControlledOperation):
        if found := _with_exponent(op.sub_operation.untagged, symbol):
            turned, exponent = found
            return cirq.ControlledOperation(op.controls, turned, op.control_values), exponent
        return None
    gate, around = op.gate, []
    while isinstance(gate, cirq.ControlledGate):
        around.append(gate)
        gate = gate.sub_gate
    if not is_power(gate):
        return None
    turned = gate._with_exponent(symbol)
    if turned.exponent != symbol:  # a gate that computes its exponent, as cirq.MSGate
        return None
    for outer in reversed(around):
        turned = cirq.ControlledGate(
            turned, outer.num_controls(), outer.control_values, outer.control_qid_shape
        )
    return turned.on(*op.qubits), gate.exponent


def _decompose(op: cirq.Operation) -> list[cirq.Operation]:
    op = op.untagged
    parts, controlled = decomposed(op), controls_of(op)
    if parts is None and not controlled:  # the phase of a unitary would be seen by a control
        parts = by_its_unitary(op)
    if parts is None:
        raise ValueError(
            "Cirq's simulators and devices are trained by shifts of each angle. Received "
            f"{shown(op)}, whose gate is no cirq.EigenGate, and which Cirq cannot decompose. Give "
            "its gate a _decompose_ method, or write it with gates that have one."
        )
    return parts
