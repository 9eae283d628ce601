"""The report of a study: comparisons, documents, figures, whole reports.

The studies are made up: their numbers are drawn here, and no network is trained.
"""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.duration import duration
from tfq_resqunn.study.report import write_report
from tfq_resqunn.study.report.accuracies import curve_section
from tfq_resqunn.study.report.comparisons import compare
from tfq_resqunn.study.report.differences import caution, difference_table, summary_table
from tfq_resqunn.study.report.figures import accuracy_figure, curve_figure
from tfq_resqunn.study.report.gradient_maps import gradient_figure
from tfq_resqunn.study.report.gradients import EXPLAINED, reach_summary, reach_table
from tfq_resqunn.study.report.headless import headless_table, loss_change
from tfq_resqunn.study.report.learning import QUESTION
from tfq_resqunn.study.report.numbers import (
    accuracy_text,
    count,
    difference_text,
    effect_text,
    interval_text,
    p_text,
    percent,
    points,
)
from tfq_resqunn.study.report.reach import HEAD_ORDER, layer_order, reach_rows, state_text
from tfq_resqunn.study.report.statistics import Interval, holm, mean_interval
from tfq_resqunn.study.report.writing import report_blocks
from tfq_resqunn.study.results import load_results, select

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("no_collecting")]

RUN = RunConfig(dataset="digits", depth=2, epochs=4, n_train=200, n_test=100)


# --- a made-up study on disk -----------------------------------------------------------------


def plain_accuracy(run, rng):
    """Better with a head, with a residual at the end, and where training reaches the layers."""
    value = 0.5 + 0.25 * (run.head == "linear") + 0.06 * run.placement.endswith("+O2")
    return value + 0.05 * (run.variant != "frozen") + rng.normal(0, 0.01)


def plain_state(run, layer, epoch):
    """What the design's table says for two layers."""
    if run.variant == "frozen" and layer != "head":
        return "static"
    is_cut = not run.input_gradient and not run.placement.endswith("+O2")
    return "none" if layer.endswith("_1") and is_cut else "flows"


def write_study(folder, config, accuracy=plain_accuracy, state=plain_state, skip=lambda run: False):
    """Writes the files that a study's runs leave behind."""
    folder.mkdir()
    described = {"config": config.to_dict(), "command": "resqunn study digits --seeds 3"}
    (folder / "study.json").write_text(json.dumps(described))
    for number, run in enumerate(config.runs()):
        if not skip(run):
            rng = np.random.default_rng(number)
            write_run(folder / "runs" / run.id, run, config.run.epochs, accuracy, state, rng)
    return folder


