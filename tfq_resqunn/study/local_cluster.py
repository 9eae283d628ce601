"""The embedded cluster: a scheduler in this process, and workers in processes of their own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed

import tfq_resqunn
from tfq_resqunn.study.cluster import (
    Cluster,
    Say,
    Size,
    check_workers,
    quiet,
    say_where_the_dashboard_is,
)
from tfq_resqunn.study.local_worker import READY

N_LINES_SHOWN = 20
SECONDS_TO_END = 5.0
# A worker ignores Ctrl-C, which a terminal sends to all of its processes: the one that started it
# heeds Ctrl-C, and ends it. That comes first, since loading TensorFlow takes seconds.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
from tfq_resqunn.study.local_worker import main
main()
"""
# Of workers: a library for each kind of arithmetic might otherwise start threads for all cores.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@contextlib.contextmanager
def open_cluster(client: distributed.Client | None, n_workers: int, say: Say) -> Iterator[Cluster]:
    """Gives the cluster of a client, or starts one of `n_workers` on this machine."""
    with quiet(), contextlib.ExitStack() as stack:
        if client is None:
            cluster = stack.enter_context(_local_cluster(n_workers, say))
        else:
            cluster = Cluster(client, say)
        say_where_the_dashboard_is(cluster.client, say)
        yield cluster


@contextlib.contextmanager
def _local_cluster(n_workers: int, say: Say) -> Iterator[Cluster]:
    """Starts a cluster on this machine, which ends with this process, however that ends.

    Only who knows a key made for it can speak to it: others on this machine can reach its port.
    """
    with contextlib.ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="resqunn-", ignore_cleanup_errors=True)
        stack.enter_context(folder)
        cluster = distributed.LocalCluster(
            n_workers=0,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            security=distributed.Security.temporary(),
            silence_logs=False,
        )
        stack.enter_context(cluster)
        client = distributed.Client(cluster, set_as_default=False, name="resqunn")
        stack.enter_context(client)
        workers = _LocalWorkers(client, say, Path(folder.name))
        stack.callback(workers.stop)
        workers.start(n_workers)
        yield workers


class _LocalWorkers(Cluster):
    """Worker processes of this machine; one that dies is replaced.

    They are `python -c` programs, and not those of `multiprocessing`, which would import the
    caller's program again.
    """

    def __init__(self, client: distributed.Client, say: Say, folder: Path) -> None:
        super().__init__(client, say)
        self._folder = folder
        self._processes: dict[str, subprocess.Popen] = {}  # those that have died included
        self._replaced: set[str] = set()

    @contextlib.contextmanager
    def data_at(self, path: Path, size: Size | None = None) -> Iterator[str]:
        yield str(path.absolute())

    def n_workers(self) -> int:
        return check_workers(self.client)

    def start(self, n_workers: int) -> None:
        for _ in range(n_workers):
            self._start_one()

    def stop(self) -> None:
        """Ends the processes, whatever they are doing."""
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait()
            assert process.stdin is not None  # it is a pipe
            with contextlib.suppress(OSError):  # what was not sent cannot be
                process.stdin.close()

    def tend(self) -> None:
        dead = {name for name, process in self._processes.items() if process.poll() is not None}
        for name in sorted(dead - self._replaced):
            if not (self._folder / name / READY).exists():
                raise RuntimeError(
                    f"run_study: a worker process could not start.\n{self._how_it_ended(name)}"
                )
            self._replaced.add(name)
            self._start_one()

    def last_words(self, worker: Any) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._processes[worker.name].wait(SECONDS_TO_END)
        return self._how_it_ended(worker.name)

    def _start_one(self) -> None:
        name = f"worker-{len(self._processes) + 1}"
        folder = self._folder / name
        folder.mkdir()
        with open(folder / "log", "ab") as log:  # to append, since the worker empties it once
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM],
                stdin=subprocess.PIPE, stdout=log, stderr=log, env=_environment(), text=True,
                encoding="utf-8",
            )  # fmt: skip
        self._processes[name] = process
        settings = {
            "scheduler": self.client.scheduler.address,
            "name": name,
            "folder": str(folder),
            "security": _credentials(self.client.security),
        }
        assert process.stdin is not None  # it is a pipe
        with contextlib.suppress(OSError):  # it has ended: then it is found in `tend`
            print(json.dumps(settings), file=process.stdin, flush=True)

    def _how_it_ended(self, name: str) -> str:
        code = self._processes[name].poll()
        log = (self._folder / name / "log").read_text(encoding="utf-8", errors="replace")
        lines = log.splitlines()[-N_LINES_SHOWN:]
        said = ["It had written:", *lines] if lines else ["It had written nothing."]
        how = "lost its connection" if code is None else f"ended with {how_it_ended(code)}"
        return "\n".join([f"The worker process {how}.", *said, ""])


def how_it_ended(code: int) -> str:
    """Says what an exit code means: of POSIX, which counts signals down from -1, or of Windows.

    Windows' own codes have 32 bits, and are looked up in hexadecimal.
    """
    if code < 0:
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:  # it has no name, as signals of real time
            return f"signal {-code}"
    return f"exit code {code}" if code < 2**16 else f"exit code 0x{code:08X}"


def _credentials(security: distributed.Security) -> dict[str, Any]:
    """Gives what lets a worker in, as JSON can hold it."""
    names = ("tls_ca_file", "tls_worker_cert", "tls_worker_key", "require_encryption")
    return {name: getattr(security, name) for name in names}


def _environment() -> dict[str, str]:
    """Gives workers the package that runs here, and UTF-8; TensorFlow does not chatter."""
    root = str(Path(tfq_resqunn.__file__).parent.parent)
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", **ONE_THREAD}
    return {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, **own}
