"""The figures of a study's report. They can be read in grey, and are written as SVG."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import cycler
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from tfq_resqunn.plots.style import tidy
from tfq_resqunn.study.report.numbers import HEADS, VARIANTS, gradient_word
from tfq_resqunn.study.report.statistics import mean_interval
from tfq_resqunn.study.results import select

VARIANT_STYLES = {
    "trainable": {"color": "#1b4f72", "marker": "o", "markerfacecolor": "#1b4f72"},
    "frozen": {"color": "#1b4f72", "marker": "o", "markerfacecolor": "white"},
    "best_frozen": {"color": "#1b4f72", "marker": "*", "markerfacecolor": "white"},
    "unentangled": {"color": "#1b4f72", "marker": "D", "markerfacecolor": "white"},
    "surrogate": {"color": "#6c3483", "marker": "D", "markerfacecolor": "#6c3483"},
    "classical": {"color": "#d35400", "marker": "s", "markerfacecolor": "#d35400"},
    "small": {"color": "#d35400", "marker": "s", "markerfacecolor": "white"},
    "shortcuts": {"color": "0.35", "marker": "^", "markerfacecolor": "0.35"},
    "pixels": {"color": "0.35", "marker": "^", "markerfacecolor": "white"},
}
# Told apart by dashes and markers as well. Lines get thinner, so that none hides another.
LINE_STYLES = cycler(
    color=["0.6", "#d35400", "#1f6fa8", "#111111", "#9b7fbd", "#3c8d40", "#c2185b", "#7a5c12"],
    marker=list("os^Dv<>P"),
    linestyle=["-", "-", (0, (5, 2)), (0, (1, 1.3))] * 2,
    linewidth=[4.0, 2.2, 1.8, 1.4] * 2,
)
METADATA = ("Creator", "Date", "Format", "Type")  # left out of the files
MIN_WIDTH = 0.08  # of an axis of accuracies
LEGEND_ENTRY = 1.6  # inches
CURVES = ("val_accuracy", "loss")


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure with its caption; its text is Markdown."""

    name: str  # of its file, without the suffix
    caption: str  # its first sentence stands for the picture where that cannot be seen
    figure: Figure

    @property
    def address(self) -> str:
        """Where the report expects the file."""
        return f"figures/{self.name}.svg"

    def __str__(self) -> str:
        return f"![{self.caption.partition('. ')[0]}]({self.address})\n\n{self.caption}"