def write_run(folder, run, n_epochs, accuracy, state, rng):
    folder.mkdir(parents=True)
    last = float(np.clip(accuracy(run, rng), 0, 1))
    config = {
        "config": json.loads(run.configure(RUN).to_json()),
        "classes": list(range(10)),
        "image_shape": [8, 8, 1],
        "versions": {"tfq-resqunn": "0.0", "numpy": "2.0"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    epochs = np.arange(1, n_epochs + 1)
    history = pd.DataFrame({"epoch": epochs, "loss": 2.3 - 0.8 * last * epochs / n_epochs})
    history["accuracy"] = history["val_accuracy"] = last * epochs / n_epochs
    history["val_loss"] = history["loss"] + 0.1
    history.to_csv(folder / "history.csv", index=False)
    prefix, suffix = ("conv", "/conv2d") if run.variant == "classical" else ("quanv", "")
    layers = [f"{prefix}_1{suffix}", f"{prefix}_2{suffix}"] + ["head"] * (run.head == "linear")
    rows = []
    for epoch in range(n_epochs + 1):
        for k, layer in enumerate(layers):
            reached = state(run, layer.removesuffix(suffix), epoch)
            norm = {"flows": 10.0 ** (k - 2) / (1 + epoch), "zero": 0.0}.get(reached, np.nan)
            rows.append((epoch, layer, "Layer", 4, reached, norm, 0))
    columns = ["epoch", "layer", "kind", "n_weights", "state", "norm", "zeros"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "gradients.csv", index=False)
    result = {
        "train_accuracy": last + 0.01, "test_accuracy": last, "train_loss": 0.5, "test_loss": 0.6,
        "n_weights": 8 + 650 * (run.head == "linear"), "seconds": 12.5, "seconds_per_epoch": 3.0,
    }  # fmt: skip
    (folder / "result.json").write_text(json.dumps(result))


class Page(HTMLParser):
    """Reads a page: its tags must match, its tables and links are kept."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.rows, self.words = [], [], [], []
        self.feed(text)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.attributes += [(tag, *pair) for pair in attributes]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A finished study of three seeds."""
    folder = tmp_path_factory.mktemp("studies") / "full"
    return write_study(folder, StudyConfig(RUN, seeds=3))


@pytest.fixture(scope="module")
def results(study):
    return load_results(study)


# --- numbers as text -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (percent(0.8333), "83.3%"),
        (percent(np.nan), "—"),
        (points(0.0312), "+3.1"),
        (points(-0.0312), "-3.1"),
        (points(-1e-9), "0.0"),
        (p_text(0.0314), "0.031"),
        (p_text(0.00004), "<0.001"),
        (p_text(0.5), "0.50"),
        (duration(0.42), "0.42 s"),
        (duration(12.3), "12 s"),
        (duration(200), "3 min 20 s"),
        (duration(7500), "2 h 5 min"),
        (count(1, "seed"), "1 seed"),
        (count(3, "seed"), "3 seeds"),
        (accuracy_text(Interval(0.8, 0.75, 0.85, n=3)), "80.0% (75.0 to 85.0)"),
        (interval_text(0.6, 1.2), "+60.0 to +100.0"),
        (difference_text(0.031, 0.01, 0.052), "+3.1 (+1.0 to +5.2)"),
        (difference_text(-0.031, np.nan, np.nan), "-3.1"),
        (effect_text(1.23, -0.06, 2.34), "+1.2 (-0.1 to +2.3)"),
        (effect_text(1.0, -0.04, 2.0), "+1.0 (0.0 to +2.0)"),
        (effect_text(np.nan, np.nan, np.nan), "—"),
    ],
)
def test_numbers_as_text(said, expected):
    assert said == expected


# --- comparisons -----------------------------------------------------------------------------


def compare_table(results, table):
    return compare(replace(results, table=table))


def control_rows(compared, variant):
    return select(compared.controls, variant=variant)


def test_pairs_are_of_one_seed(results):
    shuffled = results.table.sample(frac=1, random_state=0)
    compared = compare_table(results, shuffled).placements
    assert len(compared) == 24
    (row,) = compared.index[
        (compared["head"] == "linear") & ~compared.input_gradient.astype(bool)
        & (compared["first"] == "O1+O2") & (compared["second"] == "none")
    ]  # fmt: skip
    here = shuffled.query("head == 'linear' and variant == 'trainable' and ~input_gradient")
    wide = here.pivot(index="seed", columns="placement", values="test_accuracy")
    expected = stats.ttest_rel(wide["O1+O2"], wide["none"])
    assert compared.p[row] == pytest.approx(expected.pvalue)
    assert compared.difference[row] == pytest.approx((wide["O1+O2"] - wide["none"]).mean())
    np.testing.assert_allclose(compared.p_corrected, holm(compared.p))


def test_frozen_layers_are_the_partner_of_both_input_gradients(results):
    compared = control_rows(compare(results), "frozen")
    assert len(compared) == 16
    table = results.table
    for _, row in compared.iterrows():
        here = table[(table.placement == row.placement) & (table["head"] == row["head"])]
        frozen = here[here.variant == "frozen"].set_index("seed").test_accuracy
        trained = here[
            (here.variant == "trainable") & (here.input_gradient == row.input_gradient)
        ].set_index("seed")
        assert row.difference == pytest.approx((trained.test_accuracy - frozen).mean())


def test_input_gradients_and_twins_are_compared_within_a_setting(results):
    compared = compare(results)
    assert len(compared.input_gradients) == 8
    assert len(control_rows(compared, "classical")) == 16
    wide = results.table.query("head == 'none' and placement == 'none' and seed == 0")
    wide = wide.set_index(["variant", "input_gradient"]).test_accuracy
    assert len(wide) == 5
    gradients = compared.input_gradients.query("head == 'none' and placement == 'none'")
    every = results.table.query("head == 'none' and placement == 'none' and variant == 'trainable'")
    means = every.groupby("input_gradient").test_accuracy.mean()
    assert gradients.difference.item() == pytest.approx(means[True] - means[False])


