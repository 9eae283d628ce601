"""The project around the code: packaging, the Makefile, who imports whom."""

import ast
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.helpers.reference import needs_tfq
from tests.helpers.systems import needs_posix

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tfq_resqunn"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A module may import from its own rank and from lower ones.
RANKS = {
    "_utils": 0,
    "_version": 0,
    "circuits": 1,
    "simulation": 2,
    "backends": 3,
    "layers": 4,
    "models": 5,
    "plots": 5,
    "gradients": 5,
    "catalogue": 5,
    "datasets": 6,
    "runs": 7,
    "study": 8,
    "cli": 9,
    "__init__": 10,
}


def imports_of(path):
    """The full names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            if node.module == "tfq_resqunn":
                yield from (f"tfq_resqunn.{alias.name}" for alias in node.names)
            else:
                yield node.module


def name_of(path):
    """`layers/pqc.py`, for every system alike."""
    return path.relative_to(PACKAGE).as_posix()


def rank_of(part):
    assert part in RANKS, f"give {part!r} its place in RANKS"
    return RANKS[part]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_one_way(path):
    own = rank_of(name_of(path).split("/")[0].removesuffix(".py"))
    for imported in imports_of(path):
        if imported.startswith("tfq_resqunn."):
            assert rank_of(imported.split(".")[1]) <= own, f"{name_of(path)} imports {imported}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "circuits").rglob("*.py")), ids=name_of)
def test_circuits_know_no_tensorflow(path):
    for imported in imports_of(path):
        assert not re.match(r"(tensorflow|tf_keras|keras|tfq_resqunn\._utils\.keras)\b", imported)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_keras_and_tensorflow_quantum_have_one_door(path):
    for imported in imports_of(path):
        package = imported.split(".")[0]
        assert package not in ("keras", "tf_keras"), "take keras from tfq_resqunn._utils.keras"
        assert package != "tensorflow_quantum" or name_of(path) == "_utils/tfq.py"


def test_layout_names_every_folder():
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    layout = design.split("## Layout", 1)[1].split("```")[1]
    named = set(re.findall(r"([\w/]+)/(?=\s)", layout))
    folders = {name_of(path.parent) for path in MODULES if path.name == "__init__.py"} - {"."}
    assert folders == named - {
        "tfq_resqunn",
        "tests",
        "tutorials",
        "benchmarks",
        "docs",
        "experiments",
    }


def requirements_of(**environment):
    """What `setup.py` asks for, where these variables of the environment are set."""
    program = (
        "import sys, setuptools\n"
        "setuptools.setup = lambda **settings: print(*settings['install_requires'], sep='\\n')\n"
        "exec(compile(open('setup.py').read(), 'setup.py', 'exec'), {'__file__': 'setup.py'})\n"
    )
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], env={**os.environ, **environment},
        check=False, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def required():
    return list(map(Requirement, requirements_of().stdout.splitlines()))


# With TensorFlow Quantum, and each way of being without.
SYSTEMS = {
    "linux": ({"platform_system": "Linux", "platform_machine": "x86_64"}, "3.10", True),
    "linux, newest": ({"platform_system": "Linux", "platform_machine": "x86_64"}, "3.12", True),
    "too new": ({"platform_system": "Linux", "platform_machine": "x86_64"}, "3.13", False),
    "arm": ({"platform_system": "Linux", "platform_machine": "aarch64"}, "3.11", False),
    "mac": ({"platform_system": "Darwin", "platform_machine": "arm64"}, "3.12", False),
    "old mac": ({"platform_system": "Darwin", "platform_machine": "x86_64"}, "3.12", False),
    "windows": ({"platform_system": "Windows", "platform_machine": "AMD64"}, "3.11", False),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_tensorflow_quantum_is_required_where_it_exists(name, required):
    system, python, there = SYSTEMS[name]
    asked = {
        r.name: r.specifier
        for r in required
        if r.marker is None or r.marker.evaluate({**system, "python_version": python})
    }
    only_there = {"tensorflow-quantum", "tf-keras", "setuptools"}
    assert {r.name for r in required} - set(asked) == (set() if there else only_there)
    for newer in ("tensorflow", "cirq-core"):
        assert asked[newer].contains({"tensorflow": "2.21.0", "cirq-core": "1.7.0"}[newer]) != there
    assert asked["tensorflow"].contains("2.18.1") and asked["cirq-core"].contains("1.5.0")


def test_tensorflow_quantum_can_be_left_out():
    without = list(
        map(Requirement, requirements_of(TFQ_RESQUNN_WITHOUT_TFQ="1").stdout.split("\n")[:-1])
    )
    assert not any(r.marker for r in without)
    asked = {r.name: r.specifier for r in without}
    assert {"tensorflow", "cirq-core", "sympy", "keras", "click"} <= set(asked)
    assert not {"tensorflow-quantum", "tf-keras"} & set(asked)
    assert asked["tensorflow"].contains("2.21.0")


def test_a_mistyped_wish_to_leave_it_out_is_an_error():
    result = requirements_of(TFQ_RESQUNN_WITHOUT_TFQ="yes")
    assert result.returncode == 1
    assert "TFQ_RESQUNN_WITHOUT_TFQ must be 1, 0 or empty. Received 'yes'." in result.stderr


@needs_tfq
def test_requirements_agree_with_those_of_tensorflow_quantum(required):
    ours = {r.name: r.specifier for r in required if r.marker and "<" in str(r.marker)}
    for theirs in map(Requirement, requires("tensorflow-quantum")):
        if theirs.name in ("cirq-core", "sympy"):
            (pinned,) = theirs.specifier
            assert pinned.version in ours[theirs.name]


# --- the Makefile's search for an interpreter ------------------------------------------------

SEARCHED = ("python3", "python3.12", "python3.11", "python3.10", "python3.13")
BROKEN = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"


def working(version):
    """An interpreter that says it has this version, and pretends to make an environment."""
    return f"""#!/bin/sh
