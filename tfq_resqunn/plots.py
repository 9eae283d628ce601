"""Figures. They belong to no window and no global state: show or save what comes back."""

import itertools
import os
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

TRAIN = {"color": "#1b4f72", "linestyle": "-", "label": "training"}
VALIDATION = {"color": "#d35400", "linestyle": "--", "label": "validation"}

# Lines that differ without colour too.
LINES = (
    {"color": "#1b4f72", "linestyle": "-", "marker": "o"},
    {"color": "#d35400", "linestyle": "--", "marker": "s"},
    {"color": "#117a65", "linestyle": "-.", "marker": "^"},
    {"color": "#7d3c98", "linestyle": ":", "marker": "D"},
    {"color": "0.3", "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "v"},
)

WIRE = {"color": "0.45", "linewidth": 1, "zorder": 1}
BOX = {"boxstyle": "round,pad=0.35,rounding_size=0.15", "facecolor": "white", "edgecolor": "0.2"}
CHARACTER, ROW = 0.085, 0.42  # inches: width of a letter, height of a qubit's line
MAP, GAP = 1.2, 0.2  # inches: side of a feature map, margins
MAX_MAPS = 8  # channels of a layer that are drawn


def training_curves(
    history: Mapping[str, Sequence[float]], path: str | os.PathLike | None = None
) -> Figure:
    """Draw loss and accuracy over the epochs, for training and validation.

    Args:
        history: What `model.fit` returns, or its attribute `history`: the values of each epoch
            under the names `loss`, `accuracy`, `val_loss` and `val_accuracy`. Those that are
            missing are left out; `loss` must be there.
        path: File to write the figure to; the suffix decides the format. Default: no file.

    Returns:
        The figure, a panel for each of the two quantities.

    Raises:
        ValueError: If there is no `loss`, or it has no epoch.

    Example:
        >>> figure = training_curves({"loss": [1.2, 0.6], "accuracy": [0.5, 0.8]})
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['Loss (cross-entropy)', 'Accuracy']
    """
    values = getattr(history, "history", history)
    if not len(values.get("loss", ())):
        raise ValueError(
            f"training_curves: `history` must hold the loss of at least one epoch.\n"
            f"Received the keys {', '.join(values) or '(none)'}.\n"
            f"Give it what model.fit(...) returned."
        )
    quantities = [name for name in ("loss", "accuracy") if name in values]
    figure = Figure(figsize=(4.2 * len(quantities), 3.2), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(quantities), squeeze=False)[0]
    for axes, name in zip(panels, quantities, strict=True):
        _draw_curve(axes, values, name)
    panels[0].legend(frameon=False)  # it holds for both
    if path is not None:
        figure.savefig(path)
    return figure


def _draw_curve(axes: Axes, values: Mapping[str, Sequence[float]], name: str) -> None:
    for key, style in ((name, TRAIN), (f"val_{name}", VALIDATION)):
        if key in values:
            epochs = range(1, len(values[key]) + 1)
            marker = "o" if len(epochs) == 1 else None  # a line needs two points to be seen
            axes.plot(epochs, values[key], linewidth=1.8, marker=marker, **style)
    axes.set_xlabel("Epoch")
    axes.set_ylabel("Loss (cross-entropy)" if name == "loss" else name.capitalize())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    axes.grid(color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def variance_figure(table, over: Sequence[str], path: str | os.PathLike | None = None) -> Figure:
    """Draw variances of gradients on a log scale, with intervals, a panel for each layer.

    Args:
        table: The table of a `GradientVariance`.
        over: Its columns that are varied: the first is the horizontal axis, each combination of
            the others a line.
        path: File to write the figure to; the suffix decides the format. Default: no file.

    Returns:
        The figure.

    Raises:
        ValueError: If no layer has a variance.
    """
    table = table[table["variance"] > 0]  # the others have no place on a log scale
    layers = list(dict.fromkeys(table["layer"]))
    if not layers:
        raise ValueError(
            "variance_figure: `table` must hold a variance above zero.\nReceived none.\nNo "
            "gradient reaches any layer of these models; see gradient_report."
        )
    figure = Figure(figsize=(4.2 * len(layers), 3.4), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(layers), squeeze=False, sharey=True)[0]
    values = list(dict.fromkeys(table[over[0]]))
    is_number = all(isinstance(v, (int, float, np.number)) for v in values)
    for axes, layer in zip(panels, layers, strict=True):
        own = table[table["layer"] == layer]
        lines = own.groupby(list(over[1:]), sort=False) if over[1:] else [((), own)]
        for (names, line), style in zip(lines, itertools.cycle(LINES), strict=False):
            at = line[over[0]] if is_number else [values.index(v) for v in line[over[0]]]
            label = ", ".join(f"{o} {n}" for o, n in zip(over[1:], names, strict=True))
            around = (line["variance"] - line["low"], line["high"] - line["variance"])
            axes.errorbar(at, line["variance"], np.abs(around), capsize=3, label=label, **style)
        axes.set(yscale="log", xlabel=over[0], title=layer)
        axes.set_xticks(values if is_number else range(len(values)), values)
        _tidy(axes)
    panels[0].set_ylabel("Variance of ∂loss/∂weight (1/rad² for angles)")
    if over[1:]:
        panels[0].legend(frameon=False)
    if path is not None:
        figure.savefig(path)
    return figure


def circuit_figure(circuit, path: str | os.PathLike | None = None) -> Figure:
    """Draw a circuit: a line for each qubit, a box for each gate, time from left to right.

    Args:
        circuit: A `QuanvCircuit`.
        path: File to write the figure to; the suffix decides the format. Default: no file.

    Returns:
        The figure, as large as the circuit needs.

    Example:
        >>> import tfq_resqunn as rq
        >>> from tfq_resqunn.circuits import angle_encoder, basic_entangler
        >>> circuit = rq.QuanvCircuit.from_parts(angle_encoder(2), basic_entangler(2))
        >>> [text.get_text() for text in circuit_figure(circuit).axes[0].texts][:3]
        ['0', '1', 'Ry(π x_000)']
    """
    drawer = circuit.circuit.to_text_diagram_drawer()
    texts = {place: entry.text for place, entry in drawer.entries.items() if entry.text}
    # Those that end between two qubits are Cirq's brackets around gates of one moment.
    links = [v for v in drawer.vertical_lines if v.y1 == int(v.y1) and v.y2 == int(v.y2)]
    linked = {(int(v.x), y) for v in links for y in range(int(v.y1), int(v.y2) + 1)}
    wires = sorted(row for column, row in texts if column == 0)
    letters = np.zeros(drawer.width())
    for (column, _), text in texts.items():
        letters[column] = max(letters[column], len(text))
    edges = np.concatenate([[0.0], np.cumsum(CHARACTER * np.where(letters, letters + 4, 0))])
    centres = (edges[:-1] + edges[1:]) / 2

    figure = Figure(figsize=(edges[-1], ROW * (len(wires) + 0.5)), dpi=110)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, edges[-1]), ylim=(wires[-1] + 0.75, wires[0] - 0.75))
    axes.set_axis_off()
    for row in wires:
        axes.plot([edges[1], edges[-1]], [row, row], **WIRE)
    for line in links:
        axes.plot([centres[int(line.x)]] * 2, [line.y1, line.y2], **WIRE)
    for (column, row), text in sorted(texts.items()):
        box = None if column == 0 else BOX  # the first column names the qubits
        _draw_gate(
            axes,
            centres[column],
            row,
            text.removesuffix(": "),
            box,
            is_linked=(column, row) in linked,
        )
    if path is not None:
        figure.savefig(path)
    return figure


