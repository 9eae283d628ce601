"""Text that does something when it is evaluated, and files with it in every place."""

import copy
import json
import zipfile

import cirq
import sympy

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
