"""How a circuit is computed, as a figure."""

import math
import os
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullFormatter

from tfq_resqunn._utils.arguments import check_picture, checked, received
from tfq_resqunn.plots.style import LINES, tidy

if TYPE_CHECKING:
    from tfq_resqunn.circuits import QuanvCircuit
    from tfq_resqunn.layers import EncodedPQC
    from tfq_resqunn.layers.base_quanv import BaseQuanv
    from tfq_resqunn.simulation.plan import Plan

CHOSEN, OTHER = LINES[0]["color"], "0.45"
OUTSIDE, INSIDE, MEASURED = "0.94", "#aec6d8", "#1b4f72"  # cells of a light cone
CELLS = (("measured", MEASURED), ("leads to these", INSIDE), ("without effect", OUTSIDE))
# What an estimate is made of, in the order of `Candidate.parts`; told apart without colour too.
PARTS = (
    ("matrix products", {"facecolor": "#1b4f72"}),
    ("all other numbers", {"facecolor": "#e59866", "hatch": "//"}),
    ("once a step, for the weights", {"facecolor": "#117a65", "hatch": ".."}),
    ("TensorFlow's operations", {"facecolor": "0.85", "hatch": "\\\\"}),
)
MAX_OUTPUTS = 25  # rows of light cones
BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}  # text, so that no line crosses it
ROOM = 5  # to the right of the largest cost, for its label: a factor
ROW, CELL, HEAD = 0.44, 0.26, 0.55  # inches: a method, a cell of a light cone, the title
WIDTH = 4.5  # inches, of all cells at most
LETTER = 0.16  # inches: cells that are smaller have no letters, and not each a number


@checked(path=check_picture.or_none())
def plan_figure(
    plan: Union["Plan", "BaseQuanv", "EncodedPQC"], path: str | os.PathLike | None = None
) -> Figure:
    """Draws a `Plan`: what each method would cost, and which one was chosen.

    The first panel has the estimate of each method on a logarithmic scale, the chosen one in blue
    and bold, and says of the others why they are not open. The second divides each estimate by
    what takes the time: multiplications in matrix products, numbers that all else writes, what is
    done once a step for the weights, and starting TensorFlow's operations. Estimates are for a
    training step of 4096 patches on two cores, the gradient included.

    Of a layer, a third panel has the light cone of each observable: the qubits from which gates
    lead to those that it measures, which are dark. Nothing that is done on other qubits changes
    that outcome; these are gray. Of more than 25 observables the first 25 are drawn.

    Args:
        plan: A `Plan`; or a layer that has one and is built: a `Quanv1D`, `Quanv2D` or `Quanv3D`,
            or an `EncodedPQC`, with the backend `"compiled"`.
        path: File to write the figure to; the suffix decides the format. Default: no file.

    Returns:
        The figure: two panels, or three for a layer.

    Raises:
        AttributeError: If the layer is not built.
        TypeError: If `plan` is neither, or `path` is no path.
        ValueError: If the layer's backend has no plan, if no method of the plan is open, or if
            `path` has no suffix of a picture.

    Example:
        >>> from tfq_resqunn import Quanv2D
        >>> layer = Quanv2D(kernel_size=2)
        >>> layer.build((None, 8, 8, 1))
        >>> figure = plan_figure(layer)
        >>> print(figure.get_suptitle())
        4 qubits, 12 gates → Pauli strings
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['Estimated time', 'Where it goes', 'Light cones']
    """
    plan, circuit = _parts_of(plan)
    if all(candidate.microseconds is None for candidate in plan.candidates):
        raise ValueError(
            "plan_figure: `plan` must have a method that is open. Received one of "
            f"{len(plan.candidates)} methods, none of which is. Use the plan of a layer."
        )
    height = 1.25 + ROW * len(plan.candidates)
    ratios, cones = [3.4, 2.2], 0.0
    if circuit is not None:
        cell = _cell(circuit)
        cones = cell * len(circuit.qubits) + 0.9
        ratios.append(0.75 * cones)
        height = max(height, cell * _n_shown(circuit) + 2.3)
    figure = Figure(figsize=(8.4 + cones, HEAD + height), dpi=150, layout="constrained")
    figure.suptitle(
        f"{_number(plan.n_qubits, 'qubit')}, {_number(plan.n_gates, 'gate')} → {plan.chosen}",
        x=0.01, ha="left", fontsize="large",
    )  # fmt: skip
    panels = figure.subplots(1, len(ratios), width_ratios=ratios)
    _draw_costs(panels[0], plan)
    _draw_parts(panels[1], plan)
    handles = [Patch(edgecolor="white", label=name, **style) for name, style in PARTS]
    figure.legend(
        handles=handles, loc="outside lower left", ncols=4, frameon=False, fontsize="small"
    )
    if circuit is not None:
        _draw_cones(panels[2], circuit)
    if path is not None:
        figure.savefig(path)
    return figure


def _parts_of(given: Any) -> "tuple[Plan, QuanvCircuit | None]":
    from tfq_resqunn.layers import EncodedPQC
    from tfq_resqunn.layers.base_quanv import BaseQuanv
    from tfq_resqunn.simulation.plan import Plan

    if isinstance(given, Plan):
        return given, None
    if not isinstance(given, (BaseQuanv, EncodedPQC)):
        raise TypeError(
            "plan_figure: `plan` must be a Plan, or a layer that has one. "
            f"Received {received(given)}. Use a Quanv2D or an EncodedPQC, or its `plan`."
        )
    if given.plan is None:
        raise ValueError(
            "plan_figure: `plan` must be of a layer that this package computes. Received "
            f"{given.name!r} of type {type(given).__name__}, with backend={given.backend!r}, "
            "which has no plan. Use a quanvolution with backend='compiled'."
        )
    return given.plan, given.circuit


