"""Accuracy of circuits against what they are."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from matplotlib.transforms import Bbox

from tfq_resqunn.plots.style import LINES, tidy

PANELS = {
    "expressibility": "Expressibility (0: as uniform as random states)",
    "entangling_capability": "Entangling capability",
}
MAX_TABLES = 12
PLACES = ((5, 3), (5, -9), (-5, 3), (-5, -9))  # of a label beside its point, in points
LOGARITHMIC = "expressibility"  # where values are positive,
MIN_DECADES = 1.5  # and span so much


def accuracy_by_descriptor(
    tables: Mapping[str, pd.DataFrame], path: str | os.PathLike | None = None
) -> Figure:
    """Draws accuracy against expressibility and entangling capability, a row for each table.

    The tables have a title and the columns `encoder`, `ansatz`, `accuracy`, `low`, `high`,
    `expressibility` and `entangling_capability`. An encoder has a colour and a marker; ansatzes are
    written beside the points, as far as there is room. Rows without a descriptor are left out.

    Raises a ValueError for more than 12 tables.
    """
    if len(tables) > MAX_TABLES:
        raise ValueError(
            f"accuracy_by_descriptor: `tables` must be at most {MAX_TABLES}. Received "
            f"{len(tables)}. Draw fewer in each figure."
        )
    height = 0.7 + 3.0 * len(tables)
    figure = Figure(figsize=(8.4, height), dpi=150, layout="constrained")
    panels = figure.subplots(len(tables), len(PANELS), sharey="row", squeeze=False)
    encoders = dict.fromkeys(e for table in tables.values() for e in table["encoder"])
    styles = dict(zip(encoders, map(_style, range(len(encoders))), strict=True))
    for row, (title, table) in zip(panels, tables.items(), strict=True):
        for axes, (descriptor, label) in zip(row, PANELS.items(), strict=True):
            _draw(axes, table.dropna(subset=[descriptor]), descriptor, styles)
            axes.set_xlabel(label)
            tidy(axes)
        row[0].set_ylabel("Test accuracy")
        row[0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        row[0].set_title(title, fontsize="medium", loc="left")
    handles = [
        axes.plot([], [], label=encoder, **styles[encoder])[0]
        for axes, encoder in zip([panels[0, 0]] * len(styles), styles, strict=True)
    ]
    figure.legend(
        handles=handles, title="Encoder", loc="outside lower center", ncols=min(6, len(handles)),
        frameon=False, fontsize="small",
    )  # fmt: skip
    figure.draw_without_rendering()  # which puts everything into its place
    for row, table in zip(panels, tables.values(), strict=True):
        for axes, descriptor in zip(row, PANELS, strict=True):
            _label(axes, table.dropna(subset=[descriptor]), descriptor)
    if path is not None:
        figure.savefig(path)
    return figure


def _style(number: int) -> dict[str, Any]:
    """Gives a marker of a colour, filled for the first ones, then empty."""
    line = LINES[number % len(LINES)]
    is_filled = number // len(LINES) % 2 == 0
    return {
        "color": line["color"],
        "marker": line["marker"],
        "markerfacecolor": line["color"] if is_filled else "white",
        "markersize": 5.5,
        "linestyle": "",
    }


def _draw(
    axes: Axes, table: pd.DataFrame, descriptor: str, styles: Mapping[str, Mapping[str, Any]]
) -> None:
    for encoder, points in table.groupby("encoder", sort=False):
        x, y = points[descriptor].to_list(), points["accuracy"].to_list()
        # Where there is no interval, its ends are the point.
        ends = [
            points[name].clip(0, 1).fillna(points["accuracy"]).to_list() for name in ("low", "high")
        ]
        axes.vlines(x, *ends, color=styles[encoder]["color"], linewidth=0.8, alpha=0.4)
        axes.plot(x, y, **styles[encoder])
    values = table[descriptor].to_numpy()
    is_positive = len(values) > 0 and values.min() > 0 and descriptor == LOGARITHMIC
    if is_positive and np.log10(values.max() / values.min()) > MIN_DECADES:
        axes.set_xscale("log")


def _label(axes: Axes, table: pd.DataFrame, descriptor: str) -> None:
    """Writes ansatzes beside points, the best first; none where that would hide another label."""
    best = table.sort_values("accuracy", ascending=False, kind="stable")
    places = [*zip(best[descriptor], best["accuracy"], strict=True)]
    frame = axes.get_window_extent()
    taken = [
        Bbox.from_extents(x - 4, y - 4, x + 4, y + 4)
        for x, y in (axes.transData.transform(place) for place in places)
    ]
    for name, place in zip(best["ansatz"], places, strict=True):
        for offset in PLACES:
            label = axes.annotate(
                name, place, xytext=offset, textcoords="offset points", fontsize="x-small",
                color="0.25", ha="left" if offset[0] > 0 else "right",
            )  # fmt: skip
            label.set_in_layout(False)
            box = label.get_window_extent()
            if frame.x0 <= box.x0 and box.x1 <= frame.x1 and not box.count_overlaps(taken):
                taken.append(box)
                break
            label.remove()
