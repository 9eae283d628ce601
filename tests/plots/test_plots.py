"""Figures: what is drawn, and how it can be read."""

import re

import cirq
import numpy as np
import pandas as pd
import pytest
import sympy

import tfq_resqunn as rq
from tfq_resqunn import EncodedPQC, Quanv2D
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.plots import (
    accuracy_by_descriptor,
    accuracy_by_strength,
    circuit_figure,
    examples_figure,
    feature_maps_figure,
    training_curves,
    variance_figure,
)

pytestmark = pytest.mark.once

HISTORY = {
    "loss": [1.2, 0.6, 0.3],
    "accuracy": [0.5, 0.7, 0.9],
    "val_loss": [1.3, 0.8, 0.5],
    "val_accuracy": [0.4, 0.6, 0.8],
}


def test_curves_hold_the_values():
    loss, accuracy = training_curves(HISTORY).axes
    for axes, names in ((loss, ("loss", "val_loss")), (accuracy, ("accuracy", "val_accuracy"))):
        for line, name in zip(axes.lines, names, strict=True):
            assert list(line.get_xdata()) == [1, 2, 3]
            assert list(line.get_ydata()) == HISTORY[name]


def test_axes_are_labelled_and_lines_differ_without_colour():
    figure = training_curves(HISTORY)
    assert [axes.get_ylabel() for axes in figure.axes] == ["Loss (cross-entropy)", "Accuracy"]
    for axes in figure.axes:
        assert axes.get_xlabel() == "Epoch"
        assert [line.get_linestyle() for line in axes.lines] == ["-", "--"]
        assert [line.get_label() for line in axes.lines] == ["training", "validation"]


@pytest.mark.parametrize("n_epochs", [1, 2, 3, 15])
def test_epoch_ticks_are_whole_numbers(n_epochs):
    figure = training_curves({"loss": [0.5] * n_epochs})
    figure.canvas.draw()
    ticks = figure.axes[0].get_xticks()
    assert all(tick == round(tick) for tick in ticks)


def test_only_what_is_there_is_drawn():
    figure = training_curves({"loss": [1.0], "val_loss": [1.1]})
    assert len(figure.axes) == 1
    assert [line.get_marker() for line in figure.axes[0].lines] == ["o", "o"]


def test_keras_history_is_taken_as_it_is():
    class History:
        history = HISTORY

    assert len(training_curves(History()).axes) == 2


