"""The leaderboard of circuits: what counts, statistics against SciPy, files, figures, the command.

The runs are made up: their accuracies are drawn here, and no network is trained.
"""

import itertools
import json
import math
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats

import tfq_resqunn as rq
from tests.study.test_study_report import write_study
from tfq_resqunn import cli
from tfq_resqunn.plots import accuracy_by_descriptor
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.leaderboard import measuring
from tfq_resqunn.study.leaderboard.correlations import correlations, spearman
from tfq_resqunn.study.leaderboard.csv_file import read_table, to_csv
from tfq_resqunn.study.leaderboard.entries import Entry, Numbers, entry_of, merge
from tfq_resqunn.study.leaderboard.reading import read_entries
from tfq_resqunn.study.leaderboard.sources import find_sources
from tfq_resqunn.study.leaderboard.tables import by_data, by_network, to_table
from tfq_resqunn.study.leaderboard.writing import sections, to_markdown, to_text

pytestmark = pytest.mark.once

RUN = RunConfig(depth=1, placement="none", epochs=4, n_train=200, n_test=100)
NUMBERS = Numbers(0.1, 0.5, 4, 0.125)


def config_of(run=RUN, n_seeds=3, **study):
    run = replace(run, placement=None)
    settings = {"placements": ["none"], "heads": ["linear"], "seeds": n_seeds}
    settings |= {"input_gradients": [True], "variants": ["trainable", "frozen"], **study}
    return StudyConfig(run, **settings)


def write_studies(folder, config, *accuracy, **options):
    folder.parent.mkdir(parents=True, exist_ok=True)
    return write_study(folder, config, *accuracy, **options)


def write_run(folder, config, accuracy, unfinished=False, finite=True):
    folder.mkdir(parents=True)
    described = {"config": json.loads(config.to_json()), "image_shape": [8, 8, 1]}
    (folder / "config.json").write_text(json.dumps(described))
    if unfinished:
        (folder / "checkpoint.zip").touch()
    elif finite:
        result = {"test_accuracy": accuracy, "n_weights": 654}
        (folder / "result.json").write_text(json.dumps(result))


def read(*paths):
    return read_entries(find_sources(paths))


def made_up(accuracies, frozen=(), numbers=NUMBERS, **settings):
    """An entry with these accuracies of the seeds 0, 1, ..."""
    config = replace(RUN, **settings)
    return Entry(
        config, (8, 8, 1), dict(enumerate(accuracies)), dict(enumerate(frozen)), 654, numbers
    )


# --- what counts -----------------------------------------------------------------------------


def test_a_study_of_one_circuit_is_a_row(tmp_path):
    def accuracy(run, rng):
        return 0.5 + 0.1 * run.seed**2 + 0.05 * (run.variant == "trainable") * run.seed

    write_studies(tmp_path / "a", config_of(), accuracy)
    [entry] = read(tmp_path / "a").entries
    assert entry.trained == pytest.approx({0: 0.5, 1: 0.65, 2: 1.0})
    assert entry.frozen == pytest.approx({0: 0.5, 1: 0.6, 2: 0.9})
    row = to_table([replace(entry, numbers=NUMBERS)]).iloc[0]
    trained, frozen = list(entry.trained.values()), list(entry.frozen.values())
    expected = stats.ttest_1samp(trained, 0).confidence_interval()
    assert (row.n_seeds, row.accuracy) == (3, pytest.approx(np.mean(trained)))
    assert (row.low, row.high) == pytest.approx((expected.low, expected.high))
    expected = stats.ttest_rel(trained, frozen).confidence_interval()
    assert (row.n_pairs, row.difference) == (3, pytest.approx(0.05))
    assert (row.difference_low, row.difference_high) == pytest.approx((expected.low, expected.high))


