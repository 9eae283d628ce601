"""How large gradients are, layer by layer and epoch by epoch, as maps of colours."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator, NullLocator

from tfq_resqunn.study.report.figures import legend_below, present
from tfq_resqunn.study.report.numbers import UNTRAINED, VARIANTS, gradient_word
from tfq_resqunn.study.report.reach import HEAD_ORDER, layer_order, state_of
from tfq_resqunn.study.results import select

STYLES = {  # of the states without a norm
    "none": {"facecolor": "0.93", "edgecolor": "0.45", "hatch": "////"},
    "zero": {"facecolor": "white", "edgecolor": "0.25", "hatch": ".."},
    "nan": {"facecolor": "#f4c7c3", "edgecolor": "#b3261e", "hatch": "xx"},
}
DISAGREEMENT = {
    "marker": "X", "markersize": 6, "markerfacecolor": "white", "markeredgecolor": "black",
}  # fmt: skip


def gradient_figure(gradients: pd.DataFrame) -> Figure:
    """Draws the norm of each layer's gradient over the epochs, from the table of one head.

    There is a row of panels for each placement, a column for each variant and input gradient, on
    one logarithmic scale. No path, exactly zero and not finite are hatched, each in its own way;
    where the seeds disagree stands a cross. What has no trained layers is left out.
    """
    gradients = gradients[~gradients.variant.isin(UNTRAINED)]
    # Trained shortcuts have no place among the layers.
    gradients = gradients[~gradients["layer"].str.startswith("shortcut_")]
    placements = list(dict.fromkeys(gradients.placement))
    columns = [
        (variant, on)
        for variant in present(gradients.variant, VARIANTS)
        for on in sorted(gradients[gradients.variant == variant].input_gradient.unique())[::-1]
    ]
    layers = {layer_order(name): name for name in gradients["layer"]}
    ordered = sorted(layers)
    labels = [f"layer {k}" if k < HEAD_ORDER else layers[k] for k in ordered]
    figure = Figure(
        figsize=(1.9 + 1.75 * len(columns), 1.3 + (0.35 + 0.26 * len(ordered)) * len(placements)),
        layout="constrained",
    )
    panels = figure.subplots(len(placements), len(columns), sharex=True, sharey=True, squeeze=False)
    norm = _log_scale(gradients)
    for row, placement in zip(panels, placements, strict=True):
        for axes, (variant, on) in zip(row, columns, strict=True):
            here = select(gradients, placement=placement, variant=variant, input_gradient=on)
            mesh = _draw_norms(axes, here, ordered, norm)
        row[0].set_ylabel(placement, rotation=0, ha="right", va="center", labelpad=8)
    last = int(gradients.epoch.max())
    panels[0, 0].set_yticks(range(len(ordered)), labels)
    panels[0, 0].set_ylim(len(ordered) - 0.5, -0.5)
    panels[0, 0].set_xlim(-0.5, last + 0.5)
    for axes, (variant, on) in zip(panels[0], columns, strict=True):
        axes.set_title(f"{VARIANTS[variant]},\ninput gradients {gradient_word(on)}", fontsize=8.5)
    for axes in panels[-1]:
        axes.set_xlabel("Epoch")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
    bar = figure.colorbar(
        mesh, ax=panels, label="Norm of the gradient", shrink=min(1.0, 2.4 / len(placements)),
        aspect=18,
    )  # fmt: skip
    bar.solids.set(rasterized=False, edgecolor="face")  # no pixels in the drawing
    handles = [
        Patch(label="none: no path", **STYLES["none"]),
        Patch(label="exactly zero", **STYLES["zero"]),
        Line2D([], [], linestyle="", label="seeds disagree", **DISAGREEMENT),
    ]
    if (gradients.state == "nan").any():
        handles.append(Patch(label="nan: not finite", **STYLES["nan"]))
    legend_below(figure, handles)
    return figure


def _draw_norms(axes: Axes, gradients: pd.DataFrame, layers: list[int], norm: LogNorm) -> QuadMesh:
    n_epochs = int(gradients.epoch.max()) + 1 if len(gradients) else 1
    colors = np.full((len(layers), n_epochs), np.nan)
    orders = gradients["layer"].map(layer_order)
    for (layer, epoch), cell in gradients.groupby([orders, "epoch"]):
        y = layers.index(layer)
        flowing = cell.loc[(cell.state == "flows") & np.isfinite(cell.norm), "norm"]
        state = state_of(cell.state)
        if len(flowing):
            colors[y, epoch] = np.exp(np.log(flowing).mean())
        elif state in STYLES:
            corner = (epoch - 0.5, y - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, linewidth=0, **STYLES[state]))
        if state is None:
            axes.plot([epoch], [y], linestyle="", **DISAGREEMENT)
    axes.tick_params(length=2)
    axes.yaxis.set_minor_locator(NullLocator())
    return axes.pcolormesh(
        np.arange(n_epochs), np.arange(len(layers)), np.ma.masked_invalid(colors),
        norm=norm, cmap="cividis", edgecolors="face", linewidth=0.2, shading="nearest",
    )  # fmt: skip


def _log_scale(gradients: pd.DataFrame) -> LogNorm:
    norms = gradients.loc[gradients.state == "flows", "norm"]
    norms = norms[np.isfinite(norms) & (norms > 0)]
    if norms.empty:
        return LogNorm(0.1, 1.0)
    low, high = float(norms.min()), float(norms.max())
    return LogNorm(low, high) if high > low else LogNorm(low / 2, high * 2)
