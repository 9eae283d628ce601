"""State vectors of few qubits, where data are phases; `method.py` is the entry."""
