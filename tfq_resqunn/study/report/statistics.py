"""Means with intervals and paired tests, for a handful of seeds."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

CONFIDENCE = 0.95
SPREAD = 1e-6  # differences closer than this are equal but for rounding, here in float32
MIN_PAIRS = 3  # for a t test
MIN_PAIRS_EXACT = 6  # from here on the exact test can fall below 0.05
MAX_PAIRS_EXACT = 13  # all 2**13 sign patterns are enumerated


class Interval(NamedTuple):
    """The mean of `n` values, and the ends of the confidence interval around it.

    The ends are `nan` where there is no interval: for a single value, and for values that agree,
    since seeds that agree by luck are no reason for certainty.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def is_known(self) -> bool:
        """Whether there is an interval."""
        return not math.isnan(self.low)


class PairedTest(NamedTuple):
    """The mean of first minus second, and two-sided p-values; `nan` where a test is not made."""

    difference: Interval
    p: float  # of the paired t test
    p_exact: float  # of the sign-flip test


def mean_interval(values: ArrayLike) -> Interval:
    """Gives the mean of a few independent values, all finite, with Student's t interval."""
    values = _finite(values, "mean_interval", "values")
    mean, n = float(values.mean()), len(values)
    if np.ptp(values) < SPREAD:
        return Interval(mean, math.nan, math.nan, n)
    limits = stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
    return Interval(mean, float(limits.low), float(limits.high), n)


def paired_test(first: ArrayLike, second: ArrayLike) -> PairedTest:
    """Compares two settings whose runs come in pairs, such as those of one seed.

    What a seed makes easy or hard cancels in the difference, and only differences are tested. Why
    there are two tests the report says itself (`METHOD`). The exact one is a sign-flip test because
    that holds with ties and zeros, where Wilcoxon's tables do not.

    Fewer than three pairs are not tested: accuracies come in steps of one image, and two
    differences that agree by luck would look certain. Nor are pairs whose differences are all
    equal and not zero, where the t test is undefined. Where all are zero, p is 1.
    """
    first = _finite(first, "paired_test", "first")
    second = _finite(second, "paired_test", "second")
    if len(first) != len(second):
        raise ValueError(
            f"paired_test: `first` and `second` must be pairs, so equally many.\nReceived "
            f"{len(first)} and {len(second)}.\nLeave out what has no partner."
        )
    differences = first - second
    differences[np.abs(differences) < SPREAD] = 0.0
    interval = mean_interval(differences)
    if interval.n < MIN_PAIRS:
        return PairedTest(interval, math.nan, math.nan)
    if not differences.any():
        return PairedTest(interval, 1.0, 1.0)
    p = float(stats.ttest_1samp(differences, 0.0).pvalue) if interval.is_known else math.nan
    return PairedTest(interval, p, sign_flip_p(differences))


def sign_flip_p(differences: np.ndarray) -> float:
    """Gives the two-sided p of the sign-flip test: how many of all patterns have as large a mean.

    It is `nan` for more than 13 pairs, where the patterns are too many and the t test needs no
    support.
    """
    if len(differences) > MAX_PAIRS_EXACT:
        return math.nan
    result = stats.permutation_test(
        (differences,),
        lambda values, axis: np.mean(values, axis=axis),
        permutation_type="samples",
        n_resamples=2**MAX_PAIRS_EXACT,
        vectorized=True,
    )
    return float(result.pvalue)


def holm(p_values: ArrayLike) -> np.ndarray:
    """Corrects the p-values of one family by Holm's step-down method.

    That holds whatever the dependence among the tests. `nan`, a test that was not made, stays and
    does not count.
    """
    p_values = np.array(p_values, dtype=np.float64)
    made = np.flatnonzero(~np.isnan(p_values))
    order = made[np.argsort(p_values[made], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    p_values[order] = np.minimum(1.0, np.maximum.accumulate(factors * p_values[order]))
    return p_values


def _finite(values: ArrayLike, who: str, name: str) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise ValueError(
            f"{who}: `{name}` must be at least one finite number.\nReceived {values!r}.\n"
            "Leave out runs that gave none."
        )
    return array
