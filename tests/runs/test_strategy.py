"""`train` under a strategy: the history of one device, and one folder, the chief's."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.helpers.systems import needs_posix
from tfq_resqunn._utils.keras import IS_KERAS_3
from tfq_resqunn.datasets import load
from tfq_resqunn.runs import training
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import FILES
from tfq_resqunn.runs.training import train

ROOT = Path(__file__).parents[2]
# 22 images in batches of 8: the last has 6, and each device takes 3 of them.
OPTIONS = [
    "--classes", "3,8", "--n-train", "22", "--n-test", "10", "--image-size", "4", "--epochs", "2",
    "--batch-size", "8", "--seed", "7", "--kernel-size", "2", "--quiet",
]  # fmt: skip
CONFIG = RunConfig(
    classes=(3, 8), n_train=22, n_test=10, image_size=4, epochs=2, batch_size=8, seed=7,
    kernel_size=2,
)  # fmt: skip
needs_keras_2 = pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 cannot (keras-team/keras#20585)")


def history(folder):
    return pd.read_csv(folder / "history.csv", index_col="epoch")


# --- several devices ---------------------------------------------------------------------------

# Trains without a strategy, then on two logical devices, as `resqunn train` does, then another
# network there. Devices are set up after all imports, none of which may start TensorFlow.
MIRRORED = """
import sys
import tensorflow as tf
from tfq_resqunn.cli import main
from tfq_resqunn.datasets import sources
from tfq_resqunn.runs import training
if sys.argv.pop(1) == "on disk":
    sources.MAX_IN_MEMORY = 0
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
mirrored = ["--strategy", "mirrored"]
for out, more in (("one", []), ("two", mirrored), ("other", [*mirrored, "--filters", "2"])):
    main(["train", *sys.argv[1:], "--out", out, *more], standalone_mode=False)
