"""`GateCircuit`: what a method is asked to compute."""

import dataclasses
from collections.abc import Sequence

import sympy

from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.simulation.gates.gate import Channel, Operation
from tfq_resqunn.simulation.gates.operators import Operator, operator_of
from tfq_resqunn.simulation.gates.spectral import gates_of


@dataclasses.dataclass(frozen=True, eq=False)
class GateCircuit:
    """A circuit as gates and observables in numbers, with its symbols in the order of values."""

    gates: Sequence[Operation]
    observables: Sequence[Operator]
    n_qubits: int
    inputs: Sequence[sympy.Symbol]
    weights: Sequence[sympy.Symbol]

    @classmethod
    def of(cls, circuit: QuanvCircuit, noise: Noise | None = None) -> "GateCircuit":
        """Makes it of a circuit, with noise on its qubits if there is any."""
        operations = circuit.circuit if noise is None else noise.apply(circuit.circuit)
        return cls(
            gates_of(operations, circuit.qubits),
            [operator_of(o, circuit.qubits) for o in circuit.observables],
            len(circuit.qubits),
            circuit.inputs,
            circuit.weights,
        )

    @property
    def is_noisy(self) -> bool:
        """Whether there are channels among the gates."""
        return any(isinstance(gate, Channel) for gate in self.gates)
