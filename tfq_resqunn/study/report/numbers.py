"""How a report writes numbers and settings."""

import math

from tfq_resqunn.study.report.statistics import Interval

VARIANTS = {
    "trainable": "trained quantum",
    "frozen": "frozen quantum",
    "classical": "classical twin",
}
HEADS = {"linear": "linear head", "none": "no head"}
MISSING = "—"


def gradient_word(input_gradient: bool) -> str:
    """Says whether input gradients flow or are stopped."""
    return "flow" if input_gradient else "stopped"


def percent(fraction: float) -> str:
    """Writes a fraction as a percentage.

    Example:
        >>> percent(0.8333)
        '83.3%'
    """
    return MISSING if math.isnan(fraction) else f"{100 * fraction:.1f}%"


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
        return MISSING
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


def interval_text(low: float, high: float) -> str:
    """Writes the interval of a difference of accuracies in percentage points, up to 100 of them.

    Example:
        >>> interval_text(0.6, 1.2)
        '+60.0 to +100.0'
    """
    if math.isnan(low):
        return MISSING
    return " to ".join(points(min(1.0, max(-1.0, end))) for end in (low, high))