case "$1" in
  -c) exec {sys.executable} -c 'import sys; sys.version_info = {version}; exec(sys.argv[1])' "$2";;
  -m) mkdir -p .venv/bin
      printf '#!/bin/sh\\n' > .venv/bin/python
      chmod +x .venv/bin/python;;
  --version) echo "Python {version} as $(basename "$0")";;
esac
"""


@pytest.fixture
def make(tmp_path):
    """Run make in a copy of the project's frame, with these interpreters first on PATH."""
    if sys.platform == "win32":
        pytest.skip(
            "the Makefile and what stands for interpreters here are scripts of a POSIX shell"
        )
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    for name in ("Makefile", "setup.py", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)

    def run_make(*arguments, **interpreters):
        folder = tmp_path / "bin"
        folder.mkdir()
        scripts = dict.fromkeys(SEARCHED, BROKEN)
        scripts |= {name.replace("_", "."): script for name, script in interpreters.items()}
        for name, script in scripts.items():
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        environment = {"PATH": f"{folder}{os.pathsep}{os.defpath}"}
        return subprocess.run(
            ["make", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run_make


@pytest.mark.parametrize(
    ("interpreters", "chosen"),
    [
        ({"python3": working((3, 10, 2))}, "python3"),
        ({"python3_12": working((3, 12, 0)), "python3_11": working((3, 11, 0))}, "python3.12"),
        ({"python3": working((3, 14, 0)), "python3_11": working((3, 11, 7))}, "python3.11"),
        ({"python3": working((3, 9, 1)), "python3_10": working((3, 10, 0))}, "python3.10"),
        ({"python3_13": working((3, 13, 0))}, "python3.13"),
    ],
)
def test_first_interpreter_that_runs_and_is_suitable(make, interpreters, chosen):
    result = make("venv", **interpreters)
    assert result.returncode == 0, result.stderr
    assert f"as {chosen}\n" in result.stdout


@pytest.mark.parametrize("interpreters", [{}, {"python3": working((3, 14, 0))}])
def test_no_suitable_interpreter(make, interpreters):
    result = make("venv", **interpreters)
    assert result.returncode != 0
    assert result.stderr.startswith(
        "No working Python 3.10, 3.11, 3.12 or 3.13 found on PATH (tried: python3 python3.12 "
        "python3.11 python3.10 python3.13); install one, or name it: "
        "make PYTHON=/path/to/python3.11\n"
    )


def test_named_interpreter(make):
    result = make("venv", "PYTHON=mine", mine=working((3, 11, 0)))
    assert "as mine\n" in result.stdout


def test_help_needs_no_interpreter(make):
    result = make()
    assert result.returncode == 0, result.stderr
    listed = re.findall(r"^  make ([\w-]+)", result.stdout, re.MULTILINE)
    checks = ["test", "newest", "colab", "slow", "bench", "bench-peers", "lint", "types", "docs"]
    assert listed == ["help", "venv", "demo", *checks, "dist", "clean"]


def test_colabs_versions_are_left_out_where_there_is_no_python_for_them(make, tmp_path):
    result = make("colab", f"PYENV_ROOT={tmp_path}", python3_13=BROKEN)
    assert result.returncode == 0, result.stderr
    assert result.stdout == (
        "No Python 3.13 on PATH or in pyenv: the tests with Colab's versions are left out.\n"
    )


@needs_posix
def test_ci_script_is_executable():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
