"""Circuits by what their runs have achieved: a table for each data set, and what predicts it."""