def test_file(tmp_path):
    path = tmp_path / "curves.png"
    training_curves(HISTORY, path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_no_loss():
    message = (
        "training_curves: `history` must hold the loss of at least one epoch.\n"
        "Received the keys accuracy.\nGive it what model.fit(...) returned."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        training_curves({"accuracy": [0.5]})


# --- circuits ----------------------------------------------------------------------------------


def test_circuit_has_a_wire_for_each_qubit_and_a_box_for_each_gate(tmp_path):
    a, b, c = cirq.LineQubit.range(3)
    x, w = sympy.symbols("x_0 w_0")
    circuit = QuanvCircuit(
        cirq.Circuit(
            cirq.ry(sympy.pi * x)(a), cirq.X(b), cirq.CCX(a, b, c), cirq.SWAP(a, c), cirq.rz(w)(b)
        )
    )
    figure = circuit_figure(circuit, tmp_path / "circuit.svg")
    assert (tmp_path / "circuit.svg").read_text().startswith("<?xml")
    axes = figure.axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["0", "1", "2", "Ry(π x_0)", "X", "Rz(w_0)"]
    markers = [line.get_marker() for line in axes.lines if line.get_marker() != "None"]
    assert sorted(markers) == sorted("oo" + "o+" + "xx")  # two controls, their X, a swap
    wires = [line for line in axes.lines if len(set(line.get_ydata())) == 1 < len(line.get_xdata())]
    assert len(wires) == 3


def test_gates_of_one_moment_that_cross_stand_side_by_side():
    q = cirq.LineQubit.range(4)
    crossing = cirq.Moment(cirq.CNOT(q[0], q[2]), cirq.CNOT(q[1], q[3]))
    circuit = QuanvCircuit(cirq.Circuit(cirq.rx(sympy.Symbol("x_0"))(q[0]), crossing))
    axes = circuit_figure(circuit).axes[0]
    places = {line.get_xdata()[0] for line in axes.lines if line.get_marker() == "+"}
    assert len(places) == 2


# --- feature maps ------------------------------------------------------------------------------


def test_feature_maps_are_drawn_as_they_are():
    inputs, outputs = np.random.default_rng(1).random((2, 3, 8, 8, 1))
    outputs = np.concatenate([outputs, -2 * outputs], axis=-1)
    figure = feature_maps_figure(inputs, outputs)
    left, right = figure.axes[:2]
    assert [text.get_text() for text in left.texts] == ["input"]
    assert [text.get_text() for text in right.texts] == ["output 0", "output 1"]
    assert len(left.images) == 3
    for image, (k, c) in zip(right.images, np.ndindex(3, 2), strict=True):
        np.testing.assert_array_equal(image.get_array(), outputs[k, ..., c])
        limit = np.abs(outputs).max()
        assert image.get_clim() == (-limit, limit)


def test_of_many_channels_the_first_eight_are_drawn():
    figure = feature_maps_figure(np.ones((1, 4, 4, 1)), np.zeros((1, 4, 4, 20)))
    assert len(figure.axes[1].images) == 8


IMAGES = np.ones((2, 4, 4, 1))
NO_MAPS = {
    "a layer as inputs": (
        (rq.Quanv2D(name="q"), IMAGES),
        "`inputs` must be images, an array .* Quanv2D",
    ),
    "a layer as outputs": (
        (IMAGES, rq.Quanv2D(name="q")),
        "`outputs` must be images, an array .* Quanv2D",
    ),
    "nothing": ((IMAGES, None), "`outputs` must be images"),
    "one image": ((IMAGES[0], IMAGES), r"`inputs` must be images.* shape \(4, 4, 1\)"),
    "flat": ((IMAGES, IMAGES.ravel()), r"`outputs` must be images"),
    "none": ((IMAGES[:0], IMAGES[:0]), r"`inputs` must be at least one image"),
    "others": ((IMAGES, IMAGES[:1]), "`outputs` must be as many as `inputs`.* Received 1 and 2"),
}


@pytest.mark.parametrize("kind", NO_MAPS)
def test_what_is_no_feature_map_is_refused(kind):
    arguments, message = NO_MAPS[kind]
    with pytest.raises(
        (TypeError, ValueError), match=rf"^feature_maps_figure: {message}.*layer\(i"
    ):
        feature_maps_figure(*arguments)


# --- variances ---------------------------------------------------------------------------------

VARIANCES = pd.DataFrame(
    [(n, a, "quanv", 0.1 / n, 0.05 / n, 0.2 / n) for n in (2, 4) for a in ("one", "two")],
    columns=["n_qubits", "ansatz", "layer", "variance", "low", "high"],
)


def test_variances_have_intervals_and_lines_that_differ_without_colour():
    axes = variance_figure(VARIANCES, ["n_qubits", "ansatz"]).axes[0]
    (low, high), *_ = (
        (bars.get_segments()[0][0][1], bars.get_segments()[0][1][1]) for bars in axes.collections
    )
    assert (low, high) == pytest.approx((0.025, 0.1))
    lines = [container.lines[0] for container in axes.containers]
    assert len({line.get_linestyle() for line in lines}) == 2
    assert len({line.get_marker() for line in lines}) == 2
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "ansatz one",
        "ansatz two",
    ]
    assert axes.get_xlabel() == "n_qubits"
    assert "rad" in axes.get_ylabel()


def test_variances_over_names():
    axes = variance_figure(VARIANCES, ["ansatz", "n_qubits"]).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["one", "two"]


IMAGES = np.zeros((2, 4, 4, 1))
LABELS = np.array([0, 1])
CIRCUIT = QuanvCircuit(cirq.Circuit(cirq.ry(sympy.Symbol("x_0"))(cirq.LineQubit(0))))
ONE_ROW = pd.DataFrame({"variance": [1.0], "layer": ["a"], "low": [0.5], "high": [2.0], "n": 1})
NOTHING = {
    "None": None,
    "number": 3,
    "text": "x",
    "list": [1.5],
    "dict": {"a": 1},
    "array": np.zeros((2, 3)),
    "table": pd.DataFrame({"a": [1]}),
    "layer of Keras": keras.layers.Dense(1),
    "cirq.Circuit": CIRCUIT.circuit,
    "object": object(),
}
TAKES = {  # an argument -> the figure of a value, what it must be, what it is or may be after all
    "circuit": (circuit_figure, "a QuanvCircuit, or a layer that has one", ()),
    "history": (training_curves, "what model.fit returned|hold the loss of at least one epoch", ()),
    "x": (lambda v: examples_figure(v, LABELS, ["a"]), r"images, an array \[n, rows, columns", ()),
    "y": (
        lambda v: examples_figure(IMAGES, v, ["a"]),
        r"the numbers of classes, an array \[n\]|have a number for each image",
        (),
    ),
    "classes": (
        lambda v: examples_figure(IMAGES, LABELS, v), "a sequence of names", ("list", "array")
    ),
    "inputs": (lambda v: feature_maps_figure(v, IMAGES), "images, an array", ()),
    "outputs": (lambda v: feature_maps_figure(IMAGES, v), "images, an array", ()),
    "tables": (accuracy_by_descriptor, "a dict from titles to pandas.DataFrames", ()),
    "table of noise": (
        accuracy_by_strength, "a pandas.DataFrame|a table with the columns backend, shots", ()
    ),
    "table": (
        lambda v: variance_figure(v, ["n"]),
        "a pandas.DataFrame|a table with the columns layer, variance, low, high",
        (),
    ),
    "over": (
        lambda v: variance_figure(ONE_ROW, v), "a sequence of names|a table with the columns", ()
    ),
}  # fmt: skip


@pytest.mark.parametrize("value", NOTHING)
@pytest.mark.parametrize("argument", TAKES)
def test_a_figure_says_what_it_is_made_of(argument, value):
    figure, rule, taken = TAKES[argument]
    if value in taken:
        figure(NOTHING[value])
        return
    with pytest.raises((TypeError, ValueError), match=f"^[a-z_]+: `.*({rule})"):
        figure(NOTHING[value])


def test_tables_without_their_columns_are_refused():
    with pytest.raises(ValueError, match="each a table with the columns encoder, ansatz, accuracy"):
        accuracy_by_descriptor({"title": pd.DataFrame({"a": [1]})})


def test_the_circuit_of_a_layer_is_drawn():
    layer = Quanv2D()
    with pytest.raises(AttributeError, match="`circuit` is there once the layer is built"):
        circuit_figure(layer)
    layer.build((None, 4, 4, 1))
    for one in (layer, layer.pqcs[0], EncodedPQC(layer.circuit)):
        texts = [text.get_text() for text in circuit_figure(one).axes[0].texts]
        assert texts == [text.get_text() for text in circuit_figure(layer.circuit).axes[0].texts]