def test_only_seeds_that_both_have_are_compared(results):
    table = results.table
    table = table[~((table.placement == "none") & (table.seed == 1))]
    compared = compare_table(results, table).placements
    has_none = (compared["first"] == "none") | (compared["second"] == "none")
    assert set(compared.n[has_none]) == {2}
    assert set(compared.n[~has_none]) == {3}
    assert compared.p[has_none].isna().all()


def test_what_has_no_finite_accuracy_is_left_out(results):
    table = results.table.copy()
    table.loc[(table.placement == "X+O1") & (table.seed == 0), "test_accuracy"] = np.nan
    assert set(compare_table(results, table).input_gradients.n) == {2, 3}


def test_many_placements_are_compared_with_the_plain_stack(results):
    tables = [results.table.assign(placement=p) for p in ("a", "none", "b", "c", "d")]
    compared = compare_table(results, pd.concat(tables)).placements
    assert set(compared["second"]) == {"none"}
    assert len(compared) == 4 * 4


# --- words never stronger than the numbers ---------------------------------------------------


def paired_runs(results, first, second, n_settings=1):
    """A study in which trained networks reach `first` and frozen ones `second`, seed by seed."""
    rows = [
        (str(k), True, "linear", variant, seed, accuracy)
        for k in range(n_settings)
        for variant, values in (("trainable", first), ("frozen", second))
        for seed, accuracy in enumerate(values)
    ]
    columns = ["placement", "input_gradient", "head", "variant", "seed", "test_accuracy"]
    return compare_table(results, pd.DataFrame(rows, columns=columns))


FIRST, SECOND = [0.80, 0.86, 0.84, 0.83], [0.70, 0.75, 0.75, 0.72]
UNSURE = [0.75, 0.89, 0.81, 0.86]


@pytest.mark.parametrize(
    ("first", "second", "n_settings", "shown"),
    [
        (FIRST, SECOND, 1, "higher"),
        (SECOND, FIRST, 1, "lower"),
        (UNSURE, SECOND, 40, "no"),  # corrected for so many
        ([0.5, 0.6, 0.7], [0.5, 0.6, 0.7], 1, "no"),
        ([0.6, 0.7, 0.8], [0.5, 0.6, 0.7], 1, "not tested"),  # no spread
        ([0.9, 0.8001], [0.5, 0.4], 1, "not tested"),  # two seeds
        ([0.9], [0.1], 1, "not tested"),
    ],
)
def test_only_what_the_corrected_test_shows_is_claimed(results, first, second, n_settings, shown):
    compared = paired_runs(results, first, second, n_settings)
    text = difference_table(compared.controls[:1], "Trained minus frozen")[1]
    assert text.splitlines()[-1].split(" | ")[-1].strip(" |") == shown
    counted = summary_table(compared).splitlines()[-1]
    cells = [cell.strip() for cell in counted.strip("|").split("|")]
    is_shown = shown in ("higher", "lower")
    assert cells[:2] == ["Trained − frozen quantum, linear head", str(n_settings)]
    assert int(cells[2]) == (0 if shown == "not tested" else n_settings)
    assert [int(cells[3]), int(cells[4])] == [shown == "higher", shown == "lower"]
    assert (cells[6] != "—") == is_shown


def test_uncorrected_p_is_not_enough(results):
    compared = paired_runs(results, UNSURE, SECOND, 40).controls
    assert (compared.p < 0.05).all()
    assert (compared.p_corrected > 0.05).all()
    assert not compared.is_shown.any()


def test_learning_is_claimed_only_where_it_is_shown():
    """What a frozen network reaches too, nobody needed to learn."""
    assert "Where neither is shown, these runs do not show that it matters" in QUESTION
    assert QUESTION.endswith("they do not exclude it either.")


def test_families_that_were_not_run_are_told(results):
    nothing = results.table.query("variant == 'trainable'")
    compared = compare_table(results, nothing)
    assert "not both run" in difference_table(compared.controls, "A minus B")[0]
    assert "frozen" not in summary_table(compared)


@pytest.mark.parametrize(
    ("n_seeds", "said"),
    [
        (1, "With 1 seed no difference between accuracies can be shown, however large it is"),
        (2, "With 2 seeds no difference between accuracies can be shown"),
        (3, "With 3 seeds only differences that are large beside their spread can be shown"),
        (5, "what is not shown may still be there"),
    ],
)
def test_few_seeds_show_little(n_seeds, said):
    assert said in caution(n_seeds)
    assert caution(6) == ""


