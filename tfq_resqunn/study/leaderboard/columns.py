"""The columns of a leaderboard, and of its CSV file; imports neither NumPy nor pandas."""

from collections.abc import Sequence
from pathlib import Path

from tfq_resqunn.study.leaderboard.entries import SETTINGS

# Accuracies with an interval, and what training has added to circuits that stay as drawn.
STATISTICS = (
    "n_seeds", "accuracy", "low", "high",
    "n_pairs", "difference", "difference_low", "difference_high",
)  # fmt: skip
NUMBERS = ("expressibility", "entangling_capability", "n_weights", "microseconds")
# Of these it is tested whether they go with accuracy.
PREDICTORS = ("expressibility", "entangling_capability", "n_weights")
# What the statistics are computed from.
RUNS = ("seeds", "accuracies", "frozen_seeds", "frozen_accuracies", "parameters", "image_shape")
EXPECTED = (
    "folders of studies or runs, folders that hold such, or CSV files that `resqunn leaderboard "
    "--csv` has written"
)
CHOSEN = "has_chosen_rates"  # see `Entry`
COLUMNS = (*SETTINGS, *STATISTICS, *NUMBERS, *RUNS, CHOSEN)


def check_columns(names: Sequence[str], path: Path) -> None:
    """Check that a CSV file has the columns that this version writes, in any order.

    A setting, or `CHOSEN`, may be missing, as in files of earlier versions, and then has its
    default. None may be unknown, since circuits that differ in it would pass for the same.
    """
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in (*NUMBERS, *RUNS) if name not in names]
    if not unknown and not missing and len(set(names)) == len(names):
        return
    if missing:
        wrong = f"without the column {missing[0]!r}"
    else:
        wrong = f"with the column {unknown[0]!r}" if unknown else "with columns of the same name"
    raise ValueError(
        f"leaderboard: `results` must be {EXPECTED}.\nReceived {path}, a file {wrong[:200]}.\n"
        "Name the folders of the runs themselves."
    )
