"""How a report writes numbers and settings, and tables of them."""

import math
from collections.abc import Mapping, Sequence

from tfq_resqunn._utils.markdown_page import table
from tfq_resqunn.study.config import WITHOUT_WEIGHTS
from tfq_resqunn.study.report.statistics import Interval

VARIANTS = {
    "trainable": "trained quantum",
    "frozen": "frozen quantum",
    "best_frozen": "best frozen draw",
    "unentangled": "unentangled quantum",
    "surrogate": "classical surrogate",
    "classical": "classical twin",
    "small": "small convolution",
    "shortcuts": "shortcuts alone",
    "pixels": "pixels alone",
}
# Those of which nothing before the head is trained.
UNTRAINED = (*WITHOUT_WEIGHTS, "best_frozen")
HEADS = {"linear": "linear head", "none": "no head"}
MISSING = "—"


def gradient_word(input_gradient: bool) -> str:
    """Says whether input gradients flow or are stopped."""
    return "flow" if input_gradient else "stopped"


def percent(fraction: float) -> str:
    """Writes a fraction as a percentage, such as `83.3%`."""
    return MISSING if math.isnan(fraction) else f"{100 * fraction:.1f}%"


def points(difference: float) -> str:
    """Writes a difference of fractions in percentage points with its sign, such as `+3.1`."""
    return _signed(100 * difference)


def p_text(p: float) -> str:
    """Writes a p-value with two digits, three below 0.1: `0.50`, `0.031`, `<0.001`."""
    if math.isnan(p):
        return MISSING
    if p < 0.001:
        return "<0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def count(n: int, noun: str) -> str:
    """Counts things, such as `1 seed` or `3 seeds`."""
    return f"{n} {noun}" + ("" if n == 1 else "s")


def accuracy_text(interval: Interval) -> str:
    """Writes a mean accuracy with its interval, which is cut off at 0% and 100%.

    Such as `80.0% (75.0 to 85.0)`.
    """
    if not interval.is_known:
        return percent(interval.mean)
    low, high = (100 * min(1.0, max(0.0, end)) for end in (interval.low, interval.high))
    return f"{percent(interval.mean)} ({low:.1f} to {high:.1f})"


def area_text(interval: Interval) -> str:
    """Writes a mean AUC with its interval, which is cut off at 0 and 1.

    Such as `0.917 (0.884 to 0.950)`.
    """
    if not interval.is_known:
        return f"{interval.mean:.3f}"
    low, high = (min(1.0, max(0.0, end)) for end in (interval.low, interval.high))
    return f"{interval.mean:.3f} ({low:.3f} to {high:.3f})"


def difference_text(difference: float, low: float, high: float) -> str:
    """Writes a difference of fractions with its interval, if any: `+3.1 (+1.0 to +5.2)`."""
    interval = "" if math.isnan(low) else f" ({interval_text(low, high)})"
    return f"{points(difference)}{interval}"


def effect_text(size: float, low: float, high: float) -> str:
    """Writes an effect size with its interval, such as `+1.2 (+0.1 to +2.2)`."""
    if math.isnan(size):
        return MISSING
    return f"{_signed(size)} ({_signed(low)} to {_signed(high)})"


def interval_text(low: float, high: float) -> str:
    """Writes the interval of a difference in percentage points, cut off at 100 of them."""
    if math.isnan(low):
        return MISSING
    return " to ".join(points(min(1.0, max(-1.0, end))) for end in (low, high))


def _signed(value: float) -> str:
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def records_table(records: Sequence[Mapping[str, str]], n_labels: int = 1) -> str:
    """Writes a table of records that have the same keys; the first `n_labels` name a row."""
    return table(list(records[0]), [list(record.values()) for record in records], n_labels)