def test_exact_tests_stand_beside_from_six_seeds_on(results):
    six = paired_runs(results, [0.8, 0.86, 0.84, 0.83, 0.8, 0.9], [0.7] * 6)
    assert "p sign-flip" in difference_table(six.controls, "A minus B")[1]
    assert six.controls.p_sign_flip.item() == pytest.approx(2 / 2**6)
    assert "p sign-flip" not in difference_table(compare(results).controls, "A minus B")[1]


def test_loss_change_is_last_minus_first():
    histories = pd.DataFrame(
        {"seed": [0, 0, 0, 1, 1, 1], "epoch": [1, 2, 3] * 2, "loss": [2.0, 9, 1, 2.5, 9, 1.0]}
    )
    assert loss_change(histories).mean == pytest.approx(-1.25)
    assert loss_change(histories[histories.epoch == 1]) is None


# --- which layers a gradient reaches ---------------------------------------------------------


def test_reach_is_that_of_the_design(results):
    rows = {(row.placement, row.input_gradient): row for row in reach_rows(results.gradients)}
    assert len(rows) == 8
    for (placement, on), row in rows.items():
        first = "flows" if on or placement.endswith("+O2") else "none"
        assert row.cells == {"trainable": (first, "flows"), "classical": (first, "flows")}
        assert row.heads == ("linear", "none")


def cells_of(text):
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines()]


def test_the_summary_of_gradients_follows_the_table(results):
    _, _, flow, stopped = cells_of(reach_summary(reach_rows(results.gradients)))
    assert flow == ["flow", "4 of 4 placements", "—", "in 4 of 4 rows"]
    assert stopped == ["stopped", "2 of 4 placements", "`none`, `X+O1`", "in 4 of 4 rows"]


def test_a_twin_that_differs_is_told(results):
    gradients = results.gradients.copy()
    chosen = (gradients.variant == "classical") & (gradients.placement == "none")
    chosen &= ~gradients.input_gradient.astype(bool)
    gradients.loc[chosen, "state"] = "flows"
    _, _, flow, stopped = cells_of(reach_summary(reach_rows(gradients)))
    assert (flow[3], stopped[3]) == ("in 4 of 4 rows", "in 3 of 4 rows")


def test_only_a_missing_path_is_laid_to_the_connections():
    """A gradient may be exactly zero for many reasons."""
    claim = EXPLAINED.split("\n\n")[1]
    assert "has **none** at the same place" in claim
    assert "zero" not in claim


@pytest.mark.parametrize("word", ["frozen", "static"])
def test_frozen_layers_take_no_part(results, word):
    """Both words: files of older versions have the second."""
    gradients = results.gradients.replace({"state": {"static": word}})
    assert reach_rows(gradients) == reach_rows(results.gradients)


def test_seeds_that_disagree_are_shown(results):
    gradients = results.gradients.copy()
    chosen = (gradients.seed == 1) & (gradients.layer == "quanv_2") & (gradients.epoch == 4)
    chosen &= (gradients.placement == "X+O1") & (gradients["head"] == "none")
    gradients.loc[chosen, "state"] = "zero"
    rows = [row for row in reach_rows(gradients) if row.placement == "X+O1"]
    texts = {(row.input_gradient, row.heads): row.cells["trainable"][1] for row in rows}
    changed = "flows, then flows 2 of 3, zero 1 of 3"
    assert texts == {
        (True, ("linear",)): "flows", (True, ("none",)): changed,
        (False, ("linear",)): "flows", (False, ("none",)): changed,
    }  # fmt: skip
    assert changed in reach_table(rows)


def test_layers_stand_in_the_order_of_their_names():
    assert [layer_order(name) for name in ("quanv_2", "conv_1/conv2d")] == [2, 1]
    assert layer_order("head") == layer_order("shortcut_1") == HEAD_ORDER


def test_state_text():
    assert state_text(["none"] * 3, ["none"] * 3) == "none"
    assert state_text(["none"], ["flows"]) == "none, then flows"
    changed = state_text(["flows", "flows"], ["zero", "flows"])
    assert changed == "flows, then flows 1 of 2, zero 1 of 2"
    assert state_text(["none", "zero"], ["none", "zero"]) == "zero 1 of 2, none 1 of 2"


# --- figures ---------------------------------------------------------------------------------


