"""A Dask cluster as a study sees it: who trains, where data lies, and what is said about that."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import distributed
from distributed.comm import connect

from tfq_resqunn._utils.arguments import Rule
from tfq_resqunn.study.address import SchedulerLost
from tfq_resqunn.study.worker import DataFile, several_threads

SECONDS_TO_CONNECT = 10
SECONDS_TO_ANSWER = 2
# Those that Dask gives levels of their own; what lies beneath them has the same.
LOGGERS = (
    "asyncio", "bokeh", "distributed", "distributed.client", "distributed.gc", "tornado",
    "tornado.application",
)  # fmt: skip
# What a request to a scheduler raises that is not there. Before Python 3.11, Dask's TimeoutError
# is no OSError.
LOST = (OSError, distributed.TimeoutError, distributed.CancelledError)
Say = Callable[[str], object]
Size = tuple[int, int]

check_client = Rule(
    "a distributed.Client",
    lambda value: isinstance(value, distributed.Client),
    lambda value: "a client that is not asynchronous" if value.asynchronous else None,
    remedy='Connect with distributed.Client("tcp://...").',
)


class Cluster:
    """Workers that somebody else has started, and will stop.

    Args:
        client: Connected to their scheduler.
        say: Is told whenever there are no workers, and a study has to wait for them.
    """

    def __init__(self, client: distributed.Client, say: Say) -> None:
        self.client = client
        self._say = say
        self._is_waiting = False

    @contextlib.contextmanager
    def data_at(self, path: Path, size: Size | None = None) -> Iterator[str]:
        """Gives the place of a data set for each worker; see `Job`.

        A folder becomes a file, in which pictures of several sizes have the `size` of the study.
        """
        from tfq_resqunn.datasets.sources import as_npz  # which needs TensorFlow

        plugin = DataFile(as_npz(path, size))
        with answering(self.client):
            self.client.register_plugin(plugin, plugin.name)
        try:
            yield plugin.name
        finally:
            if self.client.status == "running":
                with contextlib.suppress(*LOST):
                    self.client.unregister_worker_plugin(plugin.name)

    def n_workers(self) -> int:
        """Counts the workers that are there now; raises as `check_workers`."""
        n_workers = check_workers(self.client)
        if n_workers == 0 and not self._is_waiting:
            self._say(f"Waiting for workers of {address_of(self.client)}, which has none.")
        self._is_waiting = n_workers == 0
        return n_workers

    def tend(self) -> None:
        """Is called several times a second."""

    def last_words(self, worker: Any) -> str:
        """Says how a worker ended that Dask tells of, in lines of text, of which the last counts.

        `worker` is Dask's `WorkerState`.
        """
        return (
            f"What worker {worker.name} ({worker.address}) wrote before it ended stands in its own "
            "log, where it was started.\n"
        )


@contextlib.contextmanager
def connected(address: str) -> Iterator[distributed.Client]:
    """Connects to a scheduler; a `ConnectionError` says that it cannot be reached."""
    with quiet():
        try:
            # A client would wait for ever where somebody listens and does not speak.
            asyncio.run(asyncio.wait_for(_greet(address), SECONDS_TO_CONNECT))
            client = distributed.Client(
                address, timeout=SECONDS_TO_CONNECT, set_as_default=False, name="resqunn"
            )
        except Exception as error:  # whatever comes of reading what no scheduler has written
            raise ConnectionError(
                "run_study: `scheduler` must be a Dask scheduler that answers within "
                f"{SECONDS_TO_CONNECT} seconds.\nReceived {address}, which does not "
                f"({': '.join(filter(None, [type(error).__name__, str(error)]))}).\n"
                "Start one with `dask scheduler`, which prints its address."
            ) from error
        with client:
            yield client


async def _greet(address: str) -> None:
    security = distributed.Security()
    comm = await connect(
        address, timeout=SECONDS_TO_CONNECT, **security.get_connection_args("client")
    )
    comm.abort()


def check_workers(client: distributed.Client) -> int:
    """Counts the workers of a scheduler; it is a `ValueError` if one has several threads."""
    threads = None
    while threads is None:
        # If the scheduler has just gone, the client says so while the request still waits for it.
        with answering(client), contextlib.suppress(distributed.TimeoutError):
            threads = client.nthreads(callback_timeout=SECONDS_TO_ANSWER)
    if several := {address: n for address, n in threads.items() if n != 1}:
        raise ValueError(f"run_study: {several_threads(several)}")
    return len(threads)


def say_where_the_dashboard_is(client: distributed.Client, say: Say) -> None:
    """Says it, if there is a dashboard: it needs Bokeh, and somebody may have turned it off."""
    try:
        with answering(client):
            is_there = client.run_on_scheduler(has_dashboard)
    except ImportError as error:
        raise RuntimeError(
            f"run_study: the scheduler must have the packages that the study has. Received "
            f"{address_of(client)}, where one is missing: {error}."
            "\nStart scheduler, workers and study in equal environments."
        ) from error
    if is_there:
        say(f"Dashboard: {client.dashboard_link}")


def has_dashboard() -> bool:
    """Tells, in the process of a scheduler, whether it has set up a dashboard."""
    return "distributed.dashboard.scheduler" in sys.modules


@contextlib.contextmanager
def answering(client: distributed.Client) -> Iterator[None]:
    """Turns what a request raises into a `SchedulerLost`, if there is no scheduler to answer."""
    try:
        if client.status != "running":
            raise ConnectionError(f"the client is {client.status}")
        yield
    except LOST as error:
        raise SchedulerLost(
            f"run_study: the scheduler {address_of(client)} no longer answers, or has been "
            "restarted. What was being trained is lost; runs that are done are in the folder.\n"
            "Start a scheduler and workers, since these end with their scheduler, and the study "
            "again: it goes on with what is missing."
        ) from error


def address_of(client: distributed.Client) -> str:
    """Gives the address of a client's scheduler."""
    return client.scheduler.address


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps what Dask logs from the terminal."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
