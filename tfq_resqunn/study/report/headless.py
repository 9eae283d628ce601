"""How networks do without a head, of which only the quantum layers can learn."""

import pandas as pd

from tfq_resqunn._utils.markdown_page import code
from tfq_resqunn.study.report.comparisons import MARGIN
from tfq_resqunn.study.report.numbers import (
    MISSING,
    accuracy_text,
    count,
    gradient_word,
    p_text,
    percent,
    records_table,
)
from tfq_resqunn.study.report.statistics import Interval, mean_interval
from tfq_resqunn.study.results import Results, select


def headless_table(results: Results, guessing: pd.DataFrame) -> list[str]:
    """Tells how networks do of which only the quantum layers can learn."""
    headless = select(results.histories, head="none", variant="trainable")
    if headless.empty:
        return ["**Without a head**: no such network has been run with trained quantum layers."]
    records = []
    for (placement, on), histories in headless.groupby(["placement", "input_gradient"], sort=False):
        setting = {"placement": placement, "input_gradient": on}
        runs = select(results.table, head="none", variant="trainable", **setting)
        accuracies = runs.test_accuracy.dropna().to_list()
        above = next((row for _, row in select(guessing, **setting).iterrows()), None)
        losses = histories.sort_values("epoch").groupby("seed")["loss"]
        change = loss_change(histories)
        ends = f"{change.low:+.3f} to {change.high:+.3f}" if change and change.is_known else MISSING
        records.append({
            "Placement": code(placement),
            "Input gradients": gradient_word(on),
            "n": str(len(accuracies)),
            "Test accuracy": accuracy_text(mean_interval(accuracies)) if accuracies else MISSING,
            "p corrected": MISSING if above is None else p_text(above.p_corrected),
            "Above guessing": MISSING if above is None else _above_text(above),
            "First epoch's loss": f"{losses.first().mean():.3f}" if change else MISSING,
            "Last epoch's loss": f"{losses.last().mean():.3f}" if change else MISSING,
            "Change": f"{change.mean:+.3f}" if change else MISSING,
            "95% interval": ends,
        })  # fmt: skip
    chance = "" if results.chance is None else f" ({percent(results.chance)})"
    n_tests = count(guessing.p.notna().sum(), "test")
    caption = (
        "**Without a head**, where only the quantum layers have weights: the test accuracy, "
        f"whether it is shown to lie more than {100 * MARGIN} points above guessing{chance}, "
        "and how the training loss changed from the first epoch to the last (the mean over seeds; "
        f"negative: it fell). p is that of a t test, corrected for {n_tests}. "
        "Layers as drawn may be above guessing too, so only frozen ones tell whether this was "
        "learned."
    )
    return [caption, records_table(records, n_labels=2)]


def _above_text(comparison: pd.Series) -> str:
    if pd.isna(comparison.p):
        return "not tested"
    return "yes" if comparison.is_shown and comparison.difference > 0 else "no"


def loss_change(histories: pd.DataFrame) -> Interval | None:
    """Gives the mean change of each seed's loss, first epoch to last; `None` without two epochs."""
    by_seed = histories.sort_values("epoch").dropna(subset="loss").groupby("seed")["loss"]
    changes = by_seed.agg(lambda losses: losses.iloc[-1] - losses.iloc[0])[by_seed.size() > 1]
    return mean_interval(changes.to_list()) if len(changes) else None
