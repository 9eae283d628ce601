"""The catalogue in a terminal."""

import textwrap
from collections.abc import Sequence

from tfq_resqunn.catalogue.drawings import draw_text
from tfq_resqunn.catalogue.entries import Entry
from tfq_resqunn.catalogue.tables import measured
from tfq_resqunn.study.document import Table

# Characters that the descriptions have at least, however narrow the terminal.
MIN_TEXT = 24


def to_text(table: Table, width: int = 100) -> str:
    """Writes a caption and aligned columns; the description comes last, and is wrapped.

    Args:
        table: One of those that `tables` gives.
        width: Characters in a line.

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
    n_columns, n_labels = len(table.header), table.n_labels
    order = [0, *range(n_labels, n_columns), *range(n_labels - 1, 0, -1)]
    is_number = [i >= n_labels for i in order]
    # Headers of numbers are broken between words, onto as many lines as the longest takes.
    titles = [
        table.header[i].split() if number else [table.header[i]]
        for i, number in zip(order, is_number, strict=True)
    ]
    titles = [[""] * (max(map(len, titles)) - len(title)) + title for title in titles]
    header = [list(line) for line in zip(*titles, strict=True)]
    rows = [[row[i] for i in order] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*header, *rows, strict=True)]
    widths[-1] = min(widths[-1], max(MIN_TEXT, width - sum(widths[:-1]) - 2 * (n_columns - 1)))
    lines = [*header, ["-" * w for w in widths], *rows]
    written = "\n".join(_row(line, widths, is_number) for line in lines)
    return f"{table.caption}\n\n{written}"


def to_details(entry: Entry) -> str:
    """Writes all about one entry: its drawing, what it is, and where it comes from."""
    parts = [f"{entry.name} ({entry.kind})", *_paragraphs(entry)]
    if entry.problem is not None:
        parts.append(f"Cannot be built here: {entry.problem}")
    if entry.observables:
        parts.append("Measures " + ", ".join(measured(entry)) + ".")
    if entry.circuit is not None:
        drawing = draw_text(entry.circuit)
        parts.append(drawing.picture)
        if drawing.names:
            parts.append("\n".join(f"{name} = {angle}" for name, angle in drawing.names.items()))
    if entry.description.reference:
        parts.append(textwrap.fill(f"Reference: {entry.description.reference}", 100))
    return "\n\n".join(parts)


def _paragraphs(entry: Entry) -> list[str]:
    text = entry.description.text
    return [part for part in (entry.description.summary, text) if part]


def _row(cells: Sequence[str], widths: Sequence[int], is_number: Sequence[bool]) -> str:
    *short, text = cells
    aligned = [
        cell.rjust(width) if number else cell.ljust(width)
        for cell, width, number in zip(short, widths, is_number, strict=False)
    ]
    begin = "".join(f"{cell}  " for cell in aligned)
    first, *rest = textwrap.wrap(text, widths[-1]) or [""]
    return "\n".join([(begin + first).rstrip(), *(" " * len(begin) + line for line in rest)])
