"""The pages of the documentation: their code runs, and the reference lists what is public."""

import re
from pathlib import Path

import pytest

import tfq_resqunn as rq
from tests.project.test_readme import blocks, commands
from tfq_resqunn import cli
from tfq_resqunn._utils.keras import IS_KERAS_3
from tfq_resqunn.circuits import ANSATZES, ENCODERS, OBSERVABLES

ROOT = Path(__file__).parents[2]
WITH_SHAPES = ["getting_started", "guide", "own_circuit", "noise"]
PAGES = [
    "docs/getting_started.md",
    *(
        f"docs/{page}.md"
        for page in ["guide", "noise", "command_line", "limits", "data", "compare"]
    ),
    "CONTRIBUTING.md",
]
EXAMPLES = [
    *(f"docs/{page}.md" for page in WITH_SHAPES),
    pytest.param(
        "docs/keras_tools.md",
        marks=pytest.mark.skipif(not IS_KERAS_3, reason="KerasTuner takes Keras 3 only"),
    ),
]
REFERENCE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture
def registries(monkeypatch):
    """What is registered in here is forgotten afterwards."""
    for registry in (ENCODERS, ANSATZES, OBSERVABLES):
        monkeypatch.setattr(registry, "_functions", dict(registry._functions))


def run(path, at_least=3):
    """Run the Python blocks of a page, one after the other, and give what they define."""
    names = {"__name__": "page"}
    found = blocks(read(path), "python")
    assert len(found) == read(path).count("```python") >= at_least
    for number, block in enumerate(found, 1):
        exec(compile(block, f"{path}, python block {number}", "exec"), names)
    return names


def shapes_said(path):
    """The shapes that comments promise for what a line prints."""
    return re.findall(r"print\(.+shape\)  # .*?(\([\d, ]+\))$", read(path), re.MULTILINE)


@pytest.mark.parametrize("path", EXAMPLES)
def test_examples_run_and_print_what_they_say(path, tmp_path, monkeypatch, registries, capsys):
    monkeypatch.chdir(tmp_path)
    run(path, at_least=2 if "noise" in path else 3)
    printed = capsys.readouterr().out
    assert shapes_said(path)
    for shape in shapes_said(path):
        assert shape in printed


@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")
@pytest.mark.parametrize("page", ["gradients", "command_line"])
def test_examples_without_shapes_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run(f"docs/{page}.md", at_least=1)
    said = {"gradients": "quanv_1  Quanv2D  4        none", "command_line": ""}
    assert said[page] in capsys.readouterr().out


@pytest.mark.parametrize("section", ["Qiskit", "PennyLane", "OpenQASM 2, and text of your own"])
def test_circuits_come_from_other_packages(section, monkeypatch, capsys):
    pytest.importorskip("openqasm3")
    if section in ("Qiskit", "PennyLane"):
        pytest.importorskip(section.lower())
    page = read("docs/from_other_packages.md")
    found = blocks(page.split(f"\n## {section}\n")[1].split("\n## ")[0], "python")
    names = {"__name__": "page"}
    for number, block in enumerate(found, 1):
        exec(compile(block, f"{section}, python block {number}", "exec"), names)
    printed = capsys.readouterr().out
    said = {
        "Qiskit": "(1, 4, 4, 4)\nTrue\n",
        "PennyLane": "(1, 4, 4, 4)\n",
        "OpenQASM 2, and text of your own": "data: x_0, x_1 | weights: w |",
    }
    assert said[section] in printed


def test_recipes_make_parts_that_work(registries):
    names = run("CONTRIBUTING.md")
    layer = rq.Quanv2D(kernel_size=2, encoder="phase", ansatz="star", n_layers=2)
    images = rq.datasets.load("digits", n_test=10).x_test[:1]
    assert layer(images).shape == (1, 4, 4, 4)
    assert layer.count_params() == 8
    # Z on each qubit is one setting, so one circuit a patch; patches without ink are run once.
    names["layer"](images)
    assert 1 <= names["Counting"].circuits <= 16


@pytest.mark.parametrize("path", PAGES)
def test_commands_and_their_options_exist(path):
    targets = re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)
    found = commands(read(path)) + re.findall(r"`(make [a-z ]+)`", read(path))
    assert found
    for command in found:
        first, *words = command.split()
        if first == "make":
            assert set(words) <= set(targets), command
        if first == "resqunn" and words != ["--help"]:
            known = {o for p in cli.main.commands[words[0]].params for o in p.opts}
            assert {w for w in words if w.startswith("--")} <= known, command


def test_files_that_the_recipes_name_are_there():
    named = re.findall(r"`((?:tfq_resqunn|tests|docs)/[\w/.]+)`", read("CONTRIBUTING.md"))
    assert len(named) > 8
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    "names",
    [
        set(rq.__all__) - {"__version__", "circuits", "datasets"},
        set(rq.circuits.__all__),
        {"load", "load_images", "Dataset"},
    ],
    ids=["tfq_resqunn", "circuits", "datasets"],
)
def test_the_reference_lists_all_public_names(names):
    listed = re.findall(r"^::: [\w.]+\.(\w+)$", REFERENCE, re.MULTILINE)
    registries = re.findall(r"`rq\.circuits\.([A-Z]+)`", REFERENCE)
    assert names <= {*listed, *registries}
