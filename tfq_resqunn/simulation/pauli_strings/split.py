"""Where a circuit is split: local gates with all data first, then gates of weights alone."""

import dataclasses

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.gate import Operation
from tfq_resqunn.simulation.protocols import NotOpen


def split(circuit: GateCircuit, *, late: bool) -> tuple[list[list[Operation]], GateCircuit]:
    """Splits as early as the data allows, or as late as the entanglement does.

    Gives, for each qubit, the gates that act on it alone, with all data, which prepare a product
    state; then the circuit of the gates that follow. Raises `NotOpen` if data enters after qubits
    are entangled, or mixed with weights.
    """
    inputs = set(circuit.inputs)
    local: list[list[Operation]] = [[] for _ in range(circuit.n_qubits)]
    entangled: set[int] = set()
    for gate in circuit.gates:
        if len(gate.qubits) == 1 and gate.qubits[0] not in entangled:
            local[gate.qubits[0]].append(gate)
        else:
            entangled.update(gate.qubits)
    if not late:
        for q, own in enumerate(local):
            n_data = max((i + 1 for i, g in enumerate(own) if g.symbols & inputs), default=0)
            local[q] = own[:n_data]
    taken = {id(g) for own in local for g in own}
    shared = [g for g in circuit.gates if id(g) not in taken]
    if any(g.symbols & inputs for g in shared):
        raise NotOpen("data enters after qubits are entangled")
    if any(g.symbols & inputs and g.symbols - inputs for own in local for g in own):
        raise NotOpen("a gate's angle mixes data and weights")
    return local, dataclasses.replace(circuit, gates=shared)
