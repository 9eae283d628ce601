"""Did the quantum layers learn, or the head? What the controls say."""

from collections.abc import Iterator

import pandas as pd

from tfq_resqunn.study.comparisons import (
    Compared,
    accuracies,
    compare_variants,
    comparison_table,
    summary,
)
from tfq_resqunn.study.document import Block, Bullets, Paragraph, Section, Table
from tfq_resqunn.study.facts import Facts
from tfq_resqunn.study.results import Results
from tfq_resqunn.study.sections.accuracies import said
from tfq_resqunn.study.selection import select
from tfq_resqunn.study.statistics import (
    MIN_PAIRS,
    Interval,
    compare_pairs,
    correct,
    mean_interval,
)
from tfq_resqunn.study.wording import (
    NOT_RUN,
    accuracy_text,
    count,
    gradient_word,
    percent,
    points,
)

MARGIN = 0.005  # an accuracy that is less above guessing is not called above


def learning_section(results: Results, facts: Facts) -> Section:
    """Sets trained layers against frozen ones, networks without a head, and classical twins."""
    table = results.table
    frozen, twin = compare_variants(table, "frozen"), compare_variants(table, "classical")
    blocks: list[Block] = [
        Paragraph(
            "A trained linear head can reach a good accuracy on features that never learned. Three "
            "controls tell the two apart: the same network with its quantum layers frozen as "
            "drawn, so that only the head learns; a network without a head (a fixed pooling "
            "instead), where only the quantum layers can learn; and the classical twin, with a "
            "convolution in each quanvolution's place."
        )
    ]
    blocks += _frozen_blocks(frozen)
    blocks += _headless_blocks(results, frozen, facts)
    blocks += _twin_blocks(twin)
    return Section("Did the quantum layers learn, or the head?", tuple(blocks))


def frozen_sentence(compared: list[Compared]) -> str:
    """Says what training the layers adds where a linear head is trained as well."""
    linear = [c for c in compared if c.head == "linear"]
    if not linear:
        return "Trained and frozen layers under a linear head were not both run."
    text = f"Trained against frozen layers, linear head: {summary(linear)}"
    testable = any(c.result.n > 1 for c in linear)
    if testable and not any(c.result.is_shown for c in linear):
        text += (
            " So these runs do not show that the quantum layers learn anything that the head does "
            "not get from layers left as drawn; they do not exclude it either."
        )
    return text


def headless_sentence(table: pd.DataFrame, compared: list[Compared], chance: float | None) -> str:
    """Says how networks do of which only the quantum layers can learn.

    Args:
        table: Of the runs, as in `Results`.
        compared: Trained against frozen layers.
        chance: Accuracy of guessing, see `Facts`.
    """
    headless = summary([c for c in compared if c.head == "none"])
    guessed = _guessing_sentence(table, chance)
    against = f"Trained against frozen layers, no head: {headless}" if headless else ""
    return " ".join(filter(None, [guessed, against]))


def _guessing_sentence(table: pd.DataFrame, chance: float | None) -> str:
    settings = [values for _, _, values in _headless(table) if len(values)]
    if chance is None or not settings:
        return ""
    n_seeds = max(map(len, settings))
    if n_seeds < MIN_PAIRS:
        return (
            f"Without a head, {count(n_seeds, 'seed')} cannot tell an accuracy from guessing "
            f"({percent(chance)}): at least {MIN_PAIRS} are needed, since fewer may agree by luck."
        )
    bar = chance + MARGIN
    compared = correct([compare_pairs(values, [bar] * len(values)) for values in settings])
    above = sum(c.is_shown and c.difference.mean > 0 for c in compared)
    return (
        "Without a head, where only the quantum layers can learn, the test accuracy is shown to "
        f"lie more than {points(MARGIN).lstrip('+')} points above guessing ({percent(chance)}) in "
        f"{above} of {count(len(settings), 'setting')} (t test over {MIN_PAIRS} or more seeds, "
        "corrected for all settings). Layers as drawn may be above guessing too, so only frozen "
        "ones tell whether this was learned."
    )


def _frozen_blocks(compared: list[Compared]) -> list[Block]:
    if not compared:
        return [Paragraph(frozen_sentence([]))]
    caption = (
        "Test accuracy with trained quantum layers minus with frozen ones. p: paired t test; "
        f"corrected across {count(len(compared), 'row')} (Holm)."
    )
    blocks: list[Block] = [
        comparison_table(compared, caption),
        Paragraph(frozen_sentence(compared)),
    ]
    shown = [c.sentence for c in compared if c.result.is_shown]
    return [*blocks, Bullets(tuple(shown))] if shown else blocks


def _headless_blocks(results: Results, frozen: list[Compared], facts: Facts) -> list[Block]:
    settings = list(_headless(results.table))
    if not settings:
        return [Paragraph("No network without a head has been run.")]
    histories = select(results.histories, head="none", variant="trainable")
    rows = []
    for placement, on, values in settings:
        here = select(histories, placement=placement, input_gradient=on)
        change = loss_change(here)
        accuracy = accuracy_text(mean_interval(values.to_list())) if len(values) else NOT_RUN
        rows.append((f"`{placement}`", gradient_word(on), accuracy, *_loss_cells(here, change)))
    losses = ("First epoch's loss", "Last epoch's loss", "Change", "95% interval")
    header = ("Placement", "Input gradients", "Test accuracy", *losses)
    caption = (
        "Without a head: only the quantum layers have weights. Test accuracy, and how the training "
        "loss changed from the first epoch to the last (mean over seeds; negative: it fell)."
    )
    sentence = headless_sentence(results.table, frozen, facts.chance)
    return [Table(caption, header, tuple(rows), 2), *([Paragraph(sentence)] if sentence else [])]


def loss_change(histories: pd.DataFrame) -> Interval | None:
    """Gives how the training loss changed from each seed's first epoch to its last.

    Returns:
        The mean over seeds with its interval; `None` where there are no two epochs.
    """
    by_seed = histories.sort_values("epoch").dropna(subset="loss").groupby("seed")["loss"]
    changes = by_seed.agg(lambda losses: losses.iloc[-1] - losses.iloc[0])[by_seed.size() > 1]
    return mean_interval(changes.to_list()) if len(changes) else None


def _loss_cells(histories: pd.DataFrame, change: Interval | None) -> list[str]:
    if change is None:
        return [NOT_RUN] * 4
    by_seed = histories.sort_values("epoch").groupby("seed")["loss"]
    ends = [f"{by_seed.first().mean():.3f}", f"{by_seed.last().mean():.3f}", f"{change.mean:+.3f}"]
    return [*ends, f"{change.low:+.3f} to {change.high:+.3f}" if change.is_known else NOT_RUN]


def _headless(table: pd.DataFrame) -> Iterator[tuple[str, bool, pd.Series]]:
    here = select(table, head="none", variant="trainable")
    for (placement, on), runs in here.groupby(["placement", "input_gradient"], sort=False):
        yield placement, bool(on), accuracies(runs)


def _twin_blocks(compared: list[Compared]) -> list[Block]:
    if not compared:
        return [Paragraph("The quantum networks and their classical twins were not both run.")]
    caption = (
        "Test accuracy of trained quantum networks minus that of their classical twins. p: paired "
        f"t test; corrected across {count(len(compared), 'row')} (Holm)."
    )
    return [comparison_table(compared, caption), *said("Quantum against classical", compared)]
