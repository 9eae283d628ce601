"""Circuits as values: pure Cirq and sympy, no TensorFlow."""

from tfq_resqunn.circuits.ansatzes import (
    ANSATZES,
    basic_entangler,
    brick,
    identity_blocks,
    qcnn,
    random_ansatz,
    sim_circuit,
    simplified_two_design,
    strongly_entangling,
)
from tfq_resqunn.circuits.circuit import QuanvCircuit
from tfq_resqunn.circuits.encoders import (
    ENCODERS,
    amplitude_encoder,
    angle_encoder,
    dense_angle_encoder,
    iqp_encoder,
    threshold_encoder,
    zz_feature_map,
)
from tfq_resqunn.circuits.observables import (
    OBSERVABLES,
    neighbour_parity,
    parity,
    pauli_x,
    pauli_xyz,
    pauli_y,
    pauli_z,
)
from tfq_resqunn.circuits.reuploading import reupload

__all__ = [
    "ANSATZES",
    "ENCODERS",
    "OBSERVABLES",
    "QuanvCircuit",
    "amplitude_encoder",
    "angle_encoder",
    "basic_entangler",
    "brick",
    "dense_angle_encoder",
    "identity_blocks",
    "iqp_encoder",
    "neighbour_parity",
    "parity",
    "pauli_x",
    "pauli_xyz",
    "pauli_y",
    "pauli_z",
    "qcnn",
    "random_ansatz",
    "reupload",
    "sim_circuit",
    "simplified_two_design",
    "strongly_entangling",
    "threshold_encoder",
    "zz_feature_map",
]