def test_frozen_runs_are_partners_of_both_input_gradients(tmp_path):
    write_studies(tmp_path / "a", config_of(replace(RUN, depth=2), input_gradients=[True, False]))
    entries = read(tmp_path / "a").entries
    assert [entry.config.input_gradient for entry in entries] == [True, False]
    assert entries[0].frozen == entries[1].frozen != {}
    assert entries[0].trained != entries[1].trained


@pytest.mark.parametrize("sums", [{"shortcut": "conv"}, {"merge": "rezero"}], ids=str)
def test_beside_trained_sums_frozen_runs_have_one_partner(sums, tmp_path):
    run = replace(RUN, depth=2, **sums)
    write_studies(tmp_path / "a", config_of(run, input_gradients=[True, False]))
    entries = read(tmp_path / "a").entries
    assert [entry.config.input_gradient for entry in entries] == [True, False]
    assert [*entries[0].frozen] == [*entries[1].frozen] == [0, 1, 2]
    assert entries[0].frozen != entries[1].frozen


def test_what_does_not_count_is_counted(tmp_path):
    runs = tmp_path / "runs"
    variants = ["trainable", "frozen", "classical", "pixels"]
    config = config_of(variants=variants)
    missing = ("trainable", 2)
    write_studies(runs / "study", config, skip=lambda run: (run.variant, run.seed) == missing)
    failed = runs / "study" / "failed" / "none_flow_linear_trainable_2.txt"
    failed.parent.mkdir()
    failed.write_text("ValueError: x")
    write_run(runs / "digits-001", replace(RUN, seed=7), 0.5)
    write_run(runs / "digits-002", replace(RUN, seed=8), 0.5, unfinished=True)
    write_run(runs / "digits-003", replace(RUN, seed=9), 0.5, finite=False)
    write_run(runs / "digits-004", replace(RUN, seed=7), 0.6)
    write_run(runs / "digits-005", replace(RUN, ansatz="sim_1", trainable=False), 0.6)
    write_run(runs / ".hidden", RUN, 0.5)
    found = read(runs)
    [entry] = found.entries
    assert [*entry.trained] == [0, 1, 7] and entry.trained[7] == 0.5
    assert found.left_out == {
        "not finished": 1,
        "without a result": 1,
        "failed": 1,
        "of a control": 6,
        "of frozen circuits without trained ones": 1,
        "of a seed that is there with another accuracy": 1,
    }


def test_chosen_rates_are_none_of_the_settings_and_that_is_said(tmp_path):
    """Trained and frozen circuits stay partners, whatever rates each of them has."""
    config = config_of(learning_rates=[0.1, 0.2], head_learning_rates=[0.3, 0.4], draws=2)
    plain = read(write_studies(tmp_path / "a", config_of()))
    found = read(write_studies(tmp_path / "b", config))
    [entry], [usual] = found.entries, plain.entries
    assert entry.config == usual.config and [*entry.trained] == [*entry.frozen] == [0, 1, 2]
    assert found.left_out == {"of rates or draws that were not chosen": 3 * (4 + 2 * 2 - 2)}
    remark = (
        "In 1 of 1 rows, learning rates were chosen for each arm of a study; what stands above as "
        "the learning rate is that study's, not theirs."
    )
    assert found.remarks == (remark,) and not plain.remarks
    table = to_table([replace(entry, numbers=NUMBERS), made_up([0.1], ansatz="sim_1")])
    (tmp_path / "board.csv").write_text(to_csv(table), encoding="utf-8")
    assert read(tmp_path / "board.csv").remarks == (remark.replace("1 of 1", "1 of 2"),)


