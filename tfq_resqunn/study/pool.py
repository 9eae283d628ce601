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
from typing import IO, Any

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
    result: dict[str, float] | None = None
    error: str | None = None


Job = tuple[str, Path]  # a configuration (JSON) and a folder
Outcomes = queue.SimpleQueue[Outcome | Exception]


def run_jobs(jobs: list[Job], n_workers: int) -> Generator[Outcome, None, None]:
    """Train runs in worker processes; an outcome comes as soon as it is known.

    A worker that dies takes its run with it, and another one goes on with the next; one that does
    not even start is a `RuntimeError`. When the iteration is left, by whatever error, no worker is
    left.
    """
    waiting, outcomes = queue.SimpleQueue[Job](), Outcomes()
    for job in jobs:
        waiting.put(job)
    workers = [_Worker(waiting, outcomes) for _ in range(n_workers)]
    try:
        for worker in workers:
            worker.start()
        for _ in jobs:
            outcome = _next_of(outcomes)
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            if worker.is_alive():
                worker.join()


def _next_of(outcomes: Outcomes) -> Outcome | Exception:
    """Waits for an outcome, and heeds Ctrl-C meanwhile: on Windows, no single wait does."""
    while True:
        with contextlib.suppress(queue.Empty):
            return outcomes.get(timeout=SECONDS_TO_HEED)


class _Worker(threading.Thread):
    """Hands jobs to a process of its own, see `worker.py`, and replaces it where it dies."""

    def __init__(self, waiting: queue.SimpleQueue[Job], outcomes: Outcomes) -> None:
        super().__init__(daemon=True)
        self._waiting, self._outcomes = waiting, outcomes
        self._lock = threading.Lock()
        self._is_stopped = False
        self._process: subprocess.Popen[str] | None = None

    def run(self) -> None:
        try:
            # What a process says beside its answers, for the error if it dies.
            with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
                self._work(log)
        except queue.Empty:
            pass  # there is nothing left to do
        except Exception as error:
            self._outcomes.put(error)
        finally:
            self._close()

    def _work(self, log: IO[str]) -> None:
        while True:
            config, folder = self._waiting.get_nowait()
            if (process := self._living_process(log)) is None:
                return
            job = json.dumps({"config": config, "folder": str(folder)})
            with contextlib.suppress(OSError):  # it has ended: then nothing answers either
                print(job, file=process.stdin, flush=True)
            self._outcomes.put(Outcome(folder, **_answer(process, log)))

    def stop(self) -> None:
        """Ends the process, whatever it is doing; no other one starts."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def _living_process(self, log: IO[str]) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._is_stopped:
                return None
            if self._process is not None and self._process.poll() is None:
                return self._process
            self._close()
            log.seek(0)
            log.truncate()
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                env=_environment(),
            )
        answer = _answer(self._process, log)
        if "ready" not in answer:
            raise RuntimeError(f"run_study: a worker process could not start.\n{answer['error']}")
        return self._process

    def _close(self) -> None:
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(OSError), self._process:
                pass  # waits, and closes its pipes; what was not sent cannot be


def _answer(process: subprocess.Popen[str], log: IO[str]) -> dict[str, Any]:
    assert process.stdout is not None  # it is a pipe
    line = process.stdout.readline()
    if line.endswith("\n"):
        return json.loads(line)
    ended = _how_it_ended(process.wait())
    log.seek(0)
    lines = log.read().splitlines()[-N_LINES_SHOWN:]
    said = "\n".join(["It had written:", *lines]) if lines else "It had written nothing."
    return {"error": f"The worker process ended with {ended}.\n{said}\n"}


def _how_it_ended(code: int) -> str:
    """Says what an exit code means: of POSIX, which counts signals down from -1, or of Windows.

    Windows' own codes have 32 bits, and are looked up in hexadecimal.
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
