"""Circuits as figures."""

import os
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfq_resqunn._utils.arguments import check_picture, checked, received

if TYPE_CHECKING:
    from tfq_resqunn.circuits import QuanvCircuit
    from tfq_resqunn.layers import EncodedPQC
    from tfq_resqunn.layers.base_quanv import BaseQuanv

WIRE = {"color": "0.45", "linewidth": 1, "zorder": 1}
BOX = {"boxstyle": "round,pad=0.35,rounding_size=0.15", "facecolor": "white", "edgecolor": "0.2"}
CHARACTER, ROW = 0.085, 0.42  # inches: width of a letter, height of a qubit's line


@checked(path=check_picture.or_none())
def circuit_figure(
    circuit: Union["QuanvCircuit", "BaseQuanv", "EncodedPQC"],
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draws a circuit: a line for each qubit, a box for each gate, time from left to right.

    It is a `QuanvCircuit`, or that of a layer: a quanvolution that is built, or an `EncodedPQC`.
    The figure is as large as the circuit needs. With a `path` it is written there too, in the
    format that the suffix says.

    Example:
        >>> import tfq_resqunn as rq
        >>> from tfq_resqunn.circuits import angle_encoder, basic_entangler
        >>> circuit = rq.QuanvCircuit.from_parts(angle_encoder(2), basic_entangler(2))
        >>> [text.get_text() for text in circuit_figure(circuit).axes[0].texts][:3]
        ['0', '1', 'Ry(π x_000)']
    """
    drawer = _circuit_of(circuit).circuit.to_text_diagram_drawer()
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
        is_linked = (column, row) in linked
        _draw_gate(axes, centres[column], row, text.removesuffix(": "), box, is_linked)
    if path is not None:
        figure.savefig(path)
    return figure


def _circuit_of(given: Any) -> "QuanvCircuit":
    from tfq_resqunn.circuits import QuanvCircuit

    if isinstance(given, QuanvCircuit):
        return given
    from tfq_resqunn.layers import EncodedPQC  # which loads TensorFlow
    from tfq_resqunn.layers.base_quanv import BaseQuanv

    if not isinstance(given, (BaseQuanv, EncodedPQC)):
        raise TypeError(
            "circuit_figure: `circuit` must be a QuanvCircuit, or a layer that has one. "
            f"Received {received(given)}. Put a cirq.Circuit into QuanvCircuit(...)."
        )
    return given.circuit


def _draw_gate(axes: Axes, x: float, y: float, text: str, box: dict | None, linked: bool) -> None:
    if linked and text == "@":  # a control
        axes.plot([x], [y], "o", color="0.2", markersize=6, zorder=2)
    elif linked and text == "X":  # the gate that it controls
        style = {"color": "white", "markeredgecolor": "0.2", "markersize": 13, "zorder": 2}
        axes.plot([x], [y], "o", **style)
        axes.plot([x], [y], "+", markeredgecolor="0.2", markersize=13, zorder=3)
    elif linked and text == "×":  # an end of a swap
        axes.plot([x], [y], "x", color="0.2", markersize=8, zorder=2)
    else:
        text = text.replace("pi*", "π ").replace("$", r"\$")
        style = {"family": "DejaVu Sans Mono", "fontsize": 9, "ha": "center", "va": "center"}
        axes.text(x, y, text, bbox=box, zorder=2, **style)
