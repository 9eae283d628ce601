"""A fast start: help, mistakes and `import tfq_resqunn` load neither TensorFlow nor Cirq."""

import ast
import importlib
import json
import os
import pickle
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tfq_resqunn as rq
from tfq_resqunn._utils.tfq import HAS_TFQ

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tfq_resqunn"
HEAVY = (
    "cirq", "dask", "distributed", "keras", "matplotlib", "numpy", "pandas", "scipy", "sklearn",
    "statsmodels", "sympy", "tensorflow", "tensorflow_quantum", "tf_keras",
)  # fmt: skip
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def run(program, *arguments, cwd=ROOT):
    """What a new process prints."""
    command = [sys.executable, "-c", program, *arguments]
    result = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


# --- the command ------------------------------------------------------------------------------

COMMANDS = ("data", "train", "predict", "evaluate", "study", "leaderboard", "draw", "circuits")
# A command line, and what it says.
MISTAKES = {
    "trian": "Did you mean 'train'?",
    "train --epohcs 3": "No such option '--epohcs'",
    "train --epochs three": "'three' is not a valid integer",
    "train --epochs 0": "--epochs must be at least 1",
    "train --epochs": "requires an argument",
    "train --head foo": "'foo' is not one of 'linear', 'none'",
    "draw --plan plan.xyz": "--plan must be a file whose suffix is one of png, svg",
    "draw --svg a.svg --plan ./a.svg": "--plan must be another file than --svg",
    "data digits --picture pictures": "--picture must be a file whose suffix is one of png, svg",
    "leaderboard runs --picture a.csv": "--picture must be a file whose suffix is one of png, svg",
    "leaderboard runs --csv a.csv --markdown a.csv": "--markdown must be another file than --csv",
    "train --head none --head-learning-rate 0.1": "must be left out with",
    "train --placement X++O1": "--placement: Expected X, O1, O2",
    "train --placement X+O3": "There is no layer 3: the network's depth is 2",
    "train --depth 300": "--depth must be at most 200",
    "train --ansatz sim_99": "Did you mean 'sim_9'?",
    "train --ansatz circ.py": "'sim_19'. Received 'circ.py'. A circuit of your own is for Python",
    "study --encoder circ.py": "rq.Quanv2D(circuit=...), see docs/own_circuit.md",
    "train --circuit circ.py": "No such option '--circuit'. A circuit of your own is for Python",
    "train --encoder angel": "Did you mean 'angle'?",
    "train --observables zz": "Did you mean 'z'?",
    "train --observables Z0*Z0": "which names qubit 0 twice",
    "train --backend gpu": "--backend must be one of 'compiled', 'noiseless', 'noisy'",
    "train --backend noisy": (
        "Received no --noise: name the channels"
        if HAS_TFQ
        else "--backend noisy runs circuits on TensorFlow Quantum, which is not installed"
    ),
    "train --noise depolarising=0.01": "--noise must name some of 'depolarizing'",
    "train --noise depolarizing=2": "must lie between 0 and 1",
    "train --shots 0": "--shots must be at least 1",
    "train --classes 3,3": "--classes must be at least two different labels",
    "train --image-size 5000": "--image-size must be at most 4096",
    "train --dataset digit": 'Did you mean "digits"?',
    "train --dataset none.npz": "Received none.npz, which does not.",
    "train --dataset text.npz": "--dataset must be an .npz archive",
    "train --dataset run": "--dataset must be a folder with a folder of pictures for each class",
    "train --out .": "--out must be a folder that does not exist yet",
    "data": "Missing argument 'NAME|PATH'",
    "data digit": 'Did you mean "digits"?',
    "data none.npz": "NAME|PATH must be a file that exists",
    "data run": "NAME|PATH must be a folder with a folder of pictures for each class",
    "data digits --kernel-size 0": "--kernel-size must be at least 1",
    "data digits --picture none/x": "in a folder that exists",
    "predict": "Missing argument 'MODEL'",
    "predict none.keras text.npz": "MODEL must be a saved model",
    "predict text.h5 text.npz": "MODEL must be a .keras file",
    "predict text.keras none.npz": "Received none.npz, which does not.",
    "predict text.keras text.keras": "The model comes first, then the images.",
    "predict text.keras text.npz --out none/x": "in a folder that exists",
    "evaluate none.keras": "MODEL must be a saved model",
    "evaluate text.keras": "config.json is no file",
    "evaluate run/model.keras --images none.npz": "Received none.npz, which does not.",
    "evaluate run/model.keras --noise foo": "'foo' is not one of 'depolarizing'",
    "evaluate run/model.keras --shots x": "'x' must be numbers of shots or exact",
    "evaluate run/model.keras --shots 0": "--shots must be at least 1",
    "evaluate run/model.keras --strengths 0,2": "must lie between 0 and 1",
    "evaluate run/model.keras --backend gpu": "--backend must be one of 'compiled'",
    "evaluate run/model.keras --seed -1": "--seed must be at least 0",
    "study --seeds x": "'x' must be a number of seeds",
    "study --seeds 0": "--seeds must be a list of seeds, or their number",
    "study --depth 9": "--depth must be an integer from 1 to 6",
    "study --placement X++O1": "Expected X, O1, O2",
    "study --variant foo": "'foo' is not one of 'trainable'",
    "study --config none.yaml": "'none.yaml' does not exist",
    "study --config text.keras": "must hold names and values",
    "study --encoder angel": "Did you mean 'angle'?",
    "study --dataset digit": 'Did you mean "digits"?',
    "study --jobs 0": "--jobs must be at least 1",
    "study --out run": "holds something else",
    "study --shard x": "'x' must be I/N, part I of N with 1 <= I <= N, such as 2/8",
    "study --shard 3/2": "'3/2' must be I/N",
    "study --shard 0/2": "'0/2' must be I/N",
    "study --shard 1": "'1' must be I/N",
    "study --shard -1/2": "'-1/2' must be I/N",
    "study --shard 1/2/3": "'1/2/3' must be I/N",
    "study --scheduler none.json": "--scheduler must be an address such as tcp://10.0.0.1:8786",
    "study --scheduler text.npz": "--scheduler must be a file that `dask scheduler",
    "study --scheduler run": "Received 'run', which is neither.",
    "study --scheduler 10.0.0.1:8786": "Write tcp://10.0.0.1:8786 if that is its address.",
    "study --scheduler tcp://": "--scheduler must be an address such as tcp://10.0.0.1:8786",
    "study --scheduler http://x:1": "--scheduler must be an address such as tcp://10.0.0.1:8786",
    "study --scheduler tcp://x:1 --jobs 2": "--jobs must be left out with --scheduler",
    "study --rates-from none": "--rates-from must be that of a study, with a file study.json",
    "study --rates-from run": "--rates-from must be that of a study, with a file study.json",
    "study --report-only --out none": "--out must be that of a study, with a file study.json",
    "study --report-only --shard 1/2": "--report-only trains nothing",
    "study --report-only --rates-from none": "--report-only trains nothing",
    "study --out none --report-only": "--out must be that of a study",
    "leaderboard": "Missing argument 'RESULTS...'",
    "leaderboard none": "Received none, which does not exist.",
    "leaderboard text.npz": "Received text.npz, a file without the column 'expressibility'.",
    "leaderboard run --csv none/x": "in a folder that exists",
    "leaderboard run --picture": "requires an argument",
    "draw --encoder angel": "Did you mean 'angle'?",
    "draw --kernel-size 0": "--kernel-size must be at least 1",
    "draw --channels 0": "--channels must be at least 1",
    "draw --noise foo=1": "--noise must name some of 'depolarizing'",
    "draw --svg none/x": "in a folder that exists",
    "draw --plan none/x": "in a folder that exists",
    "circuits --kind foo": "'foo' is not one of 'encoder', 'ansatz', 'observables'",
    "circuits no_such_name": "Error: NAME must be from this list. Received 'no_such_name'",
    "circuits angel": "Did you mean 'angle'?",
    "circuits --n-qubits 5000": "--n-qubits must be at most 4096",
    "circuits --html none/x": "in a folder that exists",
}
# Runs a command as `resqunn` does, and says what it has printed and imported.
PROGRAM = f"""
import contextlib, io, json, sys
import resqunn
for line in json.loads(sys.argv[1]):
    sys.argv[1:] = line
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            resqunn.main()
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, said.getvalue(), [m for m in {HEAVY} if m in sys.modules]]))
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with files of no use."""
    (tmp_path / "run").mkdir()
    for name in ("text.npz", "text.keras", "text.h5", "run/model.keras", "run/config.json"):
        (tmp_path / name).write_text("text")
    return tmp_path


