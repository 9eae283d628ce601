"""Learning rates and draws that a study tries: which runs there are, and which ones count."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from tests.study.test_study_report import RUN, write_study
from tfq_resqunn import cli
from tfq_resqunn.cli.study import accuracy_table
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.study.choice import (
    BEST_FROZEN,
    choose,
    choose_rates,
    choose_runs,
    rates_by_arm,
    with_rates_from,
)
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.report import write_report
from tfq_resqunn.study.results import load_results
from tfq_resqunn.study.run import StudyRun
from tfq_resqunn.study.runner import run_study

pytestmark = pytest.mark.once

ONE = {"placements": ["none"], "input_gradients": [True]}
TRIED = StudyConfig(
    RUN, heads=["linear", "none"], variants=["trainable", "frozen", "shortcuts"], seeds=2,
    learning_rates=[0.1, 0.01], head_learning_rates=[0.3, 0.03, 0.003], draws=3, **ONE,
)  # fmt: skip


# --- which runs there are ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "variant", "n_rates", "n_head_rates", "n_draws"),
    [
        ("linear", "trainable", 2, 3, 1),
        ("linear", "frozen", 1, 3, 3),
        ("linear", "shortcuts", 1, 3, 1),
        ("none", "trainable", 2, 1, 1),
        ("none", "frozen", 1, 1, 3),
        ("none", "shortcuts", 1, 1, 1),
    ],
)
def test_what_changes_nothing_is_not_tried(head, variant, n_rates, n_head_rates, n_draws):
    runs = [run for run in TRIED.runs() if (run.head, run.variant) == (head, variant)]
    assert len(runs) == 2 * n_rates * n_head_rates * n_draws
    assert len({run.learning_rate for run in runs}) == n_rates
    assert len({run.head_learning_rate for run in runs}) == n_head_rates
    assert {run.draw for run in runs} == set(range(n_draws))
    assert (None in {run.learning_rate for run in runs}) == (n_rates == 1)


@pytest.mark.parametrize("settings", [{"shortcut": "conv"}, {"merge": "rezero"}], ids=str)
def test_what_is_trained_beside_frozen_layers_has_rates(settings):
    config = replace(TRIED, run=replace(RUN, **settings), variants=("frozen", "shortcuts"), draws=1)
    assert {run.learning_rate for run in config.runs()} == {0.1, 0.01}
    config = replace(config, variants=("pixels",))
    assert {run.learning_rate for run in config.runs()} == {None}


def test_runs_say_their_rates():
    assert len({run.id.casefold() for run in TRIED.runs()}) == len(TRIED.runs())
    assert all(re.fullmatch(r"[\w+,.-]+", run.id) for run in TRIED.runs())
    run = TRIED.runs()[0]
    assert run.id == "none_flow_linear_trainable_0_rate_0.1_head_0.3"
    made = run.configure(replace(RUN, learning_rate=7.0, head_learning_rate=8.0))
    assert (made.learning_rate, made.head_learning_rate, made.draw) == (0.1, 0.3, 0)
    plain = StudyConfig(RUN, **ONE).runs()[0].configure(RunConfig(learning_rate=7.0))
    assert (plain.learning_rate, plain.head_learning_rate) == (7.0, None)


def test_known_rates_are_taken():
    rates = {"none_flow_linear_trainable": [0.1, 0.3], "none_flow_linear_frozen": [0.5, None]}
    config = StudyConfig(
        RUN, heads=["linear"], variants=["trainable", "frozen"], rates=rates, **ONE
    )
    assert not config.has_choice and TRIED.has_choice
    assert [(run.learning_rate, run.head_learning_rate) for run in config.runs()[:2]] == [
        (0.1, 0.3), (None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tried", "of_all", "head", "made"),
    [
        ({"learning_rate": 0.3}, {}, "linear", (0.3, 7.0)),
        ({"learning_rate": 0.3}, {"head_learning_rate": 0.5}, "linear", (0.3, 0.5)),
        ({"head_learning_rate": 0.3}, {}, "linear", (7.0, 0.3)),
        ({"learning_rate": 0.3, "head_learning_rate": 0.2}, {}, "linear", (0.3, 0.2)),
        ({"learning_rate": 0.3}, {}, "none", (0.3, None)),
        ({}, {"head_learning_rate": 0.5}, "none", (7.0, None)),
        ({}, {}, "linear", (7.0, None)),
    ],
)
def test_rates_of_layers_are_not_the_heads(tried, of_all, head, made):
    """Else heads of trained circuits have rates to choose from that those of frozen ones lack."""
    run = StudyRun("none", True, head, "trainable", 0, **tried)
    config = run.configure(RunConfig(learning_rate=7.0, **of_all))
    assert (config.learning_rate, config.head_learning_rate) == made


@pytest.mark.parametrize("config", [TRIED, replace(TRIED, learning_rates=None, draws=1)])
def test_round_trips(config):
    assert StudyConfig.from_yaml(config.to_yaml()) == config
    assert StudyConfig.from_json(config.to_json()) == config
    assert config.extends(replace(config, seeds=[0]))


WRONG = {
    "no rate": ({"learning_rates": [0]}, ValueError, "`learning_rates` must be a finite number ab"),
    "text": ({"head_learning_rates": "0.1"}, TypeError, "`head_learning_rates` must be a list"),
    "twice": ({"learning_rates": [0.1, 0.1]}, ValueError, "must name nothing twice"),
    "empty": ({"learning_rates": []}, ValueError, "must not be empty"),
    "no draw": ({"draws": 0}, ValueError, "`draws` must be at least 1"),
    "too many draws": ({"draws": 10**9}, ValueError, "`draws` must be at most 1000"),
    "draws of what": (
        {"draws": 2, "variants": ["trainable"]}, ValueError,
        "`draws` must be 1 without the variant 'frozen'",
    ),
    "a head's rate without a head": (
        {"run": replace(RUN, head_learning_rate=0.1), "heads": ["none"]}, ValueError,
        "`head_learning_rate` must be left out where 'none' is the only head",
    ),
    "rates of no head": (
        {"head_learning_rates": [0.1], "heads": ["none"]}, ValueError,
        "`head_learning_rates` must be left out where 'none' is the only head",
    ),
    "rates and tried": (
        {"rates": {}, "learning_rates": [0.1]}, ValueError, "`rates` must be left out with",
    ),
    "a list": ({"rates": [0.1]}, TypeError, "`rates` must be a dictionary with a pair"),
    "one rate": ({"rates": {"a": [0.1]}}, TypeError, "`rates` must be a dictionary with a pair"),
    "missing": (
        {"rates": {"none_flow_linear_trainable": [1, 1]}}, ValueError,
        "must name every arm of the study.\nReceived none for none_flow_linear_frozen",
    ),
    "unknown": (
        {
            "rates": {
                "none_flow_linear_trainable": [1, 1], "none_flow_linear_frozen": [1, 1],
                "a": [1, 1],
            }
        },
        ValueError,
        "Received a as well",
    ),
    "negative": (
        {
            "rates": {
                "none_flow_linear_trainable": [-1, 1], "none_flow_linear_frozen": [1, 1],
            }
        },
        ValueError,
        "`rates['none_flow_linear_trainable']` must be a finite number above 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "error", "message"), WRONG.values(), ids=WRONG)
def test_wrong_arguments(arguments, error, message):
    usual = {"run": RUN, "heads": ["linear"], "variants": ["trainable", "frozen"], **ONE}
    with pytest.raises(error, match=f"StudyConfig: (?s:.*){re.escape(message)}"):
        StudyConfig(**{**usual, **arguments})


# --- which runs count --------------------------------------------------------------------------


def table(rows):
    columns = ["seed", "learning_rate", "head_learning_rate", "draw", "val_accuracy", "val_loss"]
    arm = {"placement": "none", "input_gradient": True, "head": "linear", "variant": "trainable"}
    return pd.DataFrame(rows, columns=columns).assign(**arm)


CHOICES = {
    "the highest mean": (
        [
            (0, 0.1, 1, 0, 0.9, 1), (0, 0.2, 1, 0, 0.8, 1), (1, 0.1, 1, 0, 0.5, 1),
            (1, 0.2, 1, 0, 0.7, 1),
        ],
        (0.2, 1),
    ),
    "of equal ones the lowest loss": (
        [(0, 0.1, 1, 0, 0.9, 2), (0, 0.2, 1, 0, 0.9, 1)], (0.2, 1),
    ),
    "as equal as numbers of six digits can tell": (  # 538 of 560 images, in two ways
        [
            (0, 0.1, 1, 0, 0.967857, 2), (0, 0.2, 1, 0, 0.960714, 1), (1, 0.1, 1, 0, 0.953572, 2),
            (1, 0.2, 1, 0, 0.960714, 1),
        ],
        (0.2, 1),
    ),
    "then the smallest": ([(0, 0.2, 1, 0, 0.9, 1), (0, 0.1, 1, 0, 0.9, 1)], (0.1, 1)),
    "of the head, too": ([(0, 0.1, 3, 0, 0.8, 1), (0, 0.1, 2, 0, 0.9, 1)], (0.1, 2)),
    "first draws alone": (
        [(0, 0.1, 1, 0, 0.6, 1), (0, 0.2, 1, 0, 0.5, 1), (0, 0.2, 1, 1, 0.9, 1)], (0.1, 1),
    ),
    "none that lack a seed": (
        [(0, 0.1, 1, 0, 0.6, 1), (0, 0.2, 1, 0, 0.5, 1), (1, 0.2, 1, 0, 0.9, 1)], (0.2, 1),
    ),
    "however good it is where it is there": (
        [(0, 0.1, 1, 0, 0.9, 1), (0, 0.2, 1, 0, 0.5, 1), (1, 0.2, 1, 0, 0.5, 1)], (0.2, 1),
    ),
    "without validation, what there is": ([(0, 0.3, 1, 0, np.nan, np.nan)], (0.3, 1)),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "chosen"), CHOICES.values(), ids=CHOICES)
def test_choice_of_rates(rows, chosen):
    for order in itertools.permutations(rows):
        assert rates_by_arm(table(order)) == {"none_flow_linear_trainable": chosen}


def test_the_best_draw_is_one_of_all():
    """Against those of seeds that were stopped, trained circuits would look better."""
    rows = [(0, 1, 1, 0, 0.5, 1), (0, 1, 1, 1, 0.7, 1), (1, 1, 1, 0, 0.6, 1), (2, 1, 1, 1, 0.6, 1)]
    chosen = choose_runs(table(rows).assign(variant="frozen"))
    assert chosen[["variant", "seed", "draw"]].to_numpy().tolist() == [
        ["frozen", 0, 0], ["frozen", 1, 0], ["best_frozen", 0, 1],
    ]  # fmt: skip


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """A made-up study whose validation accuracies are those of its runs' digests."""
    folder = write_study(tmp_path_factory.mktemp("tried") / "study", TRIED)
    for number, path in enumerate(sorted(folder.glob("runs/*/result.json"))):
        value = np.random.default_rng(number).integers(0, 100) / 100
        text = path.read_text().rstrip("}")
        path.write_text(f'{text}, "val_accuracy": {value}, "val_loss": {1 - value}}}')
    return folder


