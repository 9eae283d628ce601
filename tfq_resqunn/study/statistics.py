"""Means with intervals and paired comparisons, for a handful of seeds."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
SIGNIFICANCE = 0.05
SPREAD = 1e-6  # differences closer than this are equal but for rounding, here in float32
MIN_PAIRS = 3  # for a t test
MAX_PAIRS_EXACT = 13  # all 2**13 sign patterns are enumerated


@dataclasses.dataclass(frozen=True)
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


@dataclasses.dataclass(frozen=True)
class PairedComparison:
    """The differences of pairs, and how far chance explains them.

    Attributes:
        difference: Mean of first minus second, with its interval.
        p_t: Of the paired t test, two-sided; `nan` where it is not defined.
        p_exact: Of the exact sign-flip test, two-sided; `nan` where it is not made.
        p_corrected: `p_t` after Holm's correction across a family of comparisons; `nan` until
            `correct` has seen the family.
        n_higher: Pairs in which the first is higher.
        n_lower: Pairs in which the first is lower.
    """

    difference: Interval
    p_t: float
    p_exact: float
    p_corrected: float = math.nan
    n_higher: int = 0
    n_lower: int = 0

    @property
    def n(self) -> int:
        """Number of pairs."""
        return self.difference.n

    @property
    def is_shown(self) -> bool:
        """Whether the corrected test tells the two apart."""
        return self.p_corrected < SIGNIFICANCE


def mean_interval(values: Sequence[float] | np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """Gives the mean of a few independent values, with Student's t interval.

    Args:
        values: At least one finite number.
        confidence: Between 0 and 1.

    Returns:
        The `Interval`; its ends are `nan` for a single value, and for values without spread.

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
    quantile = float(stats.t.ppf((1 + confidence) / 2, n - 1))
    half = quantile * float(values.std(ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


def compare_pairs(
    first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray
) -> PairedComparison:
    """Compares two settings whose runs come in pairs, such as those of one seed.

    Runs of one seed share the images and the order in which they come. What a seed makes easy or
    hard therefore cancels in the difference, and only differences are tested.

    The paired t test is the main one. It assumes that the differences are about normal. Each is a
    difference of fractions over many images, so that is plausible, though a few seeds cannot
    check it. In return it has something to say from three pairs on. Rank and sign tests assume
    less but cannot: with n pairs their smallest two-sided p is `2 / 2**n`, that is 0.25 for three
    and 0.0625 for five, whatever the data. The exact sign-flip test (all `2**n` ways to swap
    within pairs, SciPy's `permutation_test`) is given beside it, and can support a claim from six
    pairs on. It is exact with ties and zeros, where Wilcoxon's tables are not.

    Two pairs give an interval but no t test: accuracies come in steps of one image, and two
    differences that agree by luck would look certain. One pair gives neither. Where all
    differences are equal but not zero the t test is undefined (`nan`), and so is the interval;
    where all are zero, p is 1.

    Args:
        first: A value for each pair.
        second: Its partners, in the same order.

    Returns:
        The `PairedComparison`, not yet corrected for further comparisons.

    Raises:
        ValueError: If the two differ in length, are empty, or hold what is not finite.

    Example:
        >>> comparison = compare_pairs([0.82, 0.86, 0.84], [0.78, 0.79, 0.81])
        >>> round(comparison.difference.mean, 4), round(comparison.p_t, 3), comparison.p_exact
        (0.0467, 0.06, 0.25)
    """
    first = _finite(first, "compare_pairs", "first")
    second = _finite(second, "compare_pairs", "second")
    if len(first) != len(second):
        raise ValueError(
            f"compare_pairs: `first` and `second` must be pairs, so equally many.\nReceived "
            f"{len(first)} and {len(second)}.\nLeave out what has no partner."
        )
    differences = first - second
    differences[np.abs(differences) < SPREAD] = 0.0
    signs = {"n_higher": int((differences > 0).sum()), "n_lower": int((differences < 0).sum())}
    interval = mean_interval(differences)
    if len(differences) == 1:
        return PairedComparison(interval, math.nan, math.nan, **signs)
    if not differences.any():
        return PairedComparison(interval, 1.0, 1.0, **signs)
    p_exact = sign_flip_p(differences)
    p_t = math.nan
    if len(differences) >= MIN_PAIRS and interval.is_known:
        p_t = float(stats.ttest_1samp(differences, 0.0).pvalue)
    return PairedComparison(interval, p_t, p_exact, **signs)


def sign_flip_p(differences: Sequence[float]) -> float:
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


def smallest_exact_p(n_pairs: int) -> float:
    """Gives the smallest two-sided p that an exact test of n pairs can have.

    Example:
        >>> [smallest_exact_p(n) for n in (1, 3, 5, 6)]
        [1.0, 0.25, 0.0625, 0.03125]
    """
    return 2 / 2**n_pairs


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


def correct(comparisons: Sequence[PairedComparison]) -> list[PairedComparison]:
    """Gives comparisons with Holm's correction across all of them."""
    corrected = holm([comparison.p_t for comparison in comparisons])
    return [
        dataclasses.replace(comparison, p_corrected=float(p))
        for comparison, p in zip(comparisons, corrected, strict=True)
    ]


def _finite(values: Sequence[float] | np.ndarray, who: str, name: str) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise ValueError(
            f"{who}: `{name}` must be at least one finite number.\nReceived {values!r}.\n"
            "Leave out runs that gave none."
        )
    return array
