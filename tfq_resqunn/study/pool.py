"""Worker processes that train runs at the same time."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import tfq_resqunn

N_LINES_SHOWN = 20
SECONDS_TO_HEED = 0.2
# A worker ignores Ctrl-C, which a terminal sends to all of its processes: the one that started it
# heeds Ctrl-C, and ends it. That comes first, since loading TensorFlow takes seconds.
# TensorFlow computes on one thread, so that a run gives the same numbers however many are trained
# at once. That has to be said before TensorFlow Quantum is imported, which starts TensorFlow.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
from tfq_resqunn.study.worker import main
main()
"""


@dataclass(frozen=True)
class Outcome:
    """What `train_run` gave for a folder, or why there is no result."""

    folder: Path
    result: dict | None = None
    error: str | None = None


def run_jobs(jobs: list[tuple[str, Path]], n_workers: int) -> Generator[Outcome, None, None]:
    """Train runs in worker processes; an outcome comes as soon as it is known.

    A job is a configuration (JSON) and a folder. A worker that dies takes its run with it, and
    another one goes on with the next; one that does not even start is a `RuntimeError`. When the
    iteration is left, by whatever error, no worker is left.
    """
    waiting, outcomes = queue.SimpleQueue(), queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    crew = [_Foreman(waiting, outcomes) for _ in range(n_workers)]
    try:
        for foreman in crew:
            foreman.start()
        for _ in jobs:
            outcome = _next_of(outcomes)
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome
    finally:
        for foreman in crew:
            foreman.stop()
        for foreman in crew:
            if foreman.is_alive():
                foreman.join()


def _next_of(outcomes: queue.SimpleQueue):
    """Waits for an outcome, and heeds Ctrl-C meanwhile: on Windows, no single wait does."""
    while True:
        with contextlib.suppress(queue.Empty):
            return outcomes.get(timeout=SECONDS_TO_HEED)


class _Foreman(threading.Thread):
    """Hands jobs to a worker, and replaces it where it dies."""

    def __init__(self, waiting: queue.SimpleQueue, outcomes: queue.SimpleQueue):
        super().__init__(daemon=True)
        self._waiting, self._outcomes = waiting, outcomes
        self._lock = threading.Lock()
        self._ended = False
        self._worker: _Worker | None = None

    def run(self):
        try:
            while not self._ended:
                config, folder = self._waiting.get_nowait()
                worker = self._living_worker()
                if worker is not None:
                    self._outcomes.put(Outcome(folder, **worker.ask(config, folder)))
        except queue.Empty:
            pass  # there is nothing left to do
        except Exception as error:
            self._outcomes.put(error)
        finally:
            if self._worker is not None:
                self._worker.close()

    def stop(self):
        """Ends the worker, whatever it is doing; no other one starts."""
        with self._lock:
            self._ended = True
            if self._worker is not None:
                self._worker.kill()

    def _living_worker(self) -> "_Worker | None":
        with self._lock:
            if self._ended:
                return None
            if self._worker is not None:
                if self._worker.lives:
                    return self._worker
                self._worker.close()
            self._worker = _Worker()
        self._worker.wait_until_ready()
        return self._worker


class _Worker:
    """One process, see `tfq_resqunn.study.worker`."""

    def __init__(self):
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            encoding="utf-8",
            env=_environment(),
        )

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        answer = self._read()
        if "ready" not in answer:
            raise RuntimeError(f"run_study: a worker process could not start.\n{answer['error']}")

    def ask(self, config: str, folder: Path) -> dict:
        job = json.dumps({"config": config, "folder": str(folder)})
        with contextlib.suppress(OSError):  # it has ended: then there is no answer either
            print(job, file=self._process.stdin, flush=True)
        return self._read()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self.kill()
        self._log.close()
        self._process.stdout.close()
        with contextlib.suppress(OSError):  # what was not sent cannot be
            self._process.stdin.close()

    def _read(self) -> dict:
        line = self._process.stdout.readline()
        if line.endswith("\n"):
            return json.loads(line)
        ended = _how_it_ended(self._process.wait())
        self._log.seek(0)
        lines = self._log.read().splitlines()[-N_LINES_SHOWN:]
        said = "\n".join(["It had written:", *lines]) if lines else "It had written nothing."
        return {"error": f"The worker process ended with {ended}.\n{said}\n"}


def _how_it_ended(code: int) -> str:
    """Says what an exit code means.

    POSIX counts signals down from -1. Windows' own codes have 32 bits, and are looked up in
    hexadecimal.

    Example:
        >>> _how_it_ended(-15), _how_it_ended(1), _how_it_ended(3221225477)
        ('signal SIGTERM', 'exit code 1', 'exit code 0xC0000005')
    """
    if code < 0:
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:  # it has no name, as signals of real time
            return f"signal {-code}"
    return f"exit code {code}" if code < 2**16 else f"exit code 0x{code:08X}"


def _environment() -> dict[str, str]:
    """Gives workers the package that runs here, and UTF-8; TensorFlow does not chatter."""
    root = str(Path(tfq_resqunn.__file__).parent.parent)
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    return {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, **own}
