"""Pauli vectors: for noise; `method.py` is the entry."""
