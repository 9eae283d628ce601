"""Figures: what is drawn, and how it can be read."""

import re

import pytest

from tfq_resqunn.plots import training_curves

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
