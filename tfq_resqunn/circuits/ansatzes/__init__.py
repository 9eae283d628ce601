"""Ansatzes: `n_qubits`, `n_layers` -> a circuit whose symbols are weights; a file a family."""
