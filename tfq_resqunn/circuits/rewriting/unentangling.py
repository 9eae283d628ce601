"""Circuits without their entangling gates, for control experiments."""

import cirq

from tfq_resqunn.circuits.circuit import QuanvCircuit
from tfq_resqunn.circuits.free_symbols import symbols_in
from tfq_resqunn.circuits.rewriting.unrolling import unroll
from tfq_resqunn.circuits.symbols import listed


def without_entanglement(circuit: QuanvCircuit) -> QuanvCircuit:
    """Gives a circuit without its gates on several qubits; the other gates stay in their order.

    Qubits then never meet: the circuit is a product of circuits on one qubit each. Weights that
    stood in entangling gates alone are gone.

    Raises:
        ValueError: If a data symbol or every weight would be gone.

    Example:
        >>> from tfq_resqunn.circuits import angle_encoder, basic_entangler
        >>> circuit = QuanvCircuit.from_parts(angle_encoder(2), basic_entangler(2))
        >>> print(without_entanglement(circuit).diagram())
        0: ───Ry(pi*x_000)───Rx(w_000)───
        <BLANKLINE>
        1: ───Ry(pi*x_001)───Rx(w_001)───
        data: x_000, x_001 | weights: w_000, w_001 | observables: Z(q(0)), Z(q(1))
    """
    unrolled = unroll(circuit.circuit)
    alone = [op for op in unrolled.all_operations() if len(op.qubits) == 1]
    qubits = {qubit for op in alone for qubit in op.qubits}
    idle = [cirq.I(qubit) for qubit in circuit.qubits if qubit not in qubits]
    kept = cirq.Circuit(alone, idle)
    symbols = {symbol.name for op in alone for symbol in symbols_in(op)}
    lost = [symbol for symbol in circuit.inputs if symbol.name not in symbols]
    weights = [symbol for symbol in circuit.weights if symbol.name in symbols]
    if lost or not weights:
        what = f"the data symbols {listed(lost)}" if lost else "every weight"
        raise ValueError(
            "without_entanglement: the circuit must have all data symbols, and some weight, in "
            f"gates on one qubit. Received one with {what} in entangling gates alone. There is no "
            "such control of it."
        )
    return QuanvCircuit(kept, circuit.observables, circuit.inputs, weights)
