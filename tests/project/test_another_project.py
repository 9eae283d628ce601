"""The package of docs/another_project.md: installed and used as its page says, step by step."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "another_project.md").read_text(encoding="utf-8")
PROJECT = ROOT / "docs" / "recipes" / "lattice_layer"
FILES = sorted(p for p in PROJECT.rglob("*") if p.suffix in (".py", ".toml"))
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
NOT_RUN = ("docker", "curl")  # a server, which is not there


def run(command, folder, environment):
    """Run a command in the folder, with the environment's programs first on PATH."""
    scripts = Path(environment) / ("Scripts" if os.name == "nt" else "bin")
    variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    variables |= {
        "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]]),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    program = shutil.which(command[0], path=variables["PATH"])
    result = subprocess.run(
        [program, *command[1:]],
        cwd=folder, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Install a copy of the project, with what it needs taken from this environment."""
    folder = tmp_path_factory.mktemp("another") / "lattice_layer"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    environment = folder.parent / "environment"
    venv.create(environment)
    behind = [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]
    behind += [sysconfig.get_path(kind) for kind in ("purelib", "platlib")]
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    (site,) = run(["python", "-c", where], folder, environment).splitlines()
    lines = "\n".join(dict.fromkeys([*behind, str(ROOT)])) + "\n"
    Path(site, "behind.pth").write_text(lines, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(environment), "install", "--quiet"]
    run([*pip, "--no-deps", "--no-index", "--no-build-isolation", "."], folder, environment)
    shutil.rmtree(folder / "src")  # what is imported is what was installed
    return folder, environment


def operations_of(folder):
    """The names of all operations that a SavedModel runs."""
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((folder / "saved_model.pb").read_bytes())
    graph = model.meta_graphs[0].graph_def
    functions = graph.library.function
    return {n.op for n in graph.node} | {n.op for f in functions for n in f.node_def}


def test_the_page_shows_the_files_as_they_are():
    texts = {path.read_text(encoding="utf-8"): path.name for path in FILES}
    shown = [texts[block] for _, block in BLOCKS if block in texts]
    assert shown == ["pyproject.toml", "circuit.py", "layer.py"]
    linked = set(re.findall(r"\(recipes/lattice_layer/([\w/.]+)\)", PAGE))
    assert linked == {path.relative_to(PROJECT).as_posix() for path in FILES}


def test_everything_on_the_page_runs(installed):
    folder, environment = installed
    texts = {path.read_text(encoding="utf-8") for path in FILES}
    printed = []
    for language, block in BLOCKS:
        if language == "python" and block not in texts:
            printed.append(
                run(["python", "-W", "error::UserWarning", "-c", block], folder, environment)
            )
        elif language == "console":
            lines = [line.removeprefix("$ ") for line in block.splitlines()]
            for line in lines:
                words = shlex.split(line)
                if words[0] not in (*NOT_RUN, "pip"):  # installed before, without an index
                    words = ["1" if word == "10" else word for word in words]  # epochs
                    printed.append(run(words, folder, environment))
    tests, trained, loaded, _, _ = printed
    assert "6 passed" in tests
    assert float(re.search(r"test accuracy (\S+)", trained)[1]) > 0.5
    assert loaded == "(2, 10)\n"
    request = json.loads((folder / "request.json").read_text())
    assert np.shape(request["instances"]) == (2, 8, 8, 1)
    operations = operations_of(folder / "served" / "lattice" / "1")
    assert {"Cos", "Sin", "MatMul"} <= operations
    assert [name for name in operations if not hasattr(tf.raw_ops, name)] == []


def test_the_commands_are_those_of_the_project():
    commands = re.findall(r"^\$ (\S+)", PAGE, re.MULTILINE)
    scripts = re.findall(
        r"^([\w-]+) = \"lattice_layer\.", (PROJECT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert set(commands) == {"pip", "python", *scripts, *NOT_RUN}
