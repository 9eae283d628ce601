"""Trained models under shots and noise: the table, the plot, the command."""

import logging

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import tfq_resqunn as rq
from tfq_resqunn import cli
from tfq_resqunn.runs import training
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.evaluation import evaluate, load_trained

TINY = dict(classes=(3, 8), n_train=30, n_test=12, image_size=4, depth=1, epochs=2)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "tiny"
    training.train(RunConfig(**TINY), folder, verbose=0)
    return folder


@pytest.fixture(scope="module")
def found(run):
    model, x, y = load_trained(run / "model.keras")
    return evaluate(model, x, y, shots=[None, 20], strengths=[0, 0.2]), model, x, y


def test_a_row_for_each_point(found):
    table = found[0].table
    assert table["shots"].isna().tolist() == [True, True, False, False]
    assert table["strength"].tolist() == [0, 0.2, 0, 0.2]
    assert (table["n_images"] == 12).all()
    assert table["low"].le(table["accuracy"]).all() and table["high"].ge(table["accuracy"]).all()


def test_many_points_pass_without_a_warning_of_tensorflows(found):
    _, model, x, y = found
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("tensorflow")
    logger.addHandler(handler)
    filters = list(logger.filters)
    try:
        evaluate(model, x, y, strengths=[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    finally:
        logger.removeHandler(handler)
    assert [r.getMessage() for r in records if r.levelno >= logging.WARNING] == []
    assert logger.filters == filters


def test_accuracies_are_those_of_the_same_weights_elsewhere(found):
    evaluation, model, x, y = found
    exact = np.mean(model.predict(x, verbose=0).argmax(1) == y)
    assert evaluation.table["accuracy"][0] == exact
    noisy = rq.with_backend(model, "compiled", noise={"depolarizing": 0.2})
    assert evaluation.table["accuracy"][1] == np.mean(noisy.predict(x, verbose=0).argmax(1) == y)


def test_interval_is_wilsons(found):
    row = found[0].table.iloc[0]
    p, n, z = row.accuracy, row.n_images, 1.959963984540054
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (row.low, row.high) == pytest.approx((middle - half, middle + half), abs=1e-9)


def test_same_seed_same_shots(found):
    evaluation, model, x, y = found
    again = evaluate(model, x, y, shots=[20], strengths=[0, 0.2])
    pd.testing.assert_frame_equal(again.table, evaluation.table[2:].reset_index(drop=True))


def test_plot_has_a_line_for_each_number_of_shots(found):
    figure = found[0].plot()
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["exact", "20 shots"]
    assert figure.axes[0].get_xlabel() == "Strength of the noise (depolarizing; not to scale)"


def test_command(run, tmp_path):
    arguments = ["evaluate", str(run / "model.keras"), "--shots=exact,20", "--strengths=0,0.2"]
    result = CliRunner().invoke(cli.main, [*arguments, f"--out={tmp_path / 'new'}", "--n-images=6"])
    assert result.exit_code == 0, result.output
    assert "compiled  20     depolarizing 0.2" in result.output
    assert len(pd.read_csv(tmp_path / "new" / "evaluation.csv")) == 4
    assert (tmp_path / "new" / "evaluation.png").stat().st_size > 1000
    assert (tmp_path / "new" / "evaluation.svg").stat().st_size > 1000


def test_labelled_images_of_ones_own(run, tmp_path):
    x = np.random.default_rng(0).random((4, 4, 4))
    np.savez(tmp_path / "own.npz", x=x, y=[3, 8, 8, 3])
    model, images, y = load_trained(run / "model.keras", tmp_path / "own.npz")
    assert images.shape == (4, 4, 4, 1) and y.tolist() == [0, 1, 1, 0]


def test_errors(run, tmp_path):
    x = np.random.default_rng(0).random((2, 4, 4))
    np.savez(tmp_path / "bare.npz", x=x)
    np.savez(tmp_path / "other.npz", x=x, y=[3, 5])
    with pytest.raises(ValueError, match="must have labels, as the array y"):
        load_trained(run / "model.keras", tmp_path / "bare.npz")
    with pytest.raises(ValueError, match=r"classes, \(3, 8\). Received \[5\] as well"):
        load_trained(run / "model.keras", tmp_path / "other.npz")
    with pytest.raises(FileNotFoundError, match="is no file"):
        load_trained(tmp_path / "model.keras")
    model, x, y = load_trained(run / "model.keras")
    with pytest.raises(ValueError, match="`x` must hold at least one image"):
        evaluate(model, x[:0], y[:0])
    for labels in (np.eye(2)[y], y[:, None], y[:3], y.astype(str)):
        with pytest.raises(ValueError, match=r"integers of shape \(12,\). Received shape"):
            evaluate(model, x, labels)
    with pytest.raises(ValueError, match="`noise` must be one of"):
        evaluate(model, x, y, noise="depolarising")
    with pytest.raises(ValueError, match="noise"):
        evaluate(model, x, y, backends=["noiseless"], strengths=[0.1, 0])
    with pytest.raises(ValueError, match="must lie between 0 and 1. Received 2"):
        evaluate(model, x, y, strengths=[2])


def test_a_single_strength_is_drawn(found):
    """Matplotlib took its interval for numbers, and warned."""
    _, model, x, y = found
    figure = evaluate(model, x, y).plot()
    assert len(figure.axes[0].containers) == 1


@pytest.mark.parametrize("option", ["--shots=many", "--strengths=a,b"])
def test_options_that_do_not_parse(option, run):
    result = CliRunner().invoke(cli.main, ["evaluate", str(run / "model.keras"), option])
    assert result.exit_code == 2 and "must be numbers" in result.output
