"""What a study's report says of controls: every one is compared, in one family, in plain words."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color
from statsmodels.stats.multitest import multipletests

from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import RESULT_COLUMNS
from tfq_resqunn.study.config import VARIANTS, StudyConfig
from tfq_resqunn.study.report import numbers
from tfq_resqunn.study.report.comparisons import EQUIVALENCE, compare
from tfq_resqunn.study.report.differences import difference_table, shown_text, summary_table
from tfq_resqunn.study.report.figures import VARIANT_STYLES, Picture, accuracy_figure
from tfq_resqunn.study.report.forest import forest_figure
from tfq_resqunn.study.report.gradients import gradient_section
from tfq_resqunn.study.report.learning import CONTROL_TERMS, learning_section
from tfq_resqunn.study.report.reach import reach_rows
from tfq_resqunn.study.results import RUN_COLUMNS, Results, select

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("no_collecting")]

CONFIG = StudyConfig(
    RunConfig(depth=1), placements=["none", "X+O1"], variants=VARIANTS, seeds=4,
)  # fmt: skip
CONTROLS = (*VARIANTS[1:], "best_frozen")
SETTING = ["head", "input_gradient", "placement"]


def results_of(table):
    histories = table.assign(epoch=1, loss=1.0)
    return Results(CONFIG, "", table, histories, pd.DataFrame(), {}, 10, (8, 8, 1), 0.1, {})


@pytest.fixture
def results(rng):
    """Every run of a study with all variants, and the best of several frozen draws beside."""
    rows = [{**dict.fromkeys(RESULT_COLUMNS, 1.0), **vars(run)} for run in CONFIG.runs()]
    table = pd.DataFrame(rows)
    best = select(table, variant="frozen").assign(variant="best_frozen")
    table = pd.concat([table, best], ignore_index=True)
    return results_of(table.assign(test_accuracy=rng.uniform(0.3, 0.9, len(table))))


# --- what is compared --------------------------------------------------------------------------


@pytest.mark.parametrize("variant", CONTROLS)
def test_each_control_is_set_against_every_trained_network(results, variant):
    """Where something is run once, it is the partner of each setting that it does not have."""
    rows = select(compare(results).controls, variant=variant).set_index(SETTING)
    table = results.table.set_index(["variant", *SETTING, "seed"]).test_accuracy.sort_index()
    settings = list(itertools.product(CONFIG.heads, (True, False), CONFIG.placements))
    assert sorted(rows.index) == sorted(settings)
    is_once = variant in ("frozen", "best_frozen", "shortcuts", "pixels")
    for head, on, placement in settings:
        trained = table.loc["trainable", head, on, placement]
        own = "none" if variant == "pixels" else placement
        differences = trained - table.loc[variant, head, on or is_once, own]
        assert rows.difference[head, on, placement] == pytest.approx(differences.mean())


def test_frozen_circuits_beside_trained_sums_are_set_against_their_own_kind(results, rng):
    frozen = select(results.table, variant="frozen")
    stopped = frozen.assign(input_gradient=False, test_accuracy=rng.uniform(0.3, 0.9, len(frozen)))
    table = pd.concat([results.table, stopped], ignore_index=True)
    config = dataclasses.replace(CONFIG, run=RunConfig(depth=1, merge="rezero"))
    results = dataclasses.replace(results_of(table), config=config)
    rows = select(compare(results).controls, variant="frozen").set_index(SETTING)
    means = table.groupby(["variant", *SETTING]).test_accuracy.mean()
    for setting in itertools.product(CONFIG.heads, (True, False), CONFIG.placements):
        expected = means[("trainable", *setting)] - means[("frozen", *setting)]
        assert rows.difference[setting] == pytest.approx(expected)


def test_controls_are_corrected_for_together(results):
    controls = compare(results).controls
    assert len(controls) == 8 * len(CONTROLS)
    for p, corrected in (("p", "p_corrected"), ("p_equal", "p_equal_corrected")):
        expected = multipletests(controls[p], method="holm")[1]
        np.testing.assert_allclose(controls[corrected], expected)
    text = difference_table(select(controls, variant="small"), "A minus B", len(controls))[0]
    assert text == "**A minus B**; p corrected for 64 tests."


@pytest.mark.parametrize(
    ("n_tested", "said"),
    [(0, "."), (1, "; p corrected for 1 test."), (8, "; p corrected for 8 tests.")],
)
def test_what_is_not_tested_is_not_corrected_for(results, n_tested, said):
    """As it does not count in Holm's correction."""
    rows = select(compare(results).controls, variant="small")
    rows = rows.assign(p=rows.p.where(np.arange(len(rows)) < n_tested))
    assert difference_table(rows, "A minus B")[0] == f"**A minus B**{said}"


