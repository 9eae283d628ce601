"""Every example in the help of a command runs, on smaller data."""

import contextlib
import re
import shlex
import sys
import textwrap

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from tests.helpers.studies import train_with
from tfq_resqunn import cli
from tfq_resqunn.datasets import sources
from tfq_resqunn.runs import training
from tfq_resqunn.runs.config import RunConfig

pytestmark = pytest.mark.once

# What makes each command quick; a later option counts.
SHORT = {
    "data": "--n-train=10",
    "train": "--n-train=20 --n-test=20 --image-size=4 --epochs=1 --quiet",
    "study": "--n-train=100 --n-test=20 --image-size=4 --epochs=1",
    "evaluate": "--n-images=4",
    "circuits": "--n-samples=20",
}
WITHOUT_RESIDUALS = pytest.mark.xfail(strict=False, reason="as many outcomes as pixels are needed")


def examples(name):
    return re.findall(r"^  (resqunn .+)$", cli.main.commands[name].epilog, re.MULTILINE)


def all_examples():
    for name in cli.main.commands:
        for line in examples(name):
            takes_long = name == "train" or (name == "evaluate" and "--strengths 0" not in line)
            marks = [pytest.mark.slow] if takes_long or line.endswith(",0.1") else []
            marks += [WITHOUT_RESIDUALS] if "dense_angle" in line else []
            yield pytest.param(line, marks=marks, id=line.removeprefix("resqunn "))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with what the examples name."""
    folder = tmp_path_factory.mktemp("examples")
    rng = np.random.default_rng(0)
    images = rng.random((600, 4, 4))
    np.savez(folder / "my_images.npz", x=images, y=np.arange(600) % 3)
    np.savez(folder / "new_images.npz", x=images[:5])
    (folder / "new_pictures").mkdir()
    for number in range(20):
        path = folder / "photos" / ("cat" if number % 2 else "dog") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.uint8(255 * images[number])).save(path)
    Image.fromarray(np.uint8(255 * images[0])).save(folder / "new_pictures" / "1.png")
    config = RunConfig(n_train=20, n_test=20, image_size=4, epochs=1)
    training.train(config, folder / "runs" / "digits-001", verbose=0)
    board = ["leaderboard", str(folder / "runs"), "--csv", str(folder / "board.csv")]
    assert CliRunner().invoke(cli.main, board).exit_code == 0
    sample = cli.study.epilog.partition("such as:\n")[2]
    (folder / "study.yaml").write_text(textwrap.dedent(sample))
    return folder


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Nothing is downloaded, and no process of a study starts: its runs stay undone."""

    def download(name):
        x, y = np.random.default_rng(0).random((200, 28, 28)), np.arange(200) % 10
        return {"x_train": x, "y_train": y, "x_test": x, "y_test": y}

    monkeypatch.setattr(sources, "_download", download)
    train_with(monkeypatch, lambda *_: (x for x in ()))
    # So none has chosen learning rates for another one.
    monkeypatch.setattr("tfq_resqunn.study.choice.with_rates_from", lambda config, folder: config)
    module = sys.modules["tfq_resqunn.cli.study"]  # the attribute of that name is the command
    read = module.read_study
    monkeypatch.setattr(module, "read_study", lambda *which: None if which[1:] else read(*which))
    monkeypatch.setattr(
        "tfq_resqunn.study.cluster.connected", lambda address: contextlib.nullcontext()
    )


def test_every_command_has_examples():
    assert all(map(examples, cli.main.commands))


@pytest.mark.parametrize("line", [*all_examples()])
def test_example(line, folder, monkeypatch):
    monkeypatch.chdir(folder)
    _, name, *words = shlex.split(line)
    short = SHORT.get(name, "").split() if "--report-only" not in words else []
    result = CliRunner().invoke(cli.main, [name, *words, *short], prog_name="resqunn")
    assert result.exit_code == 0, result.output
    written = [word for flag, word in zip(words, words[1:], strict=False) if flag in WRITES]
    assert all((folder / name).exists() for name in written)


WRITES = ("--out", "--svg", "--html", "--markdown", "--csv", "--picture", "--plan")
