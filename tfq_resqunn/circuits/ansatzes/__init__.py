"""Ansaetze: `n_qubits`, `n_layers` -> a circuit whose symbols are weights; a file a family."""

from tfq_resqunn.circuits.ansatzes.entanglers import basic_entangler, strongly_entangling
from tfq_resqunn.circuits.registry import ANSATZES

ANSATZES.close()

__all__ = ["ANSATZES", "basic_entangler", "strongly_entangling"]
