"""A report as data: sections of paragraphs, lists, tables, pictures and code.

Text may hold three marks, which are Markdown's: `code`, **strong** and [text](address).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of points."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of text under a header.

    Attributes:
        caption: What the table shows, and how to read it.
        header: A name for each column.
        rows: As many cells in each.
        n_labels: Leading columns that name the row; the others are aligned to the right.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_labels: int = 1

    def __post_init__(self):
        wrong = [row for row in self.rows if len(row) != len(self.header)]
        if wrong:
            raise ValueError(
                f"Table: each row must have as many cells as `header`, {len(self.header)}.\n"
                f"Received {len(wrong[0])}: {wrong[0]!r}."
            )


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        name: Of its file, without the suffix.
        caption: What it shows, and how to read it.
        svg: The picture itself.
    """

    name: str
    caption: str
    svg: str

    @property
    def label(self) -> str:
        """The caption's first sentence without marks, for who cannot see the picture."""
        return re.sub(r"[`*\[\]]", "", self.caption.partition(". ")[0].rstrip("."))


@dataclass(frozen=True)
class Code:
    """Text that stands as it is, such as a command or an error."""

    text: str


Block = Paragraph | Bullets | Table | Picture | Code


@dataclass(frozen=True)
class Section:
    """Blocks under a title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A title, what comes before the first section, and the sections."""

    title: str
    opening: tuple[Block, ...]
    sections: tuple[Section, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures, in the order in which they appear."""
        blocks = [*self.opening, *(b for section in self.sections for b in section.blocks)]
        return tuple(block for block in blocks if isinstance(block, Picture))