def test_without_controls_there_is_nothing_to_compare(results):
    trained = dataclasses.replace(results, table=select(results.table, variant="trainable"))
    comparisons = compare(trained)
    assert comparisons.controls.empty
    text = "\n\n".join(map(str, learning_section(trained, comparisons)))
    assert "No control has been run." in text
    assert "minus" not in text


# --- what is said ------------------------------------------------------------------------------


def control_of(*differences):
    """The one comparison of a study in which trained networks are ahead by so much."""
    rows = [
        ("none", True, "linear", variant, seed, 0.8 + ahead * (variant == "trainable"))
        for seed, ahead in enumerate(differences)
        for variant in ("trainable", "frozen")
    ]
    columns = ["placement", "input_gradient", "head", "variant", "seed", "test_accuracy"]
    (_, comparison), *_ = compare(
        results_of(pd.DataFrame(rows, columns=columns))
    ).controls.iterrows()
    return comparison


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ([0.05, 0.06, 0.04, 0.05], "higher"),
        ([-0.05, -0.06, -0.04, -0.05], "lower"),
        ([0.004, 0.005, 0.003, 0.004], "higher, by less than a point"),
        ([-0.004, -0.005, -0.003, -0.004], "lower, by less than a point"),
        ([0.002, -0.002, 0.001, 0.0], "equal within a point"),
        ([0.02, -0.03, 0.01, 0.04], "no"),
        ([0.0, 0.0, 0.0, 0.0], "no"),  # by luck, it may be
        ([0.05, 0.05, 0.05, 0.05], "not tested"),
        ([0.001, 0.002], "not tested"),
    ],
)
def test_both_questions_have_an_answer(differences, said):
    assert shown_text(control_of(*differences)) == said


def test_the_summary_counts_both(results, rng):
    even = results.table.assign(test_accuracy=rng.normal(0.5, 0.0002, len(results.table)))
    counted = summary_table(compare(dataclasses.replace(results, table=even)))
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in counted.splitlines()]
    labels = [
        f"Trained − {numbers.VARIANTS[v]}, {h}"
        for v in CONTROLS
        for h in ("linear head", "no head")
    ]
    assert sorted(row[0] for row in cells if row[0].startswith("Trained")) == sorted(labels)
    column = cells[0].index("Equal within a point")
    assert all(row[column] == row[2] != "0" for row in cells[2:] if row[0].startswith("Trained"))
    assert cells[-1][0].startswith("No head − guessing") and cells[-1][column] == "—"


def test_columns_in_which_nothing_would_stand_are_left_out(results):
    def header(n_seeds):
        table = results.table[results.table.seed < n_seeds]
        controls = compare(dataclasses.replace(results, table=table)).controls
        lines = difference_table(controls, "A minus B")[1].splitlines()
        return [cell.strip() for cell in lines[0].strip("|").split("|")]

    some = ["Head", "Input gradients", "Placement", "n", "Difference (points)", "Shown"]
    assert header(2) == some
    assert header(4) == [*some[:-1], "d", "p", "p corrected", "p equal", "Shown"]


def test_only_controls_that_were_run_are_explained(results):
    table = results.table[results.table.variant.isin(["trainable", "surrogate", "best_frozen"])]
    some = dataclasses.replace(results, table=table)
    blocks = learning_section(some, compare(some))
    text = "\n\n".join(map(str, blocks))
    assert f"- **Best frozen draw**: {CONTROL_TERMS['best_frozen']}" in text
    assert f"- **Classical surrogate**: {CONTROL_TERMS['surrogate']}" in text
    assert text.count("Where it is not beaten") == 2
    assert [block.name for block in blocks if isinstance(block, Picture)] == ["controls"]
    assert text.count("**Trained quantum minus ") == 2


