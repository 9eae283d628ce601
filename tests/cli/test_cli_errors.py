"""Mistakes on the command line: one message each, in the words of its options."""

import errno
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner

from tests.helpers.systems import link, needs_linux, needs_posix
from tfq_resqunn import cli
from tfq_resqunn.cli.errors import in_options
from tfq_resqunn.runs import callbacks, evaluation, strategy, training
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import in_use
from tfq_resqunn.runs.settings import settings_of
from tfq_resqunn.study import runner

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

TINY = ["--classes=3,8", "--n-train=8", "--n-test=4", "--image-size=4", "--epochs=1", "--quiet"]


@pytest.fixture
def resqunn(tmp_path, monkeypatch):
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli.main, arguments, prog_name="resqunn")


def assert_clean(result, code, *said):
    """The command has ended with this code and one message."""
    assert isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output and "Errno" not in result.output
    for text in said:
        assert text in result.output, result.output


# --- arguments of Python as options ----------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "text", "expected"),
    [
        ("train", "Quanv2D: `n_layers` must be at least 1.", "--n-layers must be at least 1."),
        ("train", "Quanv2D: `repetitions` is 0.", "--shots is 0."),
        ("train", "load: `name` must be one of a, b.", "--dataset must be one of a, b."),
        ("train", "Use readout='channels'.", "Use --readout channels."),
        ("train", 'Use encoder="angle", or more.', "Use --encoder angle, or more."),
        ("train", "Take classes=[3, 8] or n_test=9.", 'Take --classes "3,8" or --n-test 9.'),
        ("train", "learning_rate=0.01.", "--learning-rate 0.01."),
        ("train", "Set trainable=False.", "Set --no-trainable."),
        ("train", "Set control='surrogate'.", "Set --control surrogate."),
        ("train", "noise={'bit_flip': 0.1}", "--noise bit_flip=0.1"),
        ("train", "placement='X+O1'", "--placement X+O1"),
        ("train", "resqunn: the sum in `placement` is", "the sum in --placement is"),
        ("train", "Quanv2D: backend='noisy' needs", "--backend noisy needs"),
        ("train", "Received noise=None: name", "Received no --noise: name"),
        ("train", "load: x is no image.", "x is no image."),
        ("train", "`step` and backend=cirq.Simulator()", "`step` and backend=cirq.Simulator()"),
        ("train", "np.savez('f', seed=1), my_seed=2", "np.savez('f', --seed 1), my_seed=2"),
        ("study", "StudyConfig: `heads` must", "--head must"),
        ("study", "placements=['none', 'X+O1']", "--placement none --placement X+O1"),
        ("study", "run_study: `n_jobs` and `folder`", "--jobs and --out"),
        ("study", "run_study: `n_jobs` without `client`", "--jobs without --scheduler"),
        ("predict", "predict: `model_path` must be", "MODEL must be"),
        ("predict", "load_images: `path` must be", "IMAGES must be"),
        ("evaluate", "load_images: `path` must be", "--images must be"),
        ("evaluate", "evaluate: `backends` must", "--backend must"),
    ],
)
def test_arguments_become_options(command, text, expected):
    assert in_options(text, cli.main.commands[command]) == expected


def options_of_a_run():
    return [p for p in cli.train.params if p.name in settings_of(RunConfig)]


@pytest.mark.parametrize("parameter", options_of_a_run(), ids=lambda p: p.name)
def test_every_field_is_named_by_its_flag(parameter):
    said = in_options(f"Quanv2D: `{parameter.name}` must be.", cli.train)
    assert said == f"{parameter.opts[0]} must be."


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (["train", "--noise", "depolarising=0.1"], "--noise must"),
        (["train", "--shots", "0"], "--shots must"),
        (["train", "--readout", "channels", "--filters", "0"], "--filters must"),
        (["train", "--encoder", "angel"], "--encoder"),
        (["train", "--n-train", "1000000"], "--n-train must"),
        (["study", "--jobs", "0"], "--jobs must"),
        (["draw", "--n-layers", "0"], "--n-layers must"),
    ],
)
def test_errors_begin_with_the_option(resqunn, arguments, flag):
    result = resqunn(*arguments)
    assert_clean(result, 2)
    assert result.output.startswith(f"Error: {flag}")


# --- bad paths ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    config = RunConfig(classes=(3, 8), n_train=8, n_test=4, image_size=4, depth=1, epochs=1)
    folder = tmp_path_factory.mktemp("model") / "run"
    training.train(config, folder, verbose=0)
    np.savez(folder.parent / "images.npz", x=np.zeros((2, 4, 4)))
    return folder / "model.keras"