def test_accuracy_figure_draws_means_and_intervals(results):
    table = results.table.query("head == 'linear' and variant == 'trainable'")
    (axes,) = accuracy_figure(table, chance=0.1).axes
    marks = [line for line in axes.lines if line.get_marker() == "o"]
    assert len(marks) == 8
    first = table.query("placement == 'none' and input_gradient").test_accuracy
    assert marks[0].get_xdata()[0] == pytest.approx(first.mean())
    interval = mean_interval(first)
    ends = next(line for line in axes.lines if line.get_marker() == "None").get_xdata()
    np.testing.assert_allclose(ends, [interval.low, interval.high])
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == [
        "none, flow",
        "none, stopped",
    ]


def test_guessing_is_drawn_where_it_lies_near(results):
    def has_line(chance):
        figure = accuracy_figure(results.table.query("head == 'none'"), chance)
        texts = [text.get_text() for text in figure.legends[0].get_texts()]
        return "guessing" in texts

    assert has_line(0.45)
    assert not has_line(0.001)


def test_curves_are_means_with_bands(results):
    histories = results.histories.query("head == 'linear' and variant == 'trainable'")
    figure = curve_figure(histories)
    assert [axes.get_title() for axes in figure.axes[:2]] == [
        "Input gradients flow",
        "Input gradients stopped",
    ]
    axes = figure.axes[0]
    here = histories.query("placement == 'none' and input_gradient").groupby("epoch")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), here.val_accuracy.mean())
    band = axes.collections[0].get_paths()[0].get_extents()
    assert band.ymin == pytest.approx(here.val_accuracy.min().min())
    assert band.ymax == pytest.approx(here.val_accuracy.max().max())
    looks = {(str(line.get_linestyle()), line.get_marker()) for line in axes.lines}
    assert len(looks) == 4  # told apart without colours


def test_gradient_figure_tells_none_from_zero(results):
    gradients = results.gradients.query("head == 'linear'").copy()
    chosen = (gradients.placement == "O1+O2") & (gradients.layer == "quanv_1")
    gradients.loc[chosen & (gradients.epoch == 2), ["state", "norm"]] = ["zero", 0.0]
    gradients.loc[chosen & (gradients.epoch == 3) & (gradients.seed == 0), "state"] = "none"
    figure = gradient_figure(gradients)
    panels = {}
    for axes in figure.axes[:16]:
        spec = axes.get_subplotspec()
        panels[spec.rowspan.start, spec.colspan.start] = axes
    # rows: none, X+O1, O1+O2, ...; columns: trained on and cut, twin on and cut
    assert {patch.get_hatch() for patch in panels[0, 1].patches} == {"////"}
    assert len(panels[0, 1].patches) == 5
    assert not panels[0, 0].patches
    assert [patch.get_hatch() for patch in panels[2, 0].patches] == [".."]
    assert [list(line.get_xdata()) for line in panels[2, 0].lines] == [[3]]
    mesh = panels[2, 0].collections[0].get_array()
    assert mesh.shape == (3, 5)
    assert mesh[0, 0] == pytest.approx(0.01)
    assert mesh.mask[0].tolist() == [False, False, True, False, False]
    labels = [label.get_text() for label in panels[0, 0].get_yticklabels()]
    assert labels == ["layer 1", "layer 2", "head"]


# --- whole reports ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(study):
    return write_report(study)


def test_files_of_a_report(study, written):
    assert written["markdown"] == study / "report.md"
    assert written["html"] == study / "report.html"
    pictures = {"accuracies", "controls", "gradients_linear_head", "gradients_none_head"} | {
        f"curves_{head}_head_{variant}"
        for head in ("linear", "none")
        for variant in ("trainable", "classical")
    }
    assert set(written) == {"markdown", "html", "results"} | pictures
    for name in pictures:
        assert ElementTree.parse(written[name]).getroot().tag.endswith("svg")
    assert not list(study.rglob(".*"))  # nothing half-written is left
    table = pd.read_csv(written["results"], keep_default_na=False)
    assert len(table) == 120
    assert set(table.placement) == {"none", "X+O1", "O1+O2", "(X+O1)+O2"}


def test_page_needs_no_other_file(written):
    page = Page(written["html"].read_text())
    loaded = [
        value
        for tag, name, value in page.attributes
        if name in ("src", "srcset", "data") or (name.endswith("href") and tag != "a")
    ]
    assert all(value.startswith("#") for value in loaded)
    assert page.rows
    assert "@import" not in "".join(page.words)
    assert "script" not in {tag for tag, *_ in page.attributes}
    names = [value for _, name, value in page.attributes if name == "id"]
    assert len(names) == len(set(names))


