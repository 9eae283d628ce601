"""The experiment: its plan, its studies, and the tables that it has left behind."""

import re
from dataclasses import replace

import click
import numpy as np
import pytest

from experiments import figures, page, tables
from experiments.again import config_of, record_of
from experiments.comparisons import depth_differences
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
    assert rates.learning_rates == (0.003, 0.01, 0.03, 0.1) and "0.003, 0.01, 0.03 and 0.1" in PLAN
    assert rates.head_learning_rates == (0.01, 0.03, 0.1)
    assert "that of the head among 0.01, 0.03 and 0.1" in PLAN
    assert not set(rates.seeds) & set(arms.seeds)
    depths = [part.config.run.depth for name, part in by_name.items() if re.match("depth-", name)]
    assert depths == [1, 2, 3, 4, 6, 8] and "1, 2, 3, 4, 6 and 8 layers" in PLAN
    assert by_name["circuit-iqp-sim_14"].config.seeds == tuple(range(10))


@pytest.mark.parametrize("part", [*parts({})], ids=lambda part: part.name)
def test_rates_are_chosen_for_every_arm(part):
    if part.rates_of is not None:
        (other,) = (other for other in parts({}) if other.name == part.rates_of)
        assert set(part.config.arms()) <= set(other.config.arms())
        if part.config.run.n_train == other.config.run.n_train:
            assert part.config.run == other.config.run


# --- the tables, and what is made of them ------------------------------------------------------


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """A folder with tables of small, made-up studies: two data sets, two depths."""
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "RESULTS", folder)
        for name in ("arms-digits", "arms-mnist", "rates-digits", "depth-1", "depth-2"):
            (part,) = (part for part in parts({}) if part.name == name)
            config = replace(part.config, run=replace(part.config.run, epochs=2))
            if name.startswith("rates"):
                config = replace(config, seeds=[100], learning_rates=[0.1, 0.01])
            else:
                config = replace(config, seeds=[0, 1, 2, 3])
            study = write_study(folder / name, config, skip=lambda run: run.draw > 1)
            tables.write_table(name, load_results(study))
    return folder


@pytest.fixture
def made_up(studies, monkeypatch):
    """The page and its figures are made from that folder."""
    for module in (tables, figures, page):
        monkeypatch.setattr(module, "RESULTS", studies)
    return studies


def test_tables_hold_what_the_runs_gave(made_up):
    results = load_results(made_up / "depth-2")
    table = tables.read_table("depth-2")
    for name in (*RUN_COLUMNS, "test_accuracy", "n_weights"):
        expected = results.table[name].to_list()
        assert table[name].to_list() == (
            pytest.approx(expected, rel=1e-5) if table[name].dtype == float else expected
        )
    trained = table[(table.variant == "trainable") & table.input_gradient]
    assert (trained.epoch == 2).all()
    # Norms of the made-up studies: 10**-2 at the first layer, less by 1 + the epoch.
    np.testing.assert_allclose(trained.gradient_before, 1e-2)
    np.testing.assert_allclose(trained.gradient_after, 1e-2 / (1 + 2), rtol=1e-5)
    assert table[table.variant == "frozen"].gradient_before.isna().all()


def test_a_row_says_how_its_run_is_made_again(made_up):
    for name in ("arms-digits", "rates-digits", "depth-2"):
        (part,) = (part for part in parts({}) if part.name == name)
        made = [run.configure(part.config.run) for run in part.config.runs()]
        for _, record in tables.read_table(name).iterrows():
            assert any(is_alike(config_of(part, record), run) for run in made)


@pytest.mark.parametrize("row", [-1, 10**6])
def test_a_row_that_is_not_there(row, made_up):
    (part,) = (part for part in parts({}) if part.name == "arms-digits")
    last = len(tables.read_table(part.name)) - 1
    with pytest.raises(
        click.BadParameter,
        match=f"^the table of arms-digits has the rows 0 to {last}. Received {row}",
    ):
        record_of(part, row)


def is_alike(one, other):
    """The same run, whether its rates stand there or are the usual ones."""
    head_rate = other.head_learning_rate or other.learning_rate
    return one == replace(other, head_learning_rate=head_rate)


