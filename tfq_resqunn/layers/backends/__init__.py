"""What runs the circuits of a layer: the compiled simulator, TensorFlow Quantum, Cirq, devices."""

from tfq_resqunn.layers.backends.execution import BACKENDS, EXECUTION_NAMES, Execution, exchanged

__all__ = ["BACKENDS", "EXECUTION_NAMES", "Execution", "exchanged"]
