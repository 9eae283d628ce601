"""How a report says numbers and the settings of a run."""

import math

from tfq_resqunn.study.statistics import (
    MIN_PAIRS,
    Interval,
    PairedComparison,
    smallest_exact_p,
)

VARIANTS = {
    "trainable": "trained quantum",
    "frozen": "frozen quantum",
    "classical": "classical twin",
}
HEADS = {"linear": "linear head", "none": "no head"}
NOT_RUN = "—"


def gradient_word(input_gradient: bool) -> str:
    """Says whether gradients pass through layers to what lies before them."""
    return "on" if input_gradient else "cut"


def setting_text(placement: str, input_gradient: bool | None = None, head: str | None = None):
    """Names a setting within a sentence.

    Example:
        >>> setting_text("X+O1", False, "linear")
        '`X+O1` (input gradients cut, linear head)'
    """
    details = []
    if input_gradient is not None:
        details.append(f"input gradients {gradient_word(input_gradient)}")
    if head is not None:
        details.append(HEADS.get(head, head))
    return f"`{placement}`" + (f" ({', '.join(details)})" if details else "")


def percent(fraction: float) -> str:
    """Writes a fraction as a percentage.

    Example:
        >>> percent(0.8333)
        '83.3%'
    """
    return NOT_RUN if math.isnan(fraction) else f"{100 * fraction:.1f}%"


def points(difference: float) -> str:
    """Writes a difference of fractions in percentage points, with its sign.

    Example:
        >>> points(0.0312), points(-0.0312), points(-1e-9)
        ('+3.1', '-3.1', '0.0')
    """
    text = f"{100 * difference:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def p_text(p: float) -> str:
    """Writes a p-value.

    Example:
        >>> p_text(0.0314), p_text(0.00004), p_text(0.5)
        ('0.031', '<0.001', '0.50')
    """
    if math.isnan(p):
        return NOT_RUN
    if p < 0.001:
        return "<0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def duration(seconds: float) -> str:
    """Writes a time.

    Example:
        >>> duration(0.42), duration(12.3), duration(200), duration(7500)
        ('0.42 s', '12 s', '3 min 20 s', '2 h 5 min')
    """
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def count(n: int, noun: str) -> str:
    """Counts things.

    Example:
        >>> count(1, "seed"), count(3, "seed")
        ('1 seed', '3 seeds')
    """
    return f"{n} {noun}" + ("" if n == 1 else "s")


def listed(items) -> str:
    """Joins words of a sentence.

    Example:
        >>> listed(["a"]), listed("abc")
        ('a', 'a, b and c')
    """
    items = list(items)
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def accuracy_text(interval: Interval) -> str:
    """Writes a mean accuracy with its interval, which is cut off at 0% and 100%.

    Example:
        >>> accuracy_text(Interval(0.8, 0.75, 0.85, n=3))
        '80.0% (75.0 to 85.0)'
    """
    if not interval.is_known:
        return percent(interval.mean)
    low, high = (100 * min(1.0, max(0.0, end)) for end in (interval.low, interval.high))
    return f"{percent(interval.mean)} ({low:.1f} to {high:.1f})"


def interval_text(interval: Interval) -> str:
    """Writes the interval of a difference of accuracies in percentage points, up to 100 of them.

    Example:
        >>> interval_text(Interval(0.9, 0.6, 1.2, n=2))
        '+60.0 to +100.0'
    """
    if not interval.is_known:
        return NOT_RUN
    low, high = (min(1.0, max(-1.0, end)) for end in (interval.low, interval.high))
    return f"{points(low)} to {points(high)}"


def verdict(comparison: PairedComparison, first: str, second: str) -> str:
    """Says in a sentence what a comparison shows, and never more.

    Args:
        comparison: Corrected for its family, see `statistics.correct`.
        first: What was compared, as the subject of a sentence.
        second: With what.

    Example:
        >>> from tfq_resqunn.study.statistics import compare_pairs
        >>> print(verdict(compare_pairs([0.9], [0.8]), "A", "B"))
        A and B differ by +10.0 percentage points with the one seed there is; nothing follows
        about other seeds.
    """
    difference = comparison.difference
    amount = f"{points(difference.mean)} percentage points"
    if comparison.n == 1:
        return (
            f"{first} and {second} differ by {amount} with the one seed there is; nothing follows "
            "about other seeds."
        )
    if not comparison.n_higher and not comparison.n_lower:
        return f"{first} and {second} have the same accuracy with each of {comparison.n} seeds."
    if not difference.is_known:
        return (
            f"{first} and {second} differ by {amount} with each of {comparison.n} seeds; without "
            "any spread there is no interval and no t test."
        )
    numbers = f"95% interval {interval_text(difference)}, n = {comparison.n}"
    if not math.isnan(comparison.p_corrected):
        numbers += f", corrected p = {p_text(comparison.p_corrected)}".replace("= <", "< ")
    if comparison.is_shown:
        word = "above" if difference.mean > 0 else "below"
        amount = points(abs(difference.mean)).lstrip("+")
        return f"{first} is {word} {second}, by {amount} percentage points ({numbers})."
    return f"Between {first} and {second} no difference is shown: {amount} on average ({numbers})."


def power_text(n_pairs: int) -> str:
    """Says what so many seeds can show and cannot.

    Example:
        >>> "0.25" in power_text(3) and "has to rest on the t test" in power_text(3)
        True
    """
    if n_pairs < 2:
        return (
            "There is one seed, so differences between runs cannot be told from chance: no "
            "interval and no test is given. At least three seeds are needed, better six."
        )
    if n_pairs < MIN_PAIRS:
        return (
            "There are two seeds: intervals are given, but no test, since two differences can "
            "agree by luck. At least three seeds are needed to show a difference, better six."
        )
    smallest = smallest_exact_p(n_pairs)
    if smallest < 0.05:
        return (
            f"With {n_pairs} pairs the exact sign-flip test, which does not need the differences "
            f"to be normal, can reach p = {p_text(smallest)}; it stands beside the t test as a "
            "check."
        )
    return (
        f"With {n_pairs} pairs no test that does without the assumption of normal differences can "
        f"fall below p = {p_text(smallest)}, whatever the data. So any claim here has to rest on "
        f"the t test, which {n_pairs} pairs cannot check, and only differences that are large "
        "beside their spread over seeds can be shown. What is not shown may still be there. Six "
        "seeds are the fewest for which the exact test can support a claim."
    ).replace("p = <", "p < ")
