"""The folder of a study: what its files may hold, and the command that is written there."""

import json
import math
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tests.helpers.studies import train_with
from tests.helpers.systems import words_of
from tests.study.test_study_report import RUN, write_study
from tfq_resqunn import cli
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.settings import option_words, settings_of
from tfq_resqunn.runs.training import load_data
from tfq_resqunn.study.command import command_line, read_settings
from tfq_resqunn.study.config import COMMON, VARIED, StudyConfig
from tfq_resqunn.study.folder import is_done, store_run
from tfq_resqunn.study.local_cluster import how_it_ended
from tfq_resqunn.study.report import write_report
from tfq_resqunn.study.results import load_results
from tfq_resqunn.study.runner import run_study
from tfq_resqunn.study.scheduling import Outcome
from tfq_resqunn.study.worker import train_run

pytestmark = pytest.mark.once

# --- the command that repeats a study ----------------------------------------------------------

# A value for each field that is not the default.
OTHERS = {
    "dataset": "my images.npz", "classes": (3, 8), "n_train": 7, "n_test": 8, "image_size": 5,
    "depth": 3, "kernel_size": 3, "padding": "same", "filters": 2, "encoder": "iqp",
    "ansatz": "sim_14", "n_layers": 2, "n_uploads": 3, "observables": "Z0*Z1 - X0",
    "shortcut": "conv", "readout": "channels", "backend": "noiseless", "repetitions": 100,
    "noise": {"depolarizing": 0.01, "readout_error": 1e-05}, "merge": "rezero",
    "channels": "gray", "validation": 0.25, "patience": 4, "epochs": 3, "batch_size": 5,
    "learning_rate": 1e-05, "head_learning_rate": 0.003,
}  # fmt: skip


def test_every_field_has_another_value():
    assert set(OTHERS) == set(RunConfig.__dataclass_fields__) - set(VARIED)
    assert all(getattr(COMMON, name) != value for name, value in OTHERS.items())


def configurations():
    for name, value in OTHERS.items():
        yield name, StudyConfig(replace(COMMON, **{name: value}))
    yield "all", StudyConfig(RunConfig(**OTHERS), variants=["frozen"], seeds=[4], heads=["linear"])
    yield "no head", StudyConfig(COMMON, heads=["none"])
    yield "pair", StudyConfig(replace(COMMON, kernel_size=(2, 4)))
    yield "placements", StudyConfig(COMMON, placements=["none"], input_gradients=[False])
    yield "deep", StudyConfig(replace(COMMON, depth=9), placements=["X+O1, O2+O9"], seeds=[1, 5])
    rates = {"none_flow_linear_trainable": (0.1, None), "none_flow_linear_frozen": (1e-05, 0.01)}
    one = {"placements": ["none"], "input_gradients": [True], "heads": ["linear"]}
    yield (
        "tried",
        StudyConfig(
            COMMON, learning_rates=[0.01, 1e-05], head_learning_rates=[0.3], draws=3, **one
        ),
    )
    yield "rates", StudyConfig(COMMON, variants=["trainable", "frozen"], rates=rates, **one)
    yield (
        "other order",
        StudyConfig(
            COMMON, input_gradients=[False, True], heads=["none", "linear"], variants=["frozen"]
        ),
    )


@pytest.mark.parametrize("config", [pytest.param(c, id=name) for name, c in configurations()])
@pytest.mark.parametrize("jobs", [None, 3])
def test_click_reads_every_command_as_the_study_it_is_of(config, jobs, tmp_path, monkeypatch):
    made = []
    module = sys.modules["tfq_resqunn.cli.study"]  # the command has the same name
    monkeypatch.setattr(module, "check_run", lambda run: None)  # whose data set may not be there
    monkeypatch.setattr(
        "tfq_resqunn.study.runner.run_study",
        lambda config, out, n_jobs, **_: made.append((config, out, n_jobs)),
    )
    monkeypatch.setattr(module, "_show_results", lambda *_: None)
    command = words_of(command_line(config, tmp_path, jobs))
    result = CliRunner().invoke(cli.main, command[1:])
    assert result.exit_code == 0, result.output
    assert made == [(config, tmp_path, jobs)]
    assert "--config" not in command


