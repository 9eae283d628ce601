"""Accuracy of circuits against what they are."""

import os
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter
from matplotlib.transforms import Bbox

from tfq_resqunn._utils.arguments import check_picture, checked
from tfq_resqunn.plots.checks import tables_with
from tfq_resqunn.plots.style import LINES, tidy

PANELS = {
    "expressibility": "Expressibility (0: as uniform as random states)",
    "entangling_capability": "Entangling capability",
}
COLUMNS = ("encoder", "ansatz", "accuracy", "low", "high", *PANELS)
MAX_TABLES = 50  # more would be a picture of more than 20,000 pixels
PLACES = ((5, 3), (5, -9), (-5, 3), (-5, -9))  # of a label beside its point, in points
MIN_DECADES = 1.5  # of expressibilities, for a logarithmic axis
MIN_HEIGHT = 0.08  # of an axis of accuracies
MAX_LABELS = 20  # in a panel, of the circuits that are best


@checked(tables=tables_with(*COLUMNS), path=check_picture.or_none())
def accuracy_by_descriptor(
    tables: Mapping[str, pd.DataFrame], path: str | os.PathLike | None = None
) -> Figure:
    """Draws accuracy against expressibility and entangling capability, a row for each table.

    The tables have a title and the columns `encoder`, `ansatz`, `accuracy`, `low`, `high`,
    `expressibility` and `entangling_capability`. An encoder has a colour and a marker; ansatzes are
    written beside the best points, as far as there is room. Rows without a descriptor are left out.

    Raises a ValueError for more than 50 tables.
    """
    if len(tables) > MAX_TABLES:
        raise ValueError(
            f"accuracy_by_descriptor: `tables` must be at most {MAX_TABLES}. Received "
            f"{len(tables)}. Choose fewer results for a figure."
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
        low, high = row[0].get_ylim()
        half = max(high - low, MIN_HEIGHT) / 2  # what is almost equal looks so
        row[0].set_ylim((low + high) / 2 - half, (low + high) / 2 + half)
        row[0].set_ylabel("Test accuracy")
        row[0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        row[0].set_title(title, fontsize="medium", loc="left")
    handles = [Line2D([], [], label=encoder, **style) for encoder, style in styles.items()]
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
    if descriptor == "entangling_capability":
        axes.set_xlim(-0.04, 1.04)
    elif _spans_decades(table[descriptor]):
        axes.set_xscale("log")


def _spans_decades(values: pd.Series) -> bool:
    return len(values) > 0 and values.min() > 0 and values.max() > 10**MIN_DECADES * values.min()


def _label(axes: Axes, table: pd.DataFrame, descriptor: str) -> None:
    """Writes ansatzes beside points, the best first; none where that would hide another label."""
    best = table.sort_values("accuracy", ascending=False, kind="stable")
    places = [*zip(best[descriptor], best["accuracy"], strict=True)]
    frame = axes.get_window_extent()
    taken = [
        Bbox.from_extents(x - 4, y - 4, x + 4, y + 4)
        for x, y in (axes.transData.transform(place) for place in places)
    ]
    for name, place in zip(best["ansatz"][:MAX_LABELS], places, strict=False):
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
