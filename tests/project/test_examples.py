"""The commands that help texts and the README show: each of them trains, on a few images."""

import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tfq_resqunn import cli
from tfq_resqunn.runs import training

# Keras 3's optimisers say so where a layer gets no gradient, which some examples are about.
pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore:Gradients do not exist for variables"),
]

ROOT = Path(__file__).parents[2]
# Data sets that are downloaded, or that the reader has.
OTHERS = ("mnist", "fashion_mnist", "photos", "mine.npz")
SHORT = ["--epochs=1", "--n-train=20", "--n-test=10", "--image-size=4", "--quiet"]


def shown(command):
    """The examples of a command's help, and those in the consoles of the README and some pages."""
    lines = cli.main.commands[command].epilog.splitlines()
    pages = [
        "README.md",
        "docs/command_line.md",
        "docs/noise.md",
        "docs/data.md",
        "docs/guide.md",
        "docs/compare.md",
    ]
    text = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in pages)
    consoles = re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines += [line.split("  #")[0] for line in "\n".join(consoles).splitlines()]
    found = [line[line.index("resqunn ") :] for line in lines if f"resqunn {command}" in line]
    return list(dict.fromkeys(line.strip() for line in found))


@pytest.fixture
def resqunn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    np.savez("my_images.npz", x=rng.random((700, 6, 6)), y=np.arange(700) % 2)
    return lambda *arguments: CliRunner().invoke(cli.main, arguments)


@pytest.mark.slow
@pytest.mark.parametrize("line", shown("train"))
def test_train(line, resqunn, tmp_path):
    _, *words = shlex.split(line)
    words = ["digits" if word in OTHERS else word for word in words]
    result = resqunn(*words, *SHORT, "--out", "run")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "run" / "model.keras").is_file()


@pytest.mark.parametrize("line", [s for s in shown("study") if "my-study" not in s])
def test_study(line, resqunn, monkeypatch):
    asked = []
    module = sys.modules["tfq_resqunn.cli.study"]  # the attribute of that name is the command
    monkeypatch.setattr(
        "tfq_resqunn.study.runner.run_study", lambda config, *a, **k: asked.append(config)
    )
    monkeypatch.setattr(module, "_show_results", lambda *a: None)
    # The rates of a study that the line before would have made.
    monkeypatch.setattr("tfq_resqunn.study.choice.with_rates_from", lambda config, folder: config)
    monkeypatch.setattr(module, "read_study", lambda folder, argument: None)
    _, *words = shlex.split(line)
    result = resqunn(*(["digits" if word in OTHERS else word for word in words]))
    assert result.exit_code == 0, result.output
    (config,) = asked
    run = config.runs()[-1].configure(config.run)
    training.build_model(run, training.load_data(run))


@pytest.mark.parametrize(
    "encoder", ["dense_angle", pytest.param("amplitude", marks=pytest.mark.slow)]
)
def test_an_encoder_is_all_that_is_named(encoder, resqunn):
    result = resqunn("train", "--encoder", encoder, *SHORT, "--out", "run")
    assert result.exit_code == 0, result.output
