"""Markdown tables, and the places in documents that they are written to."""

import re
from collections.abc import Iterable
from pathlib import Path

import click

NUMBERS = re.compile(r"[~\d.,\s/-]*(m?s)?")  # also two, and with a unit


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """Lay out a table; columns are padded, so that it reads well as plain text too.

    Example:
        >>> print(markdown_table(["patches", "ms"], [["2x2", "1.2"], ["3x3", "10"]]))
        | patches |  ms |
        | ------- | --: |
        | 2x2     | 1.2 |
        | 3x3     |  10 |
    """
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    is_number = [
        all(re.match(r"[~\d.,\s/-]*(m?s)?$", cell) for cell in column[1:]) for column in columns
    ]

    def line(cells):
        padded = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, is_number, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * (width - 1) + ":" if right else "-" * width
        for width, right in zip(widths, is_number, strict=True)
    ]
    return "\n".join([line(header), line(rule), *map(line, rows)])


def significant(value: float | None, digits: int = 3) -> str:
    """Write a number with some significant digits and no exponent; `None` is a dash.

    Example:
        >>> significant(0.01234), significant(12.0), significant(12345.6), significant(None)
        ('0.0123', '12.0', '12,300', '-')
    """
    if value is None:
        return "-"
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = max(0, digits - 1 - int(f"{value:e}".partition("e")[2]))
    return f"{rounded:,.{decimals}f}"


def ratio(value: float | None) -> str:
    """Write a ratio with two decimals, or with none where it is large; `None` is a dash.

    Example:
        >>> ratio(0.5), ratio(12.34), ratio(1234.5), ratio(None)
        ('0.50', '12', '1,234', '-')
    """
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def duration(milliseconds: float) -> str:
    """Write a time with its unit.

    Example:
        >>> duration(1.234), duration(34567)
        ('1.2 ms', '35 s')
    """
    if milliseconds < 1000:
        return f"{significant(milliseconds, 2)} ms"
    return f"{significant(milliseconds / 1000, 2)} s"


def has_place(path: Path, name: str) -> bool:
    """Tell whether a document has the place `<!-- name -->` ... `<!-- /name -->`."""
    return re.search(_pattern(name), path.read_text(encoding="utf-8"), re.DOTALL) is not None


def write_place(path: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->` in a document."""
    old = path.read_text(encoding="utf-8")
    new = re.sub(_pattern(name), lambda m: f"{m[1]}\n\n{text}\n\n{m[2]}", old, flags=re.DOTALL)
    path.write_text(new, encoding="utf-8")


def show(text: str, name: str, documents: Iterable[Path]) -> None:
    """Prints a text, and writes it into the place of this name in documents."""
    click.echo(text)
    for path in documents:
        write_place(path, name, text)


def _pattern(name: str) -> str:
    return rf"(<!-- {name} -->).*?(<!-- /{name} -->)"


class Document(click.Path):
    """A file that has one of the places of these names."""

    def __init__(self, *names: str):
        super().__init__(exists=True, dir_okay=False, writable=True, path_type=Path)
        self.names = names

    def convert(self, value, param, ctx):
        path = super().convert(value, param, ctx)
        if not any(has_place(path, name) for name in self.names):
            wanted = " or ".join(f"<!-- {name} --> ... <!-- /{name} -->" for name in self.names)
            self.fail(f"{path} has no place to write to: {wanted}.")
        return path