def test_chosen_runs(tried):
    """Against the same rule in plain Python."""
    results = load_results(tried)
    assert results.n_missing == 0
    records = results.table.to_dict("records")
    chosen = choose(results).table
    for head, variant in itertools.product(["linear", "none"], ["trainable", "frozen"]):
        here = [r for r in records if (r["head"], r["variant"]) == (head, variant)]
        means = {}
        for record in here:
            if record["draw"] == 0:
                pair = record["learning_rate"], record["head_learning_rate"]
                means.setdefault(pair, []).append(record["val_accuracy"])
        best = max(means, key=lambda pair: np.mean(means[pair]))
        mine = chosen[(chosen["head"] == head) & (chosen.variant == variant)]
        assert set(zip(mine.learning_rate, mine.head_learning_rate, strict=True)) == {best}
        assert mine.seed.tolist() == [0, 1] and not mine.draw.any()
        if variant != "frozen":
            continue
        best_draws = chosen[(chosen["head"] == head) & (chosen.variant == BEST_FROZEN)]
        for seed, accuracy in zip(best_draws.seed, best_draws.val_accuracy, strict=True):
            assert accuracy == max(
                r["val_accuracy"] for r in here
                if r["seed"] == seed and (r["learning_rate"], r["head_learning_rate"]) == best
            )  # fmt: skip
    n_layers = {"linear": 3, "none": 2}
    gradients = choose(results).gradients
    for (head,), rows in gradients.groupby(["head"]):
        n_arms = 4  # trainable, frozen, its best draw, shortcuts
        assert len(rows) == n_arms * 2 * n_layers[head] * (RUN.epochs + 1)


