"""Circuits as values: pure Cirq and sympy, no TensorFlow."""

from tfq_resqunn.circuits.ansatzes import basic_entangler, strongly_entangling
from tfq_resqunn.circuits.circuit import QuanvCircuit
from tfq_resqunn.circuits.encoders import angle_encoder
from tfq_resqunn.circuits.observables import pauli_z

__all__ = [
    "QuanvCircuit",
    "angle_encoder",
    "basic_entangler",
    "pauli_z",
    "strongly_entangling",
]
