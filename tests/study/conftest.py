"""A study of three runs of a moment each, which is run once for all tests."""

import json
import os
import shutil
import signal
import sys

import numpy as np
import pytest
from filelock import FileLock

from tests.helpers.studies import children_of
from tfq_resqunn.runs import RunConfig
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.runner import run_study


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder that all workers of pytest-xdist have in common, and no other session."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared_study"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def data_file(shared):
    path = shared / "tiny.npz"
    with FileLock(shared / "data.lock"):
        if not path.exists():
            rng = np.random.default_rng(1234)
            x, y = rng.random((24, 4, 4)), np.arange(24) % 2
            np.savez(path, x_train=x[:16], y_train=y[:16], x_test=x[16:], y_test=y[16:])
    return path


@pytest.fixture(scope="session")
def tiny(data_file):
    """Three runs of a moment each."""
    run = RunConfig(dataset=str(data_file), depth=1, epochs=2, batch_size=8)
    return StudyConfig(run, placements=["X+O1"], input_gradients=[True], heads=["none"], seeds=[5])


@pytest.fixture(scope="session")
def made(tiny, shared):
    """The tiny study, run once by two workers, and which of them were sent an interrupt."""
    folder, interrupted = shared / "study", []

    def interrupt_the_workers(step):
        if sys.platform == "linux":
            for worker in children_of(os.getpid()):
                os.kill(worker, signal.SIGINT)
                interrupted.append(worker)

    with FileLock(shared / "study.lock"):
        if not folder.exists():
            run_study(tiny, folder, n_jobs=2, on_progress=interrupt_the_workers, report=False)
            (shared / "interrupted.json").write_text(json.dumps(interrupted))
    return folder, json.loads((shared / "interrupted.json").read_text())


@pytest.fixture(scope="session")
def finished(tiny, made, tmp_path_factory):
    """The tiny study, and a copy of its folder."""
    folder = shutil.copytree(made[0], tmp_path_factory.mktemp("studies") / "tiny")
    return run_study(tiny, folder, report=False), folder


@pytest.fixture(scope="module")
def no_collecting():
    """Without the garbage collection of Holm's correction in statsmodels.

    Beside TensorFlow it takes up to half a second, and each report makes several corrections.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gc.collect", lambda: 0)
        yield
