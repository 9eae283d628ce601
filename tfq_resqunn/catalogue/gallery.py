"""The catalogue as documents: tables alone (Markdown), or a page with a picture of each circuit."""

from collections.abc import Sequence

from tfq_resqunn.catalogue.drawings import draw_svg
from tfq_resqunn.catalogue.entries import Entry
from tfq_resqunn.catalogue.tables import TITLES, tables
from tfq_resqunn.study.document import Block, Code, Document, Paragraph, Picture, Section

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


def to_summary(entries: Sequence[Entry], size: str, command: str) -> Document:
    """Makes a document of tables.

    Args:
        entries: What to show.
        size: For how many qubits and layers, as words.
        command: How the document was made.
    """
    sections = [Section(TITLES[kind], (table,)) for kind, table in tables(entries).items()]
    return Document("Named circuits", _opening(entries, size, command), tuple(sections))


def to_gallery(entries: Sequence[Entry], size: str, command: str) -> Document:
    """Makes a document of tables and, below each, a picture of every circuit in it.

    Args:
        entries: What to show.
        size: For how many qubits and layers, as words.
        command: How the document was made.
    """
    sections = []
    for kind, table in tables(entries).items():
        of_kind = [entry for entry in entries if entry.kind == kind]
        blocks = [block for entry in of_kind for block in _pictures(entry)]
        sections.append(Section(TITLES[kind], (table, *blocks)))
    return Document("Named circuits", _opening(entries, size, command), tuple(sections))


def _opening(entries: Sequence[Entry], size: str, command: str) -> tuple[Block, ...]:
    has_descriptors = any(entry.expressibility is not None for entry in entries)
    notes = [Paragraph(COUNTS)] + [Paragraph(DESCRIPTORS)] * has_descriptors
    return (Paragraph(f"For {size}. Made by:"), Code(f"$ {command}"), *notes)


def _pictures(entry: Entry) -> list[Block]:
    if entry.circuit is None:
        return []
    drawing, said = draw_svg(entry.circuit), entry.description
    caption = f"**{entry.name}** | {said.summary}"
    if said.reference:
        caption += f" {said.reference}"
    blocks: list[Block] = [Picture(f"{entry.kind}-{entry.name}", caption, _sized(drawing.picture))]
    if drawing.names:
        blocks.append(Code("\n".join(f"{name} = {f}" for name, f in drawing.names.items())))
    return blocks


def _sized(svg: str) -> str:
    # At its own size, and scrolled if that is too wide: as small as a page it could not be read.
    return svg.replace("<svg ", '<svg style="min-width: 0; max-width: none" ', 1)
