"""Circuits as values: pure Cirq and sympy, no TensorFlow."""

from typing import TYPE_CHECKING

from tfq_resqunn._utils import lazy

if TYPE_CHECKING:
    from tfq_resqunn.circuits.ansatzes import basic_entangler as basic_entangler
    from tfq_resqunn.circuits.ansatzes import brick as brick
    from tfq_resqunn.circuits.ansatzes import random_ansatz as random_ansatz
    from tfq_resqunn.circuits.ansatzes import sim_circuit as sim_circuit
    from tfq_resqunn.circuits.ansatzes import simplified_two_design as simplified_two_design
    from tfq_resqunn.circuits.ansatzes import strongly_entangling as strongly_entangling
    from tfq_resqunn.circuits.ansatzes.identity_blocks import identity_blocks as identity_blocks
    from tfq_resqunn.circuits.ansatzes.qcnn import qcnn as qcnn
    from tfq_resqunn.circuits.circuit import QuanvCircuit as QuanvCircuit
    from tfq_resqunn.circuits.encoders import amplitude_encoder as amplitude_encoder
    from tfq_resqunn.circuits.encoders import angle_encoder as angle_encoder
    from tfq_resqunn.circuits.encoders import dense_angle_encoder as dense_angle_encoder
    from tfq_resqunn.circuits.encoders import iqp_encoder as iqp_encoder
    from tfq_resqunn.circuits.encoders import threshold_encoder as threshold_encoder
    from tfq_resqunn.circuits.encoders import zz_feature_map as zz_feature_map
    from tfq_resqunn.circuits.observables import neighbour_parity as neighbour_parity
    from tfq_resqunn.circuits.observables import parity as parity
    from tfq_resqunn.circuits.observables import pauli_x as pauli_x
    from tfq_resqunn.circuits.observables import pauli_xyz as pauli_xyz
    from tfq_resqunn.circuits.observables import pauli_y as pauli_y
    from tfq_resqunn.circuits.observables import pauli_z as pauli_z
    from tfq_resqunn.circuits.registry import ANSATZES as ANSATZES
    from tfq_resqunn.circuits.registry import ENCODERS as ENCODERS
    from tfq_resqunn.circuits.registry import OBSERVABLES as OBSERVABLES
    from tfq_resqunn.circuits.reuploading import reupload as reupload

# Read by no type checker, so that each name stands here as well as above.
_HOMES = {
    "tfq_resqunn.circuits.ansatzes": (
        "basic_entangler",
        "brick",
        "identity_blocks",
        "qcnn",
        "random_ansatz",
        "sim_circuit",
        "simplified_two_design",
        "strongly_entangling",
    ),
    "tfq_resqunn.circuits.circuit": ("QuanvCircuit",),
    "tfq_resqunn.circuits.encoders": (
        "amplitude_encoder",
        "angle_encoder",
        "dense_angle_encoder",
        "iqp_encoder",
        "threshold_encoder",
        "zz_feature_map",
    ),
    "tfq_resqunn.circuits.observables": (
        "neighbour_parity",
        "parity",
        "pauli_x",
        "pauli_xyz",
        "pauli_y",
        "pauli_z",
    ),
    "tfq_resqunn.circuits.registry": ("ANSATZES", "ENCODERS", "OBSERVABLES"),
    "tfq_resqunn.circuits.reuploading": ("reupload",),
}
if not TYPE_CHECKING:  # type checkers would take every name for one that is there
    __getattr__, __dir__, __all__ = lazy.attach(__name__, _HOMES)
