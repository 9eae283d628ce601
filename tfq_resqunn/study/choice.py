"""What validation images choose: learning rates for each arm, the best draw of frozen circuits."""

import os
from dataclasses import replace
from pathlib import Path

import pandas as pd

from tfq_resqunn._utils.arguments import check_path, checked, instance
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.folder import RATES_FROM, read_study
from tfq_resqunn.study.results import RUN_COLUMNS, Results, load_results
from tfq_resqunn.study.run import StudyRun

ARM = ["placement", "input_gradient", "head", "variant"]
RATES = ["learning_rate", "head_learning_rate"]
ROUNDING = 2e-6  # of an accuracy with six digits, and of a mean of some
BEST_FROZEN = "best_frozen"  # a variant that only reports have


def choose(results: Results) -> Results:
    """Leaves one run of each arm and seed, those whose rates validation images prefer.

    Frozen circuits keep their first draw. Where there are more, the variant `"best_frozen"` has
    each seed's best, likewise by validation images, of seeds that have all draws: the best of fewer
    is worse.
    """
    parts = _chosen(results.table)
    tables = {
        name: pd.concat([_among(getattr(results, name), *part) for part in parts.items()])
        for name in ("table", "histories", "gradients")
    }
    return replace(results, **{name: t.reset_index(drop=True) for name, t in tables.items()})


def choose_runs(table: pd.DataFrame) -> pd.DataFrame:
    """Leaves of a table with a row for each run those that `choose` does."""
    return pd.concat([_among(table, *part) for part in _chosen(table).items()], ignore_index=True)


def _chosen(table: pd.DataFrame) -> dict[str | None, pd.DataFrame]:
    """Gives the runs that are chosen, by the variant as which they count if it is another one."""
    chosen = table.merge(choose_rates(table)[[*ARM, *RATES]], on=[*ARM, *RATES])
    parts: dict[str | None, pd.DataFrame] = {None: chosen[chosen.draw == 0]}
    frozen = chosen[chosen.variant == "frozen"]
    n_draws = frozen.groupby([*ARM, "seed"], sort=False)["draw"].transform("size")
    if frozen.draw.any():
        whole = frozen[n_draws == frozen.draw.max() + 1]
        parts[BEST_FROZEN] = _best(whole, [*ARM, "seed"], ["draw"])
    return parts


def choose_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Gives a row for each arm: its learning rates, and the means of its validation measures.

    They are those with the highest mean accuracy over the seeds on validation images, of equal
    ones with the lowest loss, then the smallest. Only first draws are asked. Rates that lack a seed
    which other rates of the arm have are none to choose: there the training failed, or is still to
    be done.
    """
    first = table[table.draw == 0]
    n_seeds = first.groupby([*ARM, *RATES], sort=False)["seed"].transform("size")
    most = n_seeds.groupby([first[name] for name in ARM], sort=False).transform("max")
    measures = {name: (name, "mean") for name in ("val_accuracy", "val_loss")}
    means = first[n_seeds == most].groupby([*ARM, *RATES], sort=False).agg(**measures)
    return _best(means.reset_index(), ARM, RATES)


@checked(config=instance(StudyConfig, "a StudyConfig"), rates_from=check_path)
def with_rates_from(config: StudyConfig, rates_from: str | os.PathLike) -> StudyConfig:
    """Gives a study each arm's learning rates that were chosen in another one.

    Raises:
        FileNotFoundError: If the folder holds no study.
        ValueError: If that study is not finished, has no validation images, or lacks an arm, or if
            this one tries rates itself.
    """
    if config.learning_rates is not None or config.head_learning_rates is not None:
        raise ValueError(
            "with_rates_from: `learning_rates` and `head_learning_rates` must be left out where "
            f"rates come from another study. Received both these and {rates_from}. Either rates "
            "are tried, or they are known."
        )
    read_study(Path(rates_from), RATES_FROM)
    results = load_results(rates_from)
    # Trainings whose loss did not stay finite are an answer: their rates are too large.
    if n_undone := results.n_missing - len(results.failures):
        raise ValueError(
            "with_rates_from: `rates_from` must hold a finished study, since rates may be best by "
            f"chance until all are tried.\nReceived {rates_from}, of which {n_undone} of "
            f"{len(results.config.runs())} runs are missing.\nGo on with it: {results.command}"
        )
    if results.table.val_accuracy.isna().any():
        raise ValueError(
            "with_rates_from: `rates_from` must hold a study with validation images, by which "
            f"rates are chosen.\nReceived {rates_from}, whose runs have none.\nMake it again with "
            "validation=0.1."
        )
    arms = config.arms()
    rates: dict = {arm: pair for arm, pair in rates_by_arm(results.table).items() if arm in arms}
    return replace(config, rates=rates)


def rates_by_arm(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Gives the chosen rates, by the `arm` of a `StudyRun`."""
    rows = choose_rates(table).itertuples()
    return {
        StudyRun(r.placement, r.input_gradient, r.head, r.variant, 0).arm: (
            r.learning_rate,
            r.head_learning_rate,
        )
        for r in rows
    }


def _best(table: pd.DataFrame, within: list[str], then: list[str]) -> pd.DataFrame:
    """Gives the row of each group with the highest validation accuracy; of equal ones the first.

    Equal are accuracies that differ by no image, but by how their mean or their text was rounded.
    """
    highest = table.groupby(within, sort=False)["val_accuracy"].transform("max")
    equal = table[(table.val_accuracy > highest - ROUNDING) | highest.isna()]
    best = equal.sort_values(["val_loss", *then], kind="stable").drop_duplicates(within)
    return best.sort_index()


def _among(table: pd.DataFrame, variant: str | None, runs: pd.DataFrame) -> pd.DataFrame:
    """Gives the rows of some runs, as a variant of this name if there is one."""
    rows = table.merge(runs[[*RUN_COLUMNS]], on=[*RUN_COLUMNS])
    return rows if variant is None else rows.assign(variant=variant)
