"""The package runs on Linux, macOS and Windows: nothing in it is of one system alone.

What a system has is read from the stubs of Python's library that mypy brings along. `make types`
asks the same of mypy itself, which knows more, but does not look into functions without
annotations.
"""

import ast
import functools
import sys
from pathlib import Path

import pytest

mypy = pytest.importorskip("mypy")

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

ROOT = Path(__file__).parents[2]
STUBS = Path(mypy.__file__).parent / "typeshed" / "stdlib"
SYSTEMS = ("linux", "darwin", "win32")
FILES = sorted([*(ROOT / "tfq_resqunn").rglob("*.py"), ROOT / "resqunn.py", ROOT / "docs/hooks.py"])

# Windows has these arguments too, and refuses or ignores them.
POSIX_ARGUMENTS = {
    "preexec_fn",
    "start_new_session",
    "process_group",
    "pass_fds",
    "umask",
    "dir_fd",
}
WINDOWS_ARGUMENTS = {"creationflags", "startupinfo"}
OWN = {"predictions.to_csv"}  # no table of pandas
PLACES = ("/dev/", "/proc/", "/sys/", "/tmp", "/etc/", "/home/", "/usr/")
# Every system has these, but not with the same meaning.
NOT_ALIKE = {
    "os.name": "sys.platform",
    "os.sep": "pathlib",
    "os.linesep": 'newline="\\n"',
    "os.getlogin": "nothing",
    "locale.getpreferredencoding": 'encoding="utf-8"',
}


def nodes_for(system, node):
    """All that is beneath a node: of `if sys.platform ...`, the branch that the system takes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "sys.platform" in ast.unparse(child.test):
            condition = compile(ast.Expression(child.test), "condition", "eval")
            names = {"sys": type("sys", (), {"platform": system, "version_info": sys.version_info})}
            branch = child.body if eval(condition, names) else child.orelse
            yield from nodes_for(system, ast.Module(branch, []))
        else:
            yield child
            yield from nodes_for(system, child)


@functools.cache
def names_of(module, system):
    """The names that a module of Python's library has on a system; `None` for other modules."""
    path = STUBS.joinpath(*module.split("."))
    stub = next((p for p in (path.with_suffix(".pyi"), path / "__init__.pyi") if p.is_file()), None)
    if stub is None:
        return None
    names = set()
    for node in nodes_for(system, ast.parse(stub.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*" and not node.level:
            names |= names_of(node.module, system) or set()
        elif isinstance(node, ast.Import | ast.ImportFrom):  # handed on where it is named twice
            names |= {alias.name for alias in node.names if alias.name == alias.asname}
    return names


def lacks(system, module, name=None):
    """Whether a system has no such module, or no such name in it, though another system has."""
    there = {s: names_of(module, s) for s in SYSTEMS}
    if there[system] is None:
        return False
    if name is None:
        return not there[system] and any(there.values())
    return name not in there[system] and name in set().union(*there.values())


def missing_on(system, tree):
    """What a file takes of Python's library that a system lacks: the line, and the name."""
    nodes = list(nodes_for(system, tree))
    modules = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
            taken = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            taken = [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in modules:
            taken = [(modules[ast.unparse(node.value)], node.attr)]
        else:
            continue
        yield from ((node.lineno, ".".join(filter(None, t))) for t in taken if lacks(system, *t))


def unlike(tree):
    """What a file does that gives other results, or nothing good, on another system."""
    documentation = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, fault) for fault in faults_of_call(node))
        elif isinstance(node, ast.Attribute) and (name := ast.unparse(node)) in NOT_ALIKE:
            yield node.lineno, f"{name}: use {NOT_ALIKE[name]}"
        elif isinstance(node, ast.Constant) and node not in documentation and _is_place(node.value):
            yield node.lineno, f"the place {node.value!r}"


def _is_place(value):
    return isinstance(value, str) and value.startswith(PLACES)


def faults_of_call(call):
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    for name in given.keys() & (POSIX_ARGUMENTS | WINDOWS_ARGUMENTS):
        yield f"the argument {name}"
    name, function = getattr(call.func, "attr", None), ast.unparse(call.func)
    if name == "to_csv" and "lineterminator" not in given and function not in OWN:
        yield 'to_csv without lineterminator="\\n"'
    if name == "write_text" and "newline" not in given:
        yield "write_text that is not the one of tfq_resqunn._utils.files"
    elif name in ("read_text", "write_text") and "encoding" not in given:
        yield f"{name} without an encoding"
    if function in ("open", "os.fdopen", "io.open", "tempfile.TemporaryFile"):
        at = 0 if name == "TemporaryFile" else 1
        mode = given.get("mode", call.args[at] if len(call.args) > at else None)
        default = "w+b" if name == "TemporaryFile" else "r"
        if "b" not in (ast.literal_eval(mode) if mode else default) and "encoding" not in given:
            yield f"{function} without an encoding"


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def faults(find):
    """What is found in each file of the package, by the file's name."""
    trees = {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    return {name: found for name, tree in trees.items() if (found := list(find(tree)))}


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_system_has_what_the_package_takes_of_python(system):
    assert faults(functools.partial(missing_on, system)) == {}


def test_what_the_package_does_is_alike_on_each_system():
    assert faults(unlike) == {}


LINUX_ONLY = """
import fcntl, os, signal, sys
import msvcrt
from signal import SIGALRM
if sys.platform != "win32":
    os.getuid()
os.sched_getaffinity(0)
os.path.join("a", signal.SIGKILL)
"""


def test_the_stubs_know_the_systems():
    found = {s: [name for _, name in missing_on(s, ast.parse(LINUX_ONLY))] for s in SYSTEMS}
    assert found == {
        "linux": ["msvcrt"],
        "darwin": ["msvcrt", "os.sched_getaffinity"],
        "win32": ["fcntl", "signal.SIGALRM", "os.sched_getaffinity", "signal.SIGKILL"],
    }


@pytest.mark.parametrize(
    "line",
    [
        "open('x')", "open('x', 'w')", "open('x', mode='a')", "os.fdopen(1, 'w')",
        "path.read_text()", "path.write_text('x', newline='')",
        "path.write_text('', 'utf-8', newline='')", "path.write_text('x', encoding='utf-8')",
        "table.to_csv(path)", "x = '/dev/null'",
        "Popen(x, preexec_fn=f)", "run(x, start_new_session=True)", "TEXT = os.linesep",
        "tempfile.TemporaryFile('w+')", "Path('/tmp')",
    ],
)  # fmt: skip
def test_what_is_not_alike_is_found(line):
    assert len(list(unlike(ast.parse(line)))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "open('x', 'rb')", "open('x', encoding='utf-8')", "archive.open(member)",
        "path.write_text('x', encoding='utf-8', newline='\\n')", "tempfile.TemporaryFile()",
        "table.to_csv(path, lineterminator='\\n')", "def f():\n    '''/dev/null is a device.'''",
    ],
)  # fmt: skip
def test_what_is_alike_may_stand(line):
    assert not list(unlike(ast.parse(line)))
