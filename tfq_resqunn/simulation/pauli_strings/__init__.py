"""Pauli strings: for encoders that act qubit by qubit; `method.py` is the entry."""