def test_both_forms_say_the_same(written):
    text = written["markdown"].read_text()
    page = Page(written["html"].read_text())
    rows = [
        [cell.strip().replace("`", "") for cell in line.strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith("| --")
    ]
    assert rows == [[cell.strip() for cell in row] for row in page.rows]
    widths = {}
    for number, line in enumerate(text.splitlines()):
        if line.startswith("| "):
            before = widths.get(number - 1, len(line))
            assert len(line) == before  # aligned
            widths[number] = len(line)


def test_accuracies_in_the_text_are_those_of_the_runs(results, written):
    values = results.table.query(
        "placement == 'O1+O2' and ~input_gradient and head == 'linear' and variant == 'classical'"
    ).test_accuracy
    low, high = stats.t.interval(0.95, 2, loc=values.mean(), scale=stats.sem(values))
    expected = f"{100 * values.mean():.1f}% ({100 * low:.1f} to {100 * high:.1f})"
    rows = Page(written["html"].read_text()).rows
    (row,) = [r for r in rows if r[:3] == ["linear head", "O1+O2", "stopped"] and len(r) == 6]
    assert row[5] == expected
    assert row[4] == "—"  # frozen layers were run with input gradients on


def test_costs_and_command(written):
    text = written["markdown"].read_text()
    assert "resqunn study digits --seeds 3" in text
    rows = Page(written["html"].read_text()).rows
    assert ["all", "", "120", "8 to 658", "12.5", "3", "25 min 0 s"] in rows
    assert ["numpy", "2.0"] in rows
    assert "All 120 runs of the study are there." in text


def text_of(folder):
    """A study's report as text; nothing is drawn, which takes long."""
    return "\n\n".join(map(str, report_blocks(load_results(folder))))


@pytest.mark.parametrize(("validation", "said"), [(None, "Test"), (0.2, "Validation")])
def test_curves_say_whose_accuracy_it_is(results, validation, said):
    """Of runs of earlier versions, too, which keep that of validation images in no result."""
    assert results.table.val_accuracy.isna().all()
    config = replace(results.config, run=replace(results.config.run, validation=validation))
    pictures = curve_section(replace(results, config=config))[1:]
    labels = {picture.figure.axes[0].get_ylabel() for picture in pictures}
    assert labels == {f"{said} accuracy"}


def test_same_study_same_report(tmp_path):
    config = StudyConfig(RUN, seeds=2, placements=("none",), variants=("trainable",))
    folder = write_study(tmp_path / "small", config)
    before = write_report(folder)["html"].read_text()
    assert write_report(folder)["html"].read_text() == before


def test_one_seed_one_placement(tmp_path):
    config = StudyConfig(
        RUN, seeds=1, placements=("X+O1",), variants=("trainable",), heads=("linear",)
    )
    text = text_of(write_study(tmp_path / "one", config))
    assert "With 1 seed no difference between accuracies can be shown" in text
    assert "**Placements, trained quantum networks**: these were not both run" in text
    assert "**Without a head**: no such network has been run" in text
    assert "nan" not in text.replace("**nan**", "")


@pytest.mark.parametrize("variant", ["trainable", "frozen", "classical"])
def test_one_variant(tmp_path, variant):
    config = StudyConfig(RUN, seeds=2, placements=("none", "X+O1"), variants=(variant,))
    text = text_of(write_study(tmp_path / variant, config))
    assert ("No control has been run." in text) == (variant == "trainable")
    assert ("**: these were not both run" in text) == (variant != "trainable")
    assert "nan" not in text.replace("**nan**", "")


def test_unfinished_study_says_what_is_missing(tmp_path):
    config = StudyConfig(RUN, seeds=2, heads=("linear",), placements=("none", "X+O1"))

    def is_last(run):
        return run.seed == 1 and run.placement == "X+O1"

    folder = write_study(tmp_path / "part", config, skip=is_last)
    failed = next(run.id for run in config.runs() if is_last(run))
    (folder / "failed").mkdir()
    (folder / "failed" / f"{failed}.txt").write_text("Traceback\n  `odd`\nValueError: <too> bad\n")
    files = write_report(folder)
    text = files["markdown"].read_text()
    assert "**This study is not finished:** 15 of 20 runs are there, 5 are missing" in text
    assert "5 are missing, 1 of them failed." in text
    assert f"Failed: `{failed}`" in text
    assert "ValueError: <too> bad" in "".join(Page(files["html"].read_text()).words)
    assert ", n = 1" in text


def test_study_without_a_finished_run(tmp_path):
    folder = write_study(tmp_path / "empty", StudyConfig(RUN, seeds=2), skip=lambda run: True)
    files = write_report(folder)
    assert "**No run of this study is finished yet**, of 80 runs." in files["markdown"].read_text()
    assert set(files) == {"markdown", "html", "results"}


def test_runs_of_other_versions_are_told(tmp_path):
    config = StudyConfig(RUN, seeds=1, placements=("none",), heads=("linear",))
    folder = write_study(tmp_path / "mixed", config)
    path = next((folder / "runs").glob("*/config.json"))
    path.write_text(path.read_text().replace('"numpy": "2.0"', '"numpy": "2.1"'))
    text = write_report(folder)["markdown"].read_text()
    assert re.search(r"\| numpy +\| 2\.0, 2\.1 +\|", text)
    assert "Not all runs were made with the same versions." in text


def test_a_broken_file_is_named(tmp_path):
    config = StudyConfig(RUN, seeds=1, placements=("none",), heads=("linear",))
    folder = write_study(tmp_path / "broken", config)
    path = next((folder / "runs").glob("*/config.json"))
    path.write_text('{"classes": [')
    with pytest.raises(
        ValueError, match=rf"load_results: {re.escape(str(path))} must be what a run has written"
    ):
        write_report(folder)
    assert not (folder / "report.md").exists()


def test_no_study():
    with pytest.raises(FileNotFoundError, match="study.json"):
        write_report("no-such-folder")


# --- nothing from seeds that are few, or agree -------------------------------------------------


def guesses(results, *settings, chance=0.1):
    """What is said of networks without a head that reach these accuracies, a list for each."""
    rows = [
        (str(number), True, "none", "trainable", seed, accuracy)
        for number, accuracies in enumerate(settings)
        for seed, accuracy in enumerate(accuracies)
    ]
    columns = ["placement", "input_gradient", "head", "variant", "seed", "test_accuracy"]
    table = pd.DataFrame(rows, columns=columns)
    histories = table.assign(epoch=1, loss=1.0)
    made_up = replace(results, table=table, histories=histories, chance=chance)
    text = headless_table(made_up, compare(made_up).guessing)[1]
    return [cells[5] for cells in cells_of(text)[2:]]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ([[0.6, 0.5], [0.4, 0.5]], ["not tested"] * 2),  # two may agree by luck
        ([[0.6]], ["not tested"]),
        ([[0.1000001] * 3], ["not tested"]),  # above by a rounding error
        ([[0.9, 0.9, 0.9]], ["not tested"]),  # agree, by luck
        ([[0.1028, 0.1029, 0.1027]], ["no"]),  # by less than half a point
        ([[0.09, 0.5, 0.3]], ["no"]),  # the interval holds guessing
        ([[0.02, 0.03, 0.01]], ["no"]),  # below
        ([[0.6, 0.5, 0.55], [0.1, 0.1, 0.1], [0.1, 0.11, 0.09]], ["yes", "not tested", "no"]),
    ],
)
def test_what_is_said_of_guessing(results, settings, said):
    assert guesses(results, *settings) == said