def test_a_run_is_made_again_by_its_options():
    without_head_rate = {**OTHERS, **VARIED_OTHERS, "head_learning_rate": None}
    with_head_rate = {**OTHERS, **VARIED_OTHERS, "head": "linear"}
    usual = {"image_size": (4, 5), "noise": {}}
    for config in [RunConfig(**s) for s in (without_head_rate, with_head_rate, usual)]:
        words = [*option_words(config, RunConfig())]
        assert RunConfig(**settings_read(cli.train, words)) == config
    assert set(VARIED_OTHERS) == set(VARIED)


VARIED_OTHERS = {
    "placement": "X+O1, O2+O3", "head": "none", "control": "surrogate", "input_gradient": False,
    "trainable": False, "seed": 5, "draw": 2,
}  # fmt: skip


def settings_read(command, words):
    """What click makes of the options of a run."""
    read = command.make_context("train", words).params
    return {name: value for name, value in read.items() if name in settings_of(RunConfig)}


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """A study of one run; what becomes of it is set by the test."""
    x, y = np.random.default_rng(0).random((24, 4, 4)), np.arange(24) % 2
    np.savez(tmp_path / "tiny.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    run = RunConfig(dataset=str(tmp_path / "tiny.npz"), depth=1, epochs=2)
    config = StudyConfig(
        run, placements=["none"], input_gradients=[True], heads=["linear"], seeds=1,
        variants=["trainable"],
    )  # fmt: skip

    def run_jobs(cluster, jobs):
        for job in jobs:
            config, folder = RunConfig.from_json(job.config), tmp_path / "trained" / job.name
            try:
                train_run(config, load_data(config), folder)
                files = {path.name: path.read_bytes() for path in folder.iterdir()}
                yield Outcome(job, files, None, 1)
            except ArithmeticError as error:
                yield Outcome(job, None, f"Traceback\n  x\n{type(error).__name__}: {error}\n", 1)

    train_with(monkeypatch, run_jobs)
    return config


def test_a_run_whose_loss_is_no_number_has_failed(failing, tmp_path):
    folder = tmp_path / "study"
    config = replace(failing, run=replace(failing.run, learning_rate=1e38))
    command = [*words_of(command_line(config, folder))[1:], "--jobs=1"]
    result = CliRunner().invoke(cli.main, command)
    assert result.exit_code == 1
    said = r"FAILED: FloatingPointError: The loss is (nan|inf) from epoch \d of 2 on\."
    assert re.search(said, result.output)
    assert f"To try those again: {command_line(config, folder, 1)}" in result.output
    assert load_results(folder).n_missing == 1
    assert not list((folder / "runs").iterdir())
    assert "No run of this study is finished yet" in (folder / "report.md").read_text()


@pytest.mark.parametrize(
    ("code", "said"),
    [(-15, "signal SIGTERM"), (1, "exit code 1"), (3221225477, "exit code 0xC0000005")],
)
def test_how_a_worker_ended(code, said):
    assert how_it_ended(code) == said


def test_nothing_failed_and_nothing_says_so(failing, tmp_path):
    run_study(failing, tmp_path / "study", n_jobs=1, report=False)
    assert not (tmp_path / "study" / "failed").exists()


@pytest.mark.parametrize(
    "files",
    [{}, {"model.keras": b""}, {"result.json": b"{}", "../x": b""}, {"result.json": b"{"}],
)
def test_files_that_are_not_those_of_a_run_are_refused(tmp_path, files):
    with pytest.raises(ValueError):
        store_run(files, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


# --- a study of version 0.2.0 ------------------------------------------------------------------

OLDER = Path(__file__).parents[1] / "data" / "study_0_2_0"


@pytest.fixture
def older(tmp_path):
    return shutil.copytree(OLDER, tmp_path / "older")


def test_an_older_study_is_read_and_reported(older):
    results = load_results(older)
    assert (len(results.table), results.n_missing, results.failures) == (10, 20, {})
    assert " --depth 2 " in results.command and "--layers" not in results.command
    write_report(older)
    assert results.command in (older / "report.md").read_text()
    (older / "report.md").unlink()
    result = CliRunner().invoke(cli.main, ["study", "--out", str(older), "--report-only"])
    assert result.exit_code == 0, result.output
    assert (older / "report.md").is_file()


def test_an_older_study_goes_on(older, monkeypatch):
    """Its runs have no model.keras, and are done all the same."""
    config, started = load_results(older).config, []

    def run_jobs(cluster, jobs):
        started.extend(job.name for job in jobs)
        yield from ()

    train_with(monkeypatch, run_jobs)
    before = {path: path.read_bytes() for path in older.glob("runs/*/*")}
    assert all(is_done(older, run) == (run.seed == 0) for run in config.runs())
    run_study(config, older, report=False)
    assert started == [run.id for run in config.runs() if run.seed > 0]
    assert {path: path.read_bytes() for path in older.glob("runs/*/*")} == before


# --- damaged files -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    config = StudyConfig(RUN, seeds=1, placements=("none",), heads=("linear",))
    return write_study(tmp_path_factory.mktemp("studies") / "whole", config)


GARBAGE = [b"", b"{", b"[]", b"3", b"null", b"\xff\xfe\x00", b"\x00" * 50, b"a,b\n1,2\n",
           b"[" * 10**5]  # fmt: skip
DAMAGED = [
    *(("result.json", garbage) for garbage in GARBAGE),
    ("result.json", b'{"test_accuracy": 1}'),
    ("result.json", {"test_accuracy": "high"}),
    ("result.json", {"n_weights": None}),
    ("result.json", {"seconds": [1]}),
    ("result.json", {"train_loss": True}),
    *((name, garbage) for name in ("history.csv", "gradients.csv") for garbage in GARBAGE),
    ("history.csv", b"epoch,loss,accuracy,val_loss,val_accuracy\n1,low,0,0,0\n"),
    ("history.csv", b"epoch,loss,accuracy,val_loss,val_accuracy\n1.5,0,0,0,0\n"),
    ("history.csv", b"epoch,loss,accuracy,val_loss,val_accuracy\n1,0,0,0,0,7,8\n1,2\n"),
    ("gradients.csv", b"epoch,layer,kind,n_weights,state,norm,zeros\nx,a,b,1,flows,1,0\n"),
    *(("config.json", garbage) for garbage in GARBAGE),
    ("config.json", {"image_shape": [math.inf, 8, 1]}),
]


@pytest.mark.parametrize(("name", "content"), DAMAGED)
def test_damaged_files_of_a_run_are_named(folder, name, content):
    path = next((folder / "runs").glob(f"*/{name}"))
    before = path.read_bytes()
    if isinstance(content, dict):
        content = json.dumps({**json.loads(before), **content}).encode()
    path.write_bytes(content)
    try:
        result = CliRunner().invoke(cli.main, ["study", "--report-only", "--out", str(folder)])
    finally:
        path.write_bytes(before)
    assert isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 2
    assert str(path) in result.output
    assert "Remove that run's folder to have it made again." in result.output
    assert not (folder / "report.md").exists()


@pytest.mark.parametrize("content", [*GARBAGE, b'{"config": {}}', b'{"config": 3, "command": ""}'])
def test_damaged_description_of_a_study(tmp_path, content):
    (tmp_path / "study.json").write_bytes(content)
    result = CliRunner().invoke(cli.main, ["study", "--report-only", "--out", str(tmp_path)])
    assert isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 2
    assert f"{tmp_path / 'study.json'} must be what a study has written." in result.output


def test_failures_are_shown_whatever_they_hold(tmp_path):
    config = StudyConfig(RUN, seeds=1, placements=("none",), heads=("linear",))
    folder = write_study(tmp_path / "study", config, skip=lambda run: True)
    (folder / "failed").mkdir()
    (folder / "failed" / f"{config.runs()[0].id}.txt").write_bytes(b"\xff\xfe")
    (folder / "failed" / f"{config.runs()[1].id}.txt").write_bytes(b"")
    result = CliRunner().invoke(cli.main, ["study", "--report-only", "--out", str(folder)])
    assert isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 1


@pytest.mark.parametrize(
    "content",
    [*GARBAGE, b"config: 3", b"run: 3", b"run: [1]", b"seeds: {", b"!!python/object:os.system {}",
     b"run: {1: 2}", b"heads: [[1]]", b"heads: {a: 1}", b"seeds: 1.5", b"seeds: 2020-01-01",
     b"placements: [1]", b"placements: 3", b"inputs: 3", b"run: {epochs: [1]}", b"seeds: []"],
)  # fmt: skip
def test_settings_that_are_none(tmp_path, content):
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    result = CliRunner().invoke(
        cli.main, ["study", "--config", str(path), "--out", str(tmp_path / "study")]
    )
    assert isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 2, result.output
    assert result.output.startswith("Error: ")
    assert [p.name for p in tmp_path.iterdir()] == ["study.yaml"]


def test_settings_of_a_study(folder):
    assert (
        StudyConfig.from_dict(read_settings(folder / "study.json")) == load_results(folder).config
    )
