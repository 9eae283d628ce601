"""A run that is stopped, at any moment and in any way, ends as one that was not."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.systems import link, needs_posix
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.runs import callbacks, training
from tfq_resqunn.runs.cluster import Cluster
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.evaluation import load_trained
from tfq_resqunn.runs.folder import in_use, run_folder
from tfq_resqunn.runs.prediction import predict
from tfq_resqunn.runs.progress import Progress
from tfq_resqunn.runs.strategy import Place
from tfq_resqunn.runs.training import train

ROOT = Path(__file__).parents[2]
SMALL = RunConfig(
    classes=(3, 8), n_train=10, n_test=4, image_size=4, kernel_size=(1, 2), epochs=4, batch_size=4,
    seed=7,
)  # fmt: skip
FILES = [
    "config.json", "curves.png", "gradients.csv", "history.csv", "logs", "model.keras",
    "result.json",
]  # fmt: skip


def stop_after(n_epochs, monkeypatch):
    """Have the next training interrupted in the middle of an epoch, as by Ctrl-C."""

    def on_train_batch_begin(self, batch, logs=None):
        if self.progress.n_epochs == n_epochs and batch == self.params["steps"] - 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(callbacks.Keeper, "on_train_batch_begin", on_train_batch_begin)


def stopped(config, folder, n_epochs, **arguments):
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop_after(n_epochs, patch)
        train(config, folder, verbose=0, **arguments)


def numbers(folder):
    """All numbers of the saved model and of its optimizer, bit for bit."""
    model = keras.models.load_model(folder / "model.keras")
    return [np.asarray(v).tobytes() for v in [*model.weights, *model.optimizer.variables]]


def events(folder):
    """How often each quantity stands at each step in TensorBoard's files."""
    found = Counter()
    for path in (folder / "logs").rglob("events.out.tfevents.*"):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found[path.parent.name, event.step, value.tag] += 1
    return found


def measures(folder):
    result = json.loads((folder / "result.json").read_text())
    return {name: value for name, value in result.items() if "seconds" not in name}


def assert_same_run(folder, other):
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert numbers(folder) == numbers(other)
    assert measures(folder) == measures(other)
    for name in ("history.csv", "gradients.csv", "config.json"):
        assert (folder / name).read_bytes() == (other / name).read_bytes()
    assert events(folder) == events(other)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    train(SMALL, folder, verbose=0)
    return folder


# --- killed ------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys, zipfile
from tfq_resqunn.runs import callbacks, training
from tfq_resqunn.runs.config import RunConfig

moment, config, folder = sys.argv[1:]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def in_the_third_epoch(self, batch, logs=None):
    if self.progress.n_epochs == 2 and batch == 1:
        die()

def in_the_second_checkpoint(archive, name, data, write=zipfile.ZipFile.writestr):
    write(archive, name, data)
    if name == "1" and len(open(folder + "/gradients.csv").readlines()) > 7:  # two epochs of three
        archive.fp.flush()
        die()

if moment == "epoch":
    callbacks.Keeper.on_train_batch_begin = in_the_third_epoch
elif moment == "checkpoint":
    zipfile.ZipFile.writestr = in_the_second_checkpoint
elif moment == "end":
    training.training_curves = die
