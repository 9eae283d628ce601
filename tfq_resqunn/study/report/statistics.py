"""Means with intervals, and paired tests of difference and equivalence, for a handful of seeds."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

CONFIDENCE = 0.95
SPREAD = 1e-6  # differences closer than this are equal but for rounding, here in float32
MIN_PAIRS = 3  # for a t test
MIN_PAIRS_SIGN_FLIP = 6  # from here on the exact test can fall below 0.05
N_PATTERNS = 2**13  # of signs; where there are no more, that is up to 13 pairs, all are counted
MAX_T = 1000.0  # beyond it SciPy's noncentral t loses digits, then takes minutes


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


class Effect(NamedTuple):
    """Cohen's d_z with the ends of its confidence interval; `nan` where it is not defined."""

    size: float
    low: float
    high: float


class PairedTest(NamedTuple):
    """What pairs say of first minus second; p is `nan` where a test is not made."""

    difference: Interval  # of the mean
    effect: Effect
    p: float  # of the paired t test, two-sided
    p_sign_flip: float  # of the sign-flip test, two-sided
    p_equal: float  # of the two one-sided t tests, that the difference lies within the margin


def mean_interval(values: ArrayLike) -> Interval:
    """Gives the mean of a few independent values, all finite, with Student's t interval."""
    values = _finite(values, "mean_interval", "values")
    mean, n = float(values.mean()), len(values)
    if np.ptp(values) < SPREAD:
        return Interval(mean, math.nan, math.nan, n)
    limits = stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
    return Interval(mean, float(limits.low), float(limits.high), n)


def paired_test(first: ArrayLike, second: ArrayLike, margin: float) -> PairedTest:
    """Compares two settings whose runs come in pairs, such as those of one seed.

    Whether they differ is tested, and whether the mean difference lies between `-margin` and
    `margin`: two questions, of which both, one or neither may be answered.

    What a seed makes easy or hard cancels in the difference, and only differences are tested. Why
    there are two tests the report says itself (`METHOD`). The exact one is a sign-flip test because
    that holds with ties and zeros, where Wilcoxon's tables do not.

    Fewer than three pairs are not tested: accuracies come in steps of one image, and two
    differences that agree by luck would look certain. Nor are pairs whose differences are all
    equal and not zero, where the t test is undefined. Where all are zero, p is 1. Nor are pairs
    without spread shown to be within the margin, since they agree by luck as well.

    Reference:
        D. Schuirmann, *A comparison of the two one-sided tests procedure and the power approach*,
        J. Pharmacokinet. Biopharm. 15, 657 (1987).
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
    interval, effect = mean_interval(differences), effect_size(differences)
    if interval.n < MIN_PAIRS:
        return PairedTest(interval, effect, math.nan, math.nan, math.nan)
    if not differences.any():
        return PairedTest(interval, effect, 1.0, 1.0, math.nan)
    p_sign_flip = sign_flip_p(differences)
    if not interval.is_known:
        return PairedTest(interval, effect, math.nan, p_sign_flip, math.nan)
    p = stats.ttest_1samp(differences, 0.0).pvalue
    p_equal, *_ = DescrStatsW(differences).ttost_mean(-margin, margin)
    return PairedTest(interval, effect, float(p), p_sign_flip, float(p_equal))


def effect_size(differences: ArrayLike) -> Effect:
    """Gives Cohen's d_z of pairs: their mean difference in units of the differences' deviation.

    The root of n times d_z is the t of the paired test, so the ends of the interval are those
    d_z under which so large and so small a t has a probability of 2.5% each, which a noncentral
    t distribution tells. All are `nan` for fewer than three pairs, and without a spread. Beyond
    a t of 1000 the mean is as good as known, and a chi-squared distribution tells the deviation's.

    Reference:
        G. Cumming and S. Finch, *A primer on the understanding, use, and calculation of confidence
        intervals that are based on central and noncentral distributions*, Educ. Psychol. Meas. 61,
        532 (2001).
    """
    differences = _finite(differences, "effect_size", "differences")
    n = len(differences)
    if n < MIN_PAIRS or np.ptp(differences) < SPREAD:
        return Effect(math.nan, math.nan, math.nan)
    size = float(differences.mean() / differences.std(ddof=1))
    tail = (1 - CONFIDENCE) / 2
    t = math.sqrt(n) * size
    if abs(t) <= MAX_T:
        low, high = special.nctdtrinc(n - 1, [1 - tail, tail], t) / math.sqrt(n)
    else:
        low, high = sorted(size * np.sqrt(stats.chi2.ppf([tail, 1 - tail], n - 1) / (n - 1)))
    return Effect(size, float(low), float(high))


def sign_flip_p(differences: np.ndarray) -> float:
    """Gives the two-sided p of the sign-flip test: how many of all patterns have as large a mean.

    From 14 pairs on it is estimated by `N_PATTERNS` of them, drawn at random, each time the same.
    """
    result = stats.permutation_test(
        (differences,),
        lambda values, axis: np.mean(values, axis=axis),
        permutation_type="samples",
        n_resamples=N_PATTERNS,
        vectorized=True,
        random_state=np.random.default_rng(0),
    )
    return float(result.pvalue)


def holm(p_values: ArrayLike) -> np.ndarray:
    """Corrects the p-values of one family by Holm's step-down method.

    That holds whatever the dependence among the tests. `nan`, a test that was not made, stays and
    does not count.
    """
    p_values = np.array(p_values, dtype=np.float64)
    is_made = ~np.isnan(p_values)
    if is_made.sum() > 1:  # else there is nothing to correct, and older statsmodels take no zero
        p_values[is_made] = multipletests(p_values[is_made], method="holm")[1]
    return p_values


def _finite(values: ArrayLike, who: str, name: str) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise ValueError(
            f"{who}: `{name}` must be at least one finite number.\nReceived {values!r}.\n"
            "Leave out runs that gave none."
        )
    return array
