"""Draws the experiment's figures from its tables: `python -m experiments.figures`."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from experiments.comparisons import control_differences, geometric_interval
from experiments.studies import DECISIVE, DEPTHS
from experiments.tables import RESULTS, has_table, read_chosen
from tfq_resqunn.plots.style import tidy
from tfq_resqunn.study.report.comparisons import EQUIVALENCE
from tfq_resqunn.study.report.figures import VARIANT_STYLES, legend_below, present
from tfq_resqunn.study.report.numbers import VARIANTS
from tfq_resqunn.study.report.statistics import mean_interval
from tfq_resqunn.study.results import select

DATA = {
    "digits": "digits", "mnist": "MNIST", "fashion": "Fashion-MNIST", "cifar10": "CIFAR-10, gray",
}  # fmt: skip
PLACEMENTS = {"(X+O1)+O2": "with residuals", "none": "plain stack"}
COLOR = "#1b4f72"  # of what is about circuits
DEPTH_ARMS = {
    "trained": {"variant": "trainable", "input_gradient": True},
    "trained, gradients stopped": {"variant": "trainable", "input_gradient": False},
    "frozen": {"variant": "frozen"},
    "shortcuts alone": {"variant": "shortcuts"},
}
TRAINED_ARMS = {n: arm for n, arm in DEPTH_ARMS.items() if arm["variant"] == "trainable"}
DEPTH_STYLES = {
    "trained": {"color": COLOR, "marker": "o", "linestyle": "-"},
    "trained, gradients stopped": {"color": "#d35400", "marker": "s", "linestyle": (0, (5, 2))},
    "frozen": {
        "color": COLOR, "marker": "o", "markerfacecolor": "white", "linestyle": (0, (1, 1.3)),
    },
    "shortcuts alone": {"color": "0.45", "marker": "^", "linestyle": "-."},
}  # fmt: skip
APART = 0.08  # layers, between the arms of one depth, so that their intervals can be told apart
FORMS = {600: "{}-1", 6_000: "arms-{}", 60_000: "{}-100"}  # by size, the names of the tables


def main() -> None:
    """Draws all figures whose tables are there."""
    for name, draw in FIGURES.items():
        figure = draw()
        if figure is not None:
            figure.savefig(RESULTS / f"{name}.png", dpi=130)


def controls() -> Figure | None:
    """Trained minus each control, a panel for each data set and placement."""
    return _differences("arms-{}")


def strong() -> Figure | None:
    """The same of the circuit of question 8."""
    return _differences("arms-strong-{}")


def _differences(form: str) -> Figure | None:
    """Trained minus each control, of the tables with names of a form; filled where it is shown."""
    families = {
        title: control_differences(read_chosen(form.format(name)))
        for name, title in DATA.items()
        if has_table(form.format(name))
    }
    if not families:
        return None
    every = pd.concat(families.values())
    counts = [select(every, placement=p).variant.nunique() for p in PLACEMENTS]
    figure = Figure(
        figsize=(2.4 + 2.5 * len(families), 2.2 + 0.27 * sum(counts)), layout="constrained"
    )
    panels = figure.subplots(
        2, len(families), sharex="row", sharey="row", squeeze=False, height_ratios=counts
    )
    for row, (placement, said) in zip(panels, PLACEMENTS.items(), strict=True):
        variants = present(select(every, placement=placement).variant, VARIANTS)
        for axes, (title, rows) in zip(row, families.items(), strict=True):
            axes.axvspan(-EQUIVALENCE, EQUIVALENCE, color="0.88", linewidth=0, zorder=0)
            axes.axvline(0, color="0.4", linewidth=0.8, zorder=1)
            for of in select(rows, placement=placement).itertuples():
                y = variants.index(of.variant)
                axes.plot([of.low, of.high], [y, y], color=COLOR, linewidth=1.6)
                filling = COLOR if of.is_shown else "white"
                axes.plot([of.difference], [y], "o", color=COLOR, markerfacecolor=filling)
            axes.set_title(f"{title}, {said}", fontsize="small")
            axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
            axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=""))
            tidy(axes, "x")
        row[0].set_yticks(range(len(variants)), [VARIANTS[variant] for variant in variants])
        row[0].set_ylim(len(variants) - 0.5, -0.5)
    for axes in panels[-1]:
        axes.set_xlabel("Trained − control, points")
    marks = [
        Line2D([], [], color=COLOR, marker="o", markerfacecolor=filling, label=label)
        for filling, label in ((COLOR, "a difference is shown"), ("white", "none is shown"))
    ]
    legend_below(figure, [*marks, Patch(color="0.88", label="within a point")])
    return figure


def depth() -> Figure | None:
    """Accuracy, and the gradient at the first layer before the training, against depth.

    Accuracies of plain stacks and of residual networks have a scale each, since all residual ones
    lie within a few points. Gradient norms of one arm range over orders of magnitude, so that their
    means and intervals are those of their logarithms.
    """
    tables = depth_tables()
    if not tables:
        return None
    figure = Figure(figsize=(8.6, 6.2), layout="constrained")
    (plain, residual), gradients = panels = figure.subplots(2, 2, sharex=True)
    gradients[1].sharey(gradients[0])
    for is_plain, axes, of_gradients in (
        (True, plain, gradients[0]),
        (False, residual, gradients[1]),
    ):
        for k, (name, setting) in enumerate(DEPTH_ARMS.items()):
            if is_plain and name == "shortcuts alone":
                continue
            runs = {
                d + APART * (k - 1.5): select(t[(t.placement == "none") == is_plain], **setting)
                for d, t in tables.items()
            }
            _draw_line(axes, runs, "test_accuracy", DEPTH_STYLES[name])
            if name in TRAINED_ARMS:
                _draw_line(of_gradients, runs, "gradient_before", DEPTH_STYLES[name], is_log=True)
        axes.set_title("Plain stack" if is_plain else "Residuals around every layer")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        of_gradients.set_yscale("log")
        of_gradients.set_xlabel("Layers")
        of_gradients.set_xticks(list(tables))
    plain.set_ylabel("Test accuracy")
    residual.set_ylabel("Test accuracy, on another scale")
    gradients[0].set_ylabel("Gradient norm at the first layer,\nbefore the training")
    for axes in panels.flat:
        tidy(axes, "y")
    legend_below(figure, _line_handles(DEPTH_STYLES))
    return figure


def shares() -> Figure | None:
    """Accuracy against the number of training images, a panel for each data set and placement."""
    names = [name for name in DATA if share_tables(name)]
    if not names:
        return None
    figure = Figure(figsize=(8.2, 0.9 + 2.6 * len(names)), layout="constrained")
    panels = figure.subplots(len(names), 2, sharex=True, sharey="row", squeeze=False)
    for row, name in zip(panels, names, strict=True):
        tables = share_tables(name)
        for axes, (placement, title) in zip(row, PLACEMENTS.items(), strict=True):
            for variant in DECISIVE:
                runs = {
                    size: select(table, placement=placement, variant=variant)
                    for size, table in tables.items()
                }
                _draw_line(axes, runs, "test_accuracy", VARIANT_STYLES[variant])
            axes.set_title(f"{DATA[name]}, {title}", fontsize="medium")
            axes.set_xscale("log")
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
            tidy(axes, "y")
        row[0].set_ylabel("Test accuracy")
    for axes in panels[-1]:
        axes.set_xlabel("Training images")
        axes.set_xticks(list(FORMS), [f"{size:,}" for size in FORMS])
    styles = {VARIANTS[variant]: VARIANT_STYLES[variant] for variant in DECISIVE}
    legend_below(figure, _line_handles(styles))
    return figure


def depth_tables() -> dict[int, pd.DataFrame]:
    """Reads the tables of all depths that are there; none, if there is nothing to compare."""
    tables = {d: read_chosen(f"depth-{d}") for d in DEPTHS if has_table(f"depth-{d}")}
    return tables if len(tables) > 1 and 1 in tables else {}


def share_tables(name: str) -> dict[int, pd.DataFrame]:
    """Reads a data set's tables by number of training images; none, if there is one alone."""
    names = {size: form.format(name) for size, form in FORMS.items()}
    tables = {size: read_chosen(table) for size, table in names.items() if has_table(table)}
    return tables if len(tables) > 1 else {}


def _draw_line(
    axes: Axes, runs: dict[float, pd.DataFrame], measure: str, style: dict, *, is_log: bool = False
) -> None:
    """Draws means over seeds with their intervals; nothing where there is no number."""
    values = {x: numbers for x, table in runs.items() if len(numbers := table[measure].dropna())}
    if not values:
        return
    interval = geometric_interval if is_log else mean_interval
    found = [interval(numbers) for numbers in values.values()]
    low, mean, high = np.array([(i.low, i.mean, i.high) for i in found]).T
    ends = np.nan_to_num([mean - low, high - mean])
    axes.errorbar(list(values), mean, ends, markersize=4.5, linewidth=1.4, capsize=2, **style)


def _line_handles(styles: dict[str, dict]) -> list[Line2D]:
    return [Line2D([], [], label=name, markersize=4.5, **style) for name, style in styles.items()]


FIGURES: dict[str, Callable[[], Figure | None]] = {
    "controls": controls, "strong": strong, "depth": depth, "shares": shares,
}  # fmt: skip

if __name__ == "__main__":
    main()
