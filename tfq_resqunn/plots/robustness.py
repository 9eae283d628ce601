"""Accuracy against the strength of noise."""

import os

import pandas as pd
from matplotlib.figure import Figure

from tfq_resqunn._utils.arguments import check_picture, checked
from tfq_resqunn.plots.checks import table_with
from tfq_resqunn.plots.style import LINES, tidy


@checked(
    table=table_with("backend", "shots", "strength", "accuracy", "low", "high"),
    path=check_picture.or_none(),
)
def accuracy_by_strength(table: pd.DataFrame, path: str | os.PathLike | None = None) -> Figure:
    """Draws accuracy against the strength of noise, a line for each backend and number of shots.

    The table is that of an `Evaluation`. Strengths stand at equal distances, and the intervals of
    different lines a little apart.
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
        accuracy, low, high = (100 * line[name].to_numpy() for name in ("accuracy", "low", "high"))
        style = LINES[i % len(LINES)]
        label = f"{backend}, {label}" if several else label
        # Lists: of arrays with a single value, Matplotlib tries to make numbers.
        around = [(accuracy - low).tolist(), (high - accuracy).tolist()]
        axes.errorbar(at, accuracy, around, capsize=3, label=label, **style)
    names = ", ".join(name.replace("_", " ") for name in table["noise"].unique())
    axes.set(xlabel=f"Strength of the noise ({names}; not to scale)", ylabel="Accuracy (%)")
    axes.set_xticks(range(len(strengths)), [f"{s:g}" for s in strengths])
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    tidy(axes)
    if path is not None:
        figure.savefig(path)
    return figure