def test_help_loads_nothing(folder):
    lines = [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)]
    for line in run(PROGRAM, json.dumps(lines), cwd=folder).splitlines():
        code, said, imported = json.loads(line)
        assert code == 0 and said.startswith(("Usage: ", "resqunn, version"))
        assert imported == []


def test_mistakes_load_nothing(folder):
    printed = run(PROGRAM, json.dumps([line.split() for line in MISTAKES]), cwd=folder)
    for (line, expected), outcome in zip(MISTAKES.items(), printed.splitlines(), strict=True):
        code, said, imported = json.loads(outcome)
        assert code == 2, (line, said)
        assert expected in said, (line, said)
        assert imported == [], line


@pytest.mark.parametrize("line", ["--help", "train --epohcs 3", "train --encoder angel"])
def test_it_takes_half_a_second(line):
    """Beyond what Python itself takes on this machine, busy as it may be."""

    def seconds(*arguments):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False,
        )  # fmt: skip
        return time.perf_counter() - start

    python = statistics.median(seconds("-c", "pass") for _ in range(5))
    command = statistics.median(seconds("-m", "resqunn", *line.split()) for _ in range(5))
    assert command < max(0.5, 10 * python), (command, python)


# --- import tfq_resqunn -----------------------------------------------------------------------


def test_importing_the_package_loads_nothing():
    program = f"""
import sys, tfq_resqunn
assert not [m for m in {HEAVY} if m in sys.modules]
dir(tfq_resqunn), tfq_resqunn.__version__, tfq_resqunn.Placement
from tfq_resqunn.circuits import ANSATZES, ENCODERS, OBSERVABLES
assert "angle" in ENCODERS and "sim_19" in list(ANSATZES) and len(OBSERVABLES) == 6
from tfq_resqunn.runs import RunConfig
from tfq_resqunn.study import StudyConfig
StudyConfig(RunConfig())
assert not [m for m in {HEAVY} if m in sys.modules]
tfq_resqunn.circuits.QuanvCircuit
assert "cirq" in sys.modules and "tensorflow" not in sys.modules
print("done")
"""
    assert run(program) == "done\n"


