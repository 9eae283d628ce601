"""All named parts together, by kind and by name; imports none of them."""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from tfq_resqunn._utils.arguments import received
from tfq_resqunn.circuits.registry import ANSATZES, ENCODERS, OBSERVABLES, Registry

KINDS: dict[str, Registry] = {
    registry.kind: registry for registry in (ENCODERS, ANSATZES, OBSERVABLES)
}


def find_names(names: Iterable[str], kind: str | None = None) -> tuple[list[str], list[Registry]]:
    """Finds out whether there are parts of these names.

    Args:
        names: The names.
        kind: `"encoder"`, `"ansatz"`, `"observables"`, or `None` for all three.

    Returns:
        The names as a list, and the registries to look in.

    Raises:
        TypeError: If `names` is no list.
        ValueError: If there is no such name or kind.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(
            f"entries: `kind` must be one of {', '.join(map(repr, KINDS))}, or None for all. "
            f"Received {kind!r}."
        )
    if isinstance(names, (str, bytes, Mapping)) or not isinstance(names, Iterable):
        raise TypeError(f"entries: `names` must be a list of names. Received {received(names)}.")
    names, registries = list(names), [KINDS[kind]] if kind else list(KINDS.values())
    for name in names:
        if not isinstance(name, str) or not any(name in registry for registry in registries):
            raise ValueError(_unknown(name, registries))
    return names, registries


def _unknown(name, registries: Sequence[Registry]) -> str:
    known = [other for registry in registries for other in registry]
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    lists = "; ".join(f"{r.kind}: {', '.join(map(repr, r))}" for r in registries)
    return f"entries: `names` must be some of these. {lists}. Received {name!r}.{hint}"
