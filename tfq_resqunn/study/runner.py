"""Runs a study: what is not there yet, several runs at once, into one folder."""

import contextlib
import json
import os
import shutil
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import joblib

from tfq_resqunn._utils import locks
from tfq_resqunn._utils.arguments import (
    check_count,
    check_flag,
    check_function,
    check_path,
    checked,
    instance,
)
from tfq_resqunn._utils.files import replacing, write_text
from tfq_resqunn.runs.training import build_model, load_data
from tfq_resqunn.study.command import command_line
from tfq_resqunn.study.config import StudyConfig, StudyRun
from tfq_resqunn.study.folder import LOCK, check_study_folder, is_done, partial_folder
from tfq_resqunn.study.pool import Outcome, run_jobs
from tfq_resqunn.study.report import write_report
from tfq_resqunn.study.results import Results, load_results


@dataclass(frozen=True)
class Progress:
    """Where a study stands after one of its runs.

    Args:
        run: The run that has just ended.
        result: What is in its `result.json`, or `None`.
        error: Why it failed, or `None`.
        n_ended: Runs that are done or have failed, those of earlier starts included.
        n_runs: Runs of the whole study.
        seconds_left: Time the others will take, as far as those so far tell.
    """

    run: StudyRun
    result: dict[str, float] | None
    error: str | None
    n_ended: int
    n_runs: int
    seconds_left: float


@checked(
    config=instance(StudyConfig, "a StudyConfig"),
    folder=check_path,
    n_jobs=check_count.or_none(),
    on_progress=check_function.or_none(),
    report=check_flag,
)
def run_study(
    config: StudyConfig,
    folder: str | os.PathLike,
    *,
    n_jobs: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    report: bool = True,
) -> Results:
    """Run a placement study, or go on with it where it was stopped.

    Runs that are in the folder are not done again; those that failed are tried again. A run that
    fails does not stop the others.

    Args:
        config: What to study.
        folder: Where to. It is made, or holds this study already, or a part of it: fewer seeds,
            placements, heads, variants or input gradients, and else the same.
        n_jobs: Runs at once, each in a process with one thread. The results do not depend on it.
            Default: as many as there are cores that this process may use.
        on_progress: Called after each run.
        report: Whether to write the report at the end, see `write_report`.

    Returns:
        The `Results`; failed runs are in its `failures`.

    Raises:
        FileExistsError: If the folder holds something else, or another study, or is in use.
        OSError: If it cannot be written to.
        RuntimeError: If the processes do not start.
        TypeError: If a value of the configuration has the wrong type.
        ValueError: If one is wrong. All is checked before the first run.
    """
    folder = Path(folder)
    check_study_folder(config, folder)
    waiting = [run for run in config.runs() if not is_done(folder, run)]
    if waiting:
        _check_runs(config)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        check_study_folder(config, folder)  # it may have grown since
        _prepare(config, folder)
        waiting = [run for run in waiting if not is_done(folder, run)]
        if waiting:
            n_jobs = min(n_jobs or joblib.cpu_count(), len(waiting))
            _run(config, folder, waiting, n_jobs, on_progress)
        if report:
            write_report(folder)
    return load_results(folder)


def _run(
    config: StudyConfig, folder: Path, waiting: list[StudyRun], n_jobs: int,
    on_progress: Callable[[Progress], None] | None,
) -> None:  # fmt: skip
    runs = {folder / "runs" / run.id: run for run in waiting}
    jobs = [(run.configure(config.run).to_json(), path) for path, run in runs.items()]
    n_runs, seconds = len(config.runs()), []
    with contextlib.closing(run_jobs(jobs, n_jobs)) as outcomes:
        for n_tried, outcome in enumerate(outcomes, 1):
            _record(folder, outcome)
            if outcome.result is not None:
                seconds.append(outcome.result["seconds"])
            if on_progress is not None:
                n_left = len(jobs) - n_tried
                left = statistics.fmean(seconds or [0]) * n_left / n_jobs
                run, n_ended = runs[outcome.folder], n_runs - n_left
                on_progress(Progress(run, outcome.result, outcome.error, n_ended, n_runs, left))


def _record(folder: Path, outcome: Outcome) -> None:
    failure = folder / "failed" / f"{outcome.folder.name}.txt"
    if outcome.error is None:
        failure.unlink(missing_ok=True)
        return
    failure.parent.mkdir(exist_ok=True)
    shutil.rmtree(partial_folder(outcome.folder), ignore_errors=True)  # of a worker that died
    with replacing(failure) as temporary:
        write_text(temporary, outcome.error)


def _prepare(config: StudyConfig, folder: Path) -> None:
    (folder / "runs").mkdir(exist_ok=True)
    for run in config.runs():  # what was being written when the study was killed
        shutil.rmtree(partial_folder(folder / "runs" / run.id), ignore_errors=True)
    described = {"config": config.to_dict(), "command": command_line(config, folder)}
    with replacing(folder / "study.json") as temporary:
        write_text(temporary, json.dumps(described, indent=2) + "\n")


def locked(folder: Path) -> contextlib.AbstractContextManager[None]:
    """Keeps others out of the folder, for as long as this process lives; the file may stay."""
    return locks.locked(
        folder / LOCK,
        f"run_study: `folder` must not be in use by another study. Received {folder}, in which one "
        "is running. Wait for it, or choose another folder.",
    )


def _check_runs(config: StudyConfig) -> None:
    """Load the data and build each network once: what is wrong is wrong in every run."""
    data = load_data(config.run)
    networks = {(run.placement, run.head, run.variant == "classical"): run for run in config.runs()}
    for run in networks.values():
        build_model(run.configure(config.run), data)
