"""Two halves: few qubits in a product state, as one matrix product; see `method.py`."""
