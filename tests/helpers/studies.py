"""What tests of studies have in common: their results, their processes, Dask clusters."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

ROOT = Path(__file__).parents[2]
TABLES = ("table", "histories", "gradients")
TIMES = ["seconds", "seconds_per_epoch"]


def assert_same_results(one, other):
    """To the last bit, but for the time they took."""
    for name in TABLES:
        mine, theirs = getattr(one, name), getattr(other, name)
        pd.testing.assert_frame_equal(
            mine.drop(columns=TIMES, errors="ignore"),
            theirs.drop(columns=TIMES, errors="ignore"),
            check_exact=True,
        )


def times_of(folder):
    """When each run was made."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("runs/[!.]*/*")}


def children_of(pid):
    """The processes that a process has started."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue
        if parent == pid:
            yield int(path.parent.name)


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def train_with(monkeypatch, run_jobs):
    """No process of a study starts: `run_jobs` trains, and is given a cluster that is none."""
    cluster = SimpleNamespace(data_at=lambda path, size: contextlib.nullcontext(str(path)))
    monkeypatch.setattr(
        "tfq_resqunn.study.runner.open_cluster", lambda *_: contextlib.nullcontext(cluster)
    )
    monkeypatch.setattr("tfq_resqunn.study.runner.run_jobs", run_jobs)


class DaskProcesses:
    """A scheduler and workers on this machine, as somebody starts them by hand.

    All are killed in the end.
    """

    def __init__(self, folder):
        self.folder = folder
        self.scheduler_file = folder / "scheduler.json"
        self._started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self._started):
            process.kill()
            process.wait()

    def start_scheduler(self):
        self.scheduler_file.unlink(missing_ok=True)
        words = ["--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
        process = self._start("scheduler", *words)
        wait_for(lambda: self.scheduler_file.is_file() and self.scheduler_file.read_text())
        return process

    def start_worker(self, *words):
        """Starts a worker with one thread, or as `words` say."""
        return self._start(
            "worker", "--host", "127.0.0.1", "--no-dashboard", "--local-directory",
            str(self.folder), *(words or ["--nthreads", "1", "--no-nanny"]),
        )  # fmt: skip

    def _start(self, kind, *words):
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}"]
        command += ["--scheduler-file", str(self.scheduler_file), *words]
        with open(self.folder / f"{kind}-{len(self._started)}.log", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        self._started.append(process)
        return process
