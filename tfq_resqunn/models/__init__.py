"""Networks: where residuals stand, and the models built from that."""

from tfq_resqunn.models.resqunn import classical_twin, resqunn
from tfq_resqunn.placement import Placement

__all__ = ["Placement", "classical_twin", "resqunn"]