def _number(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


# --- methods -----------------------------------------------------------------------------------


def _draw_costs(axes: Axes, plan: "Plan") -> None:
    costs = [c.microseconds for c in plan.candidates if c.microseconds is not None]
    low, high = min(costs) / 1.6, ROOM * max(costs)
    axes.set(xscale="log", xlim=(low, high))
    is_wide = high > 50 * low
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if is_wide else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    for row, candidate in enumerate(plan.candidates):
        if candidate.microseconds is None:
            axes.text(
                0.02, row, textwrap.fill(candidate.note, 50), va="center", fontsize="small",
                style="italic", color="0.4", transform=axes.get_yaxis_transform(),
                parse_math=False, bbox=BEHIND,
            )  # fmt: skip
            continue
        is_chosen = candidate.name == plan.chosen
        style = {"color": CHOSEN if is_chosen else OTHER, "zorder": 3}
        axes.axhline(row, color="0.9", linewidth=0.8)
        axes.plot([candidate.microseconds], [row], "o" if is_chosen else "s", **style)
        axes.annotate(
            f"{candidate.microseconds:.3g} µs", (candidate.microseconds, row), xytext=(8, 0),
            textcoords="offset points", va="center", weight="bold" if is_chosen else "normal",
            bbox=BEHIND, **style,
        )  # fmt: skip
    _name_rows(axes, plan)
    axes.set_title("Estimated time", loc="left", fontsize="medium")
    axes.set_xlabel("µs per patch and filter")
    tidy(axes, "x")


def _name_rows(axes: Axes, plan: "Plan") -> None:
    labels = [c.name if c.microseconds is None else f"{c.name}\n{c.note}" for c in plan.candidates]
    axes.set_yticks(range(len(labels)), labels, fontsize="small")
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    for label, candidate in zip(axes.get_yticklabels(), plan.candidates, strict=True):
        is_chosen = candidate.name == plan.chosen
        label.set(weight="bold" if is_chosen else "normal", color=CHOSEN if is_chosen else "0.25")


def _draw_parts(axes: Axes, plan: "Plan") -> None:
    for row, candidate in enumerate(plan.candidates):
        shares = 100 * np.array(candidate.parts) / max(sum(candidate.parts), 1e-12)
        left = 0.0
        for share, (_, style) in zip(shares, PARTS, strict=False):
            axes.barh(row, share, left=left, height=0.6, edgecolor="white", linewidth=0.5, **style)
            left += share
    axes.set(xlim=(0, 100), ylim=(len(plan.candidates) - 0.5, -0.5), xlabel="% of the estimate")
    axes.set_yticks([])
    axes.set_title("Where it goes", loc="left", fontsize="medium")
    tidy(axes, "x")


# --- light cones -------------------------------------------------------------------------------


def _n_shown(circuit: "QuanvCircuit") -> int:
    return min(MAX_OUTPUTS, len(circuit.observables))


def _cell(circuit: "QuanvCircuit") -> float:
    """Gives the side of a cell, in inches."""
    return min(CELL, WIDTH / len(circuit.qubits))


def _draw_cones(axes: Axes, circuit: "QuanvCircuit") -> None:
    from tfq_resqunn.circuits.light_cones import light_cone

    qubits, n = circuit.qubits, _n_shown(circuit)
    cells = np.zeros((n, len(qubits)))
    for row, observable in enumerate(circuit.observables[:n]):
        measured = set(observable.qubits)
        cone = light_cone(circuit.circuit, measured)
        cells[row] = [(q in cone) + (q in measured) for q in qubits]
    colours = ListedColormap([OUTSIDE, INSIDE, MEASURED])
    axes.pcolormesh(cells, cmap=colours, vmin=0, vmax=2, edgecolors="white", linewidth=0.8)
    step = math.ceil(LETTER / _cell(circuit))
    for row, observable in enumerate(circuit.observables[:n] if step == 1 else ()):
        for column, letters in _letters(observable, qubits):
            axes.text(
                column + 0.5, row + 0.5, letters, color="white", ha="center", va="center",
                fontsize=7, parse_math=False,
            )  # fmt: skip
    axes.set(xlim=(0, len(qubits)), ylim=(n, 0), xlabel="Qubit", ylabel="Output", aspect="equal")
    for axis, count in ((axes.xaxis, len(qubits)), (axes.yaxis, n)):
        places = range(0, count, step)
        axis.set_ticks([p + 0.5 for p in places], list(map(str, places)), fontsize=7)
    axes.tick_params(length=0)
    axes.set_anchor("N")
    axes.spines[:].set_visible(False)
    n_all = len(circuit.observables)
    more = "" if n == n_all else f" (of {n_all}, the first {n})"
    axes.set_title(f"Light cones{more}", loc="left", fontsize="medium")
    handles = [Patch(facecolor=colour, label=name) for name, colour in CELLS]
    below = -0.75 / (_cell(circuit) * n)  # inches, in heights of the panel
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, below), borderaxespad=0,
        frameon=False, fontsize="small",
    )  # fmt: skip


def _letters(observable: Any, qubits: Sequence[Any]) -> "list[tuple[int, str]]":
    """Lists the places of an observable's qubits, with the Pauli letters that stand there."""
    found: dict[int, set[str]] = {}
    for string in observable:
        for qubit, pauli in string.items():
            found.setdefault(qubits.index(qubit), set()).add(str(pauli))
    return [(place, "".join(sorted(letters))) for place, letters in found.items()]
