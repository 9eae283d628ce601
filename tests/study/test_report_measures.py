"""What a study's report says where accuracy alone would mislead."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import RESULT_COLUMNS
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.report.accuracies import accuracy_section
from tfq_resqunn.study.report.numbers import area_text
from tfq_resqunn.study.report.statistics import Interval, mean_interval
from tfq_resqunn.study.results import Results

pytestmark = pytest.mark.once

CONFIG = StudyConfig(
    RunConfig(depth=1), placements=["none"], input_gradients=[True], heads=["linear"],
    variants=["trainable", "frozen"], seeds=3,
)  # fmt: skip
SAID = "**Classes are unbalanced**"


def made_up(chance, n_classes, balanced, auc):
    """The results of runs with these measures, for each variant and seed."""
    rows = [
        {**dict.fromkeys(RESULT_COLUMNS, 1.0), **vars(run), "test_accuracy": 0.9}
        for run in CONFIG.runs()
    ]
    table = pd.DataFrame(rows)
    table["test_balanced_accuracy"], table["test_auc"] = balanced, auc
    empty = pd.DataFrame()
    return Results(CONFIG, "", table, empty, empty, {}, n_classes, (8, 8, 1), chance, {})


def section(*measures):
    return "\n\n".join(map(str, accuracy_section(made_up(*measures))))


def tables_of(text):
    """The cells of each table, row by row."""
    blocks = [block for block in text.split("\n\n") if block.startswith("|")]
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        for block in blocks
    ]


@pytest.mark.parametrize(
    ("chance", "n_classes", "is_unbalanced"),
    [(0.5, 2, False), (0.59, 2, False), (0.61, 2, True), (0.9, 2, True), (0.103, 10, False),
     (0.1135, 10, False), (0.13, 10, True)],
)  # fmt: skip
def test_other_measures_are_shown_where_classes_are_unbalanced(chance, n_classes, is_unbalanced):
    text = section(chance, n_classes, 0.5, 0.5)
    assert (SAID in text) == is_unbalanced
    assert len(tables_of(text)) == (3 if is_unbalanced else 1)


def test_tables_have_means_and_intervals_over_the_seeds(rng):
    balanced, auc = rng.uniform(0.4, 0.6, 6), rng.uniform(0.5, 0.7, 6)
    text = section(0.9, 2, balanced, auc)
    _, of_balanced, of_auc = tables_of(text)
    for column, first in ((3, 0), (4, 1)):  # seed by seed, first trained, then frozen
        mean, low, high, _ = mean_interval(100 * balanced[first::2])
        assert of_balanced[2][column] == f"{mean:.1f}% ({low:.1f} to {high:.1f})"
        mean, low, high, _ = mean_interval(auc[first::2])
        assert of_auc[2][column] == f"{mean:.3f} ({low:.3f} to {min(high, 1):.3f})"
    assert of_auc[0][3:] == ["trained quantum", "frozen quantum"]
    assert "90.0% of the test images are of one of 2 classes" in text
    assert "(50.0% for guessing)" in text


def test_runs_without_the_measures_say_so():
    text = section(0.9, 2, np.nan, np.nan)
    assert "have no other measures, since an older version made them" in text
    assert len(tables_of(text)) == 1


def test_some_runs_without_a_measure_are_counted_out():
    auc = [np.nan, 0.6, 0.7, 0.6, 0.8, np.nan]
    cells = tables_of(section(0.9, 2, 0.5, auc))[2][2][3:]
    assert [cell.rpartition(", ")[2] for cell in cells] == ["n = 2", "n = 2"]


def test_without_a_run_nothing_is_unbalanced():
    results = dataclasses.replace(made_up(0.9, 2, 0.5, 0.5), chance=None, n_classes=None)
    assert SAID not in "\n".join(map(str, accuracy_section(results)))


@pytest.mark.parametrize(
    ("interval", "text"),
    [(Interval(0.91, 0.85, 1.03, 3), "0.910 (0.850 to 1.000)"),
     (Interval(0.91, np.nan, np.nan, 1), "0.910")],
)  # fmt: skip
def test_areas_as_text(interval, text):
    assert area_text(interval) == text
