"""Draws quanvolution.png, the README's picture: `python docs/images/draw_quanvolution.py`."""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import cirq
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

import tfq_resqunn as rq

BLUE, ORANGE, GREY = "#1b4f72", "#d35400", "0.45"
PATCH = (1, 1)  # row and column of the patch that is marked


def main():
    """Draws one digit, its quanvolved channels, and a residual network of two layers."""
    image = rq.datasets.load("digits").x_test[4]
    layer = rq.Quanv2D(kernel_size=2, initializer=tf.keras.initializers.Constant(0.4))
    channels = layer(image[None])[0].numpy()

    figure = Figure(figsize=(9.6, 4.6), dpi=150)
    draw_digit(figure.add_axes((0.01, 0.42, 0.22, 0.46)), image)
    draw_circuit(figure.add_axes((0.26, 0.42, 0.45, 0.46)), layer.pqcs[0].circuit.circuit)
    for i in range(4):
        corner = (0.745 + 0.125 * (i % 2), 0.66 - 0.24 * (i // 2))
        draw_channel(figure.add_axes((*corner, 0.115, 0.22)), channels[..., i], i)
    figure.text(0.12, 0.92, "image, cut into patches", ha="center")
    figure.text(0.485, 0.92, "one circuit for every patch: encoder, ansatz", ha="center")
    figure.text(0.866, 0.92, "one channel for each observable", ha="center")
    draw_network(figure.add_axes((0.01, 0.0, 0.98, 0.34)))
    figure.savefig(Path(__file__).with_name("quanvolution.png"))


def draw_digit(axes, image):
    """Draws the image, its patches, and the one whose values the circuit shows."""
    axes.imshow(image[..., 0], cmap="gray_r", vmin=0, vmax=1)
    for edge in np.arange(-0.5, 8, 2):
        axes.axhline(edge, color=BLUE, linewidth=0.6)
        axes.axvline(edge, color=BLUE, linewidth=0.6)
    corner = (2 * PATCH[1] - 0.5, 2 * PATCH[0] - 0.5)
    axes.add_patch(Rectangle(corner, 2, 2, fill=False, edgecolor=ORANGE, linewidth=2.5))
    axes.axis("off")


def draw_channel(axes, values, i):
    """Draws one channel; the output of the marked patch is marked too."""
    axes.imshow(values, cmap="PuOr", vmin=-1, vmax=1)
    corner = (PATCH[1] - 0.5, PATCH[0] - 0.5)
    axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=ORANGE, linewidth=2))
    axes.text(-0.3, 3.25, f"$\\langle Z_{i} \\rangle$", fontsize=8, backgroundcolor="#ffffffc0")
    axes.axis("off")


def draw_circuit(axes, circuit):
    """Draws rotations and CNOTs, column by column as Cirq arranges them."""
    qubits = sorted(circuit.all_qubits())
    columns = [[op] for moment in circuit for op in moment if len(op.qubits) == 2]
    rotations = [list(m) for m in circuit if all(len(op.qubits) == 1 for op in m)]
    columns = [*rotations, *columns]
    right = 1.3 * len(rotations) + 0.6 * (len(columns) - len(rotations))
    for y in range(len(qubits)):
        axes.plot([-0.8, right], [y, y], color=GREY, linewidth=1, zorder=0)
        box(axes, right + 0.2, y, f"$Z_{y}$", ORANGE, width=0.5)
    for i, operations in enumerate(columns):
        x = 1.3 * i if i < len(rotations) else 1.3 * len(rotations) + 0.6 * (i - len(rotations))
        x -= 0.3 * (i >= len(rotations))
        for op in operations:
            rows = [qubits.index(q) for q in op.qubits]
            if len(rows) == 1:
                box(axes, x, rows[0], label(op, rows[0]), BLUE, width=1.1)
            else:
                cnot(axes, x, *rows)
    axes.set(xlim=(-0.8, right + 0.6), ylim=(len(qubits) - 0.5, -0.5))
    axes.axis("off")


def label(op, row):
    """Gives `Ry(pi*x_000)` in the signs of mathematics."""
    name = "y" if isinstance(op.gate, cirq.Ry) else "x"
    angle = "\\pi x" if "x_" in str(op) else "w"
    return f"$R_{name}({angle}_{row})$"


def box(axes, x, y, text, color, width):
    """Draws a gate, a layer or a measurement."""
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - 0.3), width, 0.6,
            boxstyle="round,pad=0,rounding_size=0.08", facecolor="white", edgecolor=color,
        )
    )  # fmt: skip
    axes.text(x, y, text, ha="center", va="center", color=color, fontsize=9)


def cnot(axes, x, control, target):
    """Draws a CNOT."""
    axes.plot([x, x], [control, target], color=BLUE, linewidth=1)
    axes.plot(x, control, "o", color=BLUE, markersize=5)
    axes.plot(x, target, "o", markersize=11, markerfacecolor="white", markeredgecolor=BLUE)
    axes.plot(x, target, "+", color=BLUE, markersize=11)


def draw_network(axes):
    """Draws a network of two layers with the placement (X+O1)+O2."""
    axes.set_aspect("equal")
    stations = {"X": 0.4, "quanv_1": 2.4, "sum_1": 4.4, "quanv_2": 6.4, "sum_2": 8.4, "head": 10.6}
    axes.annotate("", (11.9, 0), (0.6, 0), arrowprops={"arrowstyle": "->", "color": GREY}, zorder=0)
    for start, end in ((1.1, 4.4), (5.1, 8.4)):  # the shortcuts
        axes.plot([start, start, end], [0, -0.8, -0.8], color=ORANGE, linewidth=1.5, zorder=0)
        axes.annotate(
            "", (end, -0.2), (end, -0.8),
            arrowprops={"arrowstyle": "->", "color": ORANGE, "linewidth": 1.5, "shrinkB": 0},
        )  # fmt: skip
    axes.text(stations["X"], 0, "X", ha="center", va="center")
    for name in ("quanv_1", "quanv_2"):
        box(axes, stations[name], 0, "Quanv2D", BLUE, width=1.5)
    for name in ("sum_1", "sum_2"):
        axes.add_patch(Circle((stations[name], 0), 0.2, facecolor="white", edgecolor=ORANGE))
        axes.text(stations[name], 0, "+", ha="center", va="center", color=ORANGE)
    box(axes, stations["head"], 0, "Flatten, Dense", GREY, width=2)
    axes.text(3.5, 0.3, "O1", ha="center", fontsize=9, color=BLUE)
    axes.text(7.5, 0.3, "O2", ha="center", fontsize=9, color=BLUE)
    axes.text(2.75, -0.95, "shortcut", ha="center", va="bottom", fontsize=9, color=ORANGE)
    axes.text(5.6, 0.75, 'placement="(X+O1)+O2"', ha="center", family="monospace", fontsize=9)
    axes.set(xlim=(0, 12), ylim=(1.0, -1.25))
    axes.axis("off")


if __name__ == "__main__":
    main()