"""


@pytest.mark.parametrize("where", ["in memory", pytest.param("on disk", marks=pytest.mark.slow)])
def test_two_devices_train_as_one(tmp_path, where):
    data = load("digits", classes=[3, 8], n_train=30, n_test=20)
    labels = {name: np.asarray(data.classes)[getattr(data, name)] for name in ("y_train", "y_test")}
    np.savez(tmp_path / "data.npz", x_train=data.x_train, x_test=data.x_test, **labels)
    options = [where, *OPTIONS, "--dataset", "data.npz"]
    result = subprocess.run(
        [sys.executable, "-c", MIRRORED, *options], cwd=tmp_path, capture_output=True, text=True,
        timeout=300, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    one, two = tmp_path / "one", tmp_path / "two"
    assert {path.name for path in two.iterdir()} == set(FILES.values())
    pd.testing.assert_frame_equal(history(two), history(one), rtol=1e-5)
    gradients = [pd.read_csv(folder / "gradients.csv") for folder in (two, one)]
    pd.testing.assert_frame_equal(*gradients, rtol=1e-3)
    assert "without a strategy" not in result.stderr


def test_one_device_is_not_shared(tmp_path):
    with pytest.raises(ValueError, match=r"must find at least two devices(.|\n)*Received one, "):
        train(CONFIG, tmp_path / "run", strategy="mirrored")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"batch_size": 7}, "Use batch_size=6."),
        ({"batch_size": 1}, "Use batch_size=2."),
        ({"n_train": 21}, "Received 21 images in batches of 8, the last of 5.\nUse n_train=20."),
        ({"n_test": 9}, "Received 9 images in batches of 8, the last of 1.\nUse n_test=8."),
    ],
)
def test_batches_must_be_even(tmp_path, monkeypatch, change, remedy):
    class Two:
        num_replicas_in_sync = 2

    monkeypatch.setattr("tensorflow.distribute.get_strategy", Two)
    monkeypatch.setattr(training, "run", None)  # which is not reached
    config = RunConfig(**{**CONFIG.__dict__, **change})
    with pytest.raises(ValueError) as error:
        train(config, tmp_path / "run")
    assert str(error.value).startswith(f"train: `{next(iter(change))}` must ")
    assert str(error.value).endswith(remedy)


# --- several processes -------------------------------------------------------------------------


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def workers(command, cwd, jobs, **environment):
    """Starts two processes that train together, of the jobs `chief` and `worker`."""
    ports = free_ports(2)
    cluster: dict = {}
    for job, port in zip(jobs, ports, strict=True):
        cluster.setdefault(job, []).append(f"127.0.0.1:{port}")
    counted = [(job, jobs[:i].count(job)) for i, job in enumerate(jobs)]
    return [
        subprocess.Popen(
            [sys.executable, *command], cwd=cwd, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={
                **os.environ, "PYTHONPATH": str(ROOT), **environment,
                "TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": job, "index": i}}),
            },
        )
        for job, i in counted
    ]  # fmt: skip


@contextlib.contextmanager
def ended(processes):
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(OSError):  # a word that nobody has read
                    stream.close()


@needs_keras_2
@pytest.mark.slow
@pytest.mark.parametrize("jobs", [["worker", "worker"], ["chief", "worker"]])
def test_two_processes_train_as_one(tmp_path, jobs):
    train(CONFIG, tmp_path / "one", verbose=0)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = ["-m", "resqunn", "train", *OPTIONS, "--strategy", "multi-worker", "--out", "two"]
    processes = workers(command, tmp_path, jobs, TMPDIR=str(temporary))
    with ended(processes):
        said = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    pd.testing.assert_frame_equal(history(tmp_path / "two"), history(tmp_path / "one"), rtol=1e-5)
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two", "temporary"}
    assert {path.name for path in (tmp_path / "two").iterdir()} == set(FILES.values())
    assert not list(temporary.glob("resqunn-*"))
    assert f"model      {Path('two/model.keras')}" in said[0][0]
    assert "model.keras" not in said[1][0]


@needs_keras_2
@needs_posix
@pytest.mark.slow
def test_a_worker_that_is_killed_ends_the_others(tmp_path):
    command = [
        "-m", "resqunn", "train", *OPTIONS, "--epochs", "10000", "--strategy", "multi-worker",
        "--out", "run",
    ]  # fmt: skip
    processes = workers(command, tmp_path, ["worker", "worker"])
    with ended(processes):
        end = time.monotonic() + 120
        while not (tmp_path / "run" / "gradients.csv").is_file():
            assert time.monotonic() < end
            time.sleep(0.2)
        processes[1].send_signal(signal.SIGKILL)
        _, said = processes[0].communicate(timeout=120)
    assert processes[0].returncode != 0
    assert not (tmp_path / "run" / "model.keras").exists()
    assert "all 2 workers of TF_CONFIG must train to the end" in said
    assert "Start all of them again." in said
    assert "--out run --strategy multi-worker\n" in said


@needs_keras_2
@needs_posix
@pytest.mark.slow
def test_workers_go_on_after_one_was_killed():
    program = ["-m", "tests.helpers.distributed"]
    with tempfile.TemporaryDirectory() as folder:
        alone = subprocess.run(
            [sys.executable, *program, "alone", "resqunn", f"{folder}/alone"], cwd=ROOT, check=True,
            capture_output=True, text=True, env={**os.environ, "WAIT": ""},
        )  # fmt: skip
        whole = json.loads(alone.stdout.splitlines()[-1])
        command = [*program, "multi-worker", "resqunn", f"{folder}/together"]
        first = workers(command, ROOT, ["worker", "worker"], WAIT="1")
        with ended(first):
            for process in first:  # both have done their first epoch
                assert process.stdout.readline() == "0\n"
                process.stdin.write("\n")
                process.stdin.flush()
            for process in first:
                assert process.stdout.readline() == "1\n"
            first[1].send_signal(signal.SIGKILL)
        second = workers(command, ROOT, ["worker", "worker"], WAIT="")
        with ended(second):
            said = [process.communicate(timeout=300) for process in second]
    assert [process.returncode for process in second] == [0, 0], said
    for out, _ in said:
        *epochs, found = out.splitlines()
        assert epochs == ["2", "3"]  # those that were not done yet
        for what in ("loss", "val_loss", "accuracy"):
            np.testing.assert_allclose(json.loads(found)[what], whole[what][2:], rtol=1e-5)


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 can")
def test_keras_3_says_that_it_cannot(tmp_path, monkeypatch):
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    with pytest.raises(ValueError, match="`strategy` must be 'mirrored' or None under Keras 3"):
        train(CONFIG, tmp_path / "run", strategy="multi-worker")
    assert not (tmp_path / "run").exists()
