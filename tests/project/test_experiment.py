"""The experiment: its plan, its studies, and the tables that it has left behind."""

import re

import pytest

from experiments import figures, page, tables
from experiments.studies import parts
from tests.helpers.studies import ROOT
from tests.study.test_study_report import RUN, write_study
from tfq_resqunn.study.choice import rates_by_arm
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.results import RUN_COLUMNS, load_results

pytestmark = pytest.mark.once

PLAN = (ROOT / "docs" / "plan.md").read_text(encoding="utf-8")


def test_the_studies_are_those_of_the_plan():
    """The numbers that the plan names."""
    by_name = {part.name: part for part in parts({})}
    assert len(by_name) == len(list(parts({})))
    arms = by_name["arms-mnist"].config
    assert arms.seeds == tuple(range(20)) and "Seeds are 0 to 19" in PLAN
    assert arms.draws == 3 and "the best of three frozen draws" in PLAN
    assert f"| {arms.run.n_train:,}, drawn for each seed; 600; 60,000 |" in PLAN
    assert by_name["mnist-1"].config.run.n_train == 600
    assert by_name["mnist-100"].config.run.n_train == 60_000
    rates = by_name["rates-mnist"].config
    assert rates.learning_rates == (0.01, 0.03, 0.1) and "0.01, 0.03 and 0.1" in PLAN
    assert rates.head_learning_rates == (0.003, 0.01, 0.03) and "0.003, 0.01 and 0.03" in PLAN
    assert not set(rates.seeds) & set(arms.seeds)
    depths = [part.config.run.depth for name, part in by_name.items() if re.match("depth-", name)]
    assert depths == [1, 2, 3, 4, 6, 8] and "1, 2, 3, 4, 6 and 8 layers" in PLAN
    assert by_name["circuit-iqp-sim_14"].config.seeds == tuple(range(10))


@pytest.mark.parametrize("part", [*parts({})], ids=lambda part: part.name)
def test_rates_are_chosen_for_every_arm(part):
    if part.rates_of is not None:
        (other,) = (other for other in parts({}) if other.name == part.rates_of)
        assert set(part.config.arms()) <= set(other.config.arms())
        assert part.config.run.epochs == other.config.run.epochs


def test_a_table_has_a_row_for_each_run_and_chooses_as_the_study_does(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    config = StudyConfig(
        RUN,
        ["none"],
        [True],
        ["linear"],
        ["trainable", "classical"],
        2,
        learning_rates=[1e-05, 0.1],
    )
    results = load_results(write_study(tmp_path / "study", config))
    tables.write_table("a", results)
    table = tables.read_table("a")
    assert rates_by_arm(table) == rates_by_arm(results.table)
    assert len(table) == len(config.runs()) == len(table[[*RUN_COLUMNS]].drop_duplicates())
    # Norms of the made-up runs: 0.01 before the training, and one part of 1 + epochs after it.
    for column, norm in (("gradient_before", 0.01), ("gradient_after", 0.01 / (1 + RUN.epochs))):
        assert table[column].to_list() == pytest.approx([norm] * len(table))


@pytest.mark.parametrize("place", page.PLACES)
def test_the_page_says_what_was_not_run(place, tmp_path, monkeypatch):
    for module in (page, tables):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    assert page.PLACES[place]().startswith("*Not run yet: ")


def test_nothing_is_drawn_of_what_was_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    assert {name: draw() for name, draw in figures.FIGURES.items()} == dict.fromkeys(
        figures.FIGURES
    )