def bad_places(folder):
    """Paths that nothing can be written to, whoever one is."""
    (folder / "file").touch()
    (folder / "folder").mkdir(exist_ok=True)
    link(folder / "loop", folder / "loop")
    return {
        "no folder": "none/such/x",
        "a file as folder": "file/x",
        "a device as folder": "/dev/null/x",
        "system's": "/proc/x",
        "device": "/dev/null",
        "loop": "loop",
        "in a loop": "loop/x",
        "long": "n" * 300,
        "long folder": f"{'n' * 300}/x",
        "empty": "",
    }


FOLDERS = ("a file as folder", "loop", "in a loop", "long", "long folder",
           pytest.param("a device as folder", marks=needs_posix),
           pytest.param("device", marks=needs_posix),
           pytest.param("system's", marks=needs_linux))  # fmt: skip
FILES = ("no folder", "empty", *FOLDERS)


@pytest.mark.parametrize("place", FILES)
@pytest.mark.parametrize(
    "command", ["predict", "draw", "draw plan", "circuits html", "circuits markdown"]
)
def test_files_that_cannot_be_written(resqunn, tmp_path, model, command, place, monkeypatch):
    path = bad_places(tmp_path)[place]
    before = sorted(tmp_path.iterdir())
    for module in (
        "tfq_resqunn.runs.prediction.predict_to_csv",
        "tfq_resqunn.layers.Quanv2D.build",
    ):
        monkeypatch.setattr(module, unwanted)
    arguments = {
        "predict": ("predict", str(model), str(model.parents[1] / "images.npz"), "--out", path),
        "draw": ("draw", "--svg", path),
        "draw plan": ("draw", "--plan", path),
        "circuits html": ("circuits", "amplitude", "--html", path),
        "circuits markdown": ("circuits", "amplitude", "--markdown", path),
    }[command]
    result = resqunn(*arguments)
    assert_clean(result, 2)
    assert re.match(r"Error: (A file (must|can)|.* cannot be written to: )", result.output)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("place", FOLDERS)
@pytest.mark.parametrize("command", ["train", "evaluate", "study"])
def test_folders_that_cannot_be_made(resqunn, tmp_path, model, command, place, monkeypatch):
    path = bad_places(tmp_path)[place]
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(training, "load_data", unwanted)
    monkeypatch.setattr(runner, "load_data", unwanted)
    monkeypatch.setattr(evaluation, "load_data", unwanted)
    arguments = (["evaluate", str(model)] if command == "evaluate" else [command]) + ["--out", path]
    result = resqunn(*arguments)
    assert_clean(result, 2, path)
    assert sorted(tmp_path.iterdir()) == before


def unwanted(*_, **__):
    raise AssertionError("work has begun")


@pytest.mark.parametrize("place", ["none", "folder", "loop", "file/x", os.devnull, "n" * 300, ""])
@pytest.mark.parametrize("what", ["model", "images", "dataset", "evaluated", "settings"])
def test_files_that_cannot_be_read(resqunn, tmp_path, model, what, place):
    bad_places(tmp_path)
    images = str(model.parents[1] / "images.npz")
    arguments = {
        "model": ("predict", place, images),
        "images": ("predict", str(model), place),
        "dataset": ("train", "--dataset", f"{place}.npz" if place else place),
        "evaluated": ("evaluate", place),
        "settings": ("study", "--config", place),
    }[what]
    assert_clean(resqunn(*arguments), 2)


def test_a_folder_where_a_result_belongs(resqunn, tmp_path, model, monkeypatch):
    (tmp_path / "out" / "evaluation.png").mkdir(parents=True)
    monkeypatch.setattr(evaluation, "load_data", unwanted)
    result = resqunn("evaluate", str(model), "--out", "out")
    assert_clean(result, 2, f"{Path('out/evaluation.png')} must be a file, and is a folder.")


def test_a_link_to_a_file_stays_one(resqunn, tmp_path, model):
    link(tmp_path / "link.csv", tmp_path / "target.csv")
    result = resqunn("predict", str(model), str(model.parents[1] / "images.npz"), "--out=link.csv")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "target.csv").read_text().startswith("image,label,")


