"""Accuracy against the strength of noise."""

import itertools
import os

import pandas as pd
from matplotlib.figure import Figure

from tfq_resqunn.plots.style import LINES, tidy


def accuracy_by_strength(table: pd.DataFrame, path: str | os.PathLike | None = None) -> Figure:
    """Draw accuracy against the strength of noise, a line for each backend and number of shots.

    Args:
        table: The table of an `Evaluation`.
        path: File to write the figure to; the suffix decides the format. Default: no file.

    Returns:
        The figure. Strengths stand side by side at equal distances, their intervals a little apart.
    """
    figure = Figure(figsize=(5.2, 3.4), dpi=150, layout="constrained")
    axes = figure.subplots()
    strengths = sorted(table["strength"].unique())
    several = table["backend"].nunique() > 1
    lines = list(table.groupby(["backend", "shots"], sort=False, dropna=False))
    for i, ((backend, shots), line) in enumerate(lines):
        line = line.sort_values("strength")
        label = "exact" if pd.isna(shots) else f"{shots:.0f} shots"
        apart = 0.05 * (i - (len(lines) - 1) / 2)
        at = [strengths.index(s) + apart for s in line["strength"]]
        around = (line["accuracy"] - line["low"], line["high"] - line["accuracy"])
        style = next(itertools.islice(itertools.cycle(LINES), i, None))
        label = f"{backend}, {label}" if several else label
        percent = [100 * a for a in around]
        axes.errorbar(at, 100 * line["accuracy"], percent, capsize=3, label=label, **style)
    names = ", ".join(name.replace("_", " ") for name in table["noise"].unique())
    axes.set(xlabel=f"Strength of the noise ({names}; not to scale)", ylabel="Accuracy (%)")
    axes.set_xticks(range(len(strengths)), [f"{s:g}" for s in strengths])
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    tidy(axes)
    if path is not None:
        figure.savefig(path)
    return figure
