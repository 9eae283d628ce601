"""Which differences between accuracies are shown: tables, and the rules that they follow."""

import pandas as pd

from tfq_resqunn._utils.markdown_page import code, table
from tfq_resqunn.study.report.comparisons import MARGIN, Comparisons
from tfq_resqunn.study.report.numbers import (
    HEADS,
    MISSING,
    count,
    gradient_word,
    interval_text,
    p_text,
    points,
    records_table,
)
from tfq_resqunn.study.report.statistics import MIN_PAIRS, MIN_PAIRS_EXACT

METHOD = """\
Runs with the same seed see the same images in the same order, so they are compared as pairs: the \
difference of their test accuracies, seed by seed. A difference is **shown** where the paired t \
test, corrected for all rows of its table by Holm's method, has p below 0.05. Intervals are those \
of single rows, without that correction. Fewer than three seeds are **not tested**, nor are \
differences that are the same for each seed, because seeds may agree by luck. What is not shown \
may still be there.

The t test assumes that differences are about normal, which a few seeds cannot check. The exact \
sign-flip test does without that assumption, but with n seeds its p cannot fall below 2 / 2ⁿ: 0.25 \
for three seeds, 0.063 for five, 0.031 for six. So from six seeds on it stands beside the t test, \
uncorrected, as a check; with fewer, every claim rests on the t test alone."""


def difference_section(comparisons: Comparisons) -> list[str]:
    """Compares placements, and input gradients that flow to those that are stopped."""
    return [
        "## Does the placement decide?",
        METHOD,
        *difference_table(comparisons.placements, "Placements, trained quantum networks"),
        *difference_table(
            comparisons.input_gradients,
            "Input gradients that flow minus those that are stopped, trained quantum networks",
        ),
    ]


def difference_table(family: pd.DataFrame, caption: str) -> list[str]:
    """Tabulates comparisons; columns in which nothing would stand are left out."""
    if family.empty:
        return [f"**{caption}**: these were not both run, so there is nothing to compare."]
    columns = {"Head": family["head"].map(HEADS)}
    if "input_gradient" in family:
        columns["Input gradients"] = family.input_gradient.map(gradient_word)
    if "placement" in family:
        columns["Placement"] = family.placement.map(code)
    if "first" in family:
        columns["Compared"] = family["first"].map(code) + " − " + family["second"].map(code)
    n_labels = len(columns)
    columns["n"] = family.n.map(str)
    columns["Difference (points)"] = family.difference.map(points)
    columns["95% interval"] = family.apply(lambda row: interval_text(row.low, row.high), axis=1)
    columns["p"] = family.p.map(p_text)
    if (family.n >= MIN_PAIRS_EXACT).any():
        columns["p exact"] = family.p_exact.map(p_text)
    columns["p corrected"] = family.p_corrected.map(p_text)
    columns["Shown"] = family.apply(shown_text, axis=1)
    rows = zip(*columns.values(), strict=True)
    caption = f"**{caption}**; p corrected for {count(len(family), 'row')}."
    return [caption, table(list(columns), rows, n_labels)]


def shown_text(comparison: pd.Series) -> str:
    """Says what a comparison shows, and never more."""
    if comparison.is_shown:
        return "higher" if comparison.difference > 0 else "lower"
    return "not tested" if pd.isna(comparison.p) else "no"


def summary_table(comparisons: Comparisons) -> str:
    """Counts what each family of comparisons shows."""
    frozen = comparisons.frozen
    families = {
        "One placement − another": comparisons.placements,
        "Input gradients: flow − stopped": comparisons.input_gradients,
        **{f"Trained − frozen, {HEADS[head]}": frozen[frozen["head"] == head] for head in HEADS},
        "Quantum − classical twin": comparisons.classical,
        f"No head − guessing and {points(MARGIN).lstrip('+')} points": comparisons.guessing,
    }
    records = []
    for name, family in families.items():
        if family.empty:
            continue
        shown = family.difference[family.is_shown]
        records.append({
            "Test accuracy": name,
            "Comparisons": str(len(family)),
            "Tested": str(family.p.notna().sum()),
            "Shown higher": str((shown > 0).sum()),
            "Shown lower": str((shown < 0).sum()),
            "Largest shown (points)": points(max(shown, key=abs)) if len(shown) else MISSING,
        })  # fmt: skip
    return records_table(records) if records else ""


def caution(n_seeds: int) -> str:
    """Says how little so many seeds can show; empty for many."""
    if n_seeds >= MIN_PAIRS_EXACT:
        return ""
    if n_seeds < MIN_PAIRS:
        return (
            f"With {count(n_seeds, 'seed')} no difference between accuracies can be shown, however "
            "large it is: at least three seeds are needed, better six."
        )
    return (
        f"With {n_seeds} seeds only differences that are large beside their spread can be shown; "
        "what is not shown may still be there."
    )
