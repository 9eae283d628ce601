"""Where results are: studies, runs, tables; what is no such place is found before pandas loads."""

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tfq_resqunn._utils.arguments import check_path
from tfq_resqunn.runs.folder import FILES, is_unfinished
from tfq_resqunn.study.leaderboard.columns import EXPECTED, check_columns

MAX_LEVELS = 4  # of folders in folders, such as `runs/`, in which studies and runs are looked for


@dataclass(frozen=True)
class Sources:
    """What was found in some places, in their order, nothing twice.

    Args:
        studies: Folders that have a `study.json`.
        runs: Folders of single runs that are finished.
        tables: CSV files of leaderboards.
        n_unfinished: Single runs that are under way or were stopped.
        n_without_result: Single runs that ended without a `result.json`, as those whose loss did
            not stay finite.
    """

    studies: tuple[Path, ...]
    runs: tuple[Path, ...]
    tables: tuple[Path, ...]
    n_unfinished: int
    n_without_result: int


def find_sources(paths: Iterable[str | os.PathLike]) -> Sources:
    """Find studies, runs and tables in some places.

    Raises:
        FileNotFoundError: If a place is not there, or a folder holds no study and no run.
        ValueError: If a file is no CSV file that `leaderboard` has written.
    """
    found: dict[str, dict[Path, Path]] = {kind: {} for kind in ("study", "run", "table")}
    for path in paths:
        for kind, place in _places(Path(check_path(path, "results", "leaderboard"))):
            found[kind].setdefault(place.resolve(), place)
    runs = list(found["run"].values())
    unfinished = [run for run in runs if is_unfinished(run)]
    ended = [run for run in runs if run not in unfinished]
    finished = [run for run in ended if (run / FILES["result"]).is_file()]
    return Sources(
        studies=tuple(found["study"].values()),
        runs=tuple(finished),
        tables=tuple(found["table"].values()),
        n_unfinished=len(unfinished),
        n_without_result=len(ended) - len(finished),
    )


def _places(path: Path) -> list[tuple[str, Path]]:
    if path.is_file():
        check_columns(_header(path), path)
        return [("table", path)]
    if places := list(_folders(path, MAX_LEVELS)):
        return places
    if path.is_dir():
        what = "a folder without a study.json or a config.json, in it or in its folders"
    else:
        what = "which is neither" if path.exists() else "which does not exist"
    raise FileNotFoundError(
        f"leaderboard: `results` must be {EXPECTED}.\nReceived {path}, {what}.\n"
        "Make a study with `resqunn study`, or a run with `resqunn train`."
    )


def _folders(folder: Path, n_levels: int) -> Iterator[tuple[str, Path]]:
    """Yields the studies and runs in a folder, in the order of their names; hidden ones are not."""
    if (folder / "study.json").is_file():
        yield "study", folder
    elif (folder / FILES["config"]).is_file():
        yield "run", folder
    elif n_levels and folder.is_dir():
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and not inner.is_symlink() and not inner.name.startswith("."):
                yield from _folders(inner, n_levels - 1)


def _header(path: Path) -> list[str]:
    """Gives the first row of a CSV file; nothing of a file that is none."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return next(csv.reader(file), [])
    except (ValueError, csv.Error):
        return []
