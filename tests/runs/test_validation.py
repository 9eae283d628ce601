"""Validation images, stopping early, and measures beside accuracy."""

import json
import math
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.metrics import roc_auc_score

from tests.runs.test_going_on import SMALL, assert_same_run, stopped
from tfq_resqunn import cli, datasets
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.runs.callbacks import Clock, Patience
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.measures import area_under_curve, balanced_accuracy
from tfq_resqunn.runs.training import load_data, train
from tfq_resqunn.study.worker import train_run

# Its step is so large that the loss rises again soon.
RUN = replace(
    SMALL, n_train=60, n_test=20, validation=0.3, learning_rate=0.3, epochs=12, patience=2
)


def weights(run):
    return keras.models.load_model(run.paths["model"]).get_weights()


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    return train(RUN, tmp_path_factory.mktemp("patient") / "run", verbose=0)


# --- validation images -------------------------------------------------------------------------


@pytest.mark.once
def test_images_are_set_apart_by_class():
    whole = datasets.load("digits", classes=[3, 8], n_train=100)
    data = datasets.load("digits", classes=[3, 8], n_train=100, validation=0.2)
    assert (len(data.x_train), len(data.x_val), len(data.x_test)) == (80, 20, len(whole.x_test))
    assert np.bincount(data.y_val).tolist() == [10, 10]
    both = np.concatenate([data.x_train, data.x_val])
    assert sorted(map(bytes, both)) == sorted(map(bytes, whole.x_train))
    again, other = (datasets.load("digits", validation=0.2, seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(again.x_val, datasets.load("digits", validation=0.2).x_val)
    assert not np.array_equal(again.x_val, other.x_val)


@pytest.mark.once
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"validation": 0}, "`validation` must be a finite number above 0 and of at most 0.5"),
        ({"validation": 0.6}, "`validation` must be a finite number above 0 and of at most 0.5"),
        (
            {"validation": 0.01, "n_train": 20},
            "one image of each class on both sides.\nReceived 0.01, which is 1 of 20 training im",
        ),
    ],
)
def test_shares_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=f"load: .*{message}"):
        datasets.load("digits", **arguments)


@pytest.mark.once
@pytest.mark.parametrize("n_dogs", [1, 2])
def test_no_class_is_left_out_of_validation(tmp_path, n_dogs):
    y = np.array(["cat"] * 40 + ["dog"] * n_dogs)
    x = np.zeros((len(y), 4, 4))
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    message = f"which is 5 of .* 2 classes, the smallest, 'dog', with {n_dogs}"
    with pytest.raises(ValueError, match=f"(?s)load: `validation` must leave .*{message}"):
        datasets.load(tmp_path / "a.npz", validation=0.1)


@pytest.mark.once
def test_data_with_validation_images_of_its_own(tmp_path, rng):
    parts = {"train": 8, "val": 4, "test": 6}
    arrays = {f"x_{part}": rng.random((n, 4, 4)) for part, n in parts.items()}
    arrays |= {f"y_{part}": np.arange(n) % 2 for part, n in parts.items()}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match="(?s)must be left out for data .*, beside 4 of these"):
        datasets.load(tmp_path / "a.npz", validation=0.5)
    assert len(load_data(RunConfig(str(tmp_path / "a.npz"), patience=1)).x_val) == 4


@pytest.mark.once
def test_patience_needs_validation_images():
    with pytest.raises(ValueError, match="(?s)train: `patience` needs validation im.*patience=3"):
        load_data(RunConfig(patience=3))


def test_test_images_are_looked_at_in_the_end(patient):
    data, model = load_data(RUN), keras.models.load_model(patient.paths["model"])
    for name, x, y in (("val", data.x_val, data.y_val), ("test", data.x_test, data.y_test)):
        loss, accuracy = model.evaluate(x, y, batch_size=4, verbose=0)
        row = patient.history["val_loss"].index(min(patient.history["val_loss"]))
        found = {
            "val": (patient.history["val_loss"][row], patient.history["val_accuracy"][row]),
            "test": (patient.test_loss, patient.test_accuracy),
        }
        assert found[name] == pytest.approx((loss, accuracy), rel=1e-5)


# --- stopping early ----------------------------------------------------------------------------


def test_the_best_weights_are_kept(patient, tmp_path):
    losses = patient.history["val_loss"]
    best = losses.index(min(losses)) + 1
    assert len(losses) == best + 2 < RUN.epochs  # it has stopped early
    table = pd.read_csv(patient.paths["history"])
    assert table.epoch.tolist() == list(range(1, len(losses) + 1))
    # An epoch's random numbers are its own, so a run of so many epochs is the same up to there.
    short = train(replace(RUN, epochs=best, patience=None), tmp_path / "short", verbose=0)
    for found, expected in zip(weights(patient), weights(short), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert patient.test_accuracy == short.test_accuracy
    assert patient.gradients == short.gradients


@pytest.mark.parametrize("moment", ["before the best", "while it waits", "the last"])
def test_a_run_that_waits_goes_on(patient, tmp_path, moment):
    n_done = len(patient.history["val_loss"])
    n_epochs = {"before the best": 1, "while it waits": n_done - 1, "the last": n_done}[moment]
    folder = tmp_path / "run"
    if moment == "the last":  # it was stopped when all epochs were done
        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Patience, "give_best", interrupt)
            train(RUN, folder, verbose=0)
    else:
        stopped(RUN, folder, n_epochs)
    train(RUN, folder, verbose=0)
    assert_same_run(folder, patient.paths["model"].parent)


def interrupt(*_):
    raise KeyboardInterrupt


