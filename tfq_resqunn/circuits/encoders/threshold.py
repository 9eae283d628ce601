"""Basis encoding: each value decides between two basis states."""

import cirq
import sympy

from tfq_resqunn._utils.arguments import check_size, number
from tfq_resqunn.circuits.names import ENCODERS
from tfq_resqunn.circuits.symbols import data_symbols


@ENCODERS.register("threshold")
def threshold_encoder(n_features: int, *, threshold: float = 0.5) -> cirq.Circuit:
    """Puts a qubit into |1> where its value is above a threshold, else leaves it in |0>.

    The gradient by the data is exactly zero, as a step function's is: layers before this one
    learn nothing through it.

    Args:
        n_features: Number of values, and of qubits.
        threshold: In units of the input.

    Returns:
        A `cirq.Circuit` with the symbols `x_000`, `x_001`, ...

    Raises:
        TypeError: If `n_features` is no integer.
        ValueError: If `n_features` is below 1, or `threshold` is not a finite number.

    Example:
        >>> print(threshold_encoder(1))
        0: ───Rx(pi*Max(0, sign(x_000 - 0.5)))───

    Reference:
        Basis encoding of a thresholded image: Henderson, Shakya, Pradhan, Cook, *Quanvolutional
        Neural Networks* (2020), arXiv:1904.04767.
    """
    n_features = check_size(n_features, "n_features", "threshold_encoder")
    threshold = number()(threshold, "threshold", "threshold_encoder")
    return cirq.Circuit(
        cirq.rx(sympy.pi * sympy.Max(0, sympy.sign(x - threshold)))(cirq.LineQubit(i))
        for i, x in enumerate(data_symbols(n_features))
    )
