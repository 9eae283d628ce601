"""Variances of gradients over what is varied."""

import itertools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tfq_resqunn._utils.arguments import check_picture, checked
from tfq_resqunn.plots.checks import check_names, table_with
from tfq_resqunn.plots.style import LINES, tidy

if TYPE_CHECKING:
    import pandas as pd


@checked(
    table=table_with("layer", "variance", "low", "high"),
    over=check_names,
    path=check_picture.or_none(),
)
def variance_figure(
    table: "pd.DataFrame", over: Sequence[str], path: str | os.PathLike | None = None
) -> Figure:
    """Draws variances of gradients on a log scale, with intervals, a panel for each layer.

    The table is that of a `GradientVariance`, and `over` names its columns that are varied: the
    first is the horizontal axis, each combination of the others a line.
    """
    table_with(*over)(table, "table", "variance_figure")
    table = table[table["variance"] > 0]  # the others have no place on a log scale
    layers = list(dict.fromkeys(table["layer"]))
    if not layers:
        raise ValueError(
            "variance_figure: `table` must hold a variance above zero.\nReceived none.\nNo "
            "gradient reaches any layer of these models; see gradient_report."
        )
    figure = Figure(figsize=(4.2 * len(layers), 3.4), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(layers), squeeze=False, sharey=True)[0]
    values = list(dict.fromkeys(table[over[0]]))
    is_number = all(isinstance(v, (int, float, np.number)) for v in values)
    for axes, layer in zip(panels, layers, strict=True):
        own = table[table["layer"] == layer]
        lines = own.groupby(list(over[1:]), sort=False) if over[1:] else [((), own)]
        for (names, line), style in zip(lines, itertools.cycle(LINES), strict=False):
            at = line[over[0]] if is_number else [values.index(v) for v in line[over[0]]]
            label = ", ".join(f"{o} {n}" for o, n in zip(over[1:], names, strict=True))
            around = (line["variance"] - line["low"], line["high"] - line["variance"])
            axes.errorbar(at, line["variance"], np.abs(around), capsize=3, label=label, **style)
        axes.set(yscale="log", xlabel=over[0], title=layer)
        axes.set_xticks(values if is_number else range(len(values)), values)
        tidy(axes)
    panels[0].set_ylabel("Variance of ∂loss/∂weight (1/rad² for angles)")
    if over[1:]:
        panels[0].legend(frameon=False)
    if path is not None:
        figure.savefig(path)
    return figure
