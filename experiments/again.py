"""Trains single runs of the experiment again, and says whether they give the same numbers."""

import tempfile
from pathlib import Path

import click
import numpy as np
import pandas as pd

from experiments.places import with_places
from experiments.studies import Part, parts
from experiments.tables import KEY, has_table, read_table
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
    start_tensorflow()
    for part in parts(places):
        if part.name.startswith(names or ("",)) and has_table(part.name):
            record = read_table(part.name).iloc[row]
            accuracy = test_accuracy(config_of(part, record))
            is_same = np.isclose(accuracy, record.test_accuracy, rtol=SAME, atol=0)
            click.echo(
                f"{part.name}, row {row}: {accuracy:.6g}, in the table {record.test_accuracy:.6g}"
                + ("" if is_same else "  NOT THE SAME")
            )


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
