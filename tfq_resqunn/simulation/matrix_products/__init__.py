"""Matrix products along the qubits: shallow circuits on any number of them; see `method.py`."""
