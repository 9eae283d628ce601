"""Paired comparisons between the settings of a study; runs of one seed are a pair."""

import itertools
from dataclasses import dataclass, replace

import pandas as pd

from tfq_resqunn.study.document import Table
from tfq_resqunn.study.selection import select
from tfq_resqunn.study.statistics import PairedComparison, compare_pairs, correct
from tfq_resqunn.study.wording import (
    HEADS,
    VARIANTS,
    count,
    gradient_word,
    interval_text,
    p_text,
    points,
    verdict,
)

MAX_ALL_PAIRS = 4  # of placements; more of them are compared with the plain stack alone
MIN_PAIRS_EXACT = 6  # from here on the exact test can fall below 0.05


@dataclass(frozen=True)
class Compared:
    """Two settings and what their runs say.

    Attributes:
        first: The first one's name.
        second: The second one's.
        placement: What both have in common, or `None` where it is what differs.
        input_gradient: Likewise.
        head: Likewise.
        result: Of the paired comparison of test accuracies.
    """

    first: str
    second: str
    placement: str | None
    input_gradient: bool | None
    head: str
    result: PairedComparison

    @property
    def where(self) -> str:
        """What both have in common, in words."""
        parts = [f"placement `{self.placement}`"] if self.placement is not None else []
        if self.input_gradient is not None:
            parts.append(f"input gradients {gradient_word(self.input_gradient)}")
        return ", ".join([*parts, HEADS[self.head]])

    @property
    def sentence(self) -> str:
        """What it shows, with the setting in front."""
        where = self.where
        return f"{where[0].upper()}{where[1:]}: {verdict(self.result, self.first, self.second)}"


def accuracies(table: pd.DataFrame, **setting) -> pd.Series:
    """Gives the finite test accuracies of one setting, by seed.

    Args:
        table: Of the runs, as in `Results`.
        **setting: Values of its columns.
    """
    return select(table, **setting).set_index("seed").test_accuracy.dropna().sort_index()


def compare_placements(table: pd.DataFrame) -> list[Compared]:
    """Compares placements of trained quantum networks, within each input gradient and head.

    Up to four placements are compared each with each, more of them each with the first, which
    is the plain stack where that was run. Holm's correction runs across all that is given back.
    """
    trained = table[table.variant == "trainable"]
    placements = sorted(dict.fromkeys(trained.placement), key=lambda p: p != "none")
    pairs = list(itertools.combinations(placements, 2))
    if len(placements) > MAX_ALL_PAIRS:
        pairs = [pair for pair in pairs if pair[0] == placements[0]]
    compared = []
    for head, on in _settings(trained, "head", "input_gradient"):
        for base, other in pairs:
            common = {"head": head, "input_gradient": on}
            first = accuracies(trained, placement=other, **common)
            second = accuracies(trained, placement=base, **common)
            compared += _compare(first, second, f"`{other}`", f"`{base}`", None, on, head)
    return _corrected(compared)


def compare_input_gradients(table: pd.DataFrame) -> list[Compared]:
    """Compares trained quantum networks with input gradients on to those with them cut."""
    trained = table[table.variant == "trainable"]
    compared = []
    for head, placement in _settings(trained, "head", "placement"):
        common = {"head": head, "placement": placement}
        first = accuracies(trained, input_gradient=True, **common)
        second = accuracies(trained, input_gradient=False, **common)
        compared += _compare(first, second, "on", "cut", placement, None, head)
    return _corrected(compared)


def compare_variants(table: pd.DataFrame, other: str) -> list[Compared]:
    """Compares trained quantum networks to a control of the same placement, head and seed.

    Args:
        table: Of the runs, as in `Results`.
        other: `"frozen"`, which was run once for both input gradients, or `"classical"`.
    """
    trained = table[table.variant == "trainable"]
    control = table[table.variant == other]
    compared = []
    for head, placement, on in _settings(trained, "head", "placement", "input_gradient"):
        common = {"head": head, "placement": placement}
        first = accuracies(trained, input_gradient=on, **common)
        matching = {} if other == "frozen" else {"input_gradient": on}
        second = accuracies(control, **common, **matching)
        names = (VARIANTS["trainable"], VARIANTS[other])
        compared += _compare(first, second, *names, placement, on, head)
    return _corrected(compared)


def comparison_table(compared: list[Compared], caption: str) -> Table:
    """Tabulates comparisons; columns in which nothing would stand are left out."""
    has_placement = any(c.placement is not None for c in compared)
    has_gradient = any(c.input_gradient is not None for c in compared)
    has_exact = any(c.result.n >= MIN_PAIRS_EXACT for c in compared)
    n_settings = has_placement + has_gradient
    header = ["Head", "Placement", "Input gradients"]
    header = [header[0], *header[1:2] * has_placement, *header[2:] * has_gradient]
    n_labels = 1 + n_settings
    has_names = len({(c.first, c.second) for c in compared}) > 1
    if has_names:
        header += ["Compared"]
        n_labels += 1
    header += ["n", "Difference (points)", "95% interval", "p", "p corrected"]
    header += ["p exact"] * has_exact
    rows = []
    for c in compared:
        r = c.result
        row = [HEADS[c.head]]
        row += [f"`{c.placement}`"] * has_placement
        row += [gradient_word(c.input_gradient)] * has_gradient
        row += [f"{c.first} − {c.second}"] * has_names
        row += [str(r.n), points(r.difference.mean), interval_text(r.difference)]
        row += [p_text(r.p_t), p_text(r.p_corrected)]
        row += [p_text(r.p_exact)] * has_exact
        rows.append(tuple(row))
    if has_exact:
        caption += " p exact: sign-flip test, not corrected."
    return Table(caption, tuple(header), tuple(rows), n_labels)


def summary(compared: list[Compared]) -> str:
    """Counts what is shown, to stand behind a colon; empty where nothing was compared.

    Example:
        >>> summary([])
        ''
    """
    if not compared:
        return ""
    total = count(len(compared), "comparison")
    if all(c.result.n == 1 for c in compared):
        return f"{total} of one seed, which shows nothing about other seeds."
    shown = sum(c.result.is_shown for c in compared)
    if not shown:
        return f"in none of {total} is a difference shown."
    higher = sum(c.result.is_shown and c.result.difference.mean > 0 for c in compared)
    found = f"the first is higher in {higher} and lower in {shown - higher}"
    return f"a difference is shown in {shown} of {total}; {found}."


def _settings(table: pd.DataFrame, *columns: str) -> list[tuple]:
    """Gives the values that occur in these columns, of which the first is the head."""
    settings = dict.fromkeys(table[list(columns)].itertuples(index=False, name=None))
    return sorted(settings, key=lambda setting: list(HEADS).index(setting[0]))


def _compare(first: pd.Series, second: pd.Series, *names) -> list[Compared]:
    seeds = first.index.intersection(second.index)
    if seeds.empty:
        return []
    return [Compared(*names, compare_pairs(first[seeds].to_list(), second[seeds].to_list()))]


def _corrected(compared: list[Compared]) -> list[Compared]:
    results = correct([c.result for c in compared])
    return [replace(c, result=result) for c, result in zip(compared, results, strict=True)]
