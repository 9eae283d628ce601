"""`resqunn leaderboard`: circuits by what their runs have achieved."""

import contextlib
import sys
from pathlib import Path

import click

from tfq_resqunn._utils.arguments import check_picture
from tfq_resqunn._utils.files import check_different, replacing, write_text
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.study.leaderboard.sources import find_sources

EXAMPLES = """\b
Examples:
  resqunn leaderboard runs
  resqunn leaderboard runs --csv board.csv --picture board.png
  resqunn leaderboard board.csv runs/digits-001 --markdown board.md
\b
To compare circuits, give each a study of one placement, with frozen circuits beside trained ones:
  resqunn study --depth 1 --placement none --head linear --seeds 10 --variant trainable --variant \
frozen --ansatz sim_14 --out runs/sim_14
\b
Columns:
  accuracy          of test images, mean over seeds of trained circuits, with a 95% interval
  trained - frozen  what training the circuits adds, in points, over seeds that have both
  expressibility    0: states as uniform as random ones; more: less so
  entangling        0: never entangled; 1: as much as can be
  angles            trained angles of a circuit; parameters are all that the network trains
  us a patch        microseconds of a training step, by the estimate of `resqunn draw`
"""


@click.command(epilog=EXAMPLES)
@click.argument("results", nargs=-1, required=True, type=click.Path(), metavar="RESULTS...")
@click.option("--csv", type=click.Path(), help="Also write a row for each circuit into this file.")
@click.option("--markdown", type=click.Path(), help="Also write the tables into this file.")
@click.option(
    "--picture",
    type=click.Path(),
    help="Also draw accuracy against expressibility and entangling capability into this file, "
    "such as board.png or board.svg.",
)
def leaderboard(
    results: tuple[str, ...], csv: str | None, markdown: str | None, picture: str | None
) -> None:
    """Rank circuits by the test accuracy of their runs, and ask what predicts it.

    RESULTS are folders of studies or of runs, folders that hold such, or files that --csv has
    written. There is a table for each data set. Circuits are rows, and other settings that differ
    between rows are columns. Unfinished runs do not count.

    Expressibility and entangling capability take seconds a circuit; they are read from a CSV file
    among RESULTS where that has them.
    """
    check_different({"csv": csv, "markdown": markdown, "picture": picture}, "leaderboard")
    with contextlib.ExitStack() as stack:
        # Opened first: a folder that does not exist is found before the work, not after.
        files = {
            name: stack.enter_context(replacing(path))
            for name, path in (("csv", csv), ("markdown", markdown), ("picture", picture))
            if path is not None
        }
        check_picture.or_none()(picture, "picture", "leaderboard")
        _write(results, files)
    for name, path in (("table", csv), ("text", markdown), ("picture", picture)):
        if path is not None:
            click.echo(f"{name:<7} {path}")


def _write(results: tuple[str, ...], files: dict[str, Path]) -> None:
    sources = find_sources(results)
    from tfq_resqunn.study.leaderboard import writing
    from tfq_resqunn.study.leaderboard.csv_file import to_csv
    from tfq_resqunn.study.leaderboard.entries import unmeasured
    from tfq_resqunn.study.leaderboard.reading import read_entries
    from tfq_resqunn.study.leaderboard.tables import to_table

    found = read_entries(sources)
    entries, problems = list(found.entries), []
    if n_unmeasured := len(unmeasured(entries)):
        load_tensorflow()
        from tfq_resqunn.study.leaderboard.measuring import measure

        with click.progressbar(
            length=n_unmeasured, label="measuring circuits", file=sys.stderr, show_pos=True
        ) as bar:
            entries, problems = measure(entries, bar.update)
    table = to_table(entries)
    sections = writing.sections(table)
    notes = writing.notes_of(found.left_out, [*found.remarks, *problems])
    click.echo("\n\n".join([*map(writing.to_text, sections), *notes]) + "\n" * bool(files))
    if "csv" in files:
        write_text(files["csv"], to_csv(table))
    if "markdown" in files:
        write_text(files["markdown"], writing.to_markdown(sections, notes))
    if "picture" in files:
        from tfq_resqunn.plots import accuracy_by_descriptor

        accuracy_by_descriptor(writing.titled(table), files["picture"])
