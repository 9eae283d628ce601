"""Circuits as values: pure Cirq and sympy, no TensorFlow."""

from typing import TYPE_CHECKING

from tfq_resqunn._utils import lazy
from tfq_resqunn.circuits import names

if TYPE_CHECKING:  # what `_HOMES` says, for type checkers
    from tfq_resqunn.circuits.ansatzes.entanglers import basic_entangler as basic_entangler
    from tfq_resqunn.circuits.ansatzes.entanglers import strongly_entangling as strongly_entangling
    from tfq_resqunn.circuits.ansatzes.hardware_efficient import brick as brick
    from tfq_resqunn.circuits.ansatzes.hardware_efficient import (
        simplified_two_design as simplified_two_design,
    )
    from tfq_resqunn.circuits.ansatzes.identity_blocks import identity_blocks as identity_blocks
    from tfq_resqunn.circuits.ansatzes.qcnn import qcnn as qcnn
    from tfq_resqunn.circuits.ansatzes.random_circuit import random_ansatz as random_ansatz
    from tfq_resqunn.circuits.ansatzes.sim import sim_circuit as sim_circuit
    from tfq_resqunn.circuits.circuit import QuanvCircuit as QuanvCircuit
    from tfq_resqunn.circuits.encoders.amplitude import amplitude_encoder as amplitude_encoder
    from tfq_resqunn.circuits.encoders.angle import angle_encoder as angle_encoder
    from tfq_resqunn.circuits.encoders.angle import dense_angle_encoder as dense_angle_encoder
    from tfq_resqunn.circuits.encoders.iqp import iqp_encoder as iqp_encoder
    from tfq_resqunn.circuits.encoders.iqp import zz_feature_map as zz_feature_map
    from tfq_resqunn.circuits.encoders.threshold import threshold_encoder as threshold_encoder
    from tfq_resqunn.circuits.names import ANSATZES as ANSATZES
    from tfq_resqunn.circuits.names import ENCODERS as ENCODERS
    from tfq_resqunn.circuits.names import OBSERVABLES as OBSERVABLES
    from tfq_resqunn.circuits.observables.named import neighbour_parity as neighbour_parity
    from tfq_resqunn.circuits.observables.named import parity as parity
    from tfq_resqunn.circuits.observables.named import pauli_x as pauli_x
    from tfq_resqunn.circuits.observables.named import pauli_xyz as pauli_xyz
    from tfq_resqunn.circuits.observables.named import pauli_y as pauli_y
    from tfq_resqunn.circuits.observables.named import pauli_z as pauli_z
    from tfq_resqunn.circuits.rewriting.reuploading import reupload as reupload

_HOMES = {
    "tfq_resqunn.circuits.circuit": ("QuanvCircuit",),
    "tfq_resqunn.circuits.names": ("ANSATZES", "ENCODERS", "OBSERVABLES"),
    "tfq_resqunn.circuits.rewriting.reuploading": ("reupload",),
    **names.homes(),  # of all functions that have a name
}
if not TYPE_CHECKING:  # type checkers would take every name for one that is there
    __getattr__, __dir__, __all__ = lazy.attach(__name__, _HOMES)