def test_a_run_that_is_named_twice_counts_once(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.study.test_study_report.RUN", config_of().run)
    write_studies(tmp_path / "a", config_of())
    found = read(tmp_path / "a", tmp_path, tmp_path / "a" / "runs")
    assert found.entries == read(tmp_path / "a").entries
    assert not found.left_out


SAME = [
    ({"placement": "X+O1"}, {"placement": None}),
    ({"input_gradient": True}, {"input_gradient": False}),
    ({"seed": 0}, {"seed": 1}),
    ({"learning_rate": 0.1}, {"learning_rate": 0.1, "head_learning_rate": 0.1}),
    ({"noise": {}}, {"noise": None}),
]
OTHERS = [
    {"ansatz": "sim_1"}, {"n_layers": 2}, {"observables": "x"}, {"epochs": 5}, {"n_train": 100},
    {"kernel_size": (2, 4)}, {"noise": {"bit_flip": 0.1}}, {"head": "none"},
    {"head_learning_rate": 0.5}, {"draw": 1},
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_settings_that_change_nothing_are_one(one, other):
    entries, _ = merge(entry_of(replace(RUN, **c), (8, 8, 1), 0.5, 1) for c in (one, other))
    assert len(entries) == 1


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_settings_that_matter_are_different_rows(other):
    runs = (RUN, replace(RUN, **other))
    assert len(merge(entry_of(config, (8, 8, 1), 0.5, 1) for config in runs)[0]) == 2


# --- places that hold nothing of use ---------------------------------------------------------


def test_nothing_there(tmp_path):
    expected = (
        "leaderboard: `results` must be folders of studies or runs, folders that hold such, or CSV "
        "files that `resqunn leaderboard --csv` has written.\nReceived {}.\nMake a study with "
        "`resqunn study`, or a run with `resqunn train`."
    )
    what = "a folder without a study.json or a config.json, in it or in its folders"
    places = {tmp_path: what, tmp_path / "x": "which does not exist"}
    if os.path.exists(os.devnull):
        places[Path(os.devnull)] = "which is neither"
    for path, said in places.items():
        with pytest.raises(FileNotFoundError) as error:
            read(path)
        assert str(error.value) == expected.format(f"{path}, {said}")


def test_nothing_finished(tmp_path):
    write_run(tmp_path / "a", RUN, 0.5, unfinished=True)
    write_run(tmp_path / "b", replace(RUN, trainable=False), 0.5)
    message = (
        "leaderboard: `results` must hold a finished run with trained circuits.\nReceived these "
        "runs alone: 1 not finished, 1 of frozen circuits without trained ones.\nThe command that "
        "began a run or a study goes on with it."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read(tmp_path)


GOOD = {"config": {}, "image_shape": [8, 8, 1]}
BROKEN = {
    "no JSON": ("config.json", "{"),
    "another setting": ("config.json", json.dumps({**GOOD, "config": {"qubits": 3}})),
    "no configuration": ("config.json", "[]"),
    "no channels": ("config.json", json.dumps({**GOOD, "image_shape": [8, 8]})),
    "sizes of text": ("config.json", json.dumps({**GOOD, "image_shape": "881"})),
    "bad placement": ("config.json", json.dumps({**GOOD, "config": {"placement": "X+O9"}})),
    "deep": ("config.json", "[" * 100_000),
    "no accuracy": ("result.json", "{}"),
    "accuracy of 2": ("result.json", '{"test_accuracy": 2, "n_weights": 1}'),
    "accuracy of NaN": ("result.json", '{"test_accuracy": NaN, "n_weights": 1}'),
    "accuracy of text": ("result.json", '{"test_accuracy": "0.5", "n_weights": 1}'),
    "no bytes of text": ("result.json", b"\xff"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_runs_that_cannot_be_read_are_named(name, tmp_path):
    write_run(tmp_path / "a", RUN, 0.5)
    file, content = BROKEN[name]
    path = tmp_path / "a" / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError) as error:
        read(tmp_path)
    assert "must be what a run has written. It cannot be read: " in str(error.value)
    assert str(path.parent) in str(error.value)
    assert str(error.value).endswith("\nRemove that run's folder, or name others.")


# --- tables ----------------------------------------------------------------------------------


def test_rows_are_sorted_and_divided_by_images():
    entries = [
        made_up([0.5, 0.6]),
        made_up([0.7, 0.8], ansatz="sim_1"),
        made_up([0.9, 0.9], n_train=100),
        replace(made_up([0.2, 0.3]), image_shape=(8, 8, 3)),
        made_up([0.6, 0.7], epochs=5),
    ]
    table = to_table(entries)
    assert [*table.accuracy] == pytest.approx([0.9, 0.75, 0.65, 0.55, 0.25])
    assert [[*part.accuracy.round(2)] for part in by_data(table)] == [
        [0.9], [0.75, 0.65, 0.55], [0.25],
    ]  # fmt: skip
    assert [len(part) for part in by_network(by_data(table)[1])] == [2, 1]


def test_one_seed_and_no_frozen_runs():
    row = to_table([made_up([0.5])]).iloc[0]
    assert (row.n_seeds, row.accuracy, row.n_pairs) == (1, 0.5, 0)
    assert row[["low", "high", "difference", "difference_low"]].isna().all()


def test_pairs_are_of_the_seeds_that_both_have():
    entry = replace(made_up([]), trained={0: 0.5, 1: 0.6, 5: 0.9}, frozen={5: 0.7, 1: 0.5, 2: 0.1})
    row = to_table([entry]).iloc[0]
    assert (row.n_pairs, row.difference) == (2, pytest.approx(0.15))


# --- what predicts accuracy ------------------------------------------------------------------


def test_spearman_is_scipys():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 8, (2, 12))  # with ties
    assert spearman(x, y)[0] == pytest.approx(stats.spearmanr(x, y).statistic)


def test_p_counts_permutations():
    x, y = [0.1, 0.4, 0.2, 0.9, 0.7, 0.3], [3, 1, 4, 1, 5, 9]
    rho, p = spearman(x, y)
    others = [stats.spearmanr(x, order).statistic for order in itertools.permutations(y)]
    extreme = min(np.mean(np.array(others) >= rho - 1e-9), np.mean(np.array(others) <= rho + 1e-9))
    assert p == pytest.approx(min(1, 2 * extreme))


# Critical values of Spearman's rho at a two-sided level of 5% (Zar 1972), by the number of pairs.
CRITICAL = {6: 0.886, 7: 0.786}


@pytest.mark.parametrize("n", CRITICAL)
def test_p_agrees_with_published_critical_values(n):
    critical = CRITICAL[n]
    found = {}
    for order in itertools.islice(itertools.permutations(range(n)), 120):
        rho, p = spearman(range(n), order)
        found[round(rho, 3)] = p
    above = [p for rho, p in found.items() if rho >= critical - 5e-4]
    below = [p for rho, p in found.items() if 0 <= rho < critical - 5e-4]
    assert max(above) <= 0.05 < min(below)


def entries_by(values, accuracies, **settings):
    """Circuits with these expressibilities; they differ in nothing else."""
    return [
        made_up([a], numbers=Numbers(v, 0.5, 4, 1), ansatz=f"sim_{k}", **settings)
        for k, (v, a) in enumerate(zip(values, accuracies, strict=True), 1)
    ]


def test_correlations_are_corrected_together():
    down, up = np.linspace(0.9, 0.3, 7), [0.3, 0.5, 0.4, 0.8, 0.6, 0.9, 0.7]
    first = entries_by(range(1, 8), down)
    second = entries_by(range(1, 8), up, epochs=5)
    tests = correlations(to_table([*first, *second]))
    # Entanglement and angles are the same for all circuits.
    assert [*tests.predictor] == ["expressibility"] * 2 and [*tests.n] == [7, 7]
    assert tests.rho.min() == pytest.approx(-1)
    assert tests.p.min() == pytest.approx(2 / math.factorial(7))
    # By hand: the smaller p is doubled, the larger one stays.
    assert [*tests.p_corrected.sort_values()] == pytest.approx([2 * tests.p.min(), tests.p.max()])
    assert [*tests.is_shown] == [*(tests.p_corrected < 0.05)]


@pytest.mark.parametrize(
    ("values", "accuracies"),
    [
        (range(5), [0.1, 0.2, 0.3, 0.4, 0.5]),
        ([1, 2, 3, 4, 5, math.nan], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        ([1] * 7, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        (range(7), [0.5] * 7),
    ],
    ids=["few", "few with a number", "equal numbers", "equal accuracies"],
)
def test_what_is_not_tested(values, accuracies):
    assert correlations(to_table(entries_by(values, accuracies))).empty


# --- descriptors -----------------------------------------------------------------------------


def test_numbers_are_those_of_the_layer(monkeypatch):
    monkeypatch.setattr(measuring, "N_SAMPLES", 100)
    settings = {"encoder": "iqp", "ansatz": "sim_14", "n_uploads": 2, "kernel_size": (1, 2)}
    entry = replace(made_up([0.5], numbers=None, **settings), image_shape=(8, 8, 2))
    counted = []
    others = [replace(entry, image_shape=(9, 9, 2)), replace(entry, trained={0: 0.1})]
    measured, problems = measuring.measure([entry, *others], counted.append)
    assert counted == [1] and not problems
    assert len({e.numbers for e in measured}) == 1
    layer = rq.Quanv2D(**settings)
    layer.build((None, 8, 8, 2))
    numbers = measured[0].numbers
    assert numbers.n_weights == len(layer.circuit.weights)
    assert numbers.microseconds == next(
        c.microseconds for c in layer.plan.candidates if c.name == layer.plan.chosen
    )
    for name in ("expressibility", "entangling_capability"):
        assert getattr(numbers, name) == getattr(rq, name)(layer.circuit, n_samples=100)


def test_what_is_known_is_not_measured():
    measured, problems = measuring.measure([made_up([0.5])], pytest.fail)
    assert measured == [made_up([0.5])] and not problems


PROBLEMS = {
    "a name of another program": (
        {"ansatz": "mine"},
        "Not all is known of angle with mine. Quanv2D: `ansatz` must be one of 'basic_entangler', ",
        {"n_weights", "microseconds", "expressibility", "entangling_capability"},
    ),
    "many qubits": (
        {"kernel_size": 5},
        "Not all is known of angle with basic_entangler. expressibility: `circuit` must have at "
        "most 20 qubits",
        {"expressibility", "entangling_capability"},
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_cannot_be_measured(name):
    settings, said, unknown = PROBLEMS[name]
    [entry], [problem] = measuring.measure([made_up([0.5], numbers=None, **settings)])
    assert problem.startswith(said)
    assert {n for n, value in vars(entry.numbers).items() if math.isnan(value)} == unknown
    [section] = sections(to_table([entry]))
    assert "-" in section.rows[0]


# --- the CSV file ----------------------------------------------------------------------------

WRITTEN = [
    {},
    {"classes": (3, 8), "kernel_size": (2, 3), "image_size": 4, "validation": 0.25},
    {"classes": ("3", 'a, "b"'), "noise": {"bit_flip": 0.1}, "channels": "rgb"},
    {"depth": 3, "placement": "X+O1, O2+O3", "input_gradient": False},
    {"dataset": "a, b.npz", "repetitions": 10, "backend": "noiseless", "patience": 3},
]


def test_a_file_is_read_as_it_was_written(tmp_path):
    nothing = Numbers(math.nan, math.nan, math.nan, math.nan)
    entries = [
        made_up([0.1 + 0.2 * k, 1 / 3], [0.5, 2 / 7], **settings)
        for k, settings in enumerate(WRITTEN)
    ]
    entries.append(made_up([0.01], ansatz="sim_2", numbers=nothing))
    table = to_table(entries)
    path = tmp_path / "board.csv"
    path.write_text(to_csv(table), encoding="utf-8")
    pd.testing.assert_frame_equal(to_table(read(path).entries), table, check_exact=True)
    assert to_csv(to_table(read(path).entries)) == path.read_text(encoding="utf-8")
    assert pd.read_csv(path)["accuracy"].to_list() == pytest.approx([*table["accuracy"]])


def test_seeds_of_a_file_and_a_folder_add_up(tmp_path):
    (tmp_path / "a.csv").write_text(to_csv(to_table([made_up([0.5, 0.6], [0.4])])))
    write_run(tmp_path / "b", replace(RUN, seed=1), 0.6)
    write_run(tmp_path / "c", replace(RUN, seed=2), 0.7)
    write_run(tmp_path / "d", replace(RUN, seed=1, trainable=False), 0.3)
    found = read(tmp_path / "a.csv", tmp_path / "b", tmp_path / "c", tmp_path / "d")
    expected = replace(made_up([0.5, 0.6, 0.7], [0.4, 0.3]), parameters=654, numbers=NUMBERS)
    assert found.entries == (expected,) and not found.left_out


def changed(column, text):
    """A file with another text in a column."""

    def change(table):
        return table.assign(**{column: text})

    return change


WRONG_FILES = {
    "accuracy": (changed("accuracies", "[0.5, 1.5]"), "must be a finite number of at least 0"),
    "accuracy of NaN": (changed("accuracies", "[0.5, NaN]"), "must be a finite number"),
    "seeds": (changed("seeds", "[0]"), "zip() argument 2 is longer"),
    "no list": (changed("seeds", "7"), "not iterable"),
    "a setting": (changed("depth", '"x"'), "`depth` must be an integer"),
    "placement": (changed("placement", "O7+O8"), "There is no layer"),
    "descriptor": (changed("entangling_capability", "2"), "entangling_capability must be"),
    "number": (changed("expressibility", "x"), "could not convert string to float"),
    "shape": (changed("image_shape", "[8, 8]"), "`image_shape` must be three sizes"),
    "parameters": (changed("parameters", ""), "`parameters` must be an integer"),
    "no flag": (changed("has_chosen_rates", '"no"'), "`has_chosen_rates` must be True or False"),
    "JSON": (changed("classes", "[" * 100_000), "maximum recursion depth"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_files_that_say_what_cannot_be(name, tmp_path):
    change, said = WRONG_FILES[name]
    path = tmp_path / "board.csv"
    table = pd.read_csv(pd.io.common.StringIO(to_csv(to_table([made_up([0.5, 0.6])]))), dtype=str)
    change(table).to_csv(path, index=False)
    with pytest.raises(ValueError) as error:
        read_table(path)
    message = str(error.value)
    assert message.startswith(
        f"leaderboard: {path} must be what `resqunn leaderboard --csv` has written. Its line 2 "
        "cannot be read: "
    )
    assert said in message and message.endswith("or name the folders of the runs themselves.")


HEADERS = {
    "another table": ("placement,seed\nnone,3\n", "a file without the column 'expressibility'"),
    "nothing": ("", "a file without the column 'expressibility'"),
    "no text": ("\0\n", "a file without the column 'expressibility'"),
    "a setting of another version": (None, "a file with the column 'qubits'"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_files_that_are_no_leaderboard(name, tmp_path):
    content, said = HEADERS[name]
    table = to_csv(to_table([made_up([0.5])])).replace("dataset,", "qubits,", 1)
    path = tmp_path / "board.csv"
    path.write_text(table if content is None else content)
    with pytest.raises(ValueError) as error:
        find_sources([path])
    assert str(error.value) == (
        "leaderboard: `results` must be folders of studies or runs, folders that hold such, or CSV "
        f"files that `resqunn leaderboard --csv` has written.\nReceived {path}, {said}.\n"
        "Name the folders of the runs themselves."
    )


@pytest.mark.parametrize("column", ["merge", "has_chosen_rates"])
def test_a_setting_that_a_file_lacks_has_its_default(column, tmp_path):
    table = pd.read_csv(pd.io.common.StringIO(to_csv(to_table([made_up([0.5])]))), dtype=str)
    table.drop(columns=column).to_csv(tmp_path / "board.csv", index=False)
    assert read(tmp_path / "board.csv").entries == (made_up([0.5]),)


# --- what is said ----------------------------------------------------------------------------


def test_text():
    entries = [
        made_up([0.5, 0.6, 0.7], [0.5, 0.5, 0.6], ansatz="sim_1", epochs=4),
        made_up([0.9], [0.8], numbers=Numbers(math.nan, math.nan, 12, 1.5), epochs=5),
    ]
    [section] = sections(to_table(entries))
    *table, empty, _, _, _, _ = to_text(section).splitlines()
    assert empty == "" and table == [
        "digits, images of 8 x 8 x 1, --n-train 200 --n-test 100",
        "all with --depth 1 --placement none",
        "",
        "                                                     accuracy      trained - frozen  "
        "expressi-  entangling                           us",
        "encoder  ansatz           epochs  seeds        (95% interval)              (points)  "
        "   bility  capability  angles  parameters  a patch",
        "-------  ---------------  ------  -----  --------------------  --------------------  "
        "---------  ----------  ------  ----------  -------",
        "angle    basic_entangler  5           1                 90.0%                 +10.0  "
        "        -           -      12         654      1.5",
        "angle    sim_1            4           3  60.0% (35.2 to 84.8)  +6.7 (-7.7 to +21.0)  "
        "    0.100       0.500       4         654    0.125",
    ]


def test_findings_say_no_more_than_is_shown():
    table = to_table(entries_by(range(1, 8), np.linspace(0.9, 0.3, 7)))
    [section] = sections(table)
    assert section.findings == (
        "expressibility: -1.00 over 7 circuits, p <0.001, corrected <0.001: shown",
    )
    assert "corrected for 1 test (Holm)" in section.sentences[-1]
    table = to_table(entries_by(range(1, 8), [0.3, 0.5, 0.4, 0.6, 0.35, 0.55, 0.45]))
    assert sections(table)[0].findings[0].endswith(": not shown")
    assert sections(many(7))[0].sentences[0] == (
        "The first of 7 rows has had luck as well: where intervals overlap, the order may be "
        "another with other seeds."
    )
    single = sections(to_table([made_up([0.5]), made_up([0.6], n_layers=2)]))[0].sentences[0]
    assert single == ("No row has an interval, and the order may be luck alone: train more seeds.")
    [few] = sections(to_table(entries_by([1, 2], [0.5, 0.6])))
    assert few.findings == () and "is not tested: that takes 6 circuits" in few.sentences[-1]


def test_findings_name_their_network():
    first = entries_by(range(1, 8), np.linspace(0.9, 0.3, 7))
    second = entries_by(range(1, 7), np.linspace(0.4, 0.5, 6), epochs=5, head="none")
    [section] = sections(to_table([*first, *second]))
    assert [finding.partition(": ")[0] for finding in section.findings] == [
        "head linear, epochs 4, expressibility", "head none, epochs 5, expressibility",
    ]  # fmt: skip


def test_markdown():
    text = to_markdown(
        sections(to_table([made_up([0.5], dataset="<b>|x.npz")])),
        ["Runs that do not count: 1 *x*."],
    )
    assert "## \\<b\\>|x.npz, images of 8 x 8 x 1" in text
    assert "| encoder | ansatz          | seeds | accuracy (95% interval) | " in text
    assert " expressibility |" in text
    assert text.endswith("\n\nRuns that do not count: 1 \\*x\\*.\n")


# --- the picture -----------------------------------------------------------------------------


def many(n, seed=0):
    rng = np.random.default_rng(seed)
    numbers = zip(10 ** rng.uniform(-3, 0, n), rng.uniform(0, 1, n), strict=True)
    return to_table(
        made_up(
            rng.uniform(0.3, 0.9, 3), numbers=Numbers(*pair, 4, 1),
            encoder=f"encoder_{k % 7}", ansatz=f"sim_{k}",
        )
        for k, pair in enumerate(numbers)
    )  # fmt: skip


def test_picture_shows_all_circuits(tmp_path):
    table = many(20)
    figure = accuracy_by_descriptor({"digits": table}, tmp_path / "board.png")
    assert (tmp_path / "board.png").read_bytes().startswith(b"\x89PNG")
    left, right = figure.axes
    for axes, name in ((left, "expressibility"), (right, "entangling_capability")):
        points = [point for line in axes.lines for point in zip(*line.get_data(), strict=True)]
        assert sorted(points) == sorted(zip(table[name], table.accuracy, strict=True))
    assert (left.get_xscale(), right.get_xscale()) == ("log", "linear")
    assert left.get_title(loc="left") == "digits"
    # Told apart without colour: marker and filling.
    looks = {(line.get_marker(), line.get_markerfacecolor() == "white") for line in left.lines}
    assert len(looks) == table.encoder.nunique() == 7


def test_labels_hide_nothing():
    figure = accuracy_by_descriptor({"digits": many(150)})
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert 5 < len(boxes) <= 20
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
        assert axes.texts[0].get_text() == many(150).ansatz[0]  # the best has one


def test_circuits_without_a_number_are_left_out():
    table = many(3)
    table.loc[0, "expressibility"] = math.nan
    left, right = accuracy_by_descriptor({"a": table, "b": table}).axes[:2]
    assert [len(axes.texts) for axes in (left, right)] == [2, 3]


def test_too_many_panels():
    message = (
        "accuracy_by_descriptor: `tables` must be at most 50. Received 51. Choose fewer "
        "results for a figure."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        accuracy_by_descriptor({str(k): many(1) for k in range(51)})


# --- the command -----------------------------------------------------------------------------


@pytest.fixture
def resqunn(tmp_path, monkeypatch):
    """Run the command in an empty folder, with few samples."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(measuring, "N_SAMPLES", 50)
    return lambda *arguments: CliRunner().invoke(
        cli.main, ["leaderboard", *arguments], prog_name="resqunn"
    )


def test_command(resqunn, tmp_path, monkeypatch):
    write_studies(tmp_path / "runs" / "a", config_of(replace(RUN, ansatz="sim_1")))
    write_run(tmp_path / "runs" / "b", RUN, 0.5)
    write_run(tmp_path / "runs" / "c", replace(RUN, dataset="mnist"), 0.6)
    write_run(tmp_path / "runs" / "d", RUN, 0.6, unfinished=True)
    files = ["--csv=a.csv", "--markdown=a.md", "--picture=a.svg"]
    first = resqunn("runs", *files)
    assert first.exit_code == 0, first.output
    assert "mnist, images of 8 x 8 x 1" in first.stdout
    assert first.stdout.endswith(
        "\n\nRuns that do not count: 1 not finished.\n\n"
        "table   a.csv\ntext    a.md\npicture a.svg\n"
    )
    assert "measuring circuits" in first.stderr
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").count("<text") == 0  # letters are paths
    # What a file knows is not computed again.
    monkeypatch.setattr(measuring, "measure", pytest.fail)
    again = resqunn("a.csv", "runs", "--csv=b.csv")
    assert again.exit_code == 0, again.output
    assert "measuring" not in again.stderr
    assert again.stdout.partition("\n\ntable")[0] == first.stdout.partition("\n\ntable")[0]
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_an_error_leaves_no_file(resqunn, tmp_path):
    result = resqunn("none", "--csv=a.csv")
    assert result.exit_code == 2
    assert result.output.startswith("Error: RESULTS must be folders of studies or runs, ")
    assert [*tmp_path.iterdir()] == []
