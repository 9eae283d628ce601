"""State vectors: for any circuit without noise; `method.py` is the entry."""