def feature_maps_figure(inputs, outputs) -> Figure:
    """Draw what goes into a layer and what comes out: a row for each image, a column a channel.

    Args:
        inputs: Images, `[n, rows, columns, channels]`.
        outputs: The layer's outputs for them, channels last too.

    Returns:
        The figure. Of more than eight channels it shows the first eight. The bars below say which
        values the greys stand for; the outputs' scale is symmetric, so zero is the middle grey.

    Example:
        >>> figure = feature_maps_figure(np.ones((2, 8, 8, 1)), np.zeros((2, 4, 4, 4)))
        >>> [text.get_text() for text in figure.axes[1].texts]
        ['output 0', 'output 1', 'output 2', 'output 3']
    """
    inputs, outputs = np.asarray(inputs), np.asarray(outputs)
    limit = np.max(np.abs(outputs)) or 1.0
    groups = (
        ("input", inputs[..., :MAX_MAPS], np.min(inputs), np.max(inputs)),
        ("output", outputs[..., :MAX_MAPS], -limit, limit),
    )
    widths = [MAP * maps.shape[-1] for _, maps, _, _ in groups]
    lefts = (GAP, widths[0] + 3 * GAP)
    width, height = sum(widths) + 4 * GAP, MAP * len(inputs) + 4.5 * GAP
    figure = Figure(figsize=(width, height), dpi=100)

    def add_axes(left, bottom, wide, high):
        return figure.add_axes((left / width, bottom / height, wide / width, high / height))

    # One axes holds all maps of a group, placed by hand: many axes take a second to draw.
    panels = [
        add_axes(left, 3 * GAP, wide, MAP * len(inputs))
        for left, wide in zip(lefts, widths, strict=True)
    ]
    for left, wide, axes, group in zip(lefts, widths, panels, groups, strict=True):
        drawn = _draw_maps(axes, *group)
        bar = add_axes(left, 2 * GAP, wide, GAP / 2)
        ticks = np.linspace(*drawn.get_clim(), 3)
        figure.colorbar(drawn, cax=bar, orientation="horizontal", ticks=ticks, format="%.2g")
        bar.tick_params(labelsize=8)
    return figure


def _draw_maps(axes: Axes, name: str, maps: np.ndarray, low: float, high: float):
    n, _, _, n_channels = maps.shape
    for k, c in np.ndindex(n, n_channels):
        around = (c + 0.03, c + 0.97, k + 0.97, k + 0.03)
        drawn = axes.imshow(maps[k, ..., c], cmap="gray", vmin=low, vmax=high, extent=around)
    for c in range(n_channels):
        title = name if n_channels == 1 else f"{name} {c}"
        axes.text(c + 0.5, -0.04, title, ha="center", va="bottom", fontsize=9)
    axes.set(xlim=(0, n_channels), ylim=(n, 0), aspect="auto")
    axes.set_axis_off()
    return drawn


def _draw_gate(axes: Axes, x: float, y: float, text: str, box, is_linked: bool) -> None:
    if is_linked and text == "@":  # a control
        axes.plot([x], [y], "o", color="0.2", markersize=6, zorder=2)
    elif is_linked and text == "X":  # the gate that it controls
        style = {"color": "white", "markeredgecolor": "0.2", "markersize": 13, "zorder": 2}
        axes.plot([x], [y], "o", **style)
        axes.plot([x], [y], "+", markeredgecolor="0.2", markersize=13, zorder=3)
    elif is_linked and text == "×":  # an end of a swap
        axes.plot([x], [y], "x", color="0.2", markersize=8, zorder=2)
    else:
        text = text.replace("pi*", "π ").replace("$", r"\$")
        style = {"family": "DejaVu Sans Mono", "fontsize": 9, "ha": "center", "va": "center"}
        axes.text(x, y, text, bbox=box, zorder=2, **style)
