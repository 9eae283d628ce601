"""Trainable, residual quanvolutional networks: Cirq circuits as Keras layers.

>>> import tfq_resqunn as rq
>>> model = rq.resqunn((28, 28, 1), 10, depth=2, placement="(X+O1)+O2")
"""

from typing import TYPE_CHECKING

from tfq_resqunn._utils import lazy, registration
from tfq_resqunn._version import __version__ as __version__

if TYPE_CHECKING:
    from tfq_resqunn import circuits as circuits
    from tfq_resqunn import datasets as datasets
    from tfq_resqunn._utils.seeding import set_seed as set_seed
    from tfq_resqunn.circuits import QuanvCircuit as QuanvCircuit
    from tfq_resqunn.circuits.noise.channels import Noise as Noise
    from tfq_resqunn.circuits.qasm.reading import from_qasm as from_qasm
    from tfq_resqunn.gradients import GradientFlow as GradientFlow
    from tfq_resqunn.gradients import gradient_report as gradient_report
    from tfq_resqunn.gradients import gradient_variance as gradient_variance
    from tfq_resqunn.layers import AreaPooling as AreaPooling
    from tfq_resqunn.layers import EncodedPQC as EncodedPQC
    from tfq_resqunn.layers import IdentityBlocks as IdentityBlocks
    from tfq_resqunn.layers import Residual as Residual
    from tfq_resqunn.layers import ReZero as ReZero
    from tfq_resqunn.layers.quanv import Quanv1D as Quanv1D
    from tfq_resqunn.layers.quanv import Quanv2D as Quanv2D
    from tfq_resqunn.layers.quanv import Quanv3D as Quanv3D
    from tfq_resqunn.layers.surrogate import Surrogate1D as Surrogate1D
    from tfq_resqunn.layers.surrogate import Surrogate2D as Surrogate2D
    from tfq_resqunn.layers.surrogate import Surrogate3D as Surrogate3D
    from tfq_resqunn.models import classical_twin as classical_twin
    from tfq_resqunn.models.exchange import with_backend as with_backend
    from tfq_resqunn.models.export import export_circuits as export_circuits
    from tfq_resqunn.models.networks import resqunn as resqunn
    from tfq_resqunn.models.placement import Placement as Placement
    from tfq_resqunn.simulation.descriptors import entangling_capability as entangling_capability
    from tfq_resqunn.simulation.descriptors import expressibility as expressibility

# Read by no type checker, so that each name stands here as well as above.
_HOMES = {
    "tfq_resqunn": ("circuits", "datasets"),
    "tfq_resqunn._utils.seeding": ("set_seed",),
    "tfq_resqunn.circuits": ("QuanvCircuit",),
    "tfq_resqunn.circuits.noise.channels": ("Noise",),
    "tfq_resqunn.circuits.qasm.reading": ("from_qasm",),
    "tfq_resqunn.simulation.descriptors": ("entangling_capability", "expressibility"),
    "tfq_resqunn.models.exchange": ("with_backend",),
    "tfq_resqunn.models.export": ("export_circuits",),
    "tfq_resqunn.gradients": ("GradientFlow", "gradient_report", "gradient_variance"),
    "tfq_resqunn.layers": ("AreaPooling", "EncodedPQC", "IdentityBlocks", "ReZero", "Residual"),
    "tfq_resqunn.layers.quanv": ("Quanv1D", "Quanv2D", "Quanv3D"),
    "tfq_resqunn.layers.surrogate": ("Surrogate1D", "Surrogate2D", "Surrogate3D"),
    "tfq_resqunn.models": ("classical_twin", "resqunn"),
    "tfq_resqunn.models.placement": ("Placement",),
}
if not TYPE_CHECKING:  # type checkers would take every name for one that is there
    __getattr__, __dir__, __all__ = lazy.attach(__name__, _HOMES)
    __all__ = sorted([*__all__, "__version__"])
registration.register_when_keras_is_there()
