"""`resqunn circuits`: the named encoders, ansaetze and observables, to look at."""

import contextlib
import shutil
import sys

import click

from tfq_resqunn import catalogue
from tfq_resqunn.files import replacing, write_text
from tfq_resqunn.shell import command_text
from tfq_resqunn.study.markdown import to_markdown
from tfq_resqunn.study.web_page import to_html

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
@click.option("--kind", type=click.Choice(list(catalogue.KINDS)), help="Only those of this kind.")
@click.option(
    "--n-qubits",
    default=4,
    show_default=True,
    type=COUNT,
    help="Number of qubits; for encoders, of values.",
)
@click.option(
    "--n-layers", default=1, show_default=True, type=COUNT, help="Number of layers of ansaetze."
)
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
    show_default=True,
    type=COUNT,
    help="Random states, or pairs of them, for --descriptors.",
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of random weights."
)
@click.option("--html", type=click.Path(), help="Also write a page with pictures into this file.")
@click.option("--markdown", type=click.Path(), help="Also write the tables into this file.")
@click.pass_context
def circuits(
    ctx, names, kind, n_qubits, n_layers, draw, descriptors, n_samples, seed, html, markdown
):
    """List the named encoders, ansaetze and observables, or show those named in full."""
    entries = catalogue.entries(names, kind, n_qubits, n_layers)
    size = f"{n_qubits} qubits (for encoders, {n_qubits} values) and n_layers={n_layers}"
    pages = (
        (html, catalogue.to_gallery, to_html, "page"),
        (markdown, catalogue.to_summary, to_markdown, "tables"),
    )
    pages = [page for page in pages if page[0] is not None]
    with contextlib.ExitStack() as stack:
        # Opened first: a folder that does not exist is found before the work, not after.
        files = [stack.enter_context(replacing(page[0])) for page in pages]
        if descriptors:
            entries = _describe(entries, n_samples, seed)
        click.echo(_listing(entries, in_full=names or draw))
        for file, (_, make, write, _) in zip(files, pages, strict=True):
            write_text(file, write(make(entries, size, _command(ctx))))
    for path, _, _, what in pages:
        click.echo(f"\n{what}: {path}")


def _listing(entries, in_full) -> str:
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
    parts = [catalogue.to_text(table, width) for table in catalogue.tables(entries).values()]
    if in_full:
        parts.append("\n\n\n".join(map(catalogue.to_details, entries)))
    return "\n\n".join(parts)


def _describe(entries, n_samples: int, seed: int):
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
            if isinstance(parameter, click.Argument):
                words += value
            else:
                is_flag = isinstance(parameter, click.Option) and parameter.is_flag
                words += [parameter.opts[0]] + [str(value)] * (not is_flag)
    return command_text(words)
