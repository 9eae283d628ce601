"""Training steps beside those of PennyLane and TensorFlow Quantum: `python -m benchmarks.panel`."""