training.train(RunConfig.from_json(config), folder, verbose=0)
"""


@needs_posix
def test_a_run_that_is_killed_three_times(undisturbed, tmp_path):
    folder = tmp_path / "run"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = []
    for moment in ("checkpoint", "epoch", "end"):
        program = [sys.executable, "-c", KILLED, moment, SMALL.to_json(), str(folder)]
        result = subprocess.run(program, env=environment, capture_output=True, check=False)
        assert result.returncode == -signal.SIGKILL, result.stderr.decode()
        done.append(training.read_progress(folder / "checkpoint.zip").n_epochs)
        with pytest.raises(ValueError, match="must be the model of a run that is finished"):
            predict(folder / "model.keras", "images.npz")
    assert done == [1, 2, 4]
    assert (folder / "model.keras").is_file()  # which is not taken for one
    train(SMALL, folder, verbose=0)
    assert_same_run(folder, undisturbed)


@needs_posix
@pytest.mark.slow
def test_commands_that_are_killed_at_ten_random_moments(tmp_path):
    command = [
        sys.executable, "-m", "resqunn", "train", "--n-train=200", "--n-test=100", "--epochs=8",
    ]  # fmt: skip
    runs = tmp_path / "runs"

    def start():
        return subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait_for(folder):
        while not (folder / ".lock").exists():
            assert process.poll() is None
            time.sleep(0.001)

    def n_kept(folder):
        return training.read_progress(folder / "checkpoint.zip").n_epochs

    process = start()
    assert process.communicate() and process.returncode == 0
    pace = json.loads((runs / "digits-001" / "result.json").read_text())["seconds_per_epoch"]
    rng = np.random.default_rng(0)
    n_killed, number = 0, 1
    while n_killed < 10:
        number += 1
        folder = runs / f"digits-{number:03d}"
        process, wanted, delay = start(), rng.integers(0, 8), rng.uniform(0, 4 * pace)
        wait_for(folder)
        with contextlib.suppress(FileNotFoundError):  # it has ended
            while n_kept(folder) < wanted:
                time.sleep(0.001)
        time.sleep(delay)
        process.kill()
        process.communicate()
        if not (folder / "checkpoint.zip").exists():
            continue
        n_killed += 1
        assert process.returncode == -signal.SIGKILL
        kept = n_kept(folder)
        process = start()
        _, said = process.communicate()
        assert process.returncode == 0, said
        assert f"Going on in {folder.relative_to(tmp_path)}: {kept} of 8 epochs are done" in said
        assert_same_run(folder, runs / "digits-001")
        print(f"killed {delay:.2f} s after epoch {wanted}, {kept} epochs kept: the same")


# --- stopped -----------------------------------------------------------------------------------

RUNS = {
    "shots": {"repetitions": 10, "depth": 1},
    "noise": {"noise": {"depolarizing": 0.01}},
    "twin": {"control": "classical"},
    "no weights": {"head": "none", "trainable": False},
    "one batch": {"batch_size": 10},
    "a rate of the head, a draw": {"head_learning_rate": 0.1, "draw": 2},
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_is_stopped(name, tmp_path):
    config = replace(SMALL, epochs=3, **RUNS[name])
    train(config, tmp_path / "other", verbose=0)
    stopped(config, tmp_path / "run", 2)
    train(config, tmp_path / "run", verbose=0)
    assert_same_run(tmp_path / "run", tmp_path / "other")


def test_each_epoch_draws_shots_of_its_own(tmp_path):
    config = replace(SMALL, repetitions=10, depth=1, head="none", trainable=False)
    history = train(config, tmp_path / "run", verbose=0).history
    assert len(set(history["val_loss"])) == config.epochs  # though nothing learns


@pytest.mark.parametrize(("every", "kept"), [(0, 0), (2, 2)])
def test_checkpoints_every_so_many_epochs(every, kept, undisturbed, tmp_path):
    stopped(SMALL, tmp_path / "run", 3, checkpoint_every=every)
    assert training.read_progress(tmp_path / "run" / "checkpoint.zip").n_epochs == kept
    train(SMALL, tmp_path / "run", verbose=0, checkpoint_every=every)
    assert_same_run(tmp_path / "run", undisturbed)


def test_several_workers_begin_anew(undisturbed, tmp_path, monkeypatch):
    stopped(SMALL, tmp_path / "run", 2)
    with monkeypatch.context() as patch:
        patch.setattr(training, "check_strategy", lambda name: Cluster(("a:1", "b:1"), 0))
        patch.setattr(
            training, "placed", lambda *_: contextlib.nullcontext(Place(tmp_path / "run"))
        )
        stopped(SMALL, tmp_path / "run", 1)
    assert training.read_progress(tmp_path / "run" / "checkpoint.zip").n_epochs == 0
    train(SMALL, tmp_path / "run", verbose=0)
    assert_same_run(tmp_path / "run", undisturbed)


@needs_posix
def test_the_file_of_a_lock_stays_until_nobody_may_train(tmp_path, undisturbed):
    """Two that open it at once hold the same, unless it goes between them."""
    stopped(SMALL, tmp_path / "run", 1)
    assert (tmp_path / "run" / ".lock").is_file()
    assert not (undisturbed / ".lock").exists()


def test_seconds_are_those_of_all_parts(tmp_path, monkeypatch):
    stopped(SMALL, tmp_path / "run", 3)
    before = training.read_progress(tmp_path / "run" / "checkpoint.zip")
    slow = replace(before, seconds=1000.0, epoch_seconds=[500.0, 2.0, 2.0])
    monkeypatch.setattr(training, "read_progress", lambda path: slow)
    result = train(SMALL, tmp_path / "run", verbose=0)
    assert 1000 < result.seconds < 1100
    assert result.seconds_per_epoch == 2  # without the first of each part


def test_a_loss_that_is_no_number(tmp_path):
    config = replace(SMALL, learning_rate=1e38)
    other = train(config, tmp_path / "other", verbose=0)
    stopped(config, tmp_path / "run", 3)
    result = train(config, tmp_path / "run", verbose=0)
    assert result.divergence == other.divergence is not None
    assert (tmp_path / "run" / "history.csv").read_bytes() == other.paths["history"].read_bytes()
    assert not (tmp_path / "run" / "checkpoint.zip").exists()
    assert not (tmp_path / "run" / "result.json").exists()


# --- which folder ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unfinished") / "run"
    stopped(SMALL, folder, 2)
    return folder


@pytest.fixture
def copy(unfinished, tmp_path):
    return Path(shutil.copytree(unfinished, tmp_path / "run"))


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_refused(error, message, folder, config=SMALL):
    before = contents(folder)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        train(config, folder, verbose=0)
    assert contents(folder) == before


def test_another_configuration_is_refused(copy):
    message = (
        "train: `out` must be a new folder, or one in which this run was stopped.\nReceived "
        f"{copy}, in which another one was. It differs (here against there):\n"
        "  classes: [1, 2] against [3, 8]\n  epochs: 5 against 4\n"
        "Choose another folder, or keep its settings."
    )
    assert_refused(FileExistsError, message, copy, replace(SMALL, epochs=5, classes=(1, 2)))


def test_a_folder_in_use_is_refused(copy):
    message = (
        f"train: `out` must not be in use.\nReceived {copy}, in which another process is "
        "training.\nWait for it, or choose another folder."
    )
    with in_use(copy):
        assert_refused(FileExistsError, message, copy)


def test_a_folder_that_takes_no_files_is_not_said_to_be_in_use(copy, monkeypatch):
    """Its lock cannot be held to find that out."""

    def fail(path):
        raise PermissionError(f"{path} cannot be written to")

    monkeypatch.setattr("tfq_resqunn.runs.folder.check_folder", fail)
    with in_use(copy):
        assert_refused(PermissionError, f"{copy} cannot be written to", copy)


def test_a_folder_without_its_configuration_is_refused(copy):
    path = copy / "config.json"
    path.unlink()
    message = (
        f"train: {path} must be what a run has written. It cannot be read: No such file or "
        f"directory\nRemove {copy}, or choose another one (--out)."
    )
    assert_refused(ValueError, message, copy)


def test_a_finished_run_is_refused(undisturbed):
    message = (
        f"train: `out` must be a folder that does not exist yet.\nReceived {undisturbed}, in "
        "which a run is finished.\nChoose another name, or remove that one."
    )
    assert_refused(FileExistsError, message, undisturbed)


def test_other_images_are_refused(tmp_path):
    x, y = np.random.default_rng(0).random((20, 4, 4)), np.arange(20) % 2
    np.savez(tmp_path / "images.npz", x=x, y=y)
    config = replace(SMALL, dataset=str(tmp_path / "images.npz"), classes=None)
    folder = tmp_path / "run"
    stopped(config, folder, 1)
    np.savez(tmp_path / "images.npz", x=x, y=y[::-1])
    message = (
        "train: `dataset` must hold the same images as when the run was begun.\nReceived others "
        f"than those of {folder}.\nRestore them, or choose another folder (--out)."
    )
    assert_refused(ValueError, message, folder, config)


def test_the_other_keras_is_refused(copy):
    mine, other = ("3", "2") if IS_KERAS_3 else ("2", "3")
    rewrite(copy / "checkpoint.zip", lambda values: {**values, "keras": other})
    message = (
        f"train: `out` must hold a run of this Keras, {mine}.\nReceived {copy}, in which Keras "
        f"{other} was training.\n{'Set' if IS_KERAS_3 else 'Unset'} TF_USE_LEGACY_KERAS, or choose "
        "another folder."
    )
    assert_refused(ValueError, message, copy)


def test_other_versions_are_said(copy, undisturbed):
    path = copy / "config.json"
    described = json.loads(path.read_text())
    described["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(described))
    with pytest.warns(UserWarning, match="was begun with other versions of numpy. Its numbers may"):
        train(SMALL, copy, verbose=0)
    assert numbers(copy) == numbers(undisturbed)


def rewrite(path, change):
    """Change what a checkpoint says of the run's progress."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["progress.json"] = json.dumps(change(json.loads(members["progress.json"])))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def without_last_variable(path):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()[:-1]}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def set_flag(path, flag):
    """Set a flag of the first member, which says that it is packed in a way of its own."""
    content = bytearray(path.read_bytes())
    content[6] |= flag
    content[content.find(b"PK\x01\x02") + 8] |= flag
    path.write_bytes(content)


