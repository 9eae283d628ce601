"""The figure of a plan: what is drawn are the plan's numbers."""

import re

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

import tfq_resqunn as rq
from tfq_resqunn.plots import plan_figure
from tfq_resqunn.plots.plan import PARTS


def built(**arguments):
    layer = rq.Quanv2D(**arguments)
    layer.build((None, 8, 8, 1))
    return layer


LAYERS = {
    "all weighed": {"n_layers": 3},
    "most not open": {"encoder": "iqp", "noise": {"depolarizing": 0.01}},
    "not weighed": {"kernel_size": 4, "ansatz": "brick"},
    "one qubit": {"kernel_size": 1},
}


@pytest.fixture(params=LAYERS.values(), ids=LAYERS)
def layer(request):
    return built(**request.param)


def two_bricks():
    """Bricks of gates that commute with nothing: all that is in a light cone counts."""
    q, w = cirq.LineQubit.range(4), sympy.symbols("w_0:4")
    swap = cirq.ISWAP**0.4
    turns = [cirq.rx(a)(b) for a, b in zip(w, q, strict=True)]
    return cirq.Circuit(swap(q[0], q[1]), swap(q[2], q[3]), turns, swap(q[1], q[2]))


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_each_method_has_its_estimate_or_why_it_has_none(layer):
    axes = plan_figure(layer).axes[0]
    written = dict(zip((round(t.get_position()[1]) for t in axes.texts), texts(axes), strict=True))
    notes = {int(t.xy[1]): t.get_text() for t in axes.texts if hasattr(t, "xy")}
    points = {line.get_ydata()[0]: line for line in axes.lines if line.get_marker() != "None"}
    for row, candidate in enumerate(layer.plan.candidates):
        if candidate.microseconds is None:
            assert row not in points
            assert candidate.note in [" ".join(t.split()) for t in texts(axes)]
        else:
            assert points[row].get_xdata() == [candidate.microseconds]
            assert notes[row] == f"{candidate.microseconds:.3g} µs"
    assert len(axes.texts) == len(layer.plan.candidates) >= len(written)


def test_the_chosen_method_is_told_apart_without_colour(layer):
    axes = plan_figure(layer).axes[0]
    names = [c.name for c in layer.plan.candidates]
    labels = axes.get_yticklabels()
    assert [label.get_text().split("\n")[0] for label in labels] == names
    bold = [n for n, label in zip(names, labels, strict=True) if label.get_weight() == "bold"]
    assert bold == [layer.plan.chosen]
    (chosen,) = (line for line in axes.lines if line.get_marker() == "o")
    assert chosen.get_ydata() == [names.index(layer.plan.chosen)]


def test_parts_are_those_of_the_work_and_add_up(layer):
    axes = plan_figure(layer).axes[1]
    for row, candidate in enumerate(layer.plan.candidates):
        widths = [b.get_width() for b in axes.patches if abs(b.get_y() + 0.3 - row) < 1e-9]
        if candidate.microseconds is None:
            assert widths == []
            continue
        # What each counts, times what it takes; see `protocols.py`.
        work = candidate.work
        expected = np.array(
            [
                work.products / 1e5,
                work.numbers / 1e3,
                work.once / 1e4 / 4096,
                10 * work.kernels / 4096,
            ]
        )
        np.testing.assert_allclose(widths, 100 * expected / expected.sum())
        np.testing.assert_allclose(expected.sum(), candidate.microseconds, rtol=5e-3)
    hatches = {tuple(style.get("hatch", "")) for _, style in PARTS}
    assert len(hatches) == len(PARTS)