def test_many_settings_are_corrected_for(results):
    setting = [0.20, 0.30, 0.25]
    assert guesses(results, setting) == ["yes"]
    assert guesses(results, *[setting] * 9) == ["no"] * 9


def test_guessing_that_is_not_known_is_not_compared(results):
    assert guesses(results, [0.6, 0.5, 0.55], chance=None) == ["—"]


def test_only_frozen_layers_tell_whether_it_was_learned(results):
    said = headless_table(results, compare(results).guessing)[0]
    assert "more than 0.5 points above guessing (10.0%)" in said
    assert "Layers as drawn may be above guessing too" in said


def test_seeds_that_agree_have_no_interval():
    interval = mean_interval([0.1, 0.1 + 1e-9])
    assert not interval.is_known
    assert accuracy_text(interval) == "10.0%"
    agreed = mean_interval([0.25, 0.25])
    assert interval_text(agreed.low, agreed.high) == "—"


@pytest.mark.parametrize(
    ("values", "said"),
    [([1.0, 0.9], "+31.5 to +100.0"), ([-0.9, -1.0], "-100.0 to -31.5"),
     ([0.9, -0.9], "-100.0 to +100.0")],
)  # fmt: skip
def test_no_interval_of_a_difference_leaves_what_is_possible(values, said):
    interval = mean_interval(values)
    assert interval_text(interval.low, interval.high) == said


