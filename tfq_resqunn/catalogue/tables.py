"""Entries as tables, one a kind."""

import re
from collections.abc import Sequence

from tfq_resqunn.catalogue.entries import Entry
from tfq_resqunn.circuits.observables.sums import describe
from tfq_resqunn.study.document import Table

TITLES = {"encoder": "Encoders", "ansatz": "Ansaetze", "observables": "Observables"}
_CAPTIONS = {
    "encoder": "What turns values into a state.",
    "ansatz": "What is trained: its weights are angles.",
    "observables": "What is measured, one outcome each.",
}


def tables(entries: Sequence[Entry]) -> dict[str, Table]:
    """Puts entries into a table for each kind that is among them.

    The columns of descriptors are there if an entry has them.

    Example:
        >>> from tfq_resqunn.catalogue import entries
        >>> table = tables(entries(["parity"], n_qubits=2))["observables"]
        >>> table.header
        ('name', 'description', 'what is measured', 'outcomes')
        >>> table.rows[0][2:]
        ('Z0*Z1', '1')
    """
    return {
        kind: make([e for e in entries if e.kind == kind])
        for kind, make in (("encoder", _circuits), ("ansatz", _circuits), ("observables", _sums))
        if any(e.kind == kind for e in entries)
    }


def measured(entry: Entry) -> list[str]:
    """Lists what is measured, in the form in which `observables` takes it."""
    return [re.sub(r"\(q\((\d+)\)\)", r"\1", describe(o)) for o in entry.observables]


def _circuits(entries: Sequence[Entry]) -> Table:
    kind = entries[0].kind
    symbols = "values" if kind == "encoder" else "weights"
    numbers = ["qubits", symbols, "depth", "two-qubit gates"]
    has_descriptors = any(e.expressibility is not None for e in entries)
    if has_descriptors:
        numbers += ["expressibility", "entangling capability"]
    rows = []
    for entry in entries:
        cells = ["-"] * len(numbers)
        if entry.circuit is not None:
            counts = (entry.n_qubits, entry.n_symbols, entry.depth, entry.n_two_qubit_gates)
            cells = list(map(str, counts))
            if has_descriptors:
                cells += map(_number, (entry.expressibility, entry.entangling_capability))
        rows.append((entry.name, _text(entry), *cells))
    return Table(_CAPTIONS[kind], ("name", "description", *numbers), tuple(rows), n_labels=2)


def _sums(entries: Sequence[Entry]) -> Table:
    rows = []
    for entry in entries:
        sums = measured(entry)
        shown = sums if len(sums) <= 4 else [*sums[:3], "...", sums[-1]]
        rows.append((entry.name, _text(entry), ", ".join(shown) or "-", str(len(sums) or "-")))
    header = ("name", "description", "what is measured", "outcomes")
    return Table(_CAPTIONS["observables"], header, tuple(rows), n_labels=3)


def _text(entry: Entry) -> str:
    if entry.problem is not None:
        return f"Cannot be built here: {entry.problem}"
    return entry.description.summary


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
