"""What a worker process does: it trains one run of a study after the other.

It reads jobs from standard input and answers on standard output, a JSON object a line:

    {"config": ..., "folder": ...}  ->  {"result": ...} or {"error": ...}

The first answer is `{"ready": true}`. When standard input ends, the process does too, whatever it
is doing: so it never outlives the one that started it, however that one ends.
"""

import functools
import json
import os
import queue
import shutil
import sys
import threading
import traceback
from pathlib import Path

from tfq_resqunn._utils.files import rename_patiently
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.datasets import Dataset
from tfq_resqunn.runs import training
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.study.folder import partial_folder

N_KEPT_DATA_SETS = 2  # one for each seed, and seeds come one after the other


def main() -> None:
    """Train what is asked for until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # what others print is no answer
    jobs = queue.Queue[str]()
    threading.Thread(target=_read_jobs, args=(jobs,), daemon=True).start()
    load = functools.lru_cache(maxsize=N_KEPT_DATA_SETS)(training.load_data)
    answer: dict = {"ready": True}
    while True:
        print(json.dumps(answer), file=answers)  # and is sent, since lines are
        job = json.loads(jobs.get())
        try:
            config = RunConfig.from_json(job["config"])
            answer = {"result": train_run(config, load(_data_of(config)), Path(job["folder"]))}
        except Exception:  # one run that fails must not stop the others
            answer = {"error": traceback.format_exc()}


def train_run(config: RunConfig, data: Dataset, folder: Path) -> dict[str, float]:
    """Train one network, and give what is in its `result.json`.

    Its folder is complete, or it is not there. A loss that does not stay finite is a
    `FloatingPointError`.
    """
    partial = partial_folder(folder)
    shutil.rmtree(partial, ignore_errors=True)
    keras.backend.clear_session()  # names of layers begin anew, and memory is freed
    try:
        # What XLA gains in so short a training it loses by compiling.
        result = training.run(config, data, partial, jit_compile=False)
        if result.divergence is not None:
            # Its accuracy is a finite number all the same, and would be taken for a result.
            raise FloatingPointError(
                f"{result.divergence} The network has learned nothing; try a smaller learning_rate."
            )
        rename_patiently(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return result.measures()


def _read_jobs(jobs: queue.Queue[str]) -> None:
    for line in sys.stdin:
        jobs.put(line)
    os._exit(0)


def _data_of(config: RunConfig) -> RunConfig:
    """Keep only the settings that choose the data, so that equal data is loaded once."""
    return RunConfig(
        config.dataset, **{name: getattr(config, name) for name in training.LOAD_ARGUMENTS}
    )
