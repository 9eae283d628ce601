"""Did the quantum layers learn, or the head? What the controls say."""

import pandas as pd

from tfq_resqunn._utils.markdown_page import code
from tfq_resqunn.study.report.comparisons import MARGIN, Comparisons
from tfq_resqunn.study.report.differences import difference_table, shown_text
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

CONTROLS = """\
A trained linear head can reach a good accuracy on features that never learned. Three controls \
tell the two apart: the same network with its quantum layers frozen as drawn, so that only the \
head learns; a network without a head (a fixed pooling instead), where only the quantum layers can \
learn; and the classical twin, with a convolution in each quanvolution's place.

Where trained layers under a linear head are not shown to differ from frozen ones, these runs do \
not show that the quantum layers learn anything that the head does not get from layers left as \
drawn; they do not exclude it either."""


def learning_section(results: Results, comparisons: Comparisons) -> list[str]:
    """Sets trained layers against frozen ones, networks without a head, and classical twins."""
    return [
        "## Did the quantum layers learn, or the head?",
        CONTROLS,
        *difference_table(comparisons.frozen, "Trained quantum layers minus frozen ones"),
        *headless_table(results, comparisons.guessing),
        *difference_table(
            comparisons.classical, "Trained quantum networks minus their classical twins"
        ),
    ]


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
        shown = MISSING if above is None else shown_text(above)
        losses = histories.sort_values("epoch").groupby("seed")["loss"]
        change = loss_change(histories)
        ends = f"{change.low:+.3f} to {change.high:+.3f}" if change and change.is_known else MISSING
        records.append({
            "Placement": code(placement),
            "Input gradients": gradient_word(on),
            "n": str(len(accuracies)),
            "Test accuracy": accuracy_text(mean_interval(accuracies)) if accuracies else MISSING,
            "p corrected": MISSING if above is None else p_text(above.p_corrected),
            "Above guessing": {"higher": "yes", "lower": "no"}.get(shown, shown),
            "First epoch's loss": f"{losses.first().mean():.3f}" if change else MISSING,
            "Last epoch's loss": f"{losses.last().mean():.3f}" if change else MISSING,
            "Change": f"{change.mean:+.3f}" if change else MISSING,
            "95% interval": ends,
        })  # fmt: skip
    chance = "" if results.chance is None else f" ({percent(results.chance)})"
    caption = (
        "**Without a head**, where only the quantum layers have weights: the test accuracy, "
        f"whether it is shown to lie more than {100 * MARGIN} points above guessing{chance}, "
        "and how the training loss changed from the first epoch to the last (the mean over seeds; "
        f"negative: it fell). p is that of a t test, corrected for {count(len(guessing), 'row')}. "
        "Layers as drawn may be above guessing too, so only frozen ones tell whether this was "
        "learned."
    )
    return [caption, records_table(records, n_labels=2)]


def loss_change(histories: pd.DataFrame) -> Interval | None:
    """Gives the mean change of each seed's loss, first epoch to last; `None` without two epochs."""
    by_seed = histories.sort_values("epoch").dropna(subset="loss").groupby("seed")["loss"]
    changes = by_seed.agg(lambda losses: losses.iloc[-1] - losses.iloc[0])[by_seed.size() > 1]
    return mean_interval(changes.to_list()) if len(changes) else None
