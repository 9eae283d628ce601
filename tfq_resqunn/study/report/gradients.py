"""Which layers the gradient reaches, and how large it is."""

import pandas as pd

from tfq_resqunn._utils.markdown_page import code, escape
from tfq_resqunn.study.report.figures import Picture, present
from tfq_resqunn.study.report.gradient_maps import gradient_figure
from tfq_resqunn.study.report.numbers import (
    HEADS,
    MISSING,
    UNTRAINED,
    VARIANTS,
    gradient_word,
    records_table,
)
from tfq_resqunn.study.report.reach import ReachRow
from tfq_resqunn.study.results import Results

MAX_VARIANTS = 3  # in a picture
SIDES = {"trainable": "quantum", "classical": "classical twin"}
EXPLAINED = """\
For each layer: **flows** means that some component of the gradient by its weights is not zero; \
**zero**, that a path leads from the loss to the weights, yet every component is exactly zero; \
**none**, that no path leads there; **nan**, that some component is no finite number. Measured \
before training and after the last epoch. Where the two differ, or seeds do, the cell says so.

Where the classical twin, a convolution in each quanvolution's place, has **none** at the same \
place, the path is missing because of how the layers are connected, and not because they are \
quantum."""
CAPTION = """\
Norm of each layer's gradient over the epochs (0 is before training), {head}: {variants}. \
Geometric mean over the seeds, logarithmic. Hatched with lines: no path leads there. Hatched with \
dots: exactly zero. A cross: the seeds are in different states."""


def gradient_section(results: Results, rows: list[ReachRow]) -> list[str | Picture]:
    """Tells which layers get a gradient in each setting, quantum and classical side by side."""
    title = "## Which layers does the gradient reach?"
    if not rows:
        return [title, "No finished run has trainable layers, so there is nothing to show yet."]
    gradients = results.gradients[~results.gradients.variant.isin(UNTRAINED)]
    pictures = [
        picture
        for head in present(gradients["head"], HEADS)
        for picture in _pictures(gradients[gradients["head"] == head], head)
    ]
    return [title, EXPLAINED, reach_table(rows), *pictures]


def _pictures(gradients: pd.DataFrame, head: str) -> list[Picture]:
    """Draws the runs with one head, a few variants a picture."""
    variants, pictures = present(gradients.variant, VARIANTS), []
    for k in range(0, len(variants), MAX_VARIANTS):
        drawn = variants[k : k + MAX_VARIANTS]
        named = ", ".join(VARIANTS[variant] for variant in drawn)
        name = f"gradients_{head}_head" + (f"_{k // MAX_VARIANTS + 1}" if k else "")
        figure = gradient_figure(gradients[gradients.variant.isin(drawn)])
        caption = CAPTION.format(head=HEADS[head], variants=named)
        pictures.append(Picture(name, caption, figure))
    return pictures


def reach_table(rows: list[ReachRow]) -> str:
    """Tabulates the state of each layer."""
    sides = [side for side in SIDES if any(side in row.cells for row in rows)]
    depth = max(len(states) for row in rows for states in row.cells.values())
    records = []
    for row in rows:
        record = {
            "Placement": code(row.placement),
            "Input gradients": gradient_word(row.input_gradient),
            "Head": "both alike" if len(row.heads) > 1 else HEADS[row.heads[0]],
            "Seeds": str(row.n_seeds),
        }
        for side in sides:
            layers = dict(enumerate(map(escape, row.cells.get(side, ()))))
            for k in range(depth):
                record[f"{SIDES[side]}, layer {k + 1}"] = layers.get(k, MISSING)
        records.append(record)
    return records_table(records, n_labels=len(records[0]))


def reach_summary(rows: list[ReachRow]) -> str:
    """Tabulates in which placements every quantum layer gets a gradient, in all runs alike."""
    records = []
    for on in (True, False):
        here = [row for row in rows if row.input_gradient == on and "trainable" in row.cells]
        if not here:
            continue
        placements = {row.placement for row in here}
        missing = [row for row in here if set(row.cells["trainable"]) != {"flows"}]
        without = dict.fromkeys(row.placement for row in missing)
        twins = [row for row in here if "classical" in row.cells]
        n_equal = sum(row.cells["classical"] == row.cells["trainable"] for row in twins)
        records.append({
            "Input gradients": gradient_word(on),
            "A gradient reaches every quantum layer":
                f"{len(placements) - len(without)} of {len(placements)} placements",
            "Not so in": ", ".join(map(code, without)) or MISSING,
            "Classical twin the same": f"in {n_equal} of {len(twins)} rows" if twins else MISSING,
        })  # fmt: skip
    return records_table(records, n_labels=4) if records else ""
