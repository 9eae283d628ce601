"""Which differences between accuracies are shown: tables, and the rules that they follow."""

from collections.abc import Callable

import pandas as pd

from tfq_resqunn._utils.markdown_page import code, table
from tfq_resqunn.study.report.comparisons import MARGIN, Comparisons
from tfq_resqunn.study.report.figures import present
from tfq_resqunn.study.report.numbers import (
    HEADS,
    MISSING,
    VARIANTS,
    count,
    difference_text,
    effect_text,
    gradient_word,
    p_text,
    points,
    records_table,
)
from tfq_resqunn.study.report.statistics import MIN_PAIRS, MIN_PAIRS_SIGN_FLIP
from tfq_resqunn.study.results import select

METHOD = """\
Runs with the same seed see the same images in the same order, so they are compared as pairs: the \
difference of their test accuracies, seed by seed. What is **shown** is one of these:

- *higher* or *lower*: the paired t test has p below 0.05.
- *equal within a point*: two one-sided t tests (TOST) both say, with p below 0.05 ("p equal"), \
that the mean difference is less than one percentage point, up or down.
- *higher, by less than a point*, or *lower*: both of these.
- *no*: neither. A difference may still be there, and so may equality.

Both p are corrected by Holm's method, each for all rows that ask one question: all placements, \
all input gradients, and all rows of all controls together, since each control is one more chance \
to find something. Intervals are at 95%, for single rows, without that correction. Fewer than \
three seeds are **not tested**, nor are differences that are the same for each seed, because seeds \
may agree by luck.

**d** is Cohen's d_z, the mean difference in units of the differences' standard deviation over \
seeds, with its interval from the noncentral t distribution. It says how far a difference stands \
out from what seeds change, not how large it is. Few seeds overstate it, six by about a fifth.

The t test assumes that differences are about normal, which a few seeds cannot check. The \
sign-flip test does without that assumption, but with n seeds its p cannot fall below 2 / 2ⁿ: 0.25 \
for three seeds, 0.063 for five, 0.031 for six. So from six seeds on it stands beside the t test, \
uncorrected, as a check; with fewer, every claim rests on the t tests alone. From 14 seeds on it \
counts 8,192 of all sign patterns, drawn at random."""


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


def difference_table(
    family: pd.DataFrame, caption: str, n_corrected: int | None = None
) -> list[str]:
    """Tabulates comparisons; columns in which nothing would stand are left out.

    `n_corrected` is the number of tests for which p is corrected, where these are only some of
    them.
    """
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
    columns["Difference (points)"] = _map(family, difference_text, "difference", "low", "high")
    columns["d"] = _map(family, effect_text, "effect", "effect_low", "effect_high")
    columns["p"] = family.p.map(p_text)
    if (family.n >= MIN_PAIRS_SIGN_FLIP).any():
        columns["p sign-flip"] = family.p_sign_flip.map(p_text)
    columns["p corrected"] = family.p_corrected.map(p_text)
    columns["p equal"] = family.p_equal_corrected.map(p_text)
    columns["Shown"] = family.apply(shown_text, axis=1)
    columns = {name: column for name, column in columns.items() if (column != MISSING).any()}
    rows = zip(*columns.values(), strict=True)
    n_tests = family.p.notna().sum() if n_corrected is None else n_corrected
    corrected = f"; p corrected for {count(n_tests, 'test')}" if n_tests else ""
    return [f"**{caption}**{corrected}.", table(list(columns), rows, n_labels)]


def _map(family: pd.DataFrame, text_of: Callable[..., str], *columns: str) -> pd.Series:
    return family.apply(lambda row: text_of(*row[[*columns]]), axis=1)


def shown_text(comparison: pd.Series) -> str:
    """Says what a comparison shows, and never more."""
    if comparison.is_shown:
        side = "higher" if comparison.difference > 0 else "lower"
        return f"{side}, by less than a point" if comparison.is_equal else side
    if comparison.is_equal:
        return "equal within a point"
    return "not tested" if pd.isna(comparison.p) else "no"


def summary_table(comparisons: Comparisons) -> str:
    """Counts what each family of comparisons shows."""
    controls = comparisons.controls
    families = {
        "One placement − another": comparisons.placements,
        "Input gradients: flow − stopped": comparisons.input_gradients,
        **{
            f"Trained − {VARIANTS[variant]}, {HEADS[head]}":
                select(controls, variant=variant, head=head)
            for variant in present(controls.variant, VARIANTS)
            for head in HEADS
        },
        f"No head − guessing and {points(MARGIN).lstrip('+')} points": comparisons.guessing,
    }  # fmt: skip
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
            "Equal within a point":
                MISSING if family is comparisons.guessing else str(family.is_equal.sum()),
            "Largest shown (points)": points(max(shown, key=abs)) if len(shown) else MISSING,
        })  # fmt: skip
    return records_table(records) if records else ""


def caution(n_seeds: int) -> str:
    """Says how little so many seeds can show; empty for many."""
    if n_seeds >= MIN_PAIRS_SIGN_FLIP:
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
