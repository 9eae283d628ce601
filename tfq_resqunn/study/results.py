"""What a study has found, read from its folder; imports no TensorFlow."""

import contextlib
import json
import math
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tfq_resqunn._utils.arguments import check_path, checked
from tfq_resqunn.runs.folder import HISTORY_COLUMNS, RESULT_COLUMNS
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.folder import is_done, read_study
from tfq_resqunn.study.run import StudyRun

# Those of a `StudyRun`, with its learning rates as they were.
RUN_COLUMNS = (
    "placement", "input_gradient", "head", "variant", "seed", "learning_rate",
    "head_learning_rate", "draw",
)  # fmt: skip
GRADIENT_COLUMNS = ("epoch", "layer", "kind", "n_weights", "state", "norm", "zeros")
# Measures that may not be defined, and that older studies do not have.
MAY_BE_MISSING = ("test_balanced_accuracy", "test_auc", "val_accuracy", "val_loss")
TEXT_COLUMNS = ("layer", "kind", "state")


@dataclass(frozen=True, eq=False)
class Results:
    """The runs of a study that are there so far, in the order of `StudyConfig.runs`.

    Args:
        config: What the study is made of.
        command: The command that repeats it, and goes on with it.
        table: A row for each run: what identifies it (`RUN_COLUMNS`), then `RESULT_COLUMNS`.
        histories: A row for each run and epoch: `RUN_COLUMNS`, `epoch`, then `HISTORY_COLUMNS`.
        gradients: A row for each run, epoch (0 is before training) and layer: `RUN_COLUMNS`, then
            `GRADIENT_COLUMNS`.
        failures: The error of each run that failed, by the run's id.
        n_classes: Number of classes, or `None` where no run is done.
        image_shape: Of one image, `(height, width, channels)`, or `None`.
        chance: Accuracy of guessing: of always naming the most frequent class of the test images,
            or one of equally frequent ones; `None` where no run is done.
        versions: By package, the versions that the runs were made with; several where they differ.
    """

    config: StudyConfig
    command: str
    table: pd.DataFrame
    histories: pd.DataFrame
    gradients: pd.DataFrame
    failures: Mapping[str, str]
    n_classes: int | None
    image_shape: tuple[int, ...] | None
    chance: float | None
    versions: Mapping[str, tuple[str, ...]]

    @property
    def missing(self) -> list[StudyRun]:
        """The runs that are still to be done."""
        done = set(self.table[[*RUN_COLUMNS]].itertuples(index=False, name=None))
        runs = self.config.runs()
        return [run for run in runs if tuple(identify(self.config, run).values()) not in done]

    @property
    def n_missing(self) -> int:
        """The number of runs that are still to be done."""
        return len(self.missing)


@checked(folder=check_path)
def load_results(folder: str | os.PathLike) -> Results:
    """Read the folder of a study, which need not be finished.

    Args:
        folder: The folder that `run_study` or `resqunn study` has made.

    Returns:
        The `Results`.

    Raises:
        FileNotFoundError: If the folder holds no study.
        ValueError: If its `study.json`, or a file of a run, cannot be read.
    """
    folder = Path(folder)
    config, command = read_study(folder)
    done = [run for run in config.runs() if is_done(folder, run)]
    return Results(
        config=config,
        command=command,
        table=_table(folder, config, done),
        histories=_long_table(folder, config, done, "history.csv", ("epoch", *HISTORY_COLUMNS)),
        gradients=_long_table(folder, config, done, "gradients.csv", GRADIENT_COLUMNS),
        failures={
            run.id: path.read_text(encoding="utf-8", errors="replace")
            for run in config.runs()
            if (path := folder / "failed" / f"{run.id}.txt").is_file() and not is_done(folder, run)
        },
        **_read_facts(folder, done),
    )


def select(table: pd.DataFrame, **setting: str | bool) -> pd.DataFrame:
    """Gives the rows whose columns have these values, such as `head="none"`."""
    for column, value in setting.items():
        table = table[table[column] == value]
    return table


def identify(config: StudyConfig, run: StudyRun) -> dict[str, Any]:
    """Gives what stands in `RUN_COLUMNS` for a run."""
    made = run.configure(config.run)
    rates = {
        "learning_rate": made.learning_rate,
        "head_learning_rate": made.head_learning_rate or made.learning_rate,
    }
    return {**asdict(run), **rates}


def _table(folder: Path, config: StudyConfig, runs: list[StudyRun]) -> pd.DataFrame:
    rows = []
    for run in runs:
        path = folder / "runs" / run.id / "result.json"
        with _naming(path):
            result = json.loads(path.read_text(encoding="utf-8"))
            for name in MAY_BE_MISSING:
                if result.get(name) is None:
                    result[name] = math.nan
            wrong = [name for name in RESULT_COLUMNS if type(result[name]) not in (int, float)]
            if wrong:
                raise TypeError(f"no number as {', '.join(wrong)}")
        rows.append({**identify(config, run), **result})
    return pd.DataFrame(rows, columns=[*RUN_COLUMNS, *RESULT_COLUMNS])


def _long_table(
    folder: Path, config: StudyConfig, runs: list[StudyRun], file: str, columns: tuple[str, ...]
) -> pd.DataFrame:
    tables = []
    for run in runs:
        path = folder / "runs" / run.id / file
        with _naming(path):
            # No state "none" is a missing value, and every number is read to the last bit.
            table = pd.read_csv(
                path, keep_default_na=False, na_values=[""], float_precision="round_trip"
            )
            _check_numbers(table, columns)
        tables.append(table.assign(**identify(config, run)))
    if not tables:
        return pd.DataFrame(columns=[*RUN_COLUMNS, *columns])
    return pd.concat(tables, ignore_index=True)[[*RUN_COLUMNS, *columns]]


def _check_numbers(table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    if not isinstance(table.index, pd.RangeIndex):
        raise ValueError("a row with more values than there are columns")
    if not pd.api.types.is_integer_dtype(table["epoch"]):
        raise ValueError("no integers as epoch")
    table.astype({name: float for name in columns if name not in TEXT_COLUMNS})


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Names the file of a run that cannot be read, and what to do."""
    try:
        yield
    except (
        ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError, OSError,
    ) as error:  # fmt: skip
        raise ValueError(
            f"load_results: {path} must be what a run has written. It cannot be read: "
            f"{type(error).__name__}: {error}\nRemove that run's folder to have it made again."
        ) from error


def _read_facts(folder: Path, runs: list[StudyRun]) -> dict[str, Any]:
    n_classes, image_shape, shares = None, None, []
    versions = defaultdict[str, set[str]](set)
    for run in runs:
        path = folder / "runs" / run.id / "config.json"
        with _naming(path):
            described = json.loads(path.read_text(encoding="utf-8"))
            n_classes = len(described["classes"])
            image_shape = tuple(map(int, described["image_shape"]))
            shares.append(float(described.get("largest_share", 1 / n_classes)))
            for package, version in dict(described["versions"]).items():
                versions[package].add(str(version))
    return {
        "n_classes": n_classes,
        "image_shape": image_shape,
        "chance": max(shares, default=None),
        "versions": {package: tuple(sorted(found)) for package, found in versions.items()},
    }
