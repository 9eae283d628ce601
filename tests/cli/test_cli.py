"""The command line, in this process."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from tests.helpers.systems import needs_posix
from tfq_resqunn import cli
from tfq_resqunn._version import __version__
from tfq_resqunn.cli.plain_output import allow_plain_output
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import how_to_compare
from tfq_resqunn.study.config import StudyConfig

TINY = {"classes": "3,8", "n-train": 8, "n-test": 4, "image-size": 4, "depth": 1, "epochs": 1}
TINY_OPTIONS = [f"--{name}={value}" for name, value in TINY.items()]


@pytest.fixture
def resqunn(tmp_path, monkeypatch):
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli.main, arguments, prog_name="resqunn")


def test_version(resqunn):
    assert resqunn("--version").output == f"resqunn, version {__version__}\n"


def test_every_setting_is_an_option_with_its_default():
    options = {parameter.name: parameter for parameter in cli.train.params}
    own = {"out", "quiet", "checkpoint_every", "strategy"}  # of the command, not of the run
    assert set(options) == set(RunConfig.__dataclass_fields__) | own
    for name in RunConfig.__dataclass_fields__:
        assert options[name].default == getattr(RunConfig, name), name


def test_data(resqunn, tmp_path):
    arguments = ["--classes=8,3", "--n-train=100", "--kernel-size=3", "--padding=same"]
    result = resqunn("data", "digits", *arguments, "--filters=2", "--picture=digits.png")
    assert result.output == (
        "digits: 2 classes, images of 8 x 8 pixels in 1 channel\n"
        "pixels from 0 to 1, 0.31 on average (0 is black, 1 is white)\n\n"
        "class  training  test\n"
        "8            49    35\n"
        "3            51    37\n"
        "all         100    72\n\n"
        "900 patches of 3 x 3 pixels an epoch, 9 an image; each has 9 values\n"
        "1,800 circuits an epoch in the first layer, with 2 filters; as many for each layer of "
        "this size\n\npicture: digits.png\n"
    )
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")


def test_data_with_names_and_validation_images(resqunn, tmp_path, rng):
    parts = {"train": 20, "val": 5, "test": 10}
    arrays = {f"x_{part}": rng.random((n, 4, 6, 3)) for part, n in parts.items()}
    names = np.array(["dog", "$cat"] * 10)
    np.savez(tmp_path / "a.npz", **arrays, **{f"y_{part}": names[:n] for part, n in parts.items()})
    result = resqunn("data", "a.npz", "--picture=a.svg")
    assert result.exit_code == 0, result.output
    assert "a.npz: 2 classes, images of 4 x 6 pixels in 3 channels\n" in result.output
    assert "class  training  validation  test\n$cat         10           2     5\n" in result.output
    assert "120 patches of 2 x 2 pixels an epoch, 6 an image; each has 12 values" in result.output


def test_draw(resqunn, tmp_path):
    result = resqunn("draw", "--n-layers=2", "--svg=circuit.svg")
    assert result.exit_code == 0, result.output
    assert "Ry(pi*x_000)───Rx(w_000)" in result.output
    assert "4 qubits, 20 gates -> Pauli strings" in result.output
    assert (tmp_path / "circuit.svg").read_text().startswith("<svg")


def test_draw_a_plan(resqunn, tmp_path):
    result = resqunn("draw", "--n-layers=3", "--plan=plan.svg")
    assert result.exit_code == 0, result.output
    assert result.output.endswith("\nplan: plan.svg\n")
    drawn = (tmp_path / "plan.svg").read_text()
    assert "two halves, by matrices" in drawn and "0.137 µs" in drawn


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("utf-8", "Ry(pi*x_000)───Rx(w_000)───@───────────X───"),
        ("cp437", "Ry(pi*x_000)───Rx(w_000)───@───────────X───"),
        ("cp1252", "Ry(pi*x_000)---Rx(w_000)---@-----------X---"),
    ],
)
def test_diagrams_in_the_encodings_of_terminals_and_files(encoding, line):
    result = CliRunner(charset=encoding).invoke(cli.main, ["draw"])
    assert result.exit_code == 0, result.output
    assert line in result.output
    assert ("|       |" in result.output) == (encoding == "cp1252")


def test_what_has_no_plain_form_becomes_a_question_mark(monkeypatch):
    output = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", output)
    allow_plain_output()
    print("┌─┼┃ π é \udcff", flush=True)
    assert output.buffer.getvalue().decode("cp1252").strip() == "+-+| ? é ?"


def test_a_choice_of_how_to_write_characters_stays(monkeypatch):
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="xmlcharrefreplace")
    monkeypatch.setattr(sys, "stdout", output)
    allow_plain_output()
    assert output.errors == "xmlcharrefreplace"


@pytest.mark.parametrize("command", [cli.train, cli.study, cli.leaderboard, cli.predict, cli.draw])
def test_help_explains_every_option_and_shows_examples(command):
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help.split("  [default:")[0].endswith(".")
    assert "Example" in command.epilog


def test_help_shows_defaults(resqunn):
    output = " ".join(resqunn("train", "--help").output.split())
    for shown in ("[default: digits]", "[default: all]", f"[default: {RunConfig.epochs}]"):
        assert shown in output


def test_train_then_predict(resqunn, tmp_path):
    trained = resqunn("train", "--quiet", *TINY_OPTIONS)
    assert trained.exit_code == 0, trained.output
    folder = Path("runs", "digits-001")
    for expected in (
        "training accuracy  ",
        "test accuracy      ",
        f"model      {folder / 'model.keras'}",
        f"result     {folder / 'result.json'}",
        f"  tensorboard --logdir {folder / 'logs'}",
        f"  resqunn predict {folder / 'model.keras'} IMAGES\n  resqunn train --classes",
    ):
        assert expected in trained.output
    described = json.loads(Path(folder, "config.json").read_text())
    (chance,) = re.findall(
        r"^test accuracy .* \(guessing: ([\d.]+)\)$", trained.output, re.MULTILINE
    )
    assert float(chance) == pytest.approx(described["largest_share"], abs=5e-5)

    np.savez("images.npz", x=np.zeros((3, 4, 4)), y=np.array([3, 8, 3]))
    predicted = resqunn("predict", f"{folder}/model.keras", "images.npz")
    assert predicted.exit_code == 0, predicted.output
    assert predicted.output.startswith("3 images labelled: predictions.csv\naccuracy ")
    assert (tmp_path / "predictions.csv").read_text().startswith("image,label,true_label,p_3,p_8\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["train", "--dataset", "digit"],
            "Error: --dataset must be one of digits, mnist, fashion_mnist, cifar10, cifar100, or "
            "the path of an .npz file or of a folder.\nReceived 'digit', and there is no such file "
            'or folder.\nDid you mean "digits"?\n',
        ),
        (
            ["train", "--epochs", "0"],
            "Error: --epochs must be at least 1. Received 0.\n",
        ),
        (
            ["train", "--out", "."],
            "Error: --out must be a folder that does not exist yet.\nReceived ., which "
            "does.\nChoose another name, or remove that one.\n",
        ),
        (
            ["predict", "model.keras", "images.npz"],
            "Error: MODEL must be a saved model.\nReceived model.keras, which is "
            "no file.\nName the model.keras in the folder of a run.\n",
        ),
    ],
)
def test_mistakes_end_with_one_message(resqunn, arguments, message):
    result = resqunn(*arguments)
    assert result.output == message
    assert result.exit_code == 2


def test_a_single_label(resqunn):
    result = resqunn("train", "--classes", "three")
    assert result.output == (
        "Error: --classes must be at least two different labels, each once. Received ('three',) of "
        'type tuple. Give them as they stand in the data, such as --classes "3,8" or --classes '
        '"cat,dog".\n'
    )


# Without a level, what is turned away is also seen in `test_a_terminal_says_why_it_waits`.
@pytest.mark.once
@pytest.mark.parametrize("level", ["3", pytest.param(None, marks=pytest.mark.slow)])
def test_terminal_stays_clean(tmp_path, level):
    """TensorFlow's own log lines do not reach standard error."""
    result = run_apart("draw", "--kernel-size=1", cwd=tmp_path, TF_CPP_MIN_LOG_LEVEL=level)
    assert result.returncode == 0
    assert result.stdout.startswith("0: ")
    assert result.stderr == ""


