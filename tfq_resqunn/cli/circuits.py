"""`resqunn circuits`: the named encoders, ansatzes and observables, to look at."""

import contextlib
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tfq_resqunn._utils.arguments import check_size
from tfq_resqunn._utils.files import replacing, write_text
from tfq_resqunn._utils.shell import command_text
from tfq_resqunn.circuits.names import KINDS, find_names
from tfq_resqunn.cli.loading import load_tensorflow

if TYPE_CHECKING:
    from tfq_resqunn.catalogue import Entry

EXAMPLES = """\b
Examples:
  resqunn circuits
  resqunn circuits amplitude sim_14
  resqunn circuits --kind ansatz --n-qubits 3 --descriptors
  resqunn circuits --html circuits.html
"""
COUNT = click.IntRange(min=1)


@click.command(epilog=EXAMPLES)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Only those of this kind.")
@click.option(
    "--n-qubits", default=4, type=COUNT, help="Number of qubits; for encoders, of values."
)
@click.option("--n-layers", default=1, type=COUNT, help="Number of layers of ansatzes.")
@click.option("--draw", is_flag=True, help="Draw all of them, as if each had been named.")
@click.option(
    "--descriptors",
    is_flag=True,
    help="Compute how expressive each circuit is (0 is best), and how entangled its states are "
    "(0 to 1).",
)
@click.option(
    "--n-samples",
    default=5000,
    type=COUNT,
    help="Random states, or pairs of them, for --descriptors.",
)
@click.option("--seed", default=0, type=click.IntRange(min=0), help="Of random weights.")
@click.option("--html", type=click.Path(), help="Also write a page with pictures into this file.")
@click.option("--markdown", type=click.Path(), help="Also write the tables into this file.")
@click.pass_context
def circuits(
    ctx: click.Context, names: tuple[str, ...], kind: str | None, n_qubits: int, n_layers: int,
    draw: bool, descriptors: bool, n_samples: int, seed: int, html: str | None,
    markdown: str | None,
) -> None:  # fmt: skip
    """List the named encoders, ansatzes and observables, or show those named in full."""
    find_names(names, kind)
    check_size(n_qubits, "n_qubits", "entries")
    check_size(n_layers, "n_layers", "entries")
    with contextlib.ExitStack() as stack:
        # Opened first: a folder that does not exist is found before the work, not after.
        page = None if html is None else stack.enter_context(replacing(html))
        tables = None if markdown is None else stack.enter_context(replacing(markdown))
        if descriptors:
            load_tensorflow()
        from tfq_resqunn import catalogue

        entries = catalogue.entries(names, kind, n_qubits, n_layers)
        if descriptors:
            entries = _describe(entries, n_samples, seed)
        click.echo(_listing(entries, in_full=bool(names) or draw))
        size = f"{n_qubits} qubits (for encoders, {n_qubits} values) and n_layers={n_layers}"
        if page is not None:
            write_text(page, catalogue.to_page(entries, size, _command(ctx)))
        if tables is not None:
            write_text(tables, catalogue.to_markdown(entries, size, _command(ctx)))
    for path, what in ((html, "page"), (markdown, "tables")):
        if path is not None:
            click.echo(f"\n{what}: {path}")


def _listing(entries: "Sequence[Entry]", in_full: bool) -> str:
    from tfq_resqunn import catalogue

    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
    parts = [catalogue.to_text(table, width) for table in catalogue.tables(entries).values()]
    if in_full:
        parts.append("\n\n\n".join(map(catalogue.to_details, entries)))
    return "\n\n".join(parts)


def _describe(entries: "Sequence[Entry]", n_samples: int, seed: int) -> "tuple[Entry, ...]":
    from tfq_resqunn import catalogue

    length = 2 * n_samples * len(entries)
    with click.progressbar(length=length, label="descriptors", file=sys.stderr) as bar:
        return tuple(
            catalogue.with_descriptors(entry, n_samples, seed, bar.update) for entry in entries
        )


def _command(ctx: click.Context) -> str:
    """The command as it was given, apart from the order of its options."""
    words = ["resqunn", str(ctx.info_name)]
    for parameter in ctx.command.params:
        if ctx.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE:
            value = ctx.params[parameter.name]
            if isinstance(parameter, click.Option):
                words += [parameter.opts[0]] + [str(value)] * (not parameter.is_flag)
            else:
                words += value
    return command_text(words)