def test_the_table_of_gradients_says_how_many_seeds_agree(results):
    gradients = results.gradients[results.gradients.seed == 0]
    assert {cells[3] for cells in cells_of(reach_table(reach_rows(gradients)))[2:]} == {"1"}
    assert {cells[3] for cells in cells_of(reach_table(reach_rows(results.gradients)))[2:]} == {"3"}


def test_gradients_that_are_no_numbers_are_told(results):
    gradients = results.gradients.copy()
    gradients["state"] = gradients["state"].replace("none", "nan")
    rows = reach_rows(gradients)
    assert cells_of(reach_summary(rows))[3][2] == "`none`, `X+O1`"
    assert ["`none`", "stopped", "both alike", "3", "nan", "flows", "nan", "flows"] in cells_of(
        reach_table(rows)
    )
    assert state_text(["flows", "nan"], ["nan", "nan"]) == "flows 1 of 2, nan 1 of 2, then nan"


def test_guessing_is_naming_the_most_frequent_class(tmp_path):
    config = StudyConfig(RUN, seeds=2, placements=("none",), heads=("linear",))
    folder = write_study(tmp_path / "study", config)
    assert load_results(folder).chance == 0.1
    for share, path in zip((0.3, 0.2), (folder / "runs").glob("*/config.json"), strict=False):
        described = json.loads(path.read_text())
        path.write_text(json.dumps({**described, "largest_share": share}))
    assert load_results(folder).chance == 0.3


def test_gradients_that_are_not_finite_are_told_apart():
    rows = [
        {
            "placement": "X+O1", "input_gradient": True, "head": "linear", "variant": "trainable",
            "seed": 0, "epoch": epoch, "layer": f"quanv_{k}", "kind": "Quanv2D", "n_weights": 4,
            "state": "nan" if k == 1 else "flows", "norm": np.inf if k == 1 else 0.5, "zeros": 0.0,
        }
        for epoch in (0, 1)
        for k in (1, 2)
    ]  # fmt: skip
    head, shortcut = ({**rows[-1], "layer": name} for name in ("head", "shortcut_1"))
    gradients = pd.DataFrame([*rows, head, shortcut])
    (row,) = reach_rows(gradients)
    assert row.cells == {"trainable": ("nan", "flows")}
    assert "0 of 1 placements" in reach_summary([row])
    figure = gradient_figure(gradients)
    shown = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert shown == ["layer 1", "layer 2", "head"]
    legend = figure.legends[0]
    assert "nan: not finite" in [text.get_text() for text in legend.get_texts()]


# --- what strangers have written ---------------------------------------------------------------


def test_files_of_strangers_are_shown_as_text(tmp_path):
    evil = "<script>x</script> [a](javascript:x) ![b](http://evil/b.png) `<i>` **c** |"
    run = replace(RUN, dataset=evil, encoder=evil)
    config = StudyConfig(run, seeds=2, placements=("none",), heads=("linear",))
    folder = write_study(tmp_path / "study", config, skip=lambda run: run.seed == 1)
    (folder / "study.json").write_text(json.dumps({"config": config.to_dict(), "command": evil}))
    (folder / "failed").mkdir()
    for run in config.runs():
        (folder / "failed" / f"{run.id}.txt").write_text(f"```\n{evil}\n```\nValueError: {evil}")
    for path in folder.glob("runs/*/config.json"):
        described = json.loads(path.read_text())
        path.write_text(json.dumps({**described, "versions": {evil: evil}}))
    for path in folder.glob("runs/*/gradients.csv"):
        table = pd.read_csv(path, keep_default_na=False)
        table["state"] = table["state"].replace("none", evil)
        table.to_csv(path, index=False)
    page = Page(write_report(folder)["html"].read_text())
    tags = {tag for tag, *_ in page.attributes}
    assert not tags & {"script", "i", "img"}
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert all(link.startswith(("#", "https://arxiv.org/")) for link in links)
    assert "".join(page.words).count(evil) >= 6