def test_a_choice_of_nothing_changes_nothing(tmp_path):
    config = StudyConfig(RUN, seeds=2)
    results = load_results(write_study(tmp_path / "study", config))
    pd.testing.assert_frame_equal(choose(results).table, results.table)
    pd.testing.assert_frame_equal(choose(results).histories, results.histories)
    empty = load_results(write_study(tmp_path / "empty", config, skip=lambda run: True))
    assert choose(empty).table.empty and choose_rates(empty.table).empty


def test_later_draws_alone_say_nothing_yet(tmp_path):
    config = replace(TRIED, variants=("frozen",), seeds=(0,))
    folder = write_study(tmp_path / "study", config, skip=lambda run: run.draw == 0)
    assert accuracy_table(load_results(folder)) == "No first draw is done yet."
    write_report(folder)
    assert "This study is not finished" in (folder / "report.md").read_text()


def test_reports_and_the_terminal_tell_what_was_chosen(tried):
    assert "best frozen" in accuracy_table(load_results(tried))
    write_report(tried)
    text = (tried / "report.md").read_text()
    assert "have 3 draws of their angles" in text and "Trained − best frozen draw" in text
    chosen = text.partition("## What was chosen?")[2]
    rates = rates_by_arm(load_results(tried).table)
    for arm, head, variant in (
        ("none_flow_linear_trainable", "linear head", "trained quantum"),
        ("none_flow_none_trainable", "no head", "trained quantum"),
    ):
        rate, head_rate = rates[arm]
        of_head = f"{head_rate:g}" if head == "linear head" else "—"
        row = rf"\| {head} +\| `none` +\| flow +\| {variant} +\| +{rate:g} \| +{of_head} \|"
        assert re.search(row, chosen), row


