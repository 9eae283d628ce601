"""The compact tables of the experiment's runs, `docs/results/*.csv`, a row for each run."""

from pathlib import Path

import pandas as pd

from tfq_resqunn._utils.files import replacing, write_text
from tfq_resqunn.cli.leaderboard import leaderboard
from tfq_resqunn.study.choice import choose_runs
from tfq_resqunn.study.results import RUN_COLUMNS, Results

RESULTS = Path(__file__).parents[1] / "docs" / "results"
CIRCUITS = RESULTS / "circuits.csv"
MEASURES = (
    "train_accuracy", "test_accuracy", "test_loss", "val_accuracy", "val_loss", "n_weights",
    "seconds", "seconds_per_epoch",
)  # fmt: skip
KEY = list(RUN_COLUMNS)


def write_table(name: str, results: Results) -> None:
    """Writes what the page tells of a study.

    Beside the measures of each run, it has the number of epochs, and the norms of the loss'
    gradient at the first layer's weights before the training and after it (`gradient_before`,
    `gradient_after`); there are none where nothing in the first layer is trained.
    """
    table = results.table[[*KEY, *MEASURES]]
    table = table.merge(results.histories.groupby(KEY)["epoch"].max().reset_index(), on=KEY)
    first = results.gradients[results.gradients.layer.str.contains(r"_1(?:$|/)")]
    for column, epoch in (("gradient_before", "min"), ("gradient_after", "max")):
        there = first[first.epoch == first.groupby(KEY)["epoch"].transform(epoch)]
        norms = there[[*KEY, "norm"]].rename(columns={"norm": column})
        table = table.merge(norms, on=KEY, how="left", validate="one_to_one")
    text = table.to_csv(index=False, lineterminator="\n", float_format="%.6g")
    with replacing(RESULTS / f"{name}.csv") as temporary:
        write_text(temporary, text)


def read_table(name: str) -> pd.DataFrame:
    """Reads what `write_table` wrote."""
    path = RESULTS / f"{name}.csv"
    return pd.read_csv(path, keep_default_na=False, na_values=[""], float_precision="round_trip")


def read_chosen(name: str) -> pd.DataFrame:
    """Reads the runs of a table that count, see `study.choice`."""
    return choose_runs(read_table(name))


def has_table(name: str) -> bool:
    """Tells whether a study's table is there."""
    return (RESULTS / f"{name}.csv").is_file()


def write_circuits(work: Path) -> None:
    """Writes the leaderboard of all circuits whose studies are in a folder, or were there."""
    there = [CIRCUITS] if CIRCUITS.is_file() else []
    words = [*there, *sorted(work.glob("circuit-*")), "--csv", CIRCUITS]
    words += ["--picture", CIRCUITS.with_suffix(".png")]
    leaderboard.main([*map(str, words)], standalone_mode=False)


def read_circuits() -> set[tuple[str, str]]:
    """Gives encoder and ansatz of the circuits that the leaderboard has."""
    if not CIRCUITS.is_file():
        return set()
    table = pd.read_csv(CIRCUITS, usecols=["encoder", "ansatz"])
    return set(table.itertuples(index=False, name=None))
