"""Trains single runs of the experiment again, and says whether they give the same numbers."""

import tempfile
from pathlib import Path

import click
import numpy as np
import pandas as pd

from experiments.places import with_places
from experiments.studies import Part, parts
from experiments.tables import KEY, has_table, read_table
from tfq_resqunn._utils import registration
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.study.run import StudyRun
from tfq_resqunn.study.worker import start_tensorflow, train_run

HELP = """Train one run of each study again, and compare it with its table.

NAMES are the beginnings of names, as for `python -m experiments`.

\b
Examples:
  python -m experiments.again arms-digits
  python -m experiments.again --row 7 depth
"""
SAME = 1e-5  # the tables have six digits


@click.command(help=HELP)
@click.argument("names", nargs=-1)
@click.option("--row", default=0, show_default=True, help="Which run of each table.")
@with_places
def main(names: tuple[str, ...], row: int, **places: str) -> None:
    chosen = [p for p in parts(places) if p.name.startswith(names or ("",)) and has_table(p.name)]
    records = [record_of(part, row) for part in chosen]
    with registration.postponed():  # TensorFlow is set up before anything starts it
        load_tensorflow()  # quietly
        start_tensorflow()
    for part, record in zip(chosen, records, strict=True):
        accuracy = test_accuracy(config_of(part, record))
        is_same = np.isclose(accuracy, record.test_accuracy, rtol=SAME, atol=0)
        click.echo(
            f"{part.name}, row {row}: {accuracy:.6g}, in the table {record.test_accuracy:.6g}"
            + ("" if is_same else "  NOT THE SAME")
        )


def record_of(part: Part, row: int) -> pd.Series:
    """Gives a row of a table."""
    table = read_table(part.name)
    if not 0 <= row < len(table):
        raise click.BadParameter(
            f"the table of {part.name} has the rows 0 to {len(table) - 1}. Received {row}.",
            param_hint="--row",
        )
    return table.iloc[row]


def config_of(part: Part, record: pd.Series) -> RunConfig:
    """Gives the configuration of a run that stands in a table."""
    kinds = {"input_gradient": bool, "seed": int, "draw": int}
    rates = {"learning_rate": float, "head_learning_rate": float}
    exact = {name: kind(record[name]) for name, kind in (kinds | rates).items()}
    return StudyRun(**{**record[KEY], **exact}).configure(part.config.run)


def test_accuracy(config: RunConfig) -> float:
    """Trains a run as a study does."""
    from tfq_resqunn.runs.training import load_data

    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "run")
        train_run(config, load_data(config), folder)
        return float(pd.read_json(folder / "result.json", typ="series").test_accuracy)


if __name__ == "__main__":
    main()