# --- what goes wrong meanwhile -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "run/x"), 2,
         "run/x: No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), 2, "x: Permission denied"),
        (tf.errors.ResourceExhaustedError(None, None, "run/logs/x; No space left on device"), 1,
         "ResourceExhaustedError: run/logs/x; No space left on device"),
        (tf.errors.FailedPreconditionError(None, None, "x; Read-only file system"), 1,
         "FailedPreconditionError: x; Read-only file system"),
        (MemoryError(), 1, "MemoryError"),
        (KeyError("x"), 1, "KeyError: 'x'"),
        (RuntimeError("odd"), 1, "RuntimeError: odd\n"),
        (ValueError(""), 2, "ValueError"),
        (tf.errors.InternalError(None, None, "x" * 10**5), 1,
         "InternalError: " + "x" * 2000 + " ..."),
    ],
)  # fmt: skip
def test_every_error_is_one_message(resqunn, monkeypatch, error, code, said):
    def fail(*_):
        raise error

    monkeypatch.setattr(training, "fit", fail)
    result = resqunn("train", *TINY, "--out=run")
    assert_clean(result, code, f"Error: {said}")
    assert "\nThe training has failed. 0 of 1 epochs are done. To go on: resqunn" in result.output
    monkeypatch.setenv("RESQUNN_TRACEBACK", "1")
    assert resqunn("train", *TINY, "--out=other").exception is error


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (OSError("full"), 2)])
def test_the_whole_command_goes_on(resqunn, monkeypatch, error, code):
    def fail(*_):
        raise error

    monkeypatch.setattr(training, "fit", fail)
    own = ["--out", "run", "--checkpoint-every", "5", "--strategy", "mirrored", "--quiet"]
    monkeypatch.setattr(strategy, "_mirrored", lambda: tf.distribute.MirroredStrategy(["CPU:0"]))
    result = resqunn("train", *TINY, *own)
    assert result.exit_code == code
    settings = '--classes "3,8" --n-train 8 --n-test 4 --image-size 4 --epochs 1'
    assert f"To go on: resqunn train {settings} {' '.join(own)}\n" in result.output


def test_a_refusal_is_said_alone(resqunn, monkeypatch, tmp_path):
    """Where it comes after TensorFlow has been loaded, but before anything is trained."""

    def stop(*_):
        raise KeyboardInterrupt

    path = tmp_path / "images.npz"
    x, y = np.random.default_rng(0).random((20, 4, 4)), np.arange(20) % 2
    np.savez(path, x=x, y=y)
    command = ["train", "--dataset", str(path), "--n-train=8", "--n-test=4", "--out=run"]
    with monkeypatch.context() as patch:
        patch.setattr(training, "fit", stop)
        assert resqunn(*command).exit_code == 130
    said = "Going on in run: 0 of 15 epochs are done.\nError: "
    with in_use(Path("run")), monkeypatch.context() as patch:
        patch.setattr("tfq_resqunn.runs.folder.is_in_use", lambda folder: False)
        assert_clean(resqunn(*command), 2, f"{said}--out must not be in use.")
    result = resqunn(*command, "--strategy=mirrored")
    assert_clean(result, 2, f"{said}--strategy 'mirrored' must find at least two devices")
    np.savez(path, x=x, y=y[::-1])
    assert_clean(resqunn(*command), 2, f"{said}--dataset must hold the same images as")


@needs_linux
@pytest.mark.slow
@pytest.mark.parametrize("n_bytes", [500, 5000, 20000])
def test_a_file_that_may_not_be_longer(tmp_path, n_bytes):
    """That of the settings, of gradients, logs, or the model; what was whole is used again."""
    program = (
        "import resource, signal, sys\n"
        "from tfq_resqunn import cli\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({n_bytes}, {n_bytes}))\n"
        "cli.main(sys.argv[1:], prog_name='resqunn')\n"
    )
    command = [sys.executable, "-c", program, "train", *TINY, "--out=run"]
    where = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}}
    result = subprocess.run(command, capture_output=True, text=True, check=False, **where)
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr
    assert "File too large" in result.stderr or "errno = 27" in result.stderr
    if not (tmp_path / "run").exists():
        assert n_bytes == 500
        return
    done = "of 1 epochs are done. To go on: resqunn train"
    assert "The training has failed." in result.stderr and done in result.stderr
    assert [path.name for path in (tmp_path / "run").glob(".*")] == [".lock"]
    again = [sys.executable, "-m", "resqunn", "train", *TINY, "--out=run"]
    subprocess.run(again, check=True, **where)
    assert (tmp_path / "run" / "result.json").is_file()