@pytest.mark.parametrize("place", page.PLACES)
def test_every_place_of_the_page_can_be_written(place, made_up):
    text = page.PLACES[place]()
    assert text.startswith(("|", "**", "![", "*Not run yet", "Of question"))
    assert "nan" not in text


def test_numbers_in_words_stand_in_the_tables():
    text = page.PAGE.read_text(encoding="utf-8")
    words, _, tables = text.partition("<!-- summary -->")
    differences = re.findall(r"[+-](\d+\.\d)(?=[ ,])", tables.partition("<!-- /summary -->")[0])
    said = re.findall(r"((?:\d+\.\d(?:, | and ))*\d+\.\d) points", words)
    said = [number for numbers in said for number in re.findall(r"\d+\.\d", numbers)]
    accuracies = re.findall(r"\d+\.\d%", words)
    assert len(said) > 10 and len(accuracies) > 10
    assert set(said) <= set(differences)
    assert set(accuracies) <= set(re.findall(r"\d+\.\d%", tables))


@pytest.mark.parametrize("name", figures.FIGURES)
def test_every_figure_can_be_drawn(name, made_up):
    figure = figures.FIGURES[name]()
    assert (figure is None) == (name in ("shares", "strong"))
    if figure is not None:
        figure.savefig(made_up / "figure.png")


@pytest.mark.slow
def test_the_page_tells_the_best_and_the_worst_circuits(tmp_path, monkeypatch):
    """Studies of some circuits, made up; each ansatz is a little better than the one before."""
    ansatzes = [f"sim_{number}" for number in range(1, 20)]
    for number, ansatz in enumerate(ansatzes):
        (part,) = (part for part in parts({}) if part.circuit == ("angle", ansatz))
        config = replace(part.config, run=replace(part.config.run, epochs=1), seeds=[0, 1, 2])
        write_study(tmp_path / part.name, config, lambda run, rng, n=number: 0.3 + 0.02 * n)
    for module in (page, tables):
        monkeypatch.setattr(module, "CIRCUITS", tmp_path / "circuits.csv")
    tables.write_circuits(tmp_path)
    assert tables.read_circuits() == {("angle", ansatz) for ansatz in ansatzes}
    text = page.circuits()
    rows = re.findall(r"^\| (?:angle +\| (\w+)|\.\.\.)", text, re.MULTILINE)
    assert rows == [*ansatzes[:-11:-1], "", *ansatzes[4::-1]]
    assert "The best and the worst of 19 circuits" in text and "over 19 circuits" in text
    assert (tmp_path / "circuits.png").is_file()


def test_depths_are_one_family(made_up):
    rows = depth_differences({d: tables.read_chosen(f"depth-{d}") for d in (1, 2)})
    assert rows.comparison.tolist() == [
        "1, plain: trained − frozen",
        "1, residuals: trained − frozen",
        "1, residuals: trained − shortcuts alone",
        "2, plain: trained − frozen",
        "2, plain: trained − gradients stopped",
        "2, plain: trained − one layer",
        "2, residuals: trained − frozen",
        "2, residuals: trained − shortcuts alone",
        "2, residuals: trained − gradients stopped",
        "2, residuals: trained − one layer",
    ]
    table = tables.read_chosen("depth-2")
    plain = table[(table.placement == "none") & (table.variant == "trainable")]
    flow, stopped = (plain[plain.input_gradient == on].set_index("seed") for on in (True, False))
    difference = (flow.test_accuracy - stopped.test_accuracy).mean()
    assert rows.difference[4] == pytest.approx(difference)
    assert (rows.n == 4).all()


def test_the_page_says_what_the_tables_do():
    """Whoever changes a table, or a text that is made from it, writes the page anew."""
    text = page.PAGE.read_text(encoding="utf-8")
    for place, make in page.PLACES.items():
        assert f"<!-- {place} -->\n\n{make()}\n\n<!-- /{place} -->" in text


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
        monkeypatch.setattr(module, "CIRCUITS", tmp_path / "circuits.csv")
    assert page.PLACES[place]().startswith("*Not run yet: ")


def test_nothing_is_drawn_of_what_was_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    assert {name: draw() for name, draw in figures.FIGURES.items()} == dict.fromkeys(
        figures.FIGURES
    )
