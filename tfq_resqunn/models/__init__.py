"""Networks: where residuals stand, the models built from that, and what is done with models."""

from typing import TYPE_CHECKING

from tfq_resqunn._utils import lazy

if TYPE_CHECKING:
    from tfq_resqunn.models.controls import classical_twin as classical_twin
    from tfq_resqunn.models.controls import control as control
    from tfq_resqunn.models.networks import resqunn as resqunn
    from tfq_resqunn.models.placement import Placement as Placement

_HOMES = {
    "tfq_resqunn.models.placement": ("Placement",),
    "tfq_resqunn.models.networks": ("resqunn",),
    "tfq_resqunn.models.controls": ("classical_twin", "control"),
}
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = lazy.attach(__name__, _HOMES)