@pytest.mark.parametrize("observables", ["z", ["Z0*Z1", "X2 - 0.5*Y3", "Z3"]])
def test_light_cones_and_letters(observables):
    layer = built(ansatz=two_bricks(), observables=observables)
    axes = plan_figure(layer).axes[2]
    cells = axes.collections[0].get_array().reshape(len(layer.circuit.observables), -1)
    sites = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts}
    assert {(int(r), int(c)) for r, c in np.argwhere(cells == 2)} == set(sites)
    if observables == "z":
        assert sites == {(i, i): "Z" for i in range(4)}
    else:
        assert sites == {(0, 0): "Z", (0, 1): "Z", (1, 2): "X", (1, 3): "Y", (2, 3): "Z"}
    # Where a cell is empty, the outcome has no derivative by that pixel; elsewhere it has one.
    image = tf.random.stateless_uniform([1, 2, 2, 1], (1, 2))
    with tf.GradientTape() as tape:
        tape.watch(image)
        outcomes = layer(image)
    slopes = np.reshape(tape.jacobian(outcomes, image), cells.shape)
    assert np.all(slopes[cells == 0] == 0)
    assert np.all(np.abs(slopes[cells > 0]) > 1e-6)


def test_the_colours_of_light_cones_are_explained():
    axes = plan_figure(built(ansatz=two_bricks(), observables="Z0")).axes[2]
    legend = axes.get_legend()
    named = {
        text.get_text(): patch.get_facecolor()
        for text, patch in zip(legend.get_texts(), legend.get_patches(), strict=True)
    }
    cells = axes.collections[0]
    for value, name in enumerate(["without effect", "leads to these", "measured"]):
        assert named[name] == cells.to_rgba(value)


def test_many_outputs_and_qubits():
    layer = built(kernel_size=6, ansatz="brick")
    figure = plan_figure(layer)
    axes = figure.axes[2]
    assert axes.get_title(loc="left") == "Light cones (of 36, the first 25)"
    assert axes.collections[0].get_array().size == 25 * 36
    assert texts(axes) == []  # cells are smaller than a letter
    assert [t.get_text() for t in axes.get_xticklabels()][:3] == ["0", "2", "4"]
    assert max(figure.get_size_inches()) < 16


def test_a_plan_has_no_light_cones(tmp_path):
    layer = built(n_layers=3)
    path = tmp_path / "plan.png"
    figure = plan_figure(layer.plan, path)
    assert len(figure.axes) == 2
    assert path.read_bytes().startswith(b"\x89PNG")
    assert figure.get_suptitle() == "4 qubits, 28 gates → Pauli strings"
    assert plan_figure(built(kernel_size=1)).get_suptitle() == "1 qubit, 2 gates → Pauli strings"


def test_layers_of_all_kinds():
    sequence = rq.Quanv1D(kernel_size=3)
    sequence.build((None, 12, 1))
    pqc = rq.EncodedPQC(sequence.circuit, repetitions=10)
    for layer in (sequence, pqc):
        assert len(plan_figure(layer).axes) == 3


def test_what_has_no_plan():
    message = (
        "plan_figure: `plan` must be of a layer that this package computes. Received 'q' of type "
        "Quanv2D, with backend=cirq.Simulator(), which has no plan. Use a quanvolution with "
        "backend='compiled'."
    )
    simulated = built(backend=cirq.Simulator(), name="q")
    message = message.replace("cirq.Simulator()", repr(simulated.backend))
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        plan_figure(simulated)
    surrogate = rq.Surrogate2D()
    surrogate.build((None, 8, 8, 1))
    with pytest.raises(ValueError, match="of type Surrogate2D"):
        plan_figure(surrogate)
    with pytest.raises(AttributeError, match="which is not built"):
        plan_figure(rq.Quanv2D())


@pytest.mark.parametrize("given", [None, "Pauli strings", rq.AreaPooling, rq.Residual])
def test_what_is_no_plan(given):
    with pytest.raises(TypeError, match=r"^plan_figure: `plan` must be a Plan, or a layer that"):
        plan_figure(given)
    with pytest.raises(TypeError, match=r"^plan_figure: `path` must be a path, as text or"):
        plan_figure(built().plan, 3)