def to_svg(figure: Figure) -> str:
    """Gives a figure as SVG text; the same figure gives the same text."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tfq_resqunn"}):
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(METADATA))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def accuracy_figure(table: pd.DataFrame, chance: float | None) -> Figure:
    """Draws the test accuracy of each setting: the mean, its interval, and each seed.

    There is a panel for each head, a row for each placement and input gradient. `chance`, the
    accuracy of guessing, is a line where it lies within the axis, or its length beside it.
    """
    rows = list(dict.fromkeys(zip(table.placement, table.input_gradient, strict=True)))
    every_other = list(dict.fromkeys(table.placement))[1::2]  # of the placements, shaded
    heads, variants = present(table["head"], HEADS), present(table.variant, VARIANTS)
    height = max(0.42, 0.13 * len(variants))  # inches of a row
    figure = Figure(
        figsize=(1.6 + 3.3 * len(heads), max(2.6, 1.3 + height * len(rows))), layout="constrained"
    )
    panels = figure.subplots(1, len(heads), sharey=True, squeeze=False)[0]
    has_line = False
    for axes, head in zip(panels, heads, strict=True):
        for y, (placement, on) in enumerate(rows):
            if placement in every_other:
                axes.axhspan(y - 0.5, y + 0.5, color="0.955", linewidth=0, zorder=0)
            here = select(table, placement=placement, input_gradient=on, head=head)
            for k, variant in enumerate(variants):
                values = here.loc[here.variant == variant, "test_accuracy"].to_numpy()
                if len(values):
                    offset = min(0.24, 0.84 / len(variants)) * (k - (len(variants) - 1) / 2)
                    _draw_dot(axes, values, y + offset, VARIANT_STYLES[variant])
        low, high = axes.get_xlim()
        if chance is not None and 2 * low - high < chance < 2 * high - low:
            has_line = True
            axes.axvline(chance, color="0.4", linestyle=":", linewidth=1.2)
            low, high = axes.get_xlim()
        axes.set_title(HEADS[head].capitalize(), fontsize="medium")
        axes.set_xlabel("Test accuracy")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        half = max(high - low, MIN_WIDTH) / 2  # what is almost equal looks so
        axes.set_xlim((low + high) / 2 - half, (low + high) / 2 + half)
        tidy(axes, "x")
    labels = [f"{placement}, {gradient_word(on)}" for placement, on in rows]
    panels[0].set_yticks(range(len(rows)), labels)
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    panels[0].set_ylabel("Placement, input gradients")
    handles = [
        Line2D([], [], linestyle="", label=VARIANTS[v], **VARIANT_STYLES[v]) for v in variants
    ]
    if has_line:
        handles.append(Line2D([], [], color="0.4", linestyle=":", label="guessing"))
    legend_below(figure, handles)
    return figure


def _draw_dot(axes: Axes, values: np.ndarray, y: float, style: dict[str, Any]) -> None:
    interval = mean_interval(values)
    if interval.is_known:
        low, high = np.clip([interval.low, interval.high], 0.0, 1.0)
        axes.plot([low, high], [y, y], color=style["color"], linewidth=1.6, zorder=2)
    axes.plot(values, np.full(len(values), y), "|", color="0.35", markersize=6, zorder=3)
    axes.plot([interval.mean], [y], markersize=5.5, zorder=4, linestyle="", **style)


def curve_figure(histories: pd.DataFrame, has_validation: bool = False) -> Figure:
    """Draws accuracy and training loss over the epochs, for one head and one variant.

    The accuracy is that of the validation images where there are some, or of the test images.

    There is a column for each input gradient, and for each placement a line at the mean over seeds
    and a band from the lowest seed to the highest.
    """
    settings = sorted(histories.input_gradient.unique(), reverse=True)
    styles = dict(zip(dict.fromkeys(histories.placement), LINE_STYLES(), strict=False))
    measured = "Validation" if has_validation else "Test"
    labels = {"val_accuracy": f"{measured} accuracy", "loss": "Training loss"}
    figure = Figure(
        figsize=(1.2 + 3.5 * len(settings), 0.7 + 2.6 * len(CURVES)), layout="constrained"
    )
    panels = figure.subplots(len(CURVES), len(settings), sharex=True, sharey="row", squeeze=False)
    for row, name in zip(panels, CURVES, strict=True):
        for axes, on in zip(row, settings, strict=True):
            for placement, style in styles.items():
                here = select(histories, placement=placement, input_gradient=on)
                _draw_curve(axes, here, name, style)
            tidy(axes)
        row[0].set_ylabel(labels[name])
    panels[0, 0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))  # of accuracies
    for axes, on in zip(panels[0], settings, strict=True):
        axes.set_title(f"Input gradients {gradient_word(on)}", fontsize="medium")
    for axes in panels[-1]:
        axes.set_xlabel("Epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    handles = [
        Line2D([], [], markersize=4, label=placement, **style)
        for placement, style in styles.items()
    ]
    legend_below(figure, handles)
    return figure


def _draw_curve(axes: Axes, history: pd.DataFrame, name: str, style: dict[str, Any]) -> None:
    if history.empty:
        return
    epochs = history.groupby("epoch")[name].agg(["mean", "min", "max"])
    every = max(1, len(epochs) // 6)
    axes.fill_between(
        epochs.index, epochs["min"], epochs["max"], color=style["color"], alpha=0.13, linewidth=0
    )
    axes.plot(epochs.index, epochs["mean"], markersize=4, markevery=every, **style)


def present(column: pd.Series, names: Iterable[str]) -> list[str]:
    """Gives those of the names that occur in a column, in their order."""
    return [name for name in names if name in set(column)]


def legend_below(figure: Figure, handles: list[Artist]) -> None:
    """Puts one legend for all panels below them, in as many columns as the figure has room for."""
    columns = int(figure.get_figwidth() / LEGEND_ENTRY)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(4, columns, len(handles)),
        frameon=False, fontsize="small",
    )  # fmt: skip
