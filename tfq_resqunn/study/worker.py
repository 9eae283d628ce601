"""What a worker of a study does: it trains one run, and gives back the files of its folder.

Dask finds functions by the names of their modules, so that this one is imported by schedulers, too.
TensorFlow is therefore imported by the training alone.
"""

import functools
import importlib
import random
import sys
import tempfile
import traceback
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from distributed import Worker, WorkerPlugin, get_worker

from tfq_resqunn._utils import registration
from tfq_resqunn._utils.files import replacing
from tfq_resqunn._version import __version__
from tfq_resqunn.runs.config import RunConfig

if TYPE_CHECKING:
    from tfq_resqunn.datasets import Dataset

N_KEPT_DATA_SETS = 2  # one for each seed, and seeds come one after the other


@dataclass(frozen=True)
class Job:
    """A run to be trained.

    Args:
        name: What the study calls it.
        config: Its configuration, as JSON.
        data: Where the worker finds the file of its data set: a path of its own, or a name in its
            `local_directory`. `None` for a data set that has a name.
        made_by: What `software` gave in the study.
    """

    name: str
    config: str
    data: str | None
    made_by: str


@dataclass(frozen=True)
class Answer:
    """The files of a run, by name; or why it failed; or why this worker must not train."""

    files: dict[str, bytes] | None = None
    error: str | None = None
    refusal: str | None = None


class DataFile(WorkerPlugin):
    """A data set that a study has been given as a file, sent to each worker once.

    Dask sends it to workers that come later as well.
    """

    def __init__(self, content: bytes) -> None:
        self.name = f"resqunn-{uuid.uuid4().hex}.npz"
        self._content = content

    def setup(self, worker: Worker) -> None:
        try:
            with replacing(self._path(worker)) as temporary:
                temporary.write_bytes(self._content)
        except OSError as error:  # which the study would take for one of its connection
            raise RuntimeError(
                "run_study: the workers must be able to keep the data set in a file. Received "
                f"{worker.address}, where that failed: {error}\nStart them with room in their "
                "folder, which `dask worker --local-directory` names."
            ) from error

    def teardown(self, worker: Worker) -> None:
        self._path(worker).unlink(missing_ok=True)

    def _path(self, worker: Worker) -> Path:
        return Path(worker.local_directory, self.name)


def software() -> str:
    """Name what decides the numbers beside the configuration, as far as it must not differ."""
    from tfq_resqunn._utils.keras import IS_KERAS_3

    return f"tfq_resqunn {__version__} with Keras {3 if IS_KERAS_3 else 2}"


def start_tensorflow() -> None:
    """Import TensorFlow, which then computes on one thread.

    So a run gives the same numbers however many are trained at once. It has to be said before
    TensorFlow Quantum is imported, which starts TensorFlow. A TensorFlow that has started with more
    threads raises a `RuntimeError`.
    """
    with registration.postponed():
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def leave_random_numbers_alone() -> None:
    """Let Dask, as far as it is imported, draw from a generator of its own.

    It draws from Python's, in threads of its own, whenever it estimates the size of a message.
    From the same generator Keras draws the seeds of a run.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("dask", "distributed", "tornado") and (
            getattr(module, "random", None) is random
        ):
            module.random = random.Random()  # type: ignore[attr-defined]


def do_job(job: Job) -> Answer:
    """Train a run in this process, of which Keras' state is a part: one run at a time."""
    worker = get_worker()
    _never_pause(worker)  # before TensorFlow is loaded, which may be too much already
    if refusal := _refusal(worker, job.made_by):
        return Answer(refusal=refusal)
    leave_random_numbers_alone()
    try:
        config = RunConfig.from_json(job.config)
        path = None if job.data is None else str(Path(worker.local_directory, job.data))
        data = _load(_data_of(config if path is None else replace(config, dataset=path)))
        with tempfile.TemporaryDirectory(dir=worker.local_directory) as parent:
            folder = Path(parent, "run")
            train_run(config, data, folder)
            return Answer(files={path.name: path.read_bytes() for path in folder.iterdir()})
    except Exception:  # one run that fails must not stop the others
        return Answer(error=traceback.format_exc())


def train_run(config: RunConfig, data: "Dataset", folder: Path) -> None:
    """Train one network into a new folder.

    A loss that does not stay finite is a `FloatingPointError`.
    """
    from tfq_resqunn._utils.keras import keras
    from tfq_resqunn.runs import training
    from tfq_resqunn.simulation.tensors.graph_gradients import forgotten_gradients

    keras.backend.clear_session()  # names of layers begin anew, and memory is freed
    with forgotten_gradients():  # or the graphs of classical twins would stay
        # What XLA gains in so short a training it loses by compiling.
        result = training.run(config, data, folder, jit_compile=False)
    if not result.is_finite:
        # Its accuracy is a finite number all the same, and would be taken for a result.
        raise FloatingPointError(
            f"{result.divergence} The network has learned nothing; try a smaller learning_rate."
        )


def _never_pause(worker: Worker) -> None:
    """Lets a worker take runs however full its memory is.

    Dask would pause it at four fifths of its limit until memory is freed. What TensorFlow holds
    never is, so that the study would wait for ever.
    """
    if worker.memory_manager is not None:
        worker.memory_manager.memory_pause_fraction = False


def _refusal(worker: Worker, made_by: str) -> str | None:
    """Says why the numbers of this worker would not be those of the others."""
    n_threads = worker.state.nthreads
    if n_threads != 1:
        return several_threads({worker.address: n_threads})
    try:
        start_tensorflow()
    except RuntimeError as error:
        return (
            f"the workers' TensorFlow must compute on one thread. On {worker.address} it had "
            f"started already: {error}\nUse workers on which nothing else has run, in processes "
            "of their own."
        )
    importlib.import_module("tfq_resqunn.runs.training")
    if software() != made_by:
        return (
            f"the workers must run what the study runs, {made_by}. Received {worker.address}, "
            f"which runs {software()}.\nStart scheduler, workers and study in equal environments."
        )
    return None


def several_threads(threads: dict[str, int]) -> str:
    """Says that workers have more than one thread; they are given with their numbers of threads."""
    workers = ", ".join(f"{address} with {n}" for address, n in sorted(threads.items()))
    return (
        "the workers must have one thread each, since Keras trains one network at a time in a "
        f"process. Received {workers}.\nStart them with `dask worker --nthreads 1 --nworkers N`, "
        "as many as there are cores."
    )


@functools.lru_cache(maxsize=N_KEPT_DATA_SETS)
def _load(config: RunConfig) -> "Dataset":
    from tfq_resqunn.runs import training

    return training.load_data(config)


def _data_of(config: RunConfig) -> RunConfig:
    """Keep only the settings that choose the data, so that equal data is loaded once."""
    from tfq_resqunn.runs import training

    return RunConfig(
        config.dataset, **{name: getattr(config, name) for name in training.LOAD_ARGUMENTS}
    )