@pytest.mark.once
def test_keras_on_another_backend(tmp_path):
    settings = {"KERAS_BACKEND": "jax", "TF_USE_LEGACY_KERAS": None}
    result = run_apart("draw", "--kernel-size=1", cwd=tmp_path, **settings)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: Keras must run on TensorFlow. It is set to run on 'jax'. Set "
        "KERAS_BACKEND=tensorflow before Keras is imported.\n"
    )


def run_apart(*arguments, cwd, **settings):
    """Runs the command in a process of its own; a setting of `None` is not in its environment."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **settings}
    return subprocess.run(
        [sys.executable, "-m", "resqunn", *arguments], cwd=cwd, capture_output=True, text=True,
        env={name: value for name, value in environment.items() if value is not None}, check=False,
    )  # fmt: skip


LOAD = "from tfq_resqunn.cli import loading; loading.load_tensorflow(); print('loaded')"


@pytest.fixture
def quick_tensorflow(tmp_path, monkeypatch):
    """For processes: something that takes no time to import, and writes to standard error."""
    (tmp_path / "tensorflow.py").write_text("import os\nos.system('echo cuda >&2')\n")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))


@needs_posix
@pytest.mark.once
def test_standard_error_may_be_closed(quick_tensorflow):
    command = f'"{sys.executable}" -c "{LOAD}" 2>&-'
    result = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=True)
    assert result.stdout == b"loaded\n"


@needs_posix
@pytest.mark.once
def test_a_terminal_says_why_it_waits(quick_tensorflow):
    import pty

    shown = []

    def read(terminal):
        shown.append(os.read(terminal, 1024))
        return shown[-1]

    pty.spawn([sys.executable, "-c", LOAD], read)
    loading, blank, *rest = b"".join(shown).decode().split("\r")
    assert loading == "Loading TensorFlow ..."
    assert blank == " " * len(loading)
    assert rest == ["loaded", "\n"]


def test_commands_after_a_training_can_be_pasted(resqunn):
    trained = resqunn("train", "--quiet", *TINY_OPTIONS, "--out=a run")
    assert f'  tensorboard --logdir "{Path("a run/logs")}"\n' in trained.output
    assert f'  resqunn predict "{Path("a run/model.keras")}" IMAGES\n' in trained.output


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["shown", "quiet"])
def test_the_first_step_is_announced_where_progress_is_shown(resqunn, quiet):
    result = resqunn("train", *TINY_OPTIONS, *quiet)
    assert result.exit_code == 0, result.output
    said = "The first step compiles the network, which takes some seconds.\n"
    assert result.stderr == ("" if quiet else said)
    assert said not in result.stdout


@pytest.mark.parametrize(
    ("settings", "options", "expected"),
    [
        ({}, [], "resqunn train --control classical"),
        (
            {"classes": (3, 8), "placement": "(X+O1)+O2", "epochs": 5},
            [],
            'resqunn train --classes "3,8" --placement "(X+O1)+O2" --control classical --epochs 5',
        ),
        (
            {"trainable": False},
            ["--quiet"],
            "resqunn train --control classical --no-trainable --quiet",
        ),
        ({"control": "surrogate", "seed": 1}, [], "resqunn train --seed 1"),
        ({"control": "small", "dataset": "a b.npz"}, [], 'resqunn train --dataset "a b.npz"'),
    ],
)
def test_the_run_to_compare_with_differs_in_its_control_alone(settings, options, expected):
    config = RunConfig(**settings)
    command = how_to_compare(config, *options)
    assert command == expected
    read = cli.train.make_context("train", shlex.split(command)[2:]).params
    other = RunConfig(**{name: read[name] for name in RunConfig.__dataclass_fields__})
    assert [d.partition(":")[0] for d in other.differences(config)] == ["control"]


def test_interrupted_training_says_what_is_left(resqunn, monkeypatch, tmp_path):
    from tfq_resqunn.runs import training

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "fit", stop)
    result = resqunn("train", *TINY_OPTIONS, "--out=run")
    assert result.exit_code == 130
    assert "Stopped. 0 of 1 epochs are done. To go on: resqunn train --classes" in result.output
    assert result.output.endswith(" --out run\n")
    monkeypatch.setattr(training, "load_data", stop)
    result = resqunn("train", *TINY_OPTIONS, "--out=other")
    assert (result.exit_code, result.output) == (130, "\nStopped. Nothing was written.\n")


def test_a_study_that_is_stopped_at_its_settings_just_stops(resqunn, monkeypatch):
    def stop(values):
        raise KeyboardInterrupt

    monkeypatch.setattr(StudyConfig, "from_dict", stop)
    result = resqunn("study")
    assert (result.exit_code, result.output) == (130, "\nStopped.\n")


def test_warnings_have_no_place_in_the_code(resqunn, tmp_path, recwarn):
    x, y = np.tile(np.eye(4, dtype=np.uint8), (20, 1, 1)), np.arange(20) % 2
    np.savez(tmp_path / "masks.npz", x=x, y=y)
    result = resqunn("train", "--dataset=masks.npz", "--depth=1", "--epochs=1", "--quiet")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Warning: load: `x` holds integers from 0 to 1, which are")
    assert not [w for w in recwarn if w.category is UserWarning]
