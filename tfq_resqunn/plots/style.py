"""How all figures look."""

from typing import Any, Literal

from matplotlib import cycler
from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, PURPLE = "#1b4f72", "#d35400", "#117a65", "#7d3c98"

TRAIN = {"color": BLUE, "linestyle": "-", "label": "training"}
VALIDATION = {"color": ORANGE, "linestyle": "--", "label": "validation"}

# Lines that differ without colour too.
LINES: tuple[dict, ...] = (
    {"color": BLUE, "linestyle": "-", "marker": "o"},
    {"color": ORANGE, "linestyle": "--", "marker": "s"},
    {"color": GREEN, "linestyle": "-.", "marker": "^"},
    {"color": PURPLE, "linestyle": ":", "marker": "D"},
    {"color": "0.3", "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "v"},
)

# For figures that stand together, as in docs/gallery.md: `with matplotlib.rc_context(TOGETHER):`.
# No figure sets this by itself, since Matplotlib's settings are the user's.
TOGETHER: dict[str, Any] = {
    "axes.edgecolor": "0.35",
    "axes.labelsize": 9,
    "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PURPLE]),
    "axes.titlesize": 9,
    "figure.titlesize": 10,
    "font.family": "DejaVu Sans",  # comes with Matplotlib
    "font.size": 9,
    "legend.fontsize": 8,
    "savefig.dpi": 130,
    "xtick.color": "0.35",
    "xtick.labelcolor": "0.15",
    "xtick.labelsize": 8,
    "ytick.color": "0.35",
    "ytick.labelcolor": "0.15",
    "ytick.labelsize": 8,
}


def tidy(axes: Axes, grid: Literal["both", "x", "y"] = "both") -> None:
    """Takes away what does not carry data."""
    axes.grid(axis=grid, color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
