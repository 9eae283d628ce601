"""All comparisons between the settings of a study; runs of one seed are a pair."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from tfq_resqunn.study.choice import BEST_FROZEN
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.report.numbers import UNTRAINED, VARIANTS
from tfq_resqunn.study.report.statistics import holm, paired_test
from tfq_resqunn.study.results import Results, select

MAX_ALL_PAIRS = 4  # of placements; more of them are compared with the plain stack alone
SIGNIFICANCE = 0.05
EQUIVALENCE = 0.01  # accuracies that are shown to be closer are called equal
NUMBERS = (
    "difference", "low", "high", "n", "effect", "effect_low", "effect_high", "p", "p_sign_flip",
    "p_equal",
)  # fmt: skip
MARGIN = 0.005  # an accuracy that is less above guessing is not called above
SETTING = ("head", "input_gradient", "placement")
WITHOUT_PLACEMENT = ("pixels",)


@dataclass(frozen=True, eq=False)
class Comparisons:
    """What is compared, a table for each family; a row is a difference of test accuracies.

    The columns say the setting (`head`, `input_gradient`, `placement`, as far as the two share
    it), the mean `difference` with the ends `low` and `high` of its 95% interval, `n`, the number
    of seeds that both have, the `effect` (Cohen's d_z) with its ends, `p` of the paired t test,
    `p_sign_flip` of the sign-flip test, and `p_equal` of the test that the two are equal within a
    percentage point. `p_corrected` and `p_equal_corrected` are after Holm's correction for all rows
    of the table; where they are below 0.05, the difference `is_shown`, or `is_equal`.
    """

    # `first` minus `second`, trained quantum networks: up to four placements each with each, more
    # of them each with the plain stack.
    placements: pd.DataFrame
    input_gradients: pd.DataFrame  # those that flow minus those that are stopped, likewise
    controls: pd.DataFrame  # trained quantum networks minus the control that `variant` names
    guessing: pd.DataFrame  # trained quantum networks without a head minus guessing and `MARGIN`


def compare(results: Results) -> Comparisons:
    """Makes all comparisons that the finished runs of a study allow."""
    table = results.table.sort_values(
        ["head", "input_gradient"], ascending=[True, False], kind="stable"
    )
    trained = select(table, variant="trainable")
    flow, stopped = (select(trained, input_gradient=on) for on in (True, False))
    # Without a chance nothing is a pair.
    guess = math.nan if results.chance is None else results.chance + MARGIN
    guessing = select(trained, head="none").assign(test_accuracy_second=guess)
    either = ["head", "placement"]
    two = ["head", "input_gradient", "first", "second"]
    return Comparisons(
        placements=family(_placement_pairs(trained), two),
        input_gradients=family(_pairs(flow, stopped, either), either),
        controls=compare_controls(table, _run_once(results.config)),
        guessing=family(guessing, [*SETTING]),
    )


def compare_controls(table: pd.DataFrame, once: Collection[str] = UNTRAINED) -> pd.DataFrame:
    """Compares trained networks with each control among the runs of a table, one family.

    Input gradients change nothing in the variants `once`: their runs are partners of both.
    """
    return family(_control_pairs(table, once), ["variant", *SETTING])


def _run_once(config: StudyConfig) -> list[str]:
    """Gives the variants in which input gradients change nothing."""
    of_runs = {BEST_FROZEN: "frozen"}  # what it was chosen among
    return [v for v in VARIANTS if not config.feels_input_gradients(of_runs.get(v, v))]


def _pairs(first: pd.DataFrame, second: pd.DataFrame, settings: list[str]) -> pd.DataFrame:
    """Puts runs of one seed and the same settings side by side."""
    second = second[[*settings, "seed", "test_accuracy"]]
    return first.merge(second, on=[*settings, "seed"], suffixes=("", "_second"))


def _control_pairs(table: pd.DataFrame, once: Collection[str]) -> pd.DataFrame:
    """Puts trained runs beside those of each control, in the order of `VARIANTS`."""
    trained = select(table, variant="trainable")
    pairs = [
        _pairs(trained, runs, _shared_settings(variant, once)).assign(variant=variant)
        for variant in VARIANTS
        if variant != "trainable" and len(runs := select(table, variant=variant))
    ]
    return pd.concat(pairs) if pairs else trained[:0].assign(test_accuracy_second=math.nan)


def _shared_settings(variant: str, once: Collection[str]) -> list[str]:
    """Gives what partners share: what is run once is the partner of all that it stands for."""
    is_shared = {
        "input_gradient": variant not in once,
        "placement": variant not in WITHOUT_PLACEMENT,
    }
    return [name for name in SETTING if is_shared.get(name, True)]


def _placement_pairs(trained: pd.DataFrame) -> pd.DataFrame:
    second = trained.rename(columns={"placement": "second"})
    pairs = trained.rename(columns={"placement": "first"}).merge(
        second, on=["head", "input_gradient", "seed"], suffixes=("", "_second")
    )
    placements = sorted(dict.fromkeys(trained.placement), key=lambda p: p != "none")
    pairs = pairs[pairs["first"].map(placements.index) > pairs["second"].map(placements.index)]
    return select(pairs, second=placements[0]) if len(placements) > MAX_ALL_PAIRS else pairs


def family(pairs: pd.DataFrame, settings: list[str]) -> pd.DataFrame:
    """Compares within each setting, and corrects for the number of them.

    `pairs` have the columns `settings`, `test_accuracy` and `test_accuracy_second`.
    """
    # A run without a finite accuracy has no partner.
    pairs = pairs.dropna(subset=["test_accuracy", "test_accuracy_second"])
    rows = []
    for setting, runs in pairs.groupby(settings, sort=False):
        accuracies = (runs.test_accuracy.to_list(), runs.test_accuracy_second.to_list())
        difference, effect, *p_values = paired_test(*accuracies, EQUIVALENCE)
        rows.append((*setting, *difference, *effect, *p_values))
    family = pd.DataFrame(rows, columns=[*settings, *NUMBERS])
    family["p_corrected"] = holm(family.p)
    family["p_equal_corrected"] = holm(family.p_equal)
    family["is_shown"] = family.p_corrected < SIGNIFICANCE
    family["is_equal"] = family.p_equal_corrected < SIGNIFICANCE
    return family
