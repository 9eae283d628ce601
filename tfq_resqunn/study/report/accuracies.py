"""How accurate the networks are, and how training went."""

from collections.abc import Callable

import pandas as pd

from tfq_resqunn._utils.markdown_page import code
from tfq_resqunn.study.report.figures import Picture, accuracy_figure, curve_figure, present
from tfq_resqunn.study.report.numbers import (
    HEADS,
    MISSING,
    UNTRAINED,
    VARIANTS,
    accuracy_text,
    area_text,
    gradient_word,
    percent,
    records_table,
)
from tfq_resqunn.study.report.statistics import Interval, mean_interval
from tfq_resqunn.study.results import Results, select

# Classes are unbalanced from this many times the even share on that the most frequent one has.
UNBALANCED = 1.2


def accuracy_section(results: Results) -> list[str | Picture]:
    """Tells the test accuracy of each setting, as a table and a figure."""
    runs = results.table
    chance = "" if results.chance is None else f" Guessing has {percent(results.chance)}."
    return [
        "## How accurate are the networks?",
        "Test accuracy of the trained networks: the mean over seeds and, in parentheses, its 95% "
        "confidence interval. There is no interval for one seed, nor where all seeds agree."
        f"{chance} Frozen layers, shortcuts and pixels learn nothing, whatever reaches them, so "
        "they are run once, with input gradients; pixels, without a placement, for the first one.",
        _table(runs, "test_accuracy", accuracy_text),
        *_balanced_tables(results),
        Picture(
            "accuracies",
            "Test accuracy. Large marks are means, small strokes single seeds, lines 95% "
            "intervals; guessing is dotted where it lies near.",
            accuracy_figure(runs, results.chance),
        ),
    ]


def curve_section(results: Results) -> list[str | Picture]:
    """Shows how training went, for each head and each variant that is trained."""
    # Runs of earlier versions do not say how accurate they were on validation images.
    is_set_apart = results.config.run.validation is not None
    has_validation = is_set_apart or bool(results.table.val_accuracy.notna().any())
    trained = results.histories[~results.histories.variant.isin(UNTRAINED)]
    pictures: list[str | Picture] = [
        Picture(
            f"curves_{head}_head_{variant}",
            f"{VARIANTS[variant].capitalize()}, {HEADS[head]}. Lines are means over the seeds; "
            "bands reach from the lowest seed to the highest.",
            curve_figure(runs, has_validation),
        )
        for head in present(trained["head"], HEADS)
        for variant in present(trained.variant, VARIANTS)
        if len(runs := select(trained, head=head, variant=variant))
    ]
    nothing = "No finished run has trained layers yet."
    return ["## How did training go?", *(pictures or [nothing])]


def _balanced_tables(results: Results) -> list[str]:
    """Tells balanced accuracy and AUC, where accuracy alone would mislead."""
    runs = results.table
    if results.chance is None or results.n_classes is None:
        return []
    if results.chance * results.n_classes < UNBALANCED:
        return []
    said = (
        f"**Classes are unbalanced**: {percent(results.chance)} of the test images are of one of "
        f"{results.n_classes} classes, so that a network that only ever names it has this accuracy."
    )
    if runs[["test_balanced_accuracy", "test_auc"]].isna().all(axis=None):
        return [f"{said} These runs have no other measures, since an older version made them."]
    return [
        f"{said} Balanced accuracy is the mean over the classes of the share of their images that "
        f"is recognized ({percent(1 / results.n_classes)} for guessing). Comparisons below are of "
        "the accuracy.",
        _table(runs, "test_balanced_accuracy", accuracy_text),
        "The area under the curve (AUC), the mean over the classes of each against all others (0.5 "
        "for guessing):",
        _table(runs, "test_auc", area_text),
    ]


def _table(runs: pd.DataFrame, measure: str, text_of: Callable[[Interval], str]) -> str:
    """Writes the mean of a measure over the seeds, a row a setting and a column a variant."""
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
            values = select(here, variant=variant)[measure].dropna().to_list()
            text = text_of(mean_interval(values)) if values else MISSING
            is_whole = len(values) in (0, n_seeds)
            record[VARIANTS[variant]] = text if is_whole else f"{text}, n = {len(values)}"
        records.append(record)
    return records_table(records, n_labels=3)