def test_the_command_says_which_epoch_is_kept(tmp_path):
    words = "train --depth 1 --n-train 60 --n-test 20 --validation 0.3 --patience 1 --epochs 9"
    words += f" --learning-rate 0.5 --quiet --out {tmp_path / 'run'}"
    said = CliRunner().invoke(cli.main, words.split(), catch_exceptions=False).output
    losses = pd.read_csv(tmp_path / "run/history.csv")["val_loss"].tolist()
    assert f"\nepoch kept         {len(losses) - 1} of {len(losses)}\n" in said
    assert len(losses) < 9


@pytest.mark.once
@pytest.mark.parametrize(
    ("losses", "patience", "best", "is_over"),
    [
        ([3, 2, 1], 1, 3, False),
        ([3, 1, 2], 2, 2, False),
        ([3, 1, 2, 2], 2, 2, True),
        ([1, 1, 1], 2, 1, True),
        ([1, 2, 3], None, 3, False),
        ([math.nan, 2, math.nan], 1, 2, True),
        ([math.nan, math.nan], 1, 2, False),
    ],
)
def test_patience(losses, patience, best, is_over):
    rule = Patience(patience, [], [])
    rule.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    for epoch, loss in enumerate(losses):
        rule.on_epoch_end(epoch, {"val_loss": loss})
    assert (rule.best_epoch, rule.is_over) == (best, is_over)


# --- trainings that diverge --------------------------------------------------------------------


@pytest.fixture
def diverging(monkeypatch):
    """Has trainings lose their weights before their third epoch."""

    def lose(clock, epoch, logs=None):
        if epoch >= 2:
            for weight in clock.model.trainable_weights:
                weight.assign(np.full(weight.shape, np.nan))
        begin(clock, epoch, logs)

    begin = Clock.on_epoch_begin
    monkeypatch.setattr(Clock, "on_epoch_begin", lose)


WORDS = (
    "train --depth 1 --n-train 60 --n-test 20 --validation 0.3 --epochs 6 --learning-rate 0.01 "
    "--quiet --out"
)


def test_patience_keeps_the_model_from_before_a_divergence(diverging, tmp_path):
    folder = tmp_path / "run"
    said = CliRunner().invoke(cli.main, [*WORDS.split(), str(folder), "--patience", "2"])
    assert said.exit_code == 0, said.output
    losses = pd.read_csv(folder / "history.csv")["val_loss"]
    assert losses.isna().tolist() == [False, False, True, True]
    kept = losses.argmin() + 1
    assert f"epoch kept         {kept} of 4\n" in said.output
    assert (
        f"The loss is nan from epoch 3 of 4 on. The model is that of epoch {kept}, before that. "
        "With a smaller --learning-rate it may learn more.\n"
    ) in said.output
    assert "has failed" not in said.output
    model, data = keras.models.load_model(folder / "model.keras"), load_data(load_config(folder))
    _, accuracy = model.evaluate(data.x_test, data.y_test, verbose=0)
    found = json.loads((folder / "result.json").read_text())
    assert found["test_accuracy"] == pytest.approx(accuracy)
    assert np.isfinite(list(found.values())).all()


def load_config(folder):
    return RunConfig(**json.loads((folder / "config.json").read_text())["config"])


def test_without_patience_the_last_model_counts(diverging, tmp_path):
    folder = tmp_path / "run"
    said = CliRunner().invoke(cli.main, [*WORDS.split(), str(folder)])
    assert said.exit_code == 1
    assert "The training has failed: The loss is nan from epoch 3 of 6 on." in said.output
    assert "their model is of no use" in said.output
    assert not (folder / "result.json").exists()


@pytest.mark.once
def test_a_study_takes_the_model_from_before_a_divergence(diverging, tmp_path):
    run = RunConfig(depth=1, n_train=60, n_test=20, validation=0.3, epochs=6)
    patient = replace(run, patience=2)
    train_run(patient, load_data(patient), tmp_path / "patient")
    assert (tmp_path / "patient/result.json").is_file()
    with pytest.raises(FloatingPointError, match="The loss is nan from epoch 3 of 6 on"):
        train_run(run, load_data(run), tmp_path / "run")


# --- measures ----------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_measures_are_scikit_learns(rng, n_classes):
    y = rng.integers(0, n_classes, 200)
    probabilities = rng.dirichlet(np.ones(n_classes), 200)
    scores = probabilities[:, 1] if n_classes == 2 else probabilities
    expected = roc_auc_score(y, scores, multi_class="ovr")
    assert area_under_curve(y, probabilities) == pytest.approx(expected)
    recalls = [np.mean(probabilities[y == k].argmax(axis=1) == k) for k in range(n_classes)]
    assert balanced_accuracy(y, probabilities) == pytest.approx(np.mean(recalls))


@pytest.mark.once
def test_measures_that_are_not_defined():
    assert math.isnan(area_under_curve(np.zeros(3, int), np.full((3, 2), 0.5)))
    assert math.isnan(area_under_curve(np.array([0, 1]), np.full((2, 2), np.nan)))
    y = np.array([0, 0, 2])  # the second class is missing
    probabilities = np.array([[0.8, 0.1, 0.1], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    assert area_under_curve(y, probabilities) == 1
    with warnings.catch_warnings():  # one is taken for the class that is missing
        warnings.simplefilter("error")
        assert balanced_accuracy(y, probabilities[:, [0, 2, 1]]) == 0.5


def test_measures_stand_in_the_results(patient):
    found = json.loads(patient.paths["result"].read_text())
    assert found["test_balanced_accuracy"] == patient.test_balanced_accuracy
    assert 0 <= found["test_auc"] <= 1
