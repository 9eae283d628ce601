"""What runs the circuits of a layer: the compiled simulator, TensorFlow Quantum, Cirq, devices."""

import tfq_resqunn._utils.keras  # noqa: F401 - before all that is in here, see `registration`
