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
import sys
import threading
import traceback

from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.training import load_data
from tfq_resqunn.study.single import train_run

N_KEPT_DATA_SETS = 2  # one for each seed, and seeds come one after the other


def main() -> None:
    """Train what is asked for until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what others print is no answer
    jobs = queue.Queue()
    threading.Thread(target=_read_jobs, args=(jobs,), daemon=True).start()
    load = functools.lru_cache(maxsize=N_KEPT_DATA_SETS)(_load_data)
    _answer(answers, {"ready": True})
    while True:
        job = json.loads(jobs.get())
        try:
            config = RunConfig.from_json(job["config"])
            _answer(answers, {"result": train_run(config, load(_data_of(config)), job["folder"])})
        except Exception:  # one run that fails must not stop the others
            _answer(answers, {"error": traceback.format_exc()})


def _read_jobs(jobs: queue.Queue) -> None:
    for line in sys.stdin:
        jobs.put(line)
    os._exit(0)


def _answer(answers, answer: dict) -> None:
    print(json.dumps(answer), file=answers, flush=True)


def _data_of(config: RunConfig) -> RunConfig:
    """Leave of a configuration what decides the data, so that equal data is loaded once."""
    names = ("dataset", "classes", "n_train", "n_test", "image_size", "seed")
    return RunConfig(**{name: getattr(config, name) for name in names})


def _load_data(config: RunConfig):
    return load_data(config)