# --- rates from another study ------------------------------------------------------------------


def test_rates_from_a_study(tried):
    known = replace(TRIED, learning_rates=None, head_learning_rates=None, heads=["linear"], draws=1)
    config = with_rates_from(known, tried)
    assert config.rates is not None and tuple(config.rates) == config.arms()
    assert {arm: pair for arm, pair in rates_by_arm(load_results(tried).table).items()
            if "linear" in arm} == config.rates  # fmt: skip
    with pytest.raises(
        ValueError, match=r"must name every arm .*(?s:.)*none_flow_linear_classical"
    ):
        with_rates_from(replace(known, variants=["classical"]), tried)


def test_studies_that_have_chosen_nothing(tmp_path):
    config = StudyConfig(RUN, heads=["linear"], variants=["trainable"], seeds=1, **ONE)
    no_validation = write_study(tmp_path / "a", config)
    with pytest.raises(ValueError, match="`rates_from` must hold a study with validation images"):
        with_rates_from(config, no_validation)
    unfinished = write_study(tmp_path / "b", replace(config, seeds=[0, 1]), skip=lambda r: r.seed)
    with pytest.raises(
        ValueError, match="must hold a finished study(?s:.)*1 of 2 runs are missing"
    ):
        with_rates_from(config, unfinished)
    with pytest.raises(ValueError, match="with_rates_from: `learning_rates` and(?s:.)*left out wh"):
        with_rates_from(replace(config, learning_rates=[0.1, 0.2]), no_validation)
    with pytest.raises(FileNotFoundError, match="^with_rates_from: `rates_from` must be that of a"):
        with_rates_from(config, tmp_path)
    answer = CliRunner().invoke(cli.main, ["study", "--rates-from", str(tmp_path / "c")])
    assert answer.exit_code == 2 and "which has none" in answer.output


def test_rates_whose_training_failed_are_not_chosen(tmp_path):
    """Such as those that are too large: the study is finished all the same."""
    config = StudyConfig(
        RUN, heads=["linear"], variants=["trainable"], seeds=2, learning_rates=[0.1, 9.0], **ONE
    )
    folder = write_study(tmp_path / "a", config, skip=lambda r: r.seed and r.learning_rate == 9.0)
    for path in folder.glob("runs/*/result.json"):
        is_large = "rate_9.0" in str(path)
        values = f', "val_accuracy": {0.9 if is_large else 0.2}, "val_loss": 1.0}}'
        path.write_text(path.read_text().rstrip("}") + values)
    with pytest.raises(ValueError, match="1 of 4 runs are missing"):
        with_rates_from(replace(config, learning_rates=None), folder)
    (folder / "failed").mkdir()
    (folder / "failed" / "none_flow_linear_trainable_1_rate_9.0.txt").write_text("FloatingPoint")
    known = with_rates_from(replace(config, learning_rates=None), folder)
    assert known.rates["none_flow_linear_trainable"][0] == 0.1


@pytest.mark.parametrize("tried", [{"draws": 2}, {"learning_rates": [0.1, 0.2]}])
def test_a_choice_needs_validation_images(tried, tmp_path):
    config = StudyConfig(RUN, variants=["trainable", "frozen"], **ONE)
    with pytest.raises(ValueError, match="run_study: several learning rates, or draws, need valid"):
        run_study(replace(config, **tried), tmp_path / "study")
    assert not (tmp_path / "study").exists()
