"""Gives the runs of a study to the workers of a Dask cluster."""

import collections
import contextlib
import queue
import traceback
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import distributed

from tfq_resqunn.study.cluster import LOST, Cluster, answering
from tfq_resqunn.study.worker import Answer, Job, do_job

SECONDS_TO_HEED = 0.2


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Args:
        job: Which one.
        files: The files of its folder by name, or `None`.
        error: Why there are none, or `None`.
        n_workers: How many workers train at this time.
    """

    job: Job
    files: dict[str, bytes] | None
    error: str | None
    n_workers: int


def run_jobs(cluster: Cluster, jobs: Sequence[Job]) -> Generator[Outcome, None, None]:
    """Train runs on the workers of a cluster; an outcome comes as soon as it is known.

    A worker that dies takes its run with it, which Dask gives to another one, as often as its
    setting `distributed.scheduler.allowed-failures` says. When the iteration is left, by whatever
    error, what has not begun is not begun any more.

    Raises:
        RuntimeError: If a worker must not train, see `worker.py`, or cannot start.
        SchedulerLost: If the scheduler no longer answers.
        ValueError: If a worker has several threads.
    """
    client, waiting = cluster.client, collections.deque(jobs)
    # No more at once than there are workers: a run that waits on one that dies counts as guilty.
    at_work: dict[Any, tuple[distributed.Future, Job]] = {}  # by Dask's key
    ended = queue.SimpleQueue[distributed.Future]()
    n_workers = 0
    try:
        while waiting or at_work:
            cluster.tend()
            with answering(client):
                n_workers = cluster.n_workers()
                while waiting and len(at_work) < n_workers:
                    job = waiting.popleft()
                    future = client.submit(do_job, job, pure=False)
                    at_work[future.key] = future, job
                    future.add_done_callback(ended.put)
            # Ctrl-C is heeded between short waits: on Windows, no single wait does.
            with contextlib.suppress(queue.Empty):
                future = ended.get(timeout=SECONDS_TO_HEED)
                _, job = at_work[future.key]
                answer = _answer(cluster, future)
                del at_work[future.key]
                yield Outcome(job, answer.files, answer.error, max(n_workers, 1))
    finally:
        if at_work and client.status == "running":
            with contextlib.suppress(*LOST):
                client.cancel([future for future, _ in at_work.values()])


def _answer(cluster: Cluster, future: distributed.Future) -> Answer:
    while True:
        cluster.tend()
        with answering(cluster.client):
            if future.status == "cancelled":  # by whom, if not by a scheduler that is gone?
                raise ConnectionError("the run was cancelled")
            if future.status == "error":  # a worker's, of whatever type
                return _without_answer(cluster, future.exception())
            try:
                answer: Answer = future.result(timeout=10 * SECONDS_TO_HEED)
                break
            except Exception as error:
                # Its worker may have died since: then the run is trained again.
                if future.status != "error" and not isinstance(error, distributed.TimeoutError):
                    raise
    if answer.refusal is not None:
        raise RuntimeError(f"run_study: {answer.refusal}")
    return answer


def _without_answer(cluster: Cluster, error: BaseException) -> Answer:
    if isinstance(error, distributed.KilledWorker):
        return Answer(error=_given_up(cluster, error))
    raise RuntimeError(
        "run_study: the workers must be able to take a run. One could not:\n"
        f"{''.join(traceback.format_exception_only(error))}"
        "Start scheduler, workers and study in equal environments."
    ) from error


def _given_up(cluster: Cluster, error: distributed.KilledWorker) -> str:
    return (
        f"{cluster.last_words(error.last_worker)}"
        f"This run was given to {error.allowed_failures + 1} workers, one after the other, and "
        "each of them died.\n"
    )
