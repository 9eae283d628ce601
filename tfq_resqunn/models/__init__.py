"""Networks: where residuals stand, and the models built from that."""

from tfq_resqunn.models.placement import Placement
from tfq_resqunn.models.resqunn import classical_twin, resqunn

__all__ = ["Placement", "classical_twin", "resqunn"]
