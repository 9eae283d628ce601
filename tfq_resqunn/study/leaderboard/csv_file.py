"""A leaderboard as a CSV file, which is read back as it was written."""

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.settings import settings_of
from tfq_resqunn.study.leaderboard.columns import CHOSEN, COLUMNS, NUMBERS, RUNS
from tfq_resqunn.study.leaderboard.entries import SETTINGS, Entry, Numbers, usual

# Settings that are text stand as they are, all others as JSON.
TEXTS = [name for name, setting in settings_of(RunConfig).items() if setting.form.read is str]


def to_csv(table: pd.DataFrame) -> str:
    """Write what `to_table` gives. Text stands as it is, `None` is empty, all else is JSON."""
    written = table[[*COLUMNS]].copy()
    for name in (*SETTINGS, *RUNS, CHOSEN):
        written[name] = [_write(name, value) for value in table[name]]
    written["n_weights"] = written["n_weights"].astype("Int64")  # integers where there may be none
    return written.to_csv(index=False, lineterminator="\n")


def read_table(path: Path) -> list[Entry]:
    """Read the entries of a file that `to_csv` has written; statistics are computed anew.

    Raises:
        ValueError: If it is none, which names the line.
    """
    line = 1
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            entries = []
            for record in reader:
                line = reader.line_num
                entries.append(_entry(record))
            return entries
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, csv.Error) as error:
        raise ValueError(
            f"leaderboard: {path} must be what `resqunn leaderboard --csv` has written. Its line "
            f"{line} cannot be read: {error}\nRestore it, or name the folders of the runs "
            "themselves."
        ) from error


def _entry(record: Mapping[str, str]) -> Entry:
    if None in record or None in record.values():
        raise ValueError("it must have a value for each column")
    read = [name for name in (*SETTINGS, *RUNS, CHOSEN) if name in record]
    values = {name: _read(name, record[name]) for name in read}
    settings = {name: values[name] for name in SETTINGS if name in values}
    numbers = {name: float(record[name] or math.nan) for name in NUMBERS}
    return Entry(
        config=usual(RunConfig(**settings)),
        image_shape=tuple(values["image_shape"]),
        trained=dict(zip(values["seeds"], values["accuracies"], strict=True)),
        frozen=dict(zip(values["frozen_seeds"], values["frozen_accuracies"], strict=True)),
        parameters=values["parameters"],
        numbers=Numbers(**numbers),
        has_chosen_rates=values.get(CHOSEN, False),
    )


def _write(name: str, value: Any) -> str:
    if value is None:
        return ""
    return value if name in TEXTS else json.dumps(value)


def _read(name: str, text: str) -> Any:
    if not text:
        return None
    return text if name in TEXTS else json.loads(text)
