"""Which layers learn: gradients of a loss, once, over a training, over random initialisations."""

from tfq_resqunn.gradients.flow import GradientFlow
from tfq_resqunn.gradients.report import GradientReport, GradientRow, gradient_report
from tfq_resqunn.gradients.variance import GradientVariance, VarianceRow, gradient_variance

__all__ = [
    "GradientFlow",
    "GradientReport",
    "GradientRow",
    "GradientVariance",
    "VarianceRow",
    "gradient_report",
    "gradient_variance",
]
