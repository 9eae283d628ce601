"""Tensor arithmetic that knows no gate."""