LAZY = (
    "tfq_resqunn", "tfq_resqunn.circuits", "tfq_resqunn.datasets", "tfq_resqunn.models",
    "tfq_resqunn.runs", "tfq_resqunn.study",
)  # fmt: skip


@pytest.mark.parametrize("package", LAZY)
def test_names_for_type_checkers_are_those_at_run_time(package):
    module = importlib.import_module(package)
    blocks = {
        ast.unparse(node.test): node
        for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body
        if isinstance(node, ast.If)
    }
    block = blocks["TYPE_CHECKING"]
    # With a `__getattr__` to be seen, a type checker would take any name.
    assert "__getattr__" in ast.unparse(blocks["not TYPE_CHECKING"])
    typed = {}
    for statement in block.body:
        for alias in statement.names:
            assert alias.asname == alias.name
            typed[alias.name] = statement.module
    assert set(module.__all__) - {"__version__"} == set(typed)
    for name, home in typed.items():
        assert getattr(module, name) is getattr(importlib.import_module(home), name)


@pytest.mark.parametrize("package", LAZY)
def test_packages_show_what_they_offer(package):
    module = importlib.import_module(package)
    assert set(module.__all__) <= set(dir(module))
    assert module.__all__ == sorted(module.__all__)
    names = {}
    exec(f"from {package} import *", names)
    assert set(module.__all__) <= set(names)
    with pytest.raises(AttributeError, match=f"^module '{package}' has no attribute 'Quanv4D'$"):
        getattr(module, "Quanv4D")  # noqa: B009 - the statement alone would do nothing
    with pytest.raises(ImportError, match="cannot import name 'Quanv4D'"):
        exec(f"from {package} import Quanv4D")


def test_submodules_are_attributes():
    program = """
import sys, tfq_resqunn as rq
for name in ("circuits", "datasets", "cli"):  # of all the rest, these are quick
    assert f"tfq_resqunn.{name}" not in sys.modules
    assert getattr(rq, name).__name__ == f"tfq_resqunn.{name}"
assert not hasattr(rq, "no_such")
"""
    assert run(program) == ""
    for name in ("layers", "models", "gradients", "simulation", "runs"):
        assert getattr(rq, name).__name__ == f"tfq_resqunn.{name}"


def test_functions_are_no_modules_of_the_same_name():
    """A submodule that is imported becomes an attribute of its package, whatever it was."""
    modules = {path.stem for path in PACKAGE.iterdir()}
    assert set(rq.__all__) & modules == {"circuits", "datasets"}
    for package in LAZY[1:]:
        module = importlib.import_module(package)
        assert not set(module.__all__) & {
            path.stem for path in Path(module.__file__).parent.iterdir()
        }


def test_values_can_be_pickled():
    for value in (rq.Placement.parse("X+O1"), rq.resqunn, rq.circuits.angle_encoder, rq.Noise):
        assert pickle.loads(pickle.dumps(value)) == value
