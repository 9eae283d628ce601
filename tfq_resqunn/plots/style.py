"""How all figures look."""

from typing import Literal

from matplotlib.axes import Axes

TRAIN = {"color": "#1b4f72", "linestyle": "-", "label": "training"}
VALIDATION = {"color": "#d35400", "linestyle": "--", "label": "validation"}

# Lines that differ without colour too.
LINES: tuple[dict, ...] = (
    {"color": "#1b4f72", "linestyle": "-", "marker": "o"},
    {"color": "#d35400", "linestyle": "--", "marker": "s"},
    {"color": "#117a65", "linestyle": "-.", "marker": "^"},
    {"color": "#7d3c98", "linestyle": ":", "marker": "D"},
    {"color": "0.3", "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "v"},
)


def tidy(axes: Axes, grid: Literal["both", "x", "y"] = "both") -> None:
    """Takes away what does not carry data."""
    axes.grid(axis=grid, color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
