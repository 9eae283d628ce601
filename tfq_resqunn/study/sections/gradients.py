"""Which layers the gradient reaches, and how large it is."""

from tfq_resqunn.study.document import Block, Bullets, Paragraph, Picture, Section, Table
from tfq_resqunn.study.figures import to_svg
from tfq_resqunn.study.gradient_maps import gradient_figure
from tfq_resqunn.study.reach import ReachRow, reach_rows
from tfq_resqunn.study.results import Results
from tfq_resqunn.study.wording import HEADS, NOT_RUN, count, gradient_word, listed, setting_text

STOPPED = {"none": "no", "zero": "an exactly zero", "nan": "an infinite or undefined"}
MAX_SETTINGS = 3  # in a sentence
SIDES = {"trainable": "quantum", "classical": "classical twin"}


def gradient_section(results: Results) -> Section:
    """Tells which layers get a gradient in each setting, quantum and classical side by side."""
    rows = reach_rows(results.gradients)
    if not rows:
        return Section(
            "Which layers does the gradient reach?",
            (Paragraph("No finished run has trainable layers, so there is nothing to show yet."),),
        )
    blocks: list[Block] = [
        Paragraph(
            "For each layer: **flows** means that some component of the gradient is not zero; "
            "**zero**, that a path leads from the loss to the layer's weights, yet every "
            "component is exactly zero; **none**, that no path leads there"
            f"{_nan_explained(results)}. Measured before training and after the last epoch; where "
            "the two differ, or seeds do, the table says so."
        ),
        _reach_table(rows),
        Bullets(tuple(reach_sentences(rows))),
        *_pictures(results),
    ]
    return Section("Which layers does the gradient reach?", tuple(blocks))


def _nan_explained(results: Results) -> str:
    if "nan" not in set(results.gradients.state):
        return ""
    return "; **nan**, that some component is no finite number"


def reach_sentences(rows: list[ReachRow]) -> list[str]:
    """Says what the table of gradients shows: what is missing, where, and in the twin too."""
    sentences = [
        sentence
        for on in (True, False)
        if (sentence := _missing_sentence([row for row in rows if row.input_gradient == on], on))
    ]
    return [*sentences, *_twin_sentences(rows), *_mixed_sentences(rows)]


def _missing_sentence(rows: list[ReachRow], on: bool) -> str:
    rows = [row for row in rows if "trainable" in row.cells]
    if not rows:
        return ""
    missing: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        for layer, text in enumerate(row.cells["trainable"], start=1):
            if text in STOPPED:
                missing.setdefault((text, layer), []).append(f"`{row.placement}`")
    start = f"Input gradients {gradient_word(on)}:"
    if not missing:
        all_flow = all(set(row.cells["trainable"]) == {"flows"} for row in rows)
        n = len({row.placement for row in rows})
        which = f"all {n} placements" if n > 1 else f"the one placement, `{rows[0].placement}`"
        return f"{start} a gradient reaches every quantum layer in {which}." if all_flow else ""
    parts = [
        f"layer {layer} gets {STOPPED[text]} gradient in {listed(dict.fromkeys(placements))}"
        for (text, layer), placements in sorted(missing.items())
    ]
    return f"{start} {'; '.join(parts)}."


def _twin_sentences(rows: list[ReachRow]) -> list[str]:
    both = [row for row in rows if set(SIDES) <= set(row.cells)]
    if not both:
        return []
    differing = [row for row in both if row.cells["trainable"] != row.cells["classical"]]
    if differing:
        where = [setting_text(row.placement, row.input_gradient) for row in differing]
        n = f"{len(differing)} of {count(len(both), 'row')}"
        return [f"The quantum layers and their classical twins differ in {n}: {_first_of(where)}."]
    if any(text == "none" for row in both for text in row.cells["trainable"]):
        return [
            "The classical twin, a convolution in each quanvolution's place, shows the same in "
            "every row. So where no path leads to a layer, that is because of how the layers are "
            "connected, and not because they are quantum."
        ]
    return ["The classical twin, a convolution in each quanvolution's place, shows the same."]


def _mixed_sentences(rows: list[ReachRow]) -> list[str]:
    mixed = [
        setting_text(row.placement, row.input_gradient) + f", {SIDES[variant]}"
        for row in rows
        for variant, texts in row.cells.items()
        if any(" of " in text or ", then " in text for text in texts)
    ]
    if not mixed:
        n_seeds = max((row.n_seeds for row in rows), default=0)
        if n_seeds < 2:
            return [
                "No state differs between before and after training, with the one seed there is."
            ]
        return [
            f"No state differs between the {n_seeds} seeds, nor between before and after training."
        ]
    n = count(len(mixed), "setting")
    return [f"Seeds disagree, or the state changes in training, in {n}: {_first_of(mixed)}."]


def _first_of(settings: list[str]) -> str:
    n_left = len(settings) - MAX_SETTINGS
    return "; ".join(settings[:MAX_SETTINGS]) + (f"; and {n_left} more" if n_left > 0 else "")


def _reach_table(rows: list[ReachRow]) -> Table:
    sides = [side for side in SIDES if any(side in row.cells for row in rows)]
    depth = max(len(texts) for row in rows for texts in row.cells.values())
    same_heads = len({row.heads for row in rows}) == 1
    header = ["Placement", "Input gradients", *["Head"] * (not same_heads)]
    header += [f"{SIDES[side]}, layer {k + 1}" for side in sides for k in range(depth)]
    body = []
    for row in rows:
        cells = [f"`{row.placement}`", gradient_word(row.input_gradient)]
        cells += [_heads_text(row)] * (not same_heads)
        for side in sides:
            texts = row.cells.get(side, ())
            cells += [*texts, *[NOT_RUN] * (depth - len(texts))]
        body.append(tuple(cells))
    caption = "Gradient of the loss by each layer's weights, over all seeds"
    caption += f"; {_heads_text(rows[0])}." if same_heads else "."
    return Table(caption, tuple(header), tuple(body), n_labels=len(header))


def _heads_text(row: ReachRow) -> str:
    texts = listed(HEADS[head] for head in row.heads)
    return f"{texts} alike" if len(row.heads) > 1 else texts


def _pictures(results: Results) -> list[Block]:
    pictures: list[Block] = []
    gradients = results.gradients[results.gradients.variant != "frozen"]
    for head in dict.fromkeys(gradients["head"]):
        figure = gradient_figure(gradients[gradients["head"] == head])
        caption = (
            f"Norm of each layer's gradient over the epochs (0 is before training), {HEADS[head]}: "
            "geometric mean over the seeds, logarithmic. Hatched with lines: no path leads there. "
            "Hatched with dots: exactly zero. A cross: the seeds are in different states."
        )
        pictures.append(Picture(f"gradients_{head}_head", caption, to_svg(figure)))
    return pictures
