"""How accurate the networks are, and how training went."""

import pandas as pd

from tfq_resqunn._utils.markdown_page import code, table
from tfq_resqunn.study.report.figures import Picture, accuracy_figure, curve_figure, present
from tfq_resqunn.study.report.numbers import (
    HEADS,
    MISSING,
    VARIANTS,
    accuracy_text,
    gradient_word,
    percent,
)
from tfq_resqunn.study.report.statistics import mean_interval
from tfq_resqunn.study.results import Results, select


def accuracy_section(results: Results) -> list[str | Picture]:
    """Tells the test accuracy of each setting, as a table and a figure."""
    runs = results.table
    chance = "" if results.chance is None else f" Guessing has {percent(results.chance)}."
    figure = accuracy_figure(runs, results.chance)
    return [
        "## How accurate are the networks?",
        "Test accuracy after the last epoch: the mean over seeds and, in parentheses, its 95% "
        "confidence interval. There is no interval for one seed, nor where all seeds agree."
        f"{chance} Frozen layers learn nothing, whatever reaches them, so they are run once, with "
        "input gradients.",
        _accuracy_table(runs),
        Picture(
            "accuracies",
            "Test accuracy. Large marks are means, small strokes single seeds, lines 95% "
            "intervals; guessing is dotted where it lies near.",
            figure,
        ),
    ]


def curve_section(results: Results) -> list[str | Picture]:
    """Shows how training went, for each head and each variant that is trained."""
    trained = results.histories[results.histories.variant != "frozen"]
    pictures: list[str | Picture] = [
        Picture(
            f"curves_{head}_head_{variant}",
            f"{VARIANTS[variant].capitalize()}, {HEADS[head]}. Lines are means over the seeds; "
            "bands reach from the lowest seed to the highest.",
            curve_figure(runs),
        )
        for head in present(trained["head"], HEADS)
        for variant in present(trained.variant, VARIANTS)
        if len(runs := select(trained, head=head, variant=variant))
    ]
    nothing = "No finished run has trained layers yet."
    return ["## How did training go?", *(pictures or [nothing])]


def _accuracy_table(runs: pd.DataFrame) -> str:
    n_seeds = runs.seed.nunique()
    variants = present(runs.variant, VARIANTS)
    rows = []
    settings = runs.sort_values("head", kind="stable").groupby(
        ["head", "placement", "input_gradient"], sort=False
    )
    for (head, placement, on), here in settings:
        row = [HEADS[head], code(placement), gradient_word(on)]
        for variant in variants:
            values = select(here, variant=variant).test_accuracy.dropna()
            row.append(_accuracy(values, n_seeds))
        rows.append(row)
    header = ["Head", "Placement", "Input gradients", *(VARIANTS[v] for v in variants)]
    return table(header, rows, n_labels=3)


def _accuracy(values: pd.Series, n_seeds: int) -> str:
    if values.empty:
        return MISSING
    text = accuracy_text(mean_interval(values.to_list()))
    return text if len(values) == n_seeds else f"{text}, n = {len(values)}"
