"""All comparisons between the settings of a study; runs of one seed are a pair."""

import math
from dataclasses import dataclass

import pandas as pd

from tfq_resqunn.study.report.statistics import holm, paired_test
from tfq_resqunn.study.results import Results, select

MAX_ALL_PAIRS = 4  # of placements; more of them are compared with the plain stack alone
SIGNIFICANCE = 0.05
NUMBERS = ("difference", "low", "high", "n", "p", "p_exact")
MARGIN = 0.005  # an accuracy that is less above guessing is not called above


@dataclass(frozen=True, eq=False)
class Comparisons:
    """What is compared, a table for each family; a row is a difference of test accuracies.

    The columns say the setting (`head`, `input_gradient`, `placement`, as far as the two share
    it), the mean `difference` with the ends `low` and `high` of its 95% interval, `n`, the number
    of seeds that both have, `p` of the paired t test, `p_exact` of the sign-flip test,
    `p_corrected`, which is `p` after Holm's correction for all rows of the table, and whether the
    difference `is_shown`: whether that is below 0.05.
    """

    # `first` minus `second`, trained quantum networks: up to four placements each with each, more
    # of them each with the plain stack.
    placements: pd.DataFrame
    input_gradients: pd.DataFrame  # those that flow minus those that are stopped, likewise
    # Trained minus frozen quantum networks, which are partners of both kinds of input gradients.
    frozen: pd.DataFrame
    classical: pd.DataFrame  # trained quantum networks minus their classical twins
    guessing: pd.DataFrame  # trained quantum networks without a head minus guessing and `MARGIN`


def compare(results: Results) -> Comparisons:
    """Makes all comparisons that the finished runs of a study allow."""
    table = results.table.sort_values(
        ["head", "input_gradient"], ascending=[True, False], kind="stable"
    )
    trained, frozen, classical = (
        select(table, variant=variant) for variant in ("trainable", "frozen", "classical")
    )
    flow, stopped = (select(trained, input_gradient=on) for on in (True, False))
    # Without a chance nothing is a pair.
    guess = math.nan if results.chance is None else results.chance + MARGIN
    guessing = select(trained, head="none").assign(test_accuracy_second=guess)
    either = ["head", "placement"]
    same = ["head", "input_gradient", "placement"]
    two = ["head", "input_gradient", "first", "second"]
    return Comparisons(
        placements=_family(_placement_pairs(trained), two),
        input_gradients=_family(_pairs(flow, stopped, either), either),
        frozen=_family(_pairs(trained, frozen, either), same),
        classical=_family(_pairs(trained, classical, same), same),
        guessing=_family(guessing, same),
    )


def _pairs(first: pd.DataFrame, second: pd.DataFrame, settings: list[str]) -> pd.DataFrame:
    """Puts runs of one seed and the same settings side by side."""
    second = second[[*settings, "seed", "test_accuracy"]]
    return first.merge(second, on=[*settings, "seed"], suffixes=("", "_second"))


def _placement_pairs(trained: pd.DataFrame) -> pd.DataFrame:
    second = trained.rename(columns={"placement": "second"})
    pairs = trained.rename(columns={"placement": "first"}).merge(
        second, on=["head", "input_gradient", "seed"], suffixes=("", "_second")
    )
    placements = sorted(dict.fromkeys(trained.placement), key=lambda p: p != "none")
    pairs = pairs[pairs["first"].map(placements.index) > pairs["second"].map(placements.index)]
    return select(pairs, second=placements[0]) if len(placements) > MAX_ALL_PAIRS else pairs


def _family(pairs: pd.DataFrame, settings: list[str]) -> pd.DataFrame:
    """Compares within each setting, and corrects for the number of them."""
    # A run without a finite accuracy has no partner.
    pairs = pairs.dropna(subset=["test_accuracy", "test_accuracy_second"])
    rows = []
    for setting, runs in pairs.groupby(settings, sort=False):
        test = paired_test(runs.test_accuracy.to_list(), runs.test_accuracy_second.to_list())
        rows.append((*setting, *test.difference, test.p, test.p_exact))
    family = pd.DataFrame(rows, columns=[*settings, *NUMBERS])
    family["p_corrected"] = holm(family.p)
    family["is_shown"] = family.p_corrected < SIGNIFICANCE
    return family
