"""A row for each entry, with its statistics, the best first."""

from collections.abc import Iterable, Sequence

import pandas as pd

from tfq_resqunn.study.leaderboard.columns import CHOSEN, COLUMNS, NUMBERS, STATISTICS
from tfq_resqunn.study.leaderboard.entries import OF_CIRCUITS, OF_DATA, SETTINGS, Entry
from tfq_resqunn.study.report.statistics import Interval, mean_interval

# What circuits have around them: the network, its training.
OF_NETWORKS = tuple(name for name in SETTINGS if name not in (*OF_CIRCUITS, *OF_DATA))
NOTHING = Interval(float("nan"), float("nan"), float("nan"), 0)


def to_table(entries: Iterable[Entry]) -> pd.DataFrame:
    """Makes a table with `COLUMNS` of entries whose numbers are known.

    `accuracy` is the mean test accuracy of the `n_seeds` runs with trained circuits, with the ends
    `low` and `high` of its 95% interval. `difference` is the mean of trained minus frozen over the
    `n_pairs` seeds that have both, with its interval. All are fractions, and `nan` where there is
    nothing. Rows are sorted by accuracy.
    """
    rows = [_row(entry) for entry in entries]
    table = pd.DataFrame(rows, columns=[*COLUMNS], dtype=object)
    table = table.astype(dict.fromkeys((*STATISTICS, *NUMBERS), float))
    table = table.astype({"n_seeds": int, "n_pairs": int})
    return table.sort_values("accuracy", ascending=False, kind="stable", ignore_index=True)


def by_data(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Divides a table: rows of different images are not to be compared."""
    return _divided(table, (*OF_DATA, "image_shape"))


def by_network(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Divides a table of one data set: within a part, rows differ in nothing but the circuit."""
    return _divided(table, OF_NETWORKS)


def that_differ(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Gives those of the settings that are not the same in all rows."""
    return [name for name in names if len(set(map(repr, table[name]))) > 1]


def _divided(table: pd.DataFrame, names: Sequence[str]) -> list[pd.DataFrame]:
    keys = [repr(key) for key in zip(*(table[name] for name in names), strict=True)]
    return [part.reset_index(drop=True) for _, part in table.groupby(keys, sort=False)]


def _row(entry: Entry) -> list:
    accuracy = mean_interval([*entry.trained.values()])
    pairs = sorted(entry.trained.keys() & entry.frozen.keys())
    differences = [entry.trained[seed] - entry.frozen[seed] for seed in pairs]
    difference = mean_interval(differences) if pairs else NOTHING
    counted = (accuracy.n, *accuracy[:3], difference.n, *difference[:3])
    values = {
        **{name: getattr(entry.config, name) for name in SETTINGS},
        **dict(zip(STATISTICS, counted, strict=True)),
        **{name: getattr(entry.numbers, name) for name in NUMBERS},
        "seeds": [*entry.trained],
        "accuracies": [*entry.trained.values()],
        "frozen_seeds": [*entry.frozen],
        "frozen_accuracies": [*entry.frozen.values()],
        "parameters": entry.parameters,
        "image_shape": entry.image_shape,
        CHOSEN: entry.has_chosen_rates,
    }
    return [values[name] for name in COLUMNS]
