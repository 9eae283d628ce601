"""Runs a study: what is not there yet, several runs at once, into one folder."""

import contextlib
import json
import os
import shutil
import statistics
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import distributed
import joblib

from tfq_resqunn._utils.arguments import (
    check_count,
    check_flag,
    check_function,
    check_path,
    checked,
    instance,
)
from tfq_resqunn._utils.files import replacing, write_text
from tfq_resqunn.datasets.arguments import check_image_size
from tfq_resqunn.datasets.names import find
from tfq_resqunn.runs.training import build_model, load_data
from tfq_resqunn.study.cluster import Cluster, check_client, check_workers
from tfq_resqunn.study.command import command_line
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.folder import (
    check_images,
    check_study_folder,
    is_done,
    partial_folder,
    read_images,
    read_study,
    store_run,
)
from tfq_resqunn.study.images import Images
from tfq_resqunn.study.local_cluster import open_cluster
from tfq_resqunn.study.locks import SECONDS_TO_WAIT, locked, locked_shard, shards_at_work
from tfq_resqunn.study.report import write_report
from tfq_resqunn.study.results import Results, load_results
from tfq_resqunn.study.run import StudyRun
from tfq_resqunn.study.scheduling import Outcome, run_jobs
from tfq_resqunn.study.shards import Shard, check_shard, in_shard, write_shard
from tfq_resqunn.study.worker import Job, software


