"""Encoders: circuits that turn data into angles."""

import cirq
import numpy as np
import sympy

from tfq_resqunn.circuits.checks import check_count
from tfq_resqunn.circuits.symbols import data_symbols

ROTATIONS = {"rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz}


def rotation_gate(name: str, who: str):
    """Looks up `cirq.rx`, `cirq.ry` or `cirq.rz` by name for the function `who`."""
    if name not in ROTATIONS:
        raise ValueError(
            f"{who}: `rotation` must be one of {', '.join(map(repr, ROTATIONS))}. "
            f"Received {name!r}."
        )
    return ROTATIONS[name]


def angle_encoder(n_features: int, *, rotation: str = "ry", scale: float = np.pi) -> cirq.Circuit:
    """Encodes each value as the angle of one rotation on a qubit of its own.

    Args:
        n_features: Number of values, and of qubits (`cirq.LineQubit`s from 0).
        rotation: `"rx"`, `"ry"` or `"rz"`. The last follows a Hadamard gate, since a rotation
            about z alone leaves the state |0> as it is.
        scale: Radians per unit of input. With the default, pi, an image in [0, 1] covers the
            half turn in which every value has an expectation of its own.

    Returns:
        A `cirq.Circuit` with the symbols `x_000`, `x_001`, ...

    Raises:
        TypeError: If `n_features` is no integer.
        ValueError: If `n_features` is below 1, or `rotation` or `scale` is not as above.

    Example:
        >>> print(angle_encoder(2))
        0: ───Ry(pi*x_000)───
        <BLANKLINE>
        1: ───Ry(pi*x_001)───

    Reference:
        Schuld, Petruccione, *Supervised Learning with Quantum Computers* (2018), section 5.
    """
    n_features = check_count(n_features, "n_features", "angle_encoder")
    gate = rotation_gate(rotation, "angle_encoder")
    if not np.isfinite(scale) or scale == 0:
        raise ValueError(
            "angle_encoder: `scale` must be a finite number of radians per unit of input and "
            f"not 0, which would encode nothing. Received {scale!r}."
        )
    qubits = cirq.LineQubit.range(n_features)
    factor = _tidy(scale)
    circuit = cirq.Circuit()
    if rotation == "rz":
        circuit += cirq.Moment(cirq.H.on_each(*qubits))
    circuit += cirq.Moment(
        gate(factor * x)(q) for x, q in zip(data_symbols(n_features), qubits, strict=True)
    )
    return circuit


def _tidy(scale: float):
    """Keeps a multiple of pi symbolic, so that angles print (and cancel) as one expects."""
    turns = sympy.nsimplify(scale / np.pi, rational=True, tolerance=1e-14)
    return turns * sympy.pi if turns.q <= 64 else float(scale)


ENCODERS = {
    "angle": angle_encoder,
    "angle_rx": lambda n_features: angle_encoder(n_features, rotation="rx"),
    "angle_ry": lambda n_features: angle_encoder(n_features, rotation="ry"),
    "angle_rz": lambda n_features: angle_encoder(n_features, rotation="rz"),
}
