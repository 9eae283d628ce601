"""Shards: several commands train parts of a study into one folder at the same time."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests.helpers.studies import ROOT, assert_same_results, times_of, train_with, wait_for
from tests.helpers.systems import needs_posix, words_of
from tfq_resqunn import cli
from tfq_resqunn.study.command import command_line
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.folder import partial_folder
from tfq_resqunn.study.locks import locked, locked_shard, shards_at_work
from tfq_resqunn.study.results import load_results
from tfq_resqunn.study.runner import run_study
from tfq_resqunn.study.scheduling import Outcome
from tfq_resqunn.study.shards import in_shard, read_shard, write_shard

pytestmark = pytest.mark.once


@pytest.mark.parametrize("n_parts", [1, 2, 3, 7, 120, 121, 1000])
def test_shards_are_all_runs_each_once(n_parts):
    runs = StudyConfig().runs()
    parts = [in_shard(runs, (part, n_parts)) for part in range(1, n_parts + 1)]
    assert tuple(run for part in parts for run in part) == runs
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert in_shard(runs, None) == runs


def test_text_of_a_shard():
    assert read_shard("3/12") == (3, 12)
    assert write_shard((3, 12)) == "3/12"


@pytest.mark.parametrize(
    "text",
    ["", "/", "1/", "/2", "1.5/2", "a/2", "1/2/3", " 1/2", "1/ 2", "²/3", "0/1", "2/1", "1/0",
     "1/-2", f"1/{10**12}", "9" * 5000 + "/1"],
)  # fmt: skip
def test_text_that_is_no_shard(text):
    with pytest.raises(ValueError):
        read_shard(text)


@pytest.mark.parametrize(
    ("shard", "error", "rule"),
    [
        ((0, 2), ValueError, "(i, n) with 1 <= i <= n"),
        ((3, 2), ValueError, "(i, n) with 1 <= i <= n"),
        ((1, 2, 3), TypeError, "a pair of integers or None"),
        ((1.0, 2), TypeError, "a pair of integers or None"),
        ("1/2", TypeError, "a pair of integers or None"),
    ],
)
def test_wrong_shards(tiny, tmp_path, shard, error, rule):
    with pytest.raises(error) as raised:
        run_study(tiny, tmp_path / "study", shard=shard)
    assert str(raised.value).startswith(f"run_study: `shard` must be {rule}. Received ")
    assert str(raised.value).endswith("Shard 2 of 8 is (2, 8).")
    assert not (tmp_path / "study").exists()


# --- who may train at the same time ------------------------------------------------------------


@pytest.fixture
def trained(finished, monkeypatch):
    """Runs are not trained, but copied; gives the names of those that were asked for."""
    asked = []

    def run_jobs(cluster, jobs):
        for job in jobs:
            asked.append(job.name)
            files = (finished[1] / "runs" / job.name).iterdir()
            yield Outcome(job, {path.name: path.read_bytes() for path in files}, None, 1)

    train_with(monkeypatch, run_jobs)
    return asked


def test_each_shard_trains_its_own_runs_and_the_last_one_reports(trained, finished, tiny, tmp_path):
    names = [run.id for run in tiny.runs()]
    folder = tmp_path / "study"
    for part, expected in [(3, names[2:]), (1, names[:1]), (1, [])]:
        trained.clear()
        results = run_study(tiny, folder, shard=(part, 3))
        assert trained == expected
        assert not (folder / "report.md").exists()
    assert results.n_missing == 1
    written = (folder / "study.json").stat().st_mtime_ns
    trained.clear()
    results = run_study(tiny, folder, shard=(2, 3))
    assert trained == names[1:2]
    assert (folder / "report.md").exists()
    assert (folder / "study.json").stat().st_mtime_ns == written
    assert_same_results(results, finished[0])


def test_progress_counts_the_runs_of_the_shard(trained, tiny, tmp_path):
    steps = []
    run_study(tiny, tmp_path / "study", shard=(2, 2), on_progress=steps.append, report=False)
    assert [(step.n_ended, step.n_runs) for step in steps] == [(1, 2), (2, 2)]


def test_only_what_is_partial_of_the_shard_is_removed(trained, tiny, tmp_path):
    """What another shard is writing stays."""
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.json").write_text(
        json.dumps({"config": tiny.to_dict(), "command": ""})
    )
    partials = [partial_folder(tmp_path / "study" / "runs" / run.id) for run in tiny.runs()]
    for partial in partials:
        partial.mkdir(parents=True)
    run_study(tiny, tmp_path / "study", shard=(1, 3), report=False)
    assert [partial.exists() for partial in partials] == [False, True, True]


@pytest.mark.parametrize(
    ("held", "asked", "message"),
    [
        ((1, 2), (1, 2), "run_study: `shard` must not be in use. Received 1/2, which another "),
        ((1, 2), (2, 3), "run_study: `shard` must be one of as many as those that are being "),
        ((1, 2), None, "run_study: `folder` must not be in use. Received "),
        (None, (1, 2), "run_study: `folder` must not be in use by another study. Received "),
        ((1, 2), (2, 2), None),
        ((12, 12), (1, 12), None),
    ],
)
def test_who_may_train_beside_whom(trained, finished, tiny, tmp_path, monkeypatch, held, asked,
                                   message):  # fmt: skip
    monkeypatch.setattr("tfq_resqunn.study.runner.SECONDS_TO_WAIT", 0.1)
    folder = tmp_path / "study"
    run_study(tiny, folder, shard=(1, 12), report=False)  # which has no run, and leaves study.json
    with locked(folder) if held is None else locked_shard(folder, held):
        if message is None:
            run_study(tiny, folder, shard=asked, report=False)
            assert shards_at_work(folder) == [held]
            return
        with pytest.raises(FileExistsError) as error:
            run_study(tiny, folder, shard=asked, report=False)
    assert str(error.value).startswith(message)
    assert trained == []
    run_study(tiny, folder, shard=asked, report=False)  # as soon as the other one has ended
    assert trained


@pytest.mark.parametrize("name", [".lock", ".lock-1-of-2", ".123-study.json", ".probe-x"])
def test_a_folder_with_which_others_begin_is_not_something_else(trained, tiny, tmp_path, name):
    (tmp_path / name).touch()
    run_study(tiny, tmp_path, shard=(1, 2), report=False)
    assert trained


def test_a_study_does_not_grow_while_shards_of_it_are_trained(trained, tiny, tmp_path):
    folder = tmp_path / "study"
    run_study(tiny, folder, shard=(1, 12), report=False)
    with locked_shard(folder, (1, 2)), pytest.raises(FileExistsError, match="are being trained"):
        run_study(replace(tiny, seeds=[5, 6]), folder, shard=(2, 2), report=False)
    assert load_results(folder).config == tiny


def test_a_failure_of_another_shard_is_not_that_of_this_one(trained, tiny, tmp_path):
    folder = tmp_path / "study"
    run_study(tiny, folder, shard=(1, 12), report=False)
    (folder / "failed").mkdir()
    (folder / "failed" / f"{tiny.runs()[0].id}.txt").write_text("ValueError: odd")
    command = words_of(command_line(tiny, folder, shard=(3, 3)))[1:]
    result = CliRunner().invoke(cli.main, command)
    assert result.exit_code == 0, result.output
    assert (
        "Shard 3/3 has ended; 1 of the study's 3 runs are done. The report is written when all "
        "are, or by --report-only." in result.output
    )
    result = CliRunner().invoke(cli.main, [*command[:-1], "1/3", "--report-only"])
    assert result.exit_code == 2
    assert "leave out --scheduler and --shard" in result.output


# --- really at the same time -------------------------------------------------------------------


@needs_posix
def test_shards_at_the_same_time_of_which_one_is_killed(finished, tiny, tmp_path):
    folder = tmp_path / "study"

    def start(shard):
        words = words_of(command_line(tiny, folder, 1, shard=shard))
        return subprocess.Popen(
            [sys.executable, "-m", *words], cwd=tmp_path, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    first, second = start((1, 2)), start((2, 2))
    wait_for(lambda: times_of(folder) or None not in (first.poll(), second.poll()))
    second.send_signal(signal.SIGKILL)
    second.communicate(timeout=60)
    _, said = first.communicate(timeout=120)
    assert (first.returncode, said) == (0, "")
    before = times_of(folder)
    again = start((2, 2))
    _, said = again.communicate(timeout=120)
    assert (again.returncode, said) == (0, "")
    assert_same_results(load_results(folder), finished[0])
    after = times_of(folder)
    assert before and {path: after[path] for path in before} == before
    assert (folder / "report.md").is_file()
    assert not list((folder / "runs").glob(".*"))
