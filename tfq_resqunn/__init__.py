"""Trainable, residual quanvolutional networks: Cirq circuits as Keras layers.

>>> import tfq_resqunn as rq
>>> model = rq.resqunn((28, 28, 1), 10, depth=2, placement="(X+O1)+O2")
"""

from tfq_resqunn import circuits, datasets
from tfq_resqunn._version import __version__
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.noise import Noise
from tfq_resqunn.descriptors import entangling_capability, expressibility
from tfq_resqunn.export import export_circuits
from tfq_resqunn.gradients import GradientFlow, gradient_report, gradient_variance
from tfq_resqunn.layers import AreaPooling, EncodedPQC, IdentityBlocks, Quanv2D, Residual
from tfq_resqunn.models import Placement, classical_twin, resqunn
from tfq_resqunn.with_backend import with_backend

__all__ = [
    "AreaPooling",
    "EncodedPQC",
    "GradientFlow",
    "IdentityBlocks",
    "Noise",
    "Placement",
    "Quanv2D",
    "QuanvCircuit",
    "Residual",
    "__version__",
    "circuits",
    "classical_twin",
    "datasets",
    "entangling_capability",
    "export_circuits",
    "expressibility",
    "gradient_report",
    "gradient_variance",
    "resqunn",
    "with_backend",
]
