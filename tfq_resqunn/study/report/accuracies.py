"""How accurate the networks are, and how training went."""

import pandas as pd

from tfq_resqunn._utils.markdown_page import code
from tfq_resqunn.study.report.figures import Picture, accuracy_figure, curve_figure, present
from tfq_resqunn.study.report.numbers import (
    HEADS,
    MISSING,
    VARIANTS,
    accuracy_text,
    gradient_word,
    percent,
    records_table,
)
from tfq_resqunn.study.report.statistics import mean_interval
from tfq_resqunn.study.results import Results, select


def accuracy_section(results: Results) -> list[str | Picture]:
    """Tells the test accuracy of each setting, as a table and a figure."""
    runs = results.table
    chance = "" if results.chance is None else f" Guessing has {percent(results.chance)}."
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
            accuracy_figure(runs, results.chance),
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
    settings = runs.sort_values("head", kind="stable").groupby(
        ["head", "placement", "input_gradient"], sort=False
    )
    records = []
    for (head, placement, on), here in settings:
        record = {
            "Head": HEADS[head],
            "Placement": code(placement),
            "Input gradients": gradient_word(on),
        }
        for variant in present(runs.variant, VARIANTS):
            values = select(here, variant=variant).test_accuracy.dropna().to_list()
            text = accuracy_text(mean_interval(values)) if values else MISSING
            is_whole = len(values) in (0, n_seeds)
            record[VARIANTS[variant]] = text if is_whole else f"{text}, n = {len(values)}"
        records.append(record)
    return records_table(records, n_labels=3)