def test_every_variant_has_a_name_a_style_and_an_explanation():
    every = {*VARIANTS, "best_frozen"}
    assert set(numbers.VARIANTS) == set(VARIANT_STYLES) == every
    assert set(CONTROL_TERMS) == every - {"trainable"}
    looks = [(s["marker"], s["color"], s["markerfacecolor"]) for s in VARIANT_STYLES.values()]
    assert len(set(looks)) == len(looks)


# --- gradients of many variants ----------------------------------------------------------------


def test_gradients_are_drawn_of_few_variants_at_a_time(results):
    """Of those with trained layers, each with its layers in their places."""
    layers = {"surrogate": "surrogate_1", "classical": "conv_1/conv2d", "shortcuts": "zeros_1"}
    runs = results.table[[*RUN_COLUMNS]].assign(
        epoch=0, kind="", n_weights=4, state="flows", norm=1.0, zeros=0.0,
        layer=results.table.variant.map(layers).fillna("quanv_1"),
    )  # fmt: skip
    heads = select(runs, head="linear").assign(layer="head")
    gradients = pd.concat([runs[runs.variant != "pixels"], heads])
    frozen = gradients.variant.isin(["frozen", "best_frozen", "shortcuts"])
    gradients.loc[frozen & (gradients["layer"] != "head"), "state"] = "frozen"
    rows = reach_rows(gradients)
    assert all(set(row.cells) == {*VARIANTS[:1], *VARIANTS[2:6]} for row in rows)
    section = gradient_section(dataclasses.replace(results, gradients=gradients), rows)
    pictures = {block.name: block for block in section if isinstance(block, Picture)}
    names = [f"gradients_{head}_head{k}" for head in ("linear", "none") for k in ("", "_2")]
    assert list(pictures) == names
    said = [picture.caption.partition(": ")[2].partition(". ")[0] for picture in pictures.values()]
    assert said == 2 * [
        "trained quantum, unentangled quantum, classical surrogate",
        "classical twin, small convolution",
    ]
    labels = [text.get_text() for text in pictures[names[0]].figure.axes[0].get_yticklabels()]
    assert labels == ["layer 1", "head"]


# --- what is drawn -----------------------------------------------------------------------------


def test_forest_has_a_panel_for_each_control_and_head(results):
    controls = compare(results).controls
    figure = forest_figure(controls)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    expected = itertools.product(CONTROLS, ("linear head", "no head"))
    assert sorted(titles) == sorted(f"minus {numbers.VARIANTS[v]}, {head}" for v, head in expected)
    axes = figure.axes[titles.index("minus small convolution, no head")]
    rows = select(controls, variant="small", head="none")
    marks = [line for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose([m.get_xdata()[0] for m in marks], rows.difference)
    low, high = axes.get_xlim()
    shown = select(controls, head="none").difference
    assert low < shown.min() and shown.max() < high
    (band,) = axes.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == (-EQUIVALENCE, EQUIVALENCE)
    spans = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2][1:]
    np.testing.assert_allclose(spans, rows[["low", "high"]])


@pytest.mark.parametrize(
    ("differences", "marker", "is_filled", "label"),
    [
        ([0.05, 0.06, 0.04, 0.05], "o", True, "shown to differ"),
        ([0.002, -0.002, 0.001, 0.0], "s", False, "shown to be equal"),
        ([0.004, 0.005, 0.003, 0.004], "s", True, "both"),
        ([0.02, -0.03, 0.01, 0.04], "o", False, "neither shown"),
        ([0.05], "o", False, "neither shown"),  # without an interval
    ],
)
def test_marks_say_without_colours_what_is_shown(differences, marker, is_filled, label):
    figure = forest_figure(control_of(*differences).to_frame().T)
    mark = figure.axes[0].lines[-1]
    assert mark.get_marker() == marker
    assert same_color(mark.get_markerfacecolor(), "white") != is_filled
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == [label, "within a point"]


def test_marks_of_many_variants_stay_in_their_row(results):
    axes = accuracy_figure(results.table, None).axes[0]
    heights = np.unique([line.get_ydata()[0] for line in axes.lines])
    assert len(heights[heights < 0.5]) == len(VARIANT_STYLES)  # the first row has them all
    assert np.abs(heights - heights.round()).max() < 0.45
