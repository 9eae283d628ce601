"""Measurements of the package's speed, each a command: `python -m benchmarks.training_step`."""
