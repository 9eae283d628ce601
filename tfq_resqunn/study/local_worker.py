"""The process of a worker of the embedded cluster, see `local_cluster.py`.

A line of standard input says which scheduler it works for, as JSON. When standard input ends, the
process does too, whatever it is doing: so it never outlives the study, however that one ends.
"""

import asyncio
import contextlib
import faulthandler
import importlib
import json
import logging
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import dask
import distributed

from tfq_resqunn.study.worker import start_tensorflow

READY = "ready"  # a file that says that the worker has registered
# What is looked at while a run is trained would only slow it down.
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "200ms",
}


def main() -> None:
    """Train what the scheduler asks for until standard input ends."""
    faulthandler.enable()
    if not (line := sys.stdin.readline()):
        return
    settings = json.loads(line)
    folder = Path(settings["folder"])
    threading.Thread(target=_end_with_the_study, args=(folder,), daemon=True).start()
    start_tensorflow()
    importlib.import_module("tfq_resqunn.runs.training")  # of which the first run needs all
    os.ftruncate(2, 0)  # what TensorFlow says while it is loaded means nothing
    logging.getLogger("distributed").setLevel(logging.WARNING)
    with dask.config.set(QUIET):
        asyncio.run(_serve(folder, settings))


async def _serve(folder: Path, settings: dict[str, Any]) -> None:
    worker = distributed.Worker(
        settings["scheduler"],
        name=settings["name"],
        nthreads=1,
        security=settings["security"],
        host="127.0.0.1",
        local_directory=str(folder),
        memory_limit=0,  # a run has the memory that it needs, or ends for the lack of it
    )
    async with worker:
        (folder / READY).touch()
        await worker.finished()


def _end_with_the_study(folder: Path) -> None:
    sys.stdin.read()
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # of which the last one to leave removes the parent
        folder.parent.rmdir()
    os._exit(0)
