"""Figures. They belong to no window and no global state: show or save what comes back."""

from tfq_resqunn.plots.circuit import circuit_figure
from tfq_resqunn.plots.curves import training_curves
from tfq_resqunn.plots.examples import examples_figure
from tfq_resqunn.plots.leaderboard import accuracy_by_descriptor
from tfq_resqunn.plots.maps import feature_maps_figure
from tfq_resqunn.plots.plan import plan_figure
from tfq_resqunn.plots.robustness import accuracy_by_strength
from tfq_resqunn.plots.variance import variance_figure

__all__ = [
    "circuit_figure", "training_curves", "examples_figure", "feature_maps_figure", "plan_figure",
    "accuracy_by_descriptor", "accuracy_by_strength", "variance_figure",
]  # fmt: skip
