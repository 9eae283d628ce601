"""Draws results.png, the README's figure of results: `python docs/images/draw_results.py`."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from tfq_resqunn.study.report.figures import VARIANT_STYLES
from tfq_resqunn.study.report.numbers import VARIANTS
from tfq_resqunn.study.report.statistics import mean_interval
from tfq_resqunn.study.results import select

HERE = Path(__file__).parent
STUDIES = {
    "digits, two layers": "digits-2",
    "all of MNIST, two layers": "mnist-2",
    "all of MNIST, three layers": "mnist-3",
}
OFFSETS = {"trainable": -0.22, "frozen": 0.0, "classical": 0.22}


def main():
    """Draws the test accuracy of every placement, beside its controls, for each study."""
    tables = {}
    for title, folder in STUDIES.items():
        # An empty placement is written as "none", which is no missing value.
        results = pd.read_csv(HERE.parent / "results" / folder / "results.csv", na_filter=False)
        tables[title] = results[results["head"] == "linear"]
    figure = Figure(figsize=(9.6, 4.4), dpi=150, layout="constrained")
    left, right = figure.subfigures(1, 2)
    panels = [*left.subplots(2, 1, sharex=True), right.subplots(1, 1)]
    for axes, (title, table) in zip(panels, tables.items(), strict=True):
        draw_study(axes, table)
        axes.set_title(title, fontsize="medium")
    for axes in panels[1:]:
        axes.set_xlabel("test accuracy")
    handles = [
        Line2D([], [], linestyle="", label=VARIANTS[v], **VARIANT_STYLES[v]) for v in OFFSETS
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(HERE / "results.png")


def draw_study(axes: Axes, table: pd.DataFrame):
    """Draws a row for each placement: seeds, their mean, its 95% interval, for each variant."""
    placements = list(dict.fromkeys(table.placement))
    for y, placement in enumerate(placements):
        for variant, offset in OFFSETS.items():
            own = select(table, placement=placement, variant=variant, input_gradient=True)
            values, style = own.test_accuracy.to_numpy(), VARIANT_STYLES[variant]
            interval = mean_interval(values)
            low, high = np.clip([interval.low, interval.high], 0.0, 1.0)
            axes.plot([low, high], [y + offset] * 2, color=style["color"], linewidth=1.4)
            axes.plot(values, [y + offset] * len(values), "|", color="0.35", markersize=5)
            axes.plot([interval.mean], [y + offset], linestyle="", markersize=5, **style)
    axes.set_yticks(range(len(placements)), placements)
    axes.set_ylim(len(placements) - 0.5, -0.5)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(axis="x", color="0.9", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
