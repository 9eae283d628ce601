"""Circuits into other circuits: without subcircuits, decomposed, renamed, repeated."""