@needs_linux
@pytest.mark.slow
def test_a_disk_that_is_full(tmp_path):
    """A disk of a few pages takes some epochs, and then no more; with room, the run goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(size, *options):
        flags = ["-o", ",".join([*options, f"size={size}"])]
        return subprocess.run(["mount", "-t", "tmpfs", *flags, "tmpfs", disk], check=False)

    if mount("300k").returncode:
        pytest.skip("a disk cannot be mounted here")
    command = [sys.executable, "-m", "resqunn", "train", *TINY, "--epochs=60"]
    where = {"cwd": disk, "env": {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}}
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, **where)
        assert result.returncode in (1, 2), result.stdout
        assert "Traceback" not in result.stderr
        assert "No space left on device" in result.stderr
        done = re.search(r"failed. (\d+) of 60 epochs are done. To go on: (.+)", result.stderr)
        assert 0 < int(done[1]) < 60
        folder = disk / "runs" / "digits-001"
        assert sorted(path.name for path in folder.glob("*.*")) == [
            "checkpoint.zip", "config.json", "gradients.csv",
        ]  # fmt: skip
        assert mount("100m", "remount").returncode == 0
        result = subprocess.run(command, capture_output=True, text=True, check=True, **where)
        assert f"Going on in {folder.relative_to(disk)}: {done[1]} of 60 epochs" in result.stderr
        command = [*command, f"--out={tmp_path / 'undisturbed'}"]
        subprocess.run(command, check=True, capture_output=True, **where)
        for name in ("history.csv", "gradients.csv"):
            there = tmp_path / "undisturbed" / name
            assert (folder / name).read_bytes() == there.read_bytes()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_folder_that_goes(resqunn, monkeypatch, tmp_path):
    begin = callbacks.Keeper.on_epoch_begin

    def remove(self, epoch, logs=None):
        begin(self, epoch, logs)
        if epoch == 1:
            shutil.rmtree("run")

    monkeypatch.setattr(callbacks.Keeper, "on_epoch_begin", remove)
    result = resqunn("train", *TINY, "--epochs=3", "--out=run")
    assert_clean(
        result, 2,
        "Error: --out must stay where it is during the training.\nReceived run, which has gone "
        "meanwhile, with all that was in it.\nTrain again.\n",
    )  # fmt: skip
    assert not (tmp_path / "run").exists()


def test_a_model_that_is_not_finished(resqunn, monkeypatch, tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "fit", stop)
        assert resqunn("train", *TINY, "--out=run").exit_code == 130
    said = (
        "Error: MODEL must be the model of a run that is finished.\nReceived "
        f"{Path('run/model.keras')}, whose run is under way or was stopped.\n0 of 1 epochs are "
        "done. To go on: resqunn train "
        '--classes "3,8" --n-train 8 --n-test 4 --image-size 4 --epochs 1 --out run\n'
    )
    for command in (["evaluate", "run/model.keras"], ["predict", "run/model.keras", "x.npz"]):
        result = resqunn(*command)
        assert (result.exit_code, result.output) == (2, said)
    result = resqunn("train", *TINY, "--out=run", "--seed=1")
    assert_clean(result, 2, "--out must be a new folder, or one in which this run was stopped.")
    assert "  seed: 1 against 0\n" in result.output
    result = resqunn("train", *TINY, "--out=run", "--checkpoint-every=0")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Going on in run: 0 of 1 epochs are done.\n")


def test_a_loss_that_is_no_number(resqunn, tmp_path):
    result = resqunn("train", *TINY, "--out=run", "--epochs=2", "--learning-rate=1e38")
    assert_clean(
        result, 1,
        "The training has failed: The loss is nan from epoch",
        f"model      {Path('run/model.keras')}",
        "The files above are there to see where it went wrong; their model is of no use.",
    )  # fmt: skip
    assert "Go on with" not in result.output
    assert (tmp_path / "run" / "history.csv").is_file()


def test_workers_that_cannot_start(resqunn, monkeypatch):
    monkeypatch.setattr(
        "tfq_resqunn.study.local_cluster.PROGRAM", "raise SystemExit('no such luck')"
    )
    result = resqunn("study", "--depth=1", "--n-train=20", "--n-test=20", "--out=study")
    assert_clean(result, 1, "Error: RuntimeError: a worker process could not start.")
    assert "no such luck" in result.output


@needs_posix
@pytest.mark.slow
def test_a_reader_that_goes_away(tmp_path):
    """As in `resqunn circuits | head -1`."""
    command = [sys.executable, "-m", "resqunn", "circuits"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_CPP")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert result.returncode == 1
    assert result.stderr == b""


def test_files_are_written_in_an_order_that_is_always_true(tmp_path, monkeypatch):
    """Whatever is there when the process is killed: no model without its classes."""
    seen = []
    replace = os.replace

    def note(source, target):
        replace(source, target)
        if Path(target).parent == tmp_path / "run":
            assert (tmp_path / "run" / "config.json").is_file()
            seen.append(Path(target).name)

    monkeypatch.setattr(os, "replace", note)
    config = RunConfig(classes=(3, 8), n_train=8, n_test=4, image_size=4, depth=1, epochs=1)
    training.train(config, tmp_path / "run", verbose=0)
    assert seen[-4:] == ["model.keras", "history.csv", "curves.png", "result.json"]


@pytest.mark.parametrize(
    "text",
    [
        "Received 'n_layers=007'.", "n_layers=1.2.3 is no number", "noise={'depolarizing': nan}",
        "kernel_size=(2, n)", "kernel_size=[a b]", "depth=--1", "seed=1e", "noise={a b}",
    ],
)  # fmt: skip
def test_text_that_only_looks_like_a_setting_stays(text):
    assert in_options(text, cli.train) == text