MORE_EPOCHS = {
    "epoch_seconds": [1.0] * 5,
    "history": {name: [0.5] * 5 for name in ("loss", "accuracy", "val_loss", "val_accuracy")},
}
DAMAGES = {
    "cut off": cut_off,
    "a bit": flip,
    "a variable": without_last_variable,
    "a password": lambda path: set_flag(path, 1),
    "a patch": lambda path: set_flag(path, 0x20),
    "no text": lambda path: rewrite(path, lambda values: []),
    "a key": lambda path: rewrite(path, lambda values: {**values, "more": 1}),
    "an epoch": lambda path: rewrite(path, lambda values: {**values, "epoch_seconds": [1.0]}),
    "a word": lambda path: rewrite(path, lambda values: {**values, "seconds": "long"}),
    "gradients": lambda path: rewrite(path, lambda values: {**values, "gradients": [[0, 1]]}),
    "no gradients": lambda path: rewrite(path, lambda values: {**values, "gradients": []}),
    "logs": lambda path: rewrite(path, lambda values: {**values, "logs": {"a": "b"}}),
    "a size": lambda path: rewrite(path, lambda values: {**values, "logs": {"a": -1}}),
    "a column": lambda path: rewrite(path, lambda values: {**values, "history": {}}),
    "more epochs": lambda path: rewrite(path, lambda values: {**values, **MORE_EPOCHS}),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_checkpoint_is_refused(name, copy):
    path = copy / "checkpoint.zip"
    DAMAGES[name](path)
    begin = f"train: {path} must be what a run has written. It cannot be read: "
    end = f"\nRemove {copy}, or choose another folder (--out)."
    with pytest.raises(ValueError, match=f"(?s)^{re.escape(begin)}.+{re.escape(end)}$"):
        train(SMALL, copy, verbose=0)


def test_logs_elsewhere_are_left_alone(copy, tmp_path):
    """A checkpoint names files by their paths, and a link may lead anywhere."""
    elsewhere = tmp_path / "events.out.tfevents.1"
    elsewhere.write_text("mine")
    link(copy / "logs" / "events.out.tfevents.2", elsewhere)
    rewrite(
        copy / "checkpoint.zip",
        lambda values: {
            **values,
            "logs": {f"../../{elsewhere.name}": 1, "events.out.tfevents.2": 1},
        },
    )
    train(SMALL, copy, verbose=0)
    assert elsewhere.read_text() == "mine"


def test_run_folder(tmp_path, copy):
    """The newest one in which this run was stopped, or a new one."""
    root = tmp_path / "runs"
    assert run_folder(SMALL, root) == root / "digits-001"
    for number in (1, 2, 10):
        shutil.copytree(copy, root / f"digits-{number:03d}")
    (root / "digits-011").mkdir()
    (root / "other-012").mkdir()
    shutil.copytree(copy, root / "digits-013" / "digits-014")
    assert run_folder(SMALL, root) == root / "digits-010"
    assert run_folder(replace(SMALL, seed=1), root) == root / "digits-003"
    with in_use(root / "digits-010"):
        assert run_folder(SMALL, root) == root / "digits-002"
        with in_use(root / "digits-002"):
            (root / "digits-001" / "config.json").write_text("{}")
            assert run_folder(SMALL, root) == root / "digits-003"


@pytest.mark.parametrize("name", ["", "model.keras"])
def test_its_model_is_refused(name, copy, tmp_path):
    (copy / "model.keras").write_bytes(b"half a model")
    path = copy / name
    message = (
        f"{{}}: `model_path` must be the model of a run that is finished.\nReceived {path}, whose "
        "run is under way or was stopped.\n2 of 4 epochs are done. To go on: resqunn train "
        '--classes "3,8" --n-train 10 --n-test 4 --image-size 4 --kernel-size "1,2" --epochs 4 '
        f"--batch-size 4 --seed 7 --out {copy}"
    )
    for who, read in (
        ("predict", lambda: predict(path, tmp_path / "images.npz")),
        ("evaluate", lambda: load_trained(path)),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(message.format(who))}$"):
            read()


def test_a_model_of_ones_own_beside_it_is_read(copy, undisturbed):
    shutil.copy(undisturbed / "model.keras", copy / "mine.keras")
    model, x, _ = load_trained(copy / "mine.keras")
    assert model.predict(x, verbose=0).shape == (4, 2)


def test_progress_json_round_trip():
    progress = Progress("3", "abc", {"loss": [float("inf"), 0.1]}, [[0, "quanv"]], [1.0, 2.0], [0])
    assert Progress.from_json(progress.to_json()) == progress
