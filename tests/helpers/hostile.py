"""Text that does something when it is evaluated, and files with it in every place."""

import contextlib
import copy
import json
import sys
import zipfile

import cirq
import sympy

from tfq_resqunn.circuits.files.expression_kinds import KINDS

SYMPY_CLASSES = sorted(n for n in dir(sympy) if isinstance(getattr(sympy, n), type))
SYMPY_FUNCTIONS = sorted(
    n for n in dir(sympy) if callable(getattr(sympy, n)) and n not in SYMPY_CLASSES
)
CIRQ_TYPES = sorted(cirq.json_resolver_cache._class_resolver_dictionary())
CIRQ_SYMPY_TYPES = [n for n in CIRQ_TYPES if n.startswith("sympy.")]


def payload(path) -> str:
    """Gives an expression of Python, free of quotes, that makes a folder."""
    os, name = (" + ".join(f"chr({ord(c)})" for c in text) for text in ("os", str(path)))
    return f"__import__({os}).mkdir({name})".replace(" ", "")


def forms(name: str, text: str) -> list[str]:
    """Gives `srepr` texts in which a name of sympy's is called with a payload."""
    return [
        f"{name}('{text}')",
        f"{name}(Symbol('x_0'), '{text}')",
        f"{name}('{text}', Symbol('x_0'))",
        f"sin({name}('{text}'))",
        f"{name}(('{text}',))",
        f"{name}({text})",
    ]


def mutations(tree, values):
    """Yields copies of a JSON tree, each with one of `values` in the place of one node."""
    for path in _paths(tree, ()):
        for value in values:
            copied = copy.deepcopy(tree)
            node = copied
            for step in path[:-1]:
                node = node[step]
            node[path[-1]] = copy.deepcopy(value)
            yield path, value, copied


def _paths(node, path):
    if path:
        yield path
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for step, child in items:
        if isinstance(child, (dict, list)):
            yield from _paths(child, (*path, step))
        else:
            yield (*path, step)


def with_text_exchanged(source, target, old: str, new: str) -> None:
    """Copies a `.keras` file with another text in its configuration."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as copied:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "config.json":
                text = _exchanged(json.loads(content), old, new)
                content = json.dumps(text).encode()
            copied.writestr(name, content)


def _exchanged(node, old: str, new: str):
    if isinstance(node, dict):
        return {k: _exchanged(v, old, new) for k, v in node.items()}
    if isinstance(node, list):
        return [_exchanged(v, old, new) for v in node]
    return node.replace(old, new) if isinstance(node, str) else node


# --- random changes ------------------------------------------------------------------------------


def mutated(tree, random, evil: str):
    """Gives a copy of a JSON tree with some places changed at random."""
    tree = copy.deepcopy(tree)
    for _ in range(random.choice([1, 1, 1, 2, 3, 5])):
        paths = list(_paths(tree, ()))
        if not paths:
            break
        path = random.choice(paths)
        node = tree
        for step in path[:-1]:
            node = node[step]
        what = random.randrange(4)
        if what == 0 and isinstance(node, dict):
            node[random.choice(["cirq_type", "args", "srepr", "name", "exponent", "key"])] = _value(
                tree, paths, random, evil
            )
        elif what == 1:
            del node[path[-1]]
        elif what == 2 and isinstance(node, list):
            node.insert(path[-1], _value(tree, paths, random, evil))
        else:
            node[path[-1]] = _value(tree, paths, random, evil)
    return tree


def _value(tree, paths, random, evil: str):
    return random.choice(
        [
            lambda: evil,
            lambda: random.choice(
                [0, 1, -1, 2, 0.5, 10**9, -(10**9), 2**63, 10**400, 1e300, 1e308, True, None, ""]
            ),
            lambda: random.choice([[], {}, [evil], {"cirq_type": evil}, [[[]]], {"args": [evil]}]),
            lambda: {"cirq_type": random.choice(CIRQ_TYPES)},
            lambda: {
                "cirq_type": random.choice(CIRQ_SYMPY_TYPES),
                "args": [_value(tree, paths, random, evil) for _ in range(random.randrange(3))],
            },
            lambda: {"cirq_type": "tfq_resqunn.expression", "srepr": srepr(random, evil, 6)},
            lambda: copy.deepcopy(_at(tree, random.choice(paths))),  # grafted from elsewhere
        ]
    )()


def srepr(random, evil: str, depth: int) -> str:
    """Gives `srepr` text, of what may stand in it more often than not."""
    if depth == 0 or random.random() < 0.15:
        return random.choice(
            ["Symbol('x_0')", "Symbol('w_0')", "Integer(2)", "Integer(-1)", "Rational(1, 2)", "pi",
             "I", "Float('1e10')", "Integer(99999999)", "Float('0.1', precision=53)", "true",
             f"'{evil}'", f"Symbol('{evil}')", "E"]
        )  # fmt: skip
    kinds = [*KINDS, "Add", "Mul", "Pow", "Pow", "exp", "Abs", "re", "Max", "Mod"]
    name = random.choice(kinds) if random.random() < 0.95 else random.choice(SYMPY_CLASSES)
    kind = KINDS.get(name)
    n = random.randint(kind.least, min(kind.most, 4)) if kind else random.randrange(3)
    parts = [srepr(random, evil, depth - 1) for _ in range(n)]
    return f"{name}({', '.join(parts)})"


def _at(tree, path):
    for step in path:
        tree = tree[step]
    return tree


# --- what runs -----------------------------------------------------------------------------------

_HARMFUL = ("os.system", "os.mkdir", "subprocess.Popen", "os.exec", "os.posix_spawn", "pty.spawn")
_watched: list | None = None


def _hook(event: str, arguments) -> None:
    if _watched is None:
        return
    evaluated = event == "exec" and getattr(arguments[0], "co_filename", "") == "<string>"
    # Mpmath writes its series for itself.
    evaluated = evaluated and "mpmath" not in sys._getframe(1).f_code.co_filename
    if evaluated or event in _HARMFUL:
        _watched.append((event, str(arguments)[:200]))


@contextlib.contextmanager
def nothing_evaluated():
    """Fails if text is evaluated in here, or a program started, whatever it does."""
    global _watched
    if not getattr(sys, "_tfq_resqunn_hook", False):
        sys.addaudithook(_hook)  # for good: Python cannot remove one
        sys._tfq_resqunn_hook = True  # type: ignore[attr-defined]
    _watched = []
    try:
        yield
        assert not _watched, _watched
    finally:
        _watched = None
