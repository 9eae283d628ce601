"""Keras layers: circuits that run, quanvolutions, residual sums."""

import tfq_resqunn._utils.keras  # noqa: F401 - before all that is in here, see `registration`
from tfq_resqunn.layers.initializers import IdentityBlocks
from tfq_resqunn.layers.merging import ReZero
from tfq_resqunn.layers.pooling import AreaPooling
from tfq_resqunn.layers.pqc import EncodedPQC
from tfq_resqunn.layers.quanv import Quanv1D, Quanv2D, Quanv3D
from tfq_resqunn.layers.residual import Residual

__all__ = [
    "IdentityBlocks", "AreaPooling", "EncodedPQC", "Quanv1D",
    "Quanv2D", "Quanv3D", "ReZero", "Residual",
]  # fmt: skip
