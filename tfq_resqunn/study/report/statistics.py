"""Means with intervals and paired tests, for a handful of seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
SPREAD = 1e-6  # differences closer than this are equal but for rounding, here in float32
MIN_PAIRS = 3  # for a t test
MIN_PAIRS_EXACT = 6  # from here on the exact test can fall below 0.05
MAX_PAIRS_EXACT = 13  # all 2**13 sign patterns are enumerated


@dataclass(frozen=True)
class Interval:
    """A mean and the confidence interval around it.

    Attributes:
        mean: Of the values.
        low: Lower end; `nan` where there is no interval: for a single value, and for values that
            agree, since seeds that agree by luck are no reason for certainty.
        high: Upper end, likewise.
        n: Number of values.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def is_known(self) -> bool:
        """Whether there is an interval."""
        return not math.isnan(self.low)


@dataclass(frozen=True)
class PairedTest:
    """The differences of pairs, and how far chance explains them.

    Attributes:
        difference: Mean of first minus second, with its interval.
        p: Of the paired t test, two-sided; `nan` where it is not made.
        p_exact: Of the exact sign-flip test, two-sided; `nan` where it is not made.
    """

    difference: Interval
    p: float
    p_exact: float


def mean_interval(values: Sequence[float] | np.ndarray) -> Interval:
    """Gives the mean of a few independent values, with Student's t interval.

    Raises:
        ValueError: If there is no value, or one is not finite.

    Example:
        >>> interval = mean_interval([0.8, 0.9, 1.0])
        >>> round(interval.low, 3), round(interval.high, 3), interval.n
        (0.652, 1.148, 3)
    """
    values = _finite(values, "mean_interval", "values")
    mean, n = float(values.mean()), len(values)
    if np.ptp(values) < SPREAD:
        return Interval(mean, math.nan, math.nan, n)
    limits = stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
    return Interval(mean, float(limits.low), float(limits.high), n)


def paired_test(
    first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray
) -> PairedTest:
    """Compares two settings whose runs come in pairs, such as those of one seed.

    Runs of one seed share the images and the order in which they come. What a seed makes easy or
    hard therefore cancels in the difference, and only differences are tested.

    The paired t test assumes that the differences are about normal. Each is a difference of
    fractions over many images, so that is plausible, but a few seeds cannot check it. In return
    it can show something from three pairs on. The exact sign-flip test (all `2**n` ways to swap
    within pairs) assumes less and is given beside it, but its smallest p is `2 / 2**n`, that is
    0.25 for three pairs, so it can show something from six pairs on. It is exact with ties and
    zeros, where Wilcoxon's tables are not.

    Fewer than three pairs are not tested: accuracies come in steps of one image, and two
    differences that agree by luck would look certain. Nor are pairs whose differences are all
    equal and not zero, where the t test is undefined. Where all are zero, p is 1.

    Raises:
        ValueError: If the two differ in length, are empty, or hold what is not finite.

    Example:
        >>> test = paired_test([0.82, 0.86, 0.84], [0.78, 0.79, 0.81])
        >>> round(test.difference.mean, 4), round(test.p, 3), test.p_exact
        (0.0467, 0.06, 0.25)
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


def sign_flip_p(differences: Sequence[float] | np.ndarray) -> float:
    """Gives p of the exact sign-flip test: how many of all sign patterns have as large a mean.

    Returns:
        The two-sided p; `nan` for more than 13 pairs, where the patterns are too many and the t
        test needs no support.

    Example:
        >>> sign_flip_p([0.1, 0.2, 0.3, 0.1, 0.2, 0.3])  # 2 of 64 patterns
        0.03125
    """
    if len(differences) > MAX_PAIRS_EXACT:
        return math.nan
    result = stats.permutation_test(
        (np.asarray(differences, dtype=np.float64),),
        lambda values, axis: np.mean(values, axis=axis),
        permutation_type="samples",
        n_resamples=2**MAX_PAIRS_EXACT,
        vectorized=True,
    )
    return float(result.pvalue)


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Corrects p-values for how many there are (Holm's step-down method).

    Args:
        p_values: Of one family of tests. `nan`, a test that was not made, stays and does not count.

    Returns:
        The corrected ones, in the same order. They hold whatever the dependence among the tests.

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
        [0.03, 0.06, 0.06]
    """
    p_values = np.array(p_values, dtype=np.float64)
    made = np.flatnonzero(~np.isnan(p_values))
    order = made[np.argsort(p_values[made], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    p_values[order] = np.minimum(1.0, np.maximum.accumulate(factors * p_values[order]))
    return p_values


def _finite(values: Sequence[float] | np.ndarray, who: str, name: str) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise ValueError(
            f"{who}: `{name}` must be at least one finite number.\nReceived {values!r}.\n"
            "Leave out runs that gave none."
        )
    return array
