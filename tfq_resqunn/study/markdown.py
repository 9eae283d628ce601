"""A report's document as Markdown (GitHub's, for the tables)."""

import re

from tfq_resqunn.study.document import (
    Block,
    Bullets,
    Code,
    Document,
    Paragraph,
    Picture,
    Section,
    Table,
)


def to_markdown(document: Document, figures: str = "figures") -> str:
    """Writes a document as Markdown; pictures are linked from the folder `figures`.

    Example:
        >>> print(to_markdown(Document("A study", (Paragraph("Of two runs."),), ())))
        # A study
        <BLANKLINE>
        Of two runs.
        <BLANKLINE>
    """
    parts = [f"# {document.title}", *(_block(block, figures) for block in document.opening)]
    for section in document.sections:
        parts += _section(section, figures)
    return "\n\n".join(parts) + "\n"


def _section(section: Section, figures: str) -> list[str]:
    return [f"## {section.title}", *(_block(block, figures) for block in section.blocks)]


def _block(block: Block, figures: str) -> str:
    match block:
        case Paragraph(text):
            return text
        case Bullets(items):
            return "\n".join(f"- {item}" for item in items)
        case Table():
            return f"{block.caption}\n\n{_table(block)}"
        case Picture(name, caption, _):
            return f"![{block.label}]({figures}/{name}.svg)\n\n{caption}"
        case Code(text):
            fence = "```"
            while fence in text:
                fence += "`"
            return f"{fence}\n{text}\n{fence}"
    raise TypeError(f"to_markdown: a block must be one of document.py's. Received {block!r}.")


def _table(table: Table) -> str:
    header, *rows = [tuple(map(_cell, row)) for row in (table.header, *table.rows)]
    widths = [max(3, *map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = [
        "-" * width if k < table.n_labels else "-" * (width - 1) + ":"
        for k, width in enumerate(widths)
    ]
    return "\n".join(_row(row, widths, table.n_labels) for row in (header, rule, *rows))


def _cell(text: str) -> str:
    text = text.replace("|", "\\|").replace("\n", " ")
    # Single stars outside of code, as in Z0*Z1, would begin and end italics.
    outside = re.split(r"(`[^`]*`)", text)
    outside[::2] = [re.sub(r"(?<![*\\])\*(?!\*)", r"\\*", part) for part in outside[::2]]
    return "".join(outside)


def _row(cells, widths, n_labels: int) -> str:
    aligned = [
        cell.ljust(width) if k < n_labels else cell.rjust(width)
        for k, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(aligned)} |"
