"""Angle encodings: values as angles of rotations, qubit by qubit."""

import functools

import cirq
import numpy as np

from tfq_resqunn._utils.arguments import check_size
from tfq_resqunn.circuits.names import ENCODERS
from tfq_resqunn.circuits.rotations import radians_per_unit, rotation_gate
from tfq_resqunn.circuits.symbols import data_symbols


@ENCODERS.register("angle")
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
    n_features = check_size(n_features, "n_features", "angle_encoder")
    gate = rotation_gate(rotation, "angle_encoder")
    factor = radians_per_unit(scale, "angle_encoder")
    qubits = cirq.LineQubit.range(n_features)
    circuit = cirq.Circuit()
    if rotation == "rz":
        circuit += cirq.Moment(cirq.H.on_each(*qubits))
    circuit += cirq.Moment(
        gate(factor * x)(q) for x, q in zip(data_symbols(n_features), qubits, strict=True)
    )
    return circuit


for _rotation in ("rx", "ry", "rz"):
    ENCODERS.register(f"angle_{_rotation}", functools.partial(angle_encoder, rotation=_rotation))


@ENCODERS.register("dense_angle")
def dense_angle_encoder(
    n_features: int, *, values_per_qubit: int = 2, scale: float = np.pi
) -> cirq.Circuit:
    """Encodes several values on each qubit: as angles about y and z, in turns.

    Takes `ceil(n_features / values_per_qubit)` qubits. Values that follow each other share a
    qubit; in a patch these are the channels of a pixel, so that an RGB image with
    `values_per_qubit=3` has a qubit for each pixel.

    Args:
        n_features: Number of values.
        values_per_qubit: How many of them a qubit takes. The first turns it about y, the second
            about z, the third about y again, and so on.
        scale: Radians per unit of input.

    Returns:
        A `cirq.Circuit` with the symbols `x_000`, `x_001`, ...

    Raises:
        TypeError: If a count is no integer.
        ValueError: If a count is below 1, or `scale` is 0 or not finite.

    Example:
        >>> print(dense_angle_encoder(3))
        0: ───Ry(pi*x_000)───Rz(pi*x_001)───
        <BLANKLINE>
        1: ───Ry(pi*x_002)──────────────────

    Reference:
        LaRose, Coyle, *Robust data encodings for quantum classifiers* (2020), arXiv:2003.01695,
        definition 3, there with two values a qubit.
    """
    who = "dense_angle_encoder"
    n_features = check_size(n_features, "n_features", who)
    values_per_qubit = check_size(values_per_qubit, "values_per_qubit", who)
    factor = radians_per_unit(scale, who)
    circuit = cirq.Circuit()
    for i, x in enumerate(data_symbols(n_features)):
        qubit, turn = divmod(i, values_per_qubit)
        rotation = cirq.rz if turn % 2 else cirq.ry
        circuit.append(rotation(factor * x)(cirq.LineQubit(qubit)))
    return circuit
