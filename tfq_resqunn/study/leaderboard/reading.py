"""From folders and files to entries; imports no TensorFlow."""

import contextlib
import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import FILES
from tfq_resqunn.study.choice import BEST_FROZEN, choose
from tfq_resqunn.study.leaderboard.csv_file import read_table
from tfq_resqunn.study.leaderboard.entries import Entry, entry_of, merge
from tfq_resqunn.study.leaderboard.sources import Sources
from tfq_resqunn.study.results import RUN_COLUMNS, Results, identify, load_results

CHOSEN_RATES = (
    "In {n} of {of} rows, learning rates were chosen for each arm of a study; what stands above as "
    "the learning rate is that study's, not theirs."
)
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True)
class Found:
    """What some places hold.

    Args:
        entries: An entry for each circuit in a network on a data set.
        left_out: How many runs do not count, by what they are, such as `"not finished"`.
        remarks: Sentences on what the entries alone do not tell.
    """

    entries: tuple[Entry, ...]
    left_out: Mapping[str, int]
    remarks: tuple[str, ...]


def read_entries(sources: Sources) -> Found:
    """Read all runs of some places.

    Raises:
        ValueError: If a file cannot be read, or no run of trained circuits is finished.
    """
    left_out = Counter(
        {"not finished": sources.n_unfinished, "without a result": sources.n_without_result}
    )
    entries = [entry for path in sources.tables for entry in read_table(path)]
    for folder in sources.studies:
        results = load_results(folder)
        counted = list(_of_study(results, folder))
        entries += counted
        left_out["of rates or draws that were not chosen"] += len(results.table) - len(counted)
        left_out["failed"] += len(results.failures)
        left_out["not finished"] += results.n_missing - len(results.failures)
    entries += map(_of_run, sources.runs)
    # Controls have something else in each circuit's place.
    circuits = [entry for entry in entries if entry.config.control is None]
    left_out["of a control"] = len(entries) - len(circuits)
    merged, others = merge(circuits)
    left_out.update(others)
    if not merged:
        raise ValueError(
            "leaderboard: `results` must hold a finished run with trained circuits.\nReceived "
            f"these runs alone: {listed(left_out) or 'none'}.\nThe command that began a run or a "
            "study goes on with it."
        )
    n_chosen = sum(entry.has_chosen_rates for entry in merged)
    remarks = (CHOSEN_RATES.format(n=n_chosen, of=len(merged)),) if n_chosen else ()
    return Found(tuple(merged), +left_out, remarks)


def listed(left_out: Mapping[str, int]) -> str:
    """Writes how many runs are what, such as `2 not finished, 1 failed`."""
    return ", ".join(f"{n} {what}" for what, n in left_out.items() if n)


def _of_study(results: Results, folder: Path) -> Iterator[Entry]:
    """Yields the runs of a study that count, see `choose`.

    Learning rates that are chosen for each arm are none of its settings.
    """
    runs = {tuple(identify(results.config, run).values()): run for run in results.config.runs()}
    chosen = choose(results).table
    for record in chosen[chosen.variant != BEST_FROZEN].to_dict("records"):
        run = runs[tuple(record[name] for name in RUN_COLUMNS)]
        alike = dataclasses.replace(run, learning_rate=None, head_learning_rate=None)
        with _naming(folder / "runs" / run.id):
            yield entry_of(
                alike.configure(results.config.run),
                results.image_shape or (),
                record["test_accuracy"],
                record["n_weights"],
                has_chosen_rates=run.has_own_rates,
            )


def _of_run(folder: Path) -> Entry:
    with _naming(folder / FILES["config"]):
        described = json.loads((folder / FILES["config"]).read_text(encoding="utf-8"))
        config = RunConfig.from_json(json.dumps(described["config"]))
        shape = tuple(described["image_shape"])
    with _naming(folder / FILES["result"]):
        result = json.loads((folder / FILES["result"]).read_text(encoding="utf-8"))
        return entry_of(config, shape, result["test_accuracy"], result["n_weights"])


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Names what cannot be read, and what to do."""
    try:
        yield
    except UNREADABLE as error:
        raise ValueError(
            f"leaderboard: {path} must be what a run has written. It cannot be read: "
            f"{type(error).__name__}: {error}\nRemove that run's folder, or name others."
        ) from error
