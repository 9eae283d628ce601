"""Entries as tables, one for each kind: for a terminal, as Markdown, as a page with pictures."""

import dataclasses
import re
import textwrap
from collections.abc import Sequence

from tfq_resqunn._utils import markdown_page
from tfq_resqunn.catalogue.drawings import draw_svg, draw_text
from tfq_resqunn.catalogue.entries import Entry
from tfq_resqunn.circuits.observables.sums import describe

TITLES = {
    "encoder": ("Encoders", "What turns values into a state."),
    "ansatz": ("Ansatzes", "What is trained: its weights are angles."),
    "observables": ("Observables", "What is measured, one outcome each."),
}
COUNTS = (
    "**Depth** is the number of gates that must follow each other. "
    "**Two-qubit gates** are gates on exactly two qubits, each counted as one."
)
DESCRIPTORS = (
    "**Expressibility** says how far the states of a circuit are from uniformly random ones: 0 is "
    "uniformly random, more is further off. **Entangling capability** says how entangled they "
    "are on average, from 0 to 1. Weights are drawn between 0 and 2 pi, the data of encoders "
    "between 0 and 1. Both are defined by Sim, Johnson and Aspuru-Guzik, "
    "[arXiv:1905.10876](https://arxiv.org/abs/1905.10876)."
)
MIN_TEXT = 24  # characters that a description has at least, however narrow the terminal
# At its own size, and scrolled if that is too wide: as small as a page it could not be read.
OWN_SIZE = '<svg style="min-width: 0; max-width: none" '


@dataclasses.dataclass(frozen=True)
class Table:
    """The entries of one kind."""

    title: str
    caption: str
    header: tuple[str, ...]  # a name for each column; the second is the description
    rows: tuple[tuple[str, ...], ...]
    n_labels: int  # columns, the first ones, that hold text; the others hold numbers


def tables(entries: Sequence[Entry]) -> dict[str, Table]:
    """Puts entries into a table for each kind; one has columns of descriptors if an entry does."""
    by_kind = {kind: [e for e in entries if e.kind == kind] for kind in TITLES}
    make = {"encoder": _circuits, "ansatz": _circuits, "observables": _sums}
    return {kind: make[kind](own) for kind, own in by_kind.items() if own}


def to_text(table: Table, width: int = 100) -> str:
    """Writes a caption and aligned columns; the description comes last, wrapped to the width.

    Example:
        >>> from tfq_resqunn.catalogue import entries, tables
        >>> print(to_text(tables(entries(["parity"], n_qubits=2))["observables"], 66))
        What is measured, one outcome each.
        <BLANKLINE>
        name    outcomes  what is measured  description
        ------  --------  ----------------  ------------------------------
        parity         1  Z0*Z1             Gives one outcome: the parity
                                            of all qubits, Z Z ... Z.
    """
    n_labels, names = table.n_labels, table.header
    order = [0, *range(n_labels, len(names)), *range(n_labels - 1, 0, -1)]
    aligned = [str.rjust if i >= n_labels else str.ljust for i in order]
    # Names of numbers are broken between words, onto as many lines as the longest takes.
    broken = [names[i].split() if i >= n_labels else [names[i]] for i in order]
    height = max(map(len, broken))
    titles = list(zip(*([""] * (height - len(words)) + words for words in broken), strict=True))
    rows = [[row[i] for i in order] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*titles, *rows, strict=True)]
    before = sum(width + 2 for width in widths[:-1])
    widths[-1] = min(widths[-1], max(MIN_TEXT, width - before))

    lines = [table.caption, ""]
    for *cells, text in (*titles, ["-" * w for w in widths], *rows):
        labels = zip(aligned, cells, widths, strict=False)
        begin = "".join(align(cell, w) + "  " for align, cell, w in labels)
        first, *rest = textwrap.wrap(text, widths[-1]) or [""]
        lines.append((begin + first).rstrip())
        lines += [" " * before + line for line in rest]
    return "\n".join(lines)


def to_details(entry: Entry) -> str:
    """Writes all about one entry: its drawing, what it is, and where it comes from."""
    said = entry.description
    parts = [f"{entry.name} ({entry.kind})", said.summary, said.text]
    if entry.problem is not None:
        parts.append(f"Cannot be built here: {entry.problem}")
    if entry.observables:
        parts.append("Measures " + ", ".join(_measured(entry)) + ".")
    if entry.circuit is not None:
        parts += draw_text(entry.circuit)
    if said.reference:
        parts.append(textwrap.fill(f"Reference: {said.reference}", 100))
    return "\n\n".join(filter(None, parts))


def to_markdown(entries: Sequence[Entry], size: str, command: str) -> str:
    """Writes the tables as Markdown, with the size and the command that they were made with."""
    return _document(entries, size, command)[0]


def to_page(entries: Sequence[Entry], size: str, command: str) -> str:
    """Writes the tables and, below each, a picture of every circuit in it, as a page of HTML."""
    return markdown_page.to_html(*_document(entries, size, command, with_pictures=True))


def _document(
    entries: Sequence[Entry], size: str, command: str, with_pictures: bool = False
) -> tuple[str, dict[str, str]]:
    """Gives Markdown, and the pictures in it by their addresses."""
    blocks = ["# Named circuits", f"For {size}. Made by:"]
    blocks += [markdown_page.code_block(f"$ {command}"), COUNTS]
    if any(entry.expressibility is not None for entry in entries):
        blocks.append(DESCRIPTORS)
    pictures = {}
    for kind, table in tables(entries).items():
        rows = [tuple(map(_cell, row)) for row in table.rows]
        blocks += [f"## {table.title}", table.caption]
        blocks.append(markdown_page.table(table.header, rows, table.n_labels))
        for entry in entries if with_pictures else ():
            if entry.kind == kind and entry.circuit is not None:
                (svg, legend), said = draw_svg(entry.circuit), entry.description
                address, name = f"picture-{len(pictures)}", markdown_page.escape(entry.name)
                pictures[address] = svg.replace("<svg ", OWN_SIZE, 1)
                blocks.append(f"**{name}** | {said.summary} {said.reference}".rstrip())
                blocks.append(f"![{name}]({address})")
                if legend:
                    blocks.append(markdown_page.code_block(legend))
    return "\n\n".join(blocks) + "\n", pictures


def _cell(text: str) -> str:
    """Keeps stars of products, as in Z0*Z1, from beginning italics; code stays code."""
    parts = re.split(r"(`[^`]*`)", text)
    parts[::2] = [part.replace("*", r"\*") for part in parts[::2]]
    return "".join(parts)


def _measured(entry: Entry) -> list[str]:
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
                values = (entry.expressibility, entry.entangling_capability)
                cells += ["-" if value is None else f"{value:.4f}" for value in values]
        rows.append((entry.name, _text(entry), *cells))
    return Table(*TITLES[kind], ("name", "description", *numbers), tuple(rows), n_labels=2)


def _sums(entries: Sequence[Entry]) -> Table:
    rows = []
    for entry in entries:
        sums = _measured(entry)
        shown = sums if len(sums) <= 4 else [*sums[:3], "...", sums[-1]]
        rows.append((entry.name, _text(entry), ", ".join(shown) or "-", str(len(sums) or "-")))
    header = ("name", "description", "what is measured", "outcomes")
    return Table(*TITLES["observables"], header, tuple(rows), n_labels=3)


def _text(entry: Entry) -> str:
    if entry.problem is not None:
        return f"Cannot be built here: {entry.problem}"
    return entry.description.summary
