"""The statistics of a study's report: against SciPy, R's published results, and by hand."""

import numpy as np
import pytest
from scipy import stats

from tfq_resqunn.study.report.statistics import (
    effect_size,
    holm,
    mean_interval,
    paired_test,
    sign_flip_p,
)

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("no_collecting")]

# Hours of sleep gained with two drugs by ten patients: R's data set `sleep`, from Student (1908).
DRUG_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
DRUG_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def paired_t(first, second):
    return stats.ttest_rel(first, second).statistic


# --- intervals and differences -----------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 5, 20])
def test_interval_is_that_of_scipy(rng, n):
    values = rng.normal(0.8, 0.05, n)
    interval = mean_interval(values)
    expected = stats.t.interval(0.95, n - 1, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose([interval.low, interval.high], expected, rtol=1e-12)
    assert interval.n == n


def test_interval_by_hand():
    interval = mean_interval([1.0, 2.0, 3.0])  # t quantile 4.302653, deviation 1, root of 3
    assert interval.mean == 2.0
    assert interval.high - interval.mean == pytest.approx(4.302653 / 3**0.5, abs=1e-6)


def test_interval_covers_the_mean_as_often_as_it_says(rng):
    samples = rng.normal(0.5, 0.1, (500, 3))
    intervals = [mean_interval(sample) for sample in samples]
    covered = np.mean([i.low <= 0.5 <= i.high for i in intervals])
    assert abs(covered - 0.95) < 4 * (0.95 * 0.05 / 500) ** 0.5


def test_one_value_has_no_interval():
    interval = mean_interval([0.7])
    assert interval.mean == 0.7
    assert not interval.is_known


def test_pairs_are_those_of_scipy(rng):
    first, second = rng.normal(0.8, 0.1, 7), rng.normal(0.7, 0.1, 7)
    comparison = paired_test(first, second, 0.01)
    expected = stats.ttest_rel(first, second)
    limits = expected.confidence_interval(0.95)
    assert comparison.p == pytest.approx(expected.pvalue, rel=1e-12)
    interval = comparison.difference
    np.testing.assert_allclose([interval.low, interval.high], [limits.low, limits.high])


def test_sign_flip_p_enumerates_all_patterns(rng):
    differences = rng.normal(0.3, 1, 6)
    signs = 1 - 2 * ((np.arange(64)[:, None] >> np.arange(6)) & 1)
    means = np.abs((signs * differences).mean(axis=1))
    expected = np.mean(means >= abs(differences.mean()) - 1e-12)
    assert sign_flip_p(differences) == pytest.approx(expected)


def test_sign_flip_p_of_many_pairs_is_near_that_of_all_patterns(rng):
    differences = rng.normal(0.6, 1, 14)
    signs = 1 - 2 * ((np.arange(2**14)[:, None] >> np.arange(14)) & 1)
    means = np.abs((signs * differences).mean(axis=1))
    expected = np.mean(means >= abs(differences.mean()) - 1e-12)
    found = sign_flip_p(differences)
    assert 0.005 < expected < 0.2
    assert found == pytest.approx(expected, abs=4 * np.sqrt(expected / 8192))
    assert found == sign_flip_p(differences)
    # One seed in twenty decides the mean, and the t test, which is made for other differences.
    assert sign_flip_p(np.array([5.0] * 8 + [0.0] * 12)) == pytest.approx(2 / 2**8, abs=0.004)


def test_pairs_without_spread():
    equal = paired_test([0.8, 0.9, 0.7], [0.8, 0.9, 0.7], 0.01)
    assert (equal.p, equal.p_sign_flip) == (1.0, 1.0)
    assert np.isnan(equal.p_equal)  # they may agree by luck
    shifted = paired_test([0.85, 0.95, 0.75], [0.8, 0.9, 0.7], 0.01)  # equal but for rounding
    assert np.isnan([shifted.p, shifted.p_equal, *shifted.effect, *equal.effect]).all()
    assert not shifted.difference.is_known


def test_rounding_in_float32_is_no_spread():
    first = np.float32([21 / 60, 20 / 60, 23 / 60]).astype(np.float64)
    second = np.float32([22 / 60, 21 / 60, 24 / 60]).astype(np.float64)
    assert np.ptp(first - second) > 0
    assert np.isnan(paired_test(first, second, 0.01).p)


def test_two_pairs_are_never_tested():
    comparison = paired_test([0.9, 0.8001], [0.5, 0.4], 0.01)
    assert comparison.difference.is_known
    assert np.isnan([comparison.p, comparison.p_sign_flip, comparison.p_equal]).all()
    assert np.isnan(comparison.effect).all()


# --- equality ----------------------------------------------------------------------------------


def test_equality_by_hand():
    """The sleep data, whose mean is -1.58 and its standard error 0.3889587 (R's t.test)."""
    for margin, t in ((0.5, -2.776644), (3.0, 3.650774)):
        assert paired_test(DRUG_1, DRUG_2, margin).p_equal == pytest.approx(stats.t.sf(t, 9), 1e-5)
    one, other = (paired_test(*pair, 0.5) for pair in ((DRUG_1, DRUG_2), (DRUG_2, DRUG_1)))
    assert one.p_equal == pytest.approx(other.p_equal)


@pytest.mark.parametrize("n", [3, 6, 14])
def test_equality_is_shown_where_the_90_percent_interval_lies_within(rng, n):
    """Which is what two one-sided tests at 5% are."""
    seen = set()
    for shift in np.linspace(-0.015, 0.015, 13):
        differences = rng.normal(shift, 0.004, n)
        limits = stats.ttest_1samp(differences, 0.0).confidence_interval(0.9)
        is_within = limits.low > -0.01 and limits.high < 0.01
        assert (paired_test(differences, np.zeros(n), 0.01).p_equal < 0.05) == is_within
        seen.add(is_within)
    assert seen == {True, False}


# --- effect size -------------------------------------------------------------------------------


def test_effect_size_is_that_of_r():
    """What cohens_d of R's package effectsize says of the sleep data: -1.28, [-2.12, -0.41]."""
    effect = paired_test(DRUG_1, DRUG_2, 1.0).effect
    assert np.round(effect, 2).tolist() == [-1.28, -2.12, -0.41]
    assert effect.size == pytest.approx(paired_t(DRUG_1, DRUG_2) / 10**0.5)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("n", [3, 5, 14, 20, 100])
@pytest.mark.parametrize("t", [200, 299, 301, 400, 1e4, 1e5])
def test_effects_of_hardly_any_spread(t, n, sign):
    """Of a large t, only its denominator matters, whose square is a chi squared."""
    values = np.array([1.0, -1.0, *[0.0] * (n - 2)])
    values = sign + values * n**0.5 / t / values.std(ddof=1)
    size, *ends = effect_size(values)
    assert size == pytest.approx(sign * t / n**0.5)
    chi = np.sqrt(stats.chi2.ppf([0.025, 0.975], n - 1) / (n - 1))
    np.testing.assert_allclose(ends, np.sort(size * chi), rtol=1e-3)


def test_ends_of_an_effect_are_those_of_mbess():
    """Its conf.limits.nct(2.83, df=126) has 0.8337502600 and 4.8153591405."""
    values = np.linspace(-1, 1, 127)
    values = values / values.std(ddof=1) + 2.83 / 127**0.5
    effect = effect_size(values)
    found = np.multiply([effect.low, effect.high], 127**0.5)
    np.testing.assert_allclose(found, [0.8337502600, 4.8153591405], rtol=1e-6)


@pytest.mark.parametrize("t", [-30.0, -2.0, 0.0, 0.5, 3.0, 60.0])
@pytest.mark.parametrize("n", [3, 6, 14])
def test_at_the_ends_of_an_effect_its_t_has_a_tail_of_a_fortieth(n, t):
    values = np.linspace(-1, 1, n)
    effect = effect_size(values / values.std(ddof=1) + t / n**0.5)
    below = stats.nct.cdf(t, n - 1, n**0.5 * np.array([effect.low, effect.high]))
    np.testing.assert_allclose(below, [0.975, 0.025], atol=1e-5)


@pytest.mark.parametrize(("n", "size"), [(3, 0.5), (6, 0.0), (6, 1.5)])
def test_effect_interval_covers_as_often_as_it_says(rng, n, size):
    effects = [effect_size(sample) for sample in rng.normal(size, 1.0, (800, n))]
    covered = np.mean([effect.low <= size <= effect.high for effect in effects])
    assert abs(covered - 0.95) < 4 * (0.95 * 0.05 / 800) ** 0.5


def test_an_effect_that_is_far_beyond_its_spread_has_ends():
    """Differences of a few images' steps: t is 172 with 2 degrees of freedom."""
    effect = effect_size([0.100, 0.100, 0.1017])
    assert 0 < effect.low < effect.size < effect.high < np.inf


# Quantiles of chi-squared at 2.5% and 97.5%, from published tables, by the degrees of freedom.
CHI_SQUARED = {2: (0.0506, 7.378), 5: (0.831, 12.833), 13: (5.009, 24.736), 19: (8.907, 32.852)}


@pytest.mark.parametrize("df", CHI_SQUARED)
@pytest.mark.parametrize("t", [-1e7, -1001, 999, 1001, 3.5e6])
def test_of_huge_effects_only_the_deviation_is_unsure(df, t):
    """SciPy's noncentral t would compute for minutes."""
    n = df + 1
    values = np.linspace(-1, 1, n)
    effect = effect_size(t / n**0.5 + values / values.std(ddof=1))
    ratios = sorted(np.array([effect.low, effect.high]) / effect.size)
    np.testing.assert_allclose(ratios, np.sqrt(np.array(CHI_SQUARED[df]) / df), rtol=1e-3)


# --- many tests --------------------------------------------------------------------------------


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]).round(3).tolist() == [0.03, 0.06, 0.06]
    # 4 * .01, 3 * .02, 2 * .03 (not below the one before), 1 * .4; nan is no test
    corrected = holm([0.4, 0.01, np.nan, 0.03, 0.02])
    np.testing.assert_allclose(corrected, [0.4, 0.04, np.nan, 0.06, 0.06])
    assert holm([0.6, 0.7]).tolist() == [1.0, 1.0]
    assert holm([]).tolist() == []
    np.testing.assert_array_equal(holm([np.nan, 0.04]), [np.nan, 0.04])


def test_holm_rejects_no_more_than_bonferroni_allows_and_no_less(rng):
    for _ in range(10):
        p_values = rng.uniform(0, 0.1, 6)
        corrected = holm(p_values)
        assert (corrected <= np.minimum(1, 6 * p_values) + 1e-15).all()
        assert (corrected >= p_values).all()
        assert (np.diff(corrected[np.argsort(p_values)]) >= 0).all()


# --- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_interval([]), r"mean_interval: `values` must be at least one finite number"),
        (lambda: mean_interval([0.1, np.nan]), r"Received \[0.1, nan\]"),
        (lambda: paired_test([0.1, 0.2], [0.1], 0.01), "equally many.\nReceived 2 and 1.\n"),
    ],
)
def test_statistics_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call()
