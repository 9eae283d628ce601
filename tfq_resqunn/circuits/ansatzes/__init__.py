"""Ansaetze: `n_qubits`, `n_layers` -> a circuit whose symbols are weights; a file a family."""

from tfq_resqunn.circuits.ansatzes.entanglers import basic_entangler, strongly_entangling
from tfq_resqunn.circuits.ansatzes.hardware_efficient import brick, simplified_two_design
from tfq_resqunn.circuits.ansatzes.identity_blocks import identity_blocks
from tfq_resqunn.circuits.ansatzes.qcnn import qcnn
from tfq_resqunn.circuits.ansatzes.random_circuit import random_ansatz
from tfq_resqunn.circuits.ansatzes.sim import sim_circuit
from tfq_resqunn.circuits.registry import ANSATZES

__all__ = [
    "ANSATZES",
    "basic_entangler",
    "brick",
    "identity_blocks",
    "qcnn",
    "random_ansatz",
    "sim_circuit",
    "simplified_two_design",
    "strongly_entangling",
]
