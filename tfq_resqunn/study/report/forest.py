"""A figure of differences with their intervals, a row for each comparison: a forest plot."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from tfq_resqunn.plots.style import tidy
from tfq_resqunn.study.report.comparisons import EQUIVALENCE
from tfq_resqunn.study.report.figures import legend_below, present
from tfq_resqunn.study.report.numbers import HEADS, VARIANTS, gradient_word
from tfq_resqunn.study.results import select

COLOR = "#1b4f72"
BAND = {"color": "0.88", "linewidth": 0}
MARGIN = 1.15  # of an axis, beyond the outermost difference


def forest_figure(controls: pd.DataFrame) -> Figure:
    """Draws what trained networks are ahead of each control, from the family of comparisons.

    There is a panel for each control and head, and in it a row for each placement and input
    gradient. Marks are filled where a difference is shown, and square where equality is.
    """
    heads, variants = (present(controls[n], v) for n, v in (("head", HEADS), ("variant", VARIANTS)))
    settings = {
        variant: list(dict.fromkeys(zip(here.placement, here.input_gradient, strict=True)))
        for variant in variants
        for here in [select(controls, variant=variant)]
    }
    n_rows = [len(rows) for rows in settings.values()]
    figure = Figure(
        figsize=(1.9 + 3.4 * len(heads), 1.1 + 0.45 * len(variants) + 0.22 * sum(n_rows)),
        layout="constrained",
    )
    panels = figure.subplots(
        len(variants), len(heads), sharex="col", sharey="row", squeeze=False,
        height_ratios=[n + 0.6 for n in n_rows],
    )  # fmt: skip
    for row, (variant, rows) in zip(panels, settings.items(), strict=True):
        for axes, head in zip(row, heads, strict=True):
            axes.axvspan(-EQUIVALENCE, EQUIVALENCE, zorder=0, **BAND)
            axes.axvline(0.0, color="0.4", linewidth=0.8, zorder=1)
            for _, comparison in select(controls, variant=variant, head=head).iterrows():
                y = rows.index((comparison.placement, comparison.input_gradient))
                _draw_row(axes, comparison, y)
            axes.set_title(f"minus {VARIANTS[variant]}, {HEADS[head]}", fontsize=8.5, loc="left")
            tidy(axes, "x")
        labels = [f"{placement}, {gradient_word(on)}" for placement, on in rows]
        row[0].set_yticks(range(len(rows)), labels, fontsize="small")
        row[0].set_ylim(len(rows) - 0.4, -0.6)
    for axes, head in zip(panels[-1], heads, strict=True):
        axes.set_xlim(*_limits(select(controls, head=head)))
        axes.set_xlabel("Difference of test accuracy, points")
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=None, symbol=""))
    legend_below(figure, _legend(controls))
    return figure


def _draw_row(axes: Axes, comparison: pd.Series, y: int) -> None:
    axes.plot([comparison.low, comparison.high], [y, y], color=COLOR, linewidth=1.4, zorder=2)
    mark = _mark(comparison.is_shown, comparison.is_equal)
    axes.plot([comparison.difference], [y], zorder=3, **mark)


def _mark(is_shown: bool, is_equal: bool) -> dict:
    return {
        "marker": "s" if is_equal else "o", "markerfacecolor": COLOR if is_shown else "white",
        "color": COLOR, "markersize": 5, "linestyle": "",
    }  # fmt: skip


def _limits(controls: pd.DataFrame) -> tuple[float, float]:
    """Gives limits that hold every difference, and all intervals but the few longest."""
    ends = (controls.low.quantile(0.1), controls.high.quantile(0.9))
    low, high = (0.0, 0.0) if np.isnan(ends).any() else ends
    low = min(controls.difference.min(), low, -2 * EQUIVALENCE)
    high = max(controls.difference.max(), high, 2 * EQUIVALENCE)
    return MARGIN * low, MARGIN * high


def _legend(controls: pd.DataFrame) -> list[Artist]:
    labels = {
        (True, False): "shown to differ",
        (False, True): "shown to be equal",
        (True, True): "both",
        (False, False): "neither shown",
    }
    found = set(zip(controls.is_shown, controls.is_equal, strict=True))
    marks: list[Artist] = [
        Line2D([], [], label=label, **_mark(*key)) for key, label in labels.items() if key in found
    ]
    return [*marks, Patch(label="within a point", **BAND)]
