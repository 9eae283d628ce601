"""What is it that learns? What the controls say."""

from tfq_resqunn._utils.markdown_page import bullets
from tfq_resqunn.study.report.comparisons import Comparisons
from tfq_resqunn.study.report.differences import difference_table
from tfq_resqunn.study.report.figures import Picture, present
from tfq_resqunn.study.report.forest import forest_figure
from tfq_resqunn.study.report.headless import headless_table
from tfq_resqunn.study.report.numbers import VARIANTS
from tfq_resqunn.study.results import Results, select

QUESTION = """\
A trained head can reach a good accuracy on features that never learned, and so can whatever \
stands in the circuits' place. Each control leaves out something that may matter. Where trained \
circuits are *higher* than a control, what it leaves out does matter. Where they are *equal within \
a point*, it is worth less than that here. Where neither is shown, these runs do not show that it \
matters; they do not exclude it either."""
# What each is, and what it means where trained circuits are not above it.
CONTROL_TERMS = {
    "frozen": "the same circuits with their angles as drawn; only what lies around them is "
    "trained. Where it is not beaten, training the circuits has added nothing.",
    "best_frozen": "of several draws of frozen circuits the one with the best validation accuracy, "
    "chosen for each seed. Where it is not beaten, training circuits has done no more than "
    "choosing among random ones does.",
    "unentangled": "the same circuits without their gates on several qubits, trained. Where it is "
    "not beaten, entanglement has added nothing.",
    "surrogate": "a free linear map on the circuit's own features, trained; it can be every "
    "function that the circuit can be, and others. Where it is not beaten, a circuit has given "
    "nothing that a classical layer does not give.",
    "classical": "a convolution with as many outputs in each circuit's place, trained; gradients "
    "flow through it or are stopped likewise. Where it is not beaten, an ordinary layer does as "
    "well.",
    "small": "a convolution with about as few weights as a circuit, trained. Where it is not "
    "beaten, circuits have not made more of their few weights.",
    "shortcuts": "zeros in each circuit's place, so that only the residuals' paths are left. Where "
    "it is not beaten, all that helped has come past the circuits.",
    "pixels": "the head on the image itself. Where it is not beaten, the layers before the head "
    "have added nothing. It has no placement, so it is set against each.",
}
CAPTION = """\
Test accuracy of trained quantum networks minus that of each control. Lines are 95% intervals of \
single rows, cut off at the panel's edge; the shaded band is one percentage point up and down. \
Filled marks: a difference is shown, after correction. Squares: equality within a point is shown."""


def learning_section(results: Results, comparisons: Comparisons) -> list[str | Picture]:
    """Sets trained quantum networks against each control, and those without a head on their own."""
    title, controls = "## What is it that learns?", comparisons.controls
    variants = [name for name in present(results.table.variant, VARIANTS) if name != "trainable"]
    blocks: list[str | Picture] = [title, QUESTION]
    if not variants:
        blocks.append("No control has been run.")
    else:
        blocks.append(bullets(f"**{_name(name)}**: {CONTROL_TERMS[name]}" for name in variants))
    if len(controls):
        blocks.append(Picture("controls", CAPTION, forest_figure(controls)))
    n_tests = controls.p.notna().sum()
    for variant in variants:
        caption = f"Trained quantum minus {VARIANTS[variant]}"
        blocks += difference_table(select(controls, variant=variant), caption, n_tests)
    return [*blocks, *headless_table(results, comparisons.guessing)]


def _name(variant: str) -> str:
    return VARIANTS[variant].capitalize()
