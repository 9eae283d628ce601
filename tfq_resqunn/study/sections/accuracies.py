"""How accurate the networks are, and which differences are shown."""

import pandas as pd

from tfq_resqunn.study.comparisons import (
    Compared,
    accuracies,
    compare_input_gradients,
    compare_placements,
    comparison_table,
    summary,
)
from tfq_resqunn.study.document import Block, Bullets, Paragraph, Picture, Section, Table
from tfq_resqunn.study.facts import Facts
from tfq_resqunn.study.figures import accuracy_figure, curve_figure, to_svg
from tfq_resqunn.study.results import Results
from tfq_resqunn.study.selection import select
from tfq_resqunn.study.statistics import mean_interval
from tfq_resqunn.study.wording import (
    HEADS,
    NOT_RUN,
    VARIANTS,
    accuracy_text,
    count,
    gradient_word,
    percent,
    power_text,
)

MAX_SENTENCES = 8


def accuracy_section(results: Results, facts: Facts) -> Section:
    """Tells the test accuracy of each setting, as a table and a figure."""
    table = results.table
    n_seeds = table.seed.nunique()
    caption = f"Test accuracy after the last epoch; n = {count(n_seeds, 'seed')}"
    caption += ", unless a cell says otherwise. " if n_seeds > 1 else ". "
    if n_seeds > 1:
        caption += (
            "In parentheses the 95% confidence interval of the mean over seeds, in %; there is "
            "none where all seeds agree."
        )
    else:
        caption += "One seed gives no interval."
    blocks: list[Block] = [_accuracy_table(table, caption)]
    if "frozen" in set(table.variant):
        blocks.append(
            Paragraph(
                "Frozen layers learn nothing, whatever reaches them, so they were run once, with "
                "input gradients on."
            )
        )
    described = (
        "Test accuracy: large marks are means, small strokes single seeds"
        + (", lines 95% intervals" if n_seeds > 1 else "")
        + (
            f"; guessing ({percent(facts.chance)}) is dotted where it lies near."
            if facts.chance
            else "."
        )
    )
    figure = accuracy_figure(table, facts.chance)
    blocks.append(Picture("accuracies", described, to_svg(figure)))
    return Section("How accurate are the networks?", tuple(blocks))


def comparison_section(results: Results) -> Section:
    """Compares placements, and input gradients on to cut, by pairs of one seed."""
    placements = compare_placements(results.table)
    gradients = compare_input_gradients(results.table)
    title = "Does the placement decide?"
    if not placements and not gradients:
        text = "There are no two placements, nor input gradients, of trained networks to compare."
        return Section(title, (Paragraph(text),))
    most = max(c.result.n for c in [*placements, *gradients])
    blocks: list[Block] = [Paragraph(METHOD), Paragraph(power_text(most))]
    if placements:
        caption = (
            "Placements, trained quantum networks: first minus second. p: paired t test; "
            f"corrected across {count(len(placements), 'row')} (Holm)."
        )
        blocks += [comparison_table(placements, caption), *said("Placements", placements)]
    if gradients:
        caption = (
            "Input gradients on minus cut, trained quantum networks. p: paired t test; "
            f"corrected across {count(len(gradients), 'row')} (Holm)."
        )
        blocks += [comparison_table(gradients, caption), *said("Input gradients", gradients)]
    return Section(title, tuple(blocks))


METHOD = (
    "Runs with the same seed see the same images in the same order, so they are compared as pairs: "
    "the difference of their test accuracies, seed by seed. A difference counts as shown where the "
    "paired t test, after Holm's correction for all rows of the table, has p below 0.05. Intervals "
    "are those of single rows, without that correction."
)


def said(name: str, compared: list[Compared]) -> list[Block]:
    """Says what a table of comparisons shows: the count, then each difference that is shown."""
    shown = [c.sentence for c in compared if c.result.is_shown]
    blocks: list[Block] = [Paragraph(f"**{name}:** {summary(compared)}")]
    if len(shown) > MAX_SENTENCES:
        n_left = len(shown) - MAX_SENTENCES
        shown = [*shown[:MAX_SENTENCES], f"... and {n_left} more, in the table."]
    return [*blocks, Bullets(tuple(shown))] if shown else blocks


def curve_section(results: Results) -> Section:
    """Shows how training went, for each head and each variant that is trained."""
    blocks: list[Block] = []
    histories = results.histories
    for head in [head for head in HEADS if head in set(histories["head"])]:
        for variant in [v for v in ("trainable", "classical") if v in set(histories.variant)]:
            here = select(histories, head=head, variant=variant)
            if here.empty:
                continue
            n_seeds = here.seed.nunique()
            caption = f"{VARIANTS[variant].capitalize()}, {HEADS[head]}: " + (
                f"mean over {n_seeds} seeds; bands from the lowest seed to the highest."
                if n_seeds > 1
                else "the one seed."
            )
            figure = to_svg(curve_figure(here))
            blocks.append(Picture(f"curves_{head}_head_{variant}", caption, figure))
    if not blocks:
        blocks = [Paragraph("No finished run has trained layers yet.")]
    return Section("How did training go?", tuple(blocks))


def _accuracy_table(table: pd.DataFrame, caption: str) -> Table:
    n_seeds = table.seed.nunique()
    variants = [variant for variant in VARIANTS if variant in set(table.variant)]
    columns = ["head", "placement", "input_gradient"]
    settings = dict.fromkeys(table[columns].itertuples(index=False, name=None))
    rows = []
    for head, placement, on in sorted(settings, key=lambda s: list(HEADS).index(s[0])):
        cells = [HEADS[head], f"`{placement}`", gradient_word(on)]
        for variant in variants:
            values = accuracies(
                table, head=head, placement=placement, input_gradient=on, variant=variant
            )
            cells.append(_cell(values, n_seeds))
        rows.append(tuple(cells))
    header = ("Head", "Placement", "Input gradients", *(VARIANTS[v] for v in variants))
    return Table(caption, header, tuple(rows), n_labels=3)


def _cell(values: pd.Series, n_seeds: int) -> str:
    if values.empty:
        return NOT_RUN
    text = accuracy_text(mean_interval(values.to_list()))
    return text if len(values) == n_seeds else f"{text}, n = {len(values)}"
