"""Keras layers: circuits that run, quanvolutions, residual sums."""

import tfq_resqunn._utils.keras  # noqa: F401 - before all that is in here, see `registration`
from tfq_resqunn.layers.initializers import IdentityBlocks as IdentityBlocks
from tfq_resqunn.layers.pooling import AreaPooling as AreaPooling
from tfq_resqunn.layers.pqc import EncodedPQC as EncodedPQC
from tfq_resqunn.layers.quanv import Quanv1D as Quanv1D
from tfq_resqunn.layers.quanv import Quanv2D as Quanv2D
from tfq_resqunn.layers.quanv import Quanv3D as Quanv3D
from tfq_resqunn.layers.residual import Residual as Residual