@dataclass(frozen=True)
class Progress:
    """Where a study stands after one of its runs.

    Args:
        run: The run that has just ended.
        result: What is in its `result.json`, or `None`.
        error: Why it failed, or `None`.
        n_ended: Runs that are done or have failed, those of earlier starts included.
        n_runs: Runs of the whole study, or of the shard.
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
    client=check_client.or_none(),
    shard=check_shard.or_none(),
    on_progress=check_function.or_none(),
    on_message=check_function.or_none(),
    report=check_flag,
)
def run_study(
    config: StudyConfig,
    folder: str | os.PathLike,
    *,
    n_jobs: int | None = None,
    client: distributed.Client | None = None,
    shard: tuple[int, int] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_message: Callable[[str], None] | None = None,
    report: bool = True,
) -> Results:
    """Run a placement study, or go on with it where it was stopped.

    Runs that are in the folder are not done again; those that failed are tried again. A run that
    fails does not stop the others. The results depend neither on where runs are trained nor on
    how many at once.

    Args:
        config: What to study.
        folder: Where to. It is made, or holds this study already, or a part of it: fewer seeds,
            placements, heads, variants, input gradients, rates to try or draws, and else the same.
        n_jobs: Runs at once, each in a process with one thread on this machine. Default: as many as
            there are cores that this process may use.
        client: Of a Dask cluster whose workers train the runs, instead of processes that are
            started here. Each of its workers must have one thread, and the packages that are
            installed here. They need not reach the folder: files are sent here and back.
        shard: `(i, n)`: train the i-th of n parts, from 1 on. Programs that train the other parts
            may use the folder at the same time. The report is written by the one that finds all
            runs done.
        on_progress: Called after each run.
        on_message: Called with a sentence, such as where the cluster's dashboard is.
        report: Whether to write the report at the end, see `write_report`.

    Returns:
        The `Results` that are in the folder; failed runs are in its `failures`.

    Raises:
        FileExistsError: If the folder holds something else, or another study, or is in use.
        OSError: If it cannot be written to.
        RuntimeError: If the processes do not start, a worker's TensorFlow has started with several
            threads, or the scheduler no longer answers.
        TypeError: If a value of the configuration has the wrong type.
        ValueError: If one is wrong, there are rates or draws to choose from and no validation
            images, the data set has other images than when the study was begun, or a worker has
            several threads. All is checked before the first run.
    """
    folder, say = Path(folder), on_message or _say_nothing
    if client is not None and n_jobs is not None:
        raise ValueError(
            f"run_study: `n_jobs` must be left out with `client`. Received {n_jobs}. Runs at once "
            "are as many as the cluster has workers."
        )
    check_study_folder(config, folder)
    mine, images = in_shard(config.runs(), shard), None
    if waiting := [run for run in mine if not is_done(folder, run)]:
        if client is not None:
            check_workers(client)
        images = _check_runs(config)
        check_images(images, folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _held(config, folder, shard, images):
        waiting = [run for run in waiting if not is_done(folder, run)]
        if waiting:
            n_jobs = min(n_jobs or joblib.cpu_count(), len(waiting))
            with open_cluster(client, n_jobs, say) as cluster:
                _run(config, folder, waiting, len(mine), cluster, on_progress)
        if report:
            _report(config, folder, shard)
    return load_results(folder)


def _run(
    config: StudyConfig, folder: Path, waiting: list[StudyRun], n_runs: int, cluster: Cluster,
    on_progress: Callable[[Progress], None] | None,
) -> None:  # fmt: skip
    runs = {run.id: run for run in waiting}
    seconds, made_by = [], software()
    with contextlib.ExitStack() as stack:
        data = None
        if isinstance(find(config.run.dataset), Path):
            size = check_image_size(config.run.image_size, "image_size", "load")
            data = stack.enter_context(cluster.data_at(Path(config.run.dataset), size))
        jobs = [
            Job(name, run.configure(config.run).to_json(), data, made_by)
            for name, run in runs.items()
        ]
        outcomes = stack.enter_context(contextlib.closing(run_jobs(cluster, jobs)))
        for n_tried, outcome in enumerate(outcomes, 1):
            run = runs[outcome.job.name]
            result, error = _record(folder, outcome)
            if result is not None:
                seconds.append(result["seconds"])
            if on_progress is not None:
                n_left = len(jobs) - n_tried
                left = statistics.fmean(seconds or [0]) * n_left / outcome.n_workers
                on_progress(Progress(run, result, error, n_runs - n_left, n_runs, left))


def _record(folder: Path, outcome: Outcome) -> tuple[dict[str, float] | None, str | None]:
    """Writes what became of a run; gives what is in its `result.json`, or why it failed."""
    result, error = None, outcome.error
    if outcome.files is not None:
        try:
            result = store_run(outcome.files, folder / "runs" / outcome.job.name)
        except (OSError, ValueError):
            error = traceback.format_exc()
    failure = folder / "failed" / f"{outcome.job.name}.txt"
    if error is None:
        failure.unlink(missing_ok=True)
        return result, None
    failure.parent.mkdir(exist_ok=True)
    with replacing(failure) as temporary:
        write_text(temporary, error)
    return None, error


def _say_nothing(message: str) -> None:
    pass


@contextlib.contextmanager
def _held(
    config: StudyConfig, folder: Path, shard: Shard | None, images: Images | None
) -> Iterator[None]:
    """Prepares the folder, and keeps others from the runs that are to be trained."""
    with contextlib.ExitStack() as stack:
        whole = stack.enter_context(locked(folder, SECONDS_TO_WAIT if shard else 0))
        check_study_folder(config, folder)  # it may have grown since
        check_images(images, folder)
        _check_others(config, folder, shard)
        if shard is not None:
            stack.enter_context(locked_shard(folder, shard))
        _prepare(config, folder, shard, images or read_images(folder))
        if shard is not None:
            whole.release()
        yield


def _check_others(config: StudyConfig, folder: Path, shard: Shard | None) -> None:
    """Makes sure that the shards at work train other runs; who calls it holds the folder."""
    others = shards_at_work(folder)
    if not others:
        return
    at_work = ", ".join(map(write_shard, others))
    if shard is None or read_study(folder)[0] != config:
        raise FileExistsError(
            f"run_study: `folder` must not be in use. Received {folder}, of whose study shards are "
            f"being trained: {at_work}. Wait for them, or choose another folder."
        )
    if shard[1] != others[0][1]:
        raise FileExistsError(
            f"run_study: `shard` must be one of as many as those that are being trained in the "
            f"folder. Received {write_shard(shard)} beside {at_work}. Wait for them, or use their "
            "number."
        )


def _prepare(config: StudyConfig, folder: Path, shard: Shard | None, images: Images | None) -> None:
    # Before all else: others take a folder without it for one of something else.
    is_written = (
        (folder / "study.json").is_file()
        and read_study(folder)[0] == config
        and (images is None or read_images(folder) is not None)
    )
    if shard is None or not is_written:
        described: dict[str, Any] = {
            "config": config.to_dict(),
            "command": command_line(config, folder),
        }
        if images is not None:
            described["images"] = asdict(images)
        with replacing(folder / "study.json") as temporary:
            write_text(temporary, json.dumps(described, indent=2) + "\n")
    (folder / "runs").mkdir(exist_ok=True)
    for run in in_shard(config.runs(), shard):  # what was being written when a study was killed
        shutil.rmtree(partial_folder(folder / "runs" / run.id), ignore_errors=True)


def _report(config: StudyConfig, folder: Path, shard: Shard | None) -> None:
    """Writes the report; of a shard, if it finds all runs done."""
    if shard is None:
        write_report(folder)
    elif all(is_done(folder, run) for run in config.runs()):
        with locked(folder, SECONDS_TO_WAIT):
            write_report(folder)


def _check_runs(config: StudyConfig) -> Images:
    """Load the data and build each network once: what is wrong is wrong in every run."""
    data = load_data(config.run)
    if config.has_choice and data.x_val is None:
        raise ValueError(
            "run_study: several learning rates, or draws, need validation images to choose by, "
            "since a choice by the test images would flatter the result.\nReceived "
            f"{config.run.dataset}, which has none.\nSet some training images apart: "
            "validation=0.1."
        )
    runs = [run.configure(config.run) for run in config.runs()]
    networks = {(run.placement, run.head, run.control): run for run in runs}
    for run in networks.values():
        build_model(run, data)
    return Images.of(data)
