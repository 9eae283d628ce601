"""A run from its configuration to its folder, and predictions with what it saved."""

import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.helpers.reference import HAS_TFQ
from tests.helpers.systems import needs_linux
from tfq_resqunn import datasets
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.gradients import gradient_report
from tfq_resqunn.runs import prediction
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import RESULT_COLUMNS, next_run_folder
from tfq_resqunn.runs.prediction import predict, predict_to_csv
from tfq_resqunn.runs.trained import Trained
from tfq_resqunn.runs.training import train

TINY = RunConfig(
    classes=(3, 8), n_train=8, n_test=4, image_size=4, depth=2, kernel_size=(1, 2), epochs=2,
    batch_size=4, seed=7,
)  # fmt: skip
FILES = [
    "config.json", "curves.png", "gradients.csv", "history.csv", "logs", "model.keras",
    "result.json",
]  # fmt: skip


def whole(message):
    return f"^{re.escape(message)}$"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(TINY, tmp_path_factory.mktemp("runs") / "tiny", verbose=0)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    data = datasets.load("digits", classes=(3, 8), n_test=6, image_size=4)
    path = tmp_path_factory.mktemp("images") / "images.npz"
    np.savez(path, x=data.x_test, y=np.asarray(data.classes)[data.y_test])
    return path


def test_files(run):
    folder = run.paths["model"].parent
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert all(path.exists() for path in run.paths.values())
    assert list(run.paths["logs"].rglob("events.out.tfevents.*"))
    assert run.paths["curves"].read_bytes().startswith(b"\x89PNG")


def test_config_file(run):
    described = json.loads(run.paths["config"].read_text())
    assert RunConfig.from_json(json.dumps(described["config"])) == TINY
    assert described["classes"] == [3, 8]
    assert described["image_shape"] == [4, 4, 1]
    assert {"tfq-resqunn", "tensorflow", "cirq-core"} <= set(described["versions"])
    assert ("tensorflow-quantum" in described["versions"]) == (HAS_TFQ)


def test_history_file(run):
    table = pd.read_csv(run.paths["history"], index_col="epoch")
    assert list(table.index) == [1, 2]
    assert {name: list(column) for name, column in table.items()} == run.history


def test_result_file(run):
    result = json.loads(run.paths["result"].read_text())
    assert list(result) == [*RESULT_COLUMNS]
    assert result == run.measures()
    assert result["test_accuracy"] == run.test_accuracy
    assert result["n_weights"] == 2 * 2 + 16 * 2 + 2


def test_gradients_file(run):
    table = pd.read_csv(run.paths["gradients"], keep_default_na=False, float_precision="round_trip")
    columns = ["epoch", "layer", "kind", "n_weights", "state", "norm", "zeros"]
    assert list(table.columns) == columns
    layers = [row.layer for row in run.gradients.rows]
    assert list(table["epoch"]) == [0] * len(layers) + [1] * len(layers) + [2] * len(layers)
    last = table[table["epoch"] == TINY.epochs]
    assert list(last["layer"]) == layers
    assert [float(norm) for norm in last["norm"]] == [row.norm for row in run.gradients.rows]


def test_last_gradients_are_those_of_the_saved_model(run):
    data = datasets.load("digits", classes=(3, 8), n_train=8, n_test=4, image_size=4, seed=7)
    model = keras.models.load_model(run.paths["model"])
    report = gradient_report(model, data.x_train, data.y_train)
    norms = [row.norm for row in run.gradients.rows]
    np.testing.assert_allclose([row.norm for row in report.rows], norms, rtol=1e-3)


def test_logs_hold_gradients_beside_losses(run):
    folders = {path.name for path in run.paths["logs"].iterdir()}
    assert folders == {"train", "validation", "gradients"}


def test_accuracies_are_those_of_the_last_epoch(run):
    assert run.test_accuracy == pytest.approx(run.history["val_accuracy"][-1])
    assert 0 <= run.train_accuracy <= 1


def test_same_seed_same_numbers(run, images, tmp_path):
    again = train(TINY, tmp_path / "again", verbose=0)
    assert again.history == run.history
    np.testing.assert_array_equal(
        predict(again.paths["model"], images).probabilities,
        predict(run.paths["model"], images).probabilities,
    )


def test_other_seed_other_numbers(run, tmp_path):
    other = train(replace(TINY, seed=8), tmp_path / "other", verbose=0)
    assert other.history["loss"] != run.history["loss"]


def test_existing_folder_is_left_alone(tmp_path):
    message = (
        f"train: `out` must be a folder that does not exist yet.\nReceived {tmp_path}, which "
        f"does.\nChoose another name, or remove that one."
    )
    with pytest.raises(FileExistsError, match=whole(message)):
        train(TINY, tmp_path)


@pytest.mark.parametrize(
    ("change", "layers"),
    [
        ({"control": "classical"}, ["conv_1/conv", "conv_2/conv", "head"]),
        ({"head": "none"}, ["quanv_1", "quanv_2"]),
        ({"head": "none", "trainable": False}, ["quanv_1", "quanv_2"]),  # nothing to train
    ],
)
def test_twin_and_head(tmp_path, images, change, layers):
    result = train(replace(TINY, **change), tmp_path / "run", verbose=0)
    assert [row.layer for row in result.gradients.rows] == layers
    assert len(result.history["val_loss"]) == TINY.epochs
    if change.get("trainable", True):
        assert result.history["loss"][0] != result.history["loss"][1]
    else:
        assert result.history["val_loss"][0] == result.history["val_loss"][1]
        assert {row.state for row in result.gradients.rows} == {"frozen"}
    assert predict(result.paths["model"], images).probabilities.shape == (6, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"head": "no such head"},
        {"dataset": "digit"},
        {"classes": (3, 88)},
        {"n_train": 10**6},
        {"depth": 0},
        {"placement": "X+O9"},
        {"encoder": "no such encoder"},
        {"ansatz": "no such ansatz"},
        {"readout": "no such readout"},
        {"backend": "no such backend"},
        {"kernel_size": 0},
    ],
)
def test_wrong_configuration_leaves_no_folder(tmp_path, change):
    with pytest.raises(ValueError):
        train(replace(TINY, **change), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_predictions(run, images):
    predictions = predict(run.paths["model"], images)
    _, true_labels = datasets.load_images(images)
    assert predictions.classes == (3, 8)
    assert predictions.probabilities.shape == (6, 2)
    np.testing.assert_allclose(predictions.probabilities.sum(axis=1), 1, rtol=1e-6)
    expected = np.array([3, 8])[predictions.probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(predictions.labels, expected)
    assert predictions.accuracy == np.mean(expected == true_labels)


@pytest.mark.once  # `test_saving` starts such a process with either Keras
def test_predictions_of_a_new_process_are_bit_identical(run, images, tmp_path):
    program = (
        "import sys, numpy\n"
        "from tfq_resqunn.runs.prediction import predict\n"
        "numpy.save(sys.argv[3], predict(sys.argv[1], sys.argv[2]).probabilities)\n"
    )
    there = tmp_path / "probabilities.npy"
    subprocess.run([sys.executable, "-c", program, run.paths["model"], images, there], check=True)
    here = predict(run.paths["model"], images).probabilities
    assert np.load(there).tobytes() == here.tobytes()


def test_without_config_file_labels_are_positions(run, images, tmp_path):
    model = tmp_path / "model.keras"
    model.write_bytes(run.paths["model"].read_bytes())
    with np.load(images) as arrays:
        np.savez(tmp_path / "images.npz", x=arrays["x"])
    with pytest.warns(UserWarning, match="classes are not known"):
        predictions = predict(model, tmp_path / "images.npz")
    assert predictions.classes == (0, 1)
    assert set(predictions.labels) <= {0, 1}


def test_config_file_of_another_model_is_refused(run, images, tmp_path):
    model = tmp_path / "model.keras"
    model.write_bytes(run.paths["model"].read_bytes())
    (tmp_path / "config.json").write_text('{"classes": [1, 2, 3]}')
    with pytest.raises(ValueError, match="as many `classes` as the model tells apart, 2"):
        predict(model, images)


def test_unlabelled_images_have_no_accuracy(run, tmp_path):
    np.savez(tmp_path / "images.npz", np.zeros((2, 4, 4)))
    assert predict(run.paths["model"], tmp_path / "images.npz").accuracy is None


def test_predictions_file(run, images, tmp_path):
    predictions = predict(run.paths["model"], images)
    predictions.to_csv(tmp_path / "predictions.csv")
    table = pd.read_csv(tmp_path / "predictions.csv", index_col="image")
    assert list(table.columns) == ["label", "true_label", "p_3", "p_8"]
    np.testing.assert_array_equal(table["label"], predictions.labels)
    np.testing.assert_allclose(table[["p_3", "p_8"]], predictions.probabilities, rtol=1e-6)


@pytest.mark.parametrize("size", [4, 6])  # the run's own, and one that is resized
def test_predictions_in_parts(run, tmp_path, monkeypatch, rng, size):
    path, n = tmp_path / "images.npz", 3 * 64 + 5
    np.savez(path, x=rng.random((n, size, size)), y=rng.choice([3, 8], n))
    whole = predict(run.paths["model"], path)
    whole.to_csv(tmp_path / "whole.csv")
    monkeypatch.setattr(prediction, "PIXELS_AT_ONCE", 64 * size * size)
    parts = []
    fit_images = Trained.fit_images
    monkeypatch.setattr(
        Trained, "fit_images", lambda *args: parts.append(len(args[1])) or fit_images(*args)
    )
    in_parts = predict(run.paths["model"], path)
    assert parts == [64, 64, 64, 5]
    np.testing.assert_array_equal(in_parts.probabilities, whole.probabilities)
    labelled = predict_to_csv(run.paths["model"], path, tmp_path / "parts.csv")
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert labelled.n_images == n
    assert labelled.accuracy == whole.accuracy
    assert labelled.note == whole.note
    assert bool(labelled.note) == (size != 4)


def test_a_table_is_there_in_whole_or_not_at_all(run, images, tmp_path, monkeypatch):
    def fail(*args):
        raise RuntimeError("the second part")

    path = tmp_path / "labels.csv"
    path.write_text("of before")
    monkeypatch.setattr(prediction, "PIXELS_AT_ONCE", 1)
    np.savez(tmp_path / "images.npz", x=np.zeros((33, 4, 4)))
    fit_images = Trained.fit_images
    monkeypatch.setattr(
        Trained, "fit_images", lambda *args: (fail if len(args[1]) == 1 else fit_images)(*args)
    )
    with pytest.raises(RuntimeError, match="the second part"):
        predict_to_csv(run.paths["model"], tmp_path / "images.npz", path)
    assert path.read_text() == "of before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["images.npz", "labels.csv"]


# Labels images, and prints the most memory that this took, in MiB.
PREDICT = """
import resource, sys
from tfq_resqunn.runs.prediction import predict_to_csv
predict_to_csv(*sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10)
"""


@needs_linux
@pytest.mark.slow
def test_memory_does_not_grow_with_images(tmp_path):
    config = replace(TINY, image_size=28, depth=1, n_train=8, epochs=1)
    model = train(config, tmp_path / "run", verbose=0).paths["model"]
    peaks = []
    for n in (2_000, 200_000):
        path = tmp_path / f"{n}.npz"
        np.savez(path, x=np.random.default_rng(0).integers(0, 256, (n, 28, 28), dtype=np.uint8))
        command = [sys.executable, "-c", PREDICT, model, path, tmp_path / f"{n}.csv"]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks.append(int(result.stdout.splitlines()[-1]))
    assert peaks[1] < peaks[0] + 200, peaks  # all images as floats are 600 MiB


def test_images_of_another_shape(run, tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, x=np.zeros((2, 5, 4, 3)))
    message = (
        f"predict: the images must have the shape the model takes, (4, 4, 1) (rows, cols, "
        f"channels).\nReceived (5, 4, 3) from {path}.\n"
        f"Resize the images, or train a model for their shape."
    )
    with pytest.raises(ValueError, match=whole(message)):
        predict(run.paths["model"], path)


def test_missing_model(images, tmp_path):
    path = tmp_path / "model.keras"
    message = (
        f"predict: `model_path` must be a saved model.\nReceived {path}, which is no file.\n"
        f"Name the model.keras in the folder of a run."
    )
    with pytest.raises(FileNotFoundError, match=whole(message)):
        predict(path, images)


def test_folder_of_a_run_in_place_of_its_model(run, images):
    folder = run.paths["model"].parent
    remedy = f"Name {folder / 'model.keras'}."
    with pytest.raises(FileNotFoundError, match=re.escape(remedy)):
        predict(folder, images)


def test_model_in_place_of_images(run, images):
    message = f"Received {run.paths['model']}, a model.\nThe model comes first, then the images."
    with pytest.raises(ValueError, match=re.escape(message)):
        predict(images, run.paths["model"])


def test_model_of_the_other_keras(run, images, tmp_path):
    path, other = tmp_path / "model.keras", {True: "2.18.0", False: "3.15.1"}[IS_KERAS_3]
    with (
        zipfile.ZipFile(run.paths["model"]) as source,
        zipfile.ZipFile(path, "w") as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "metadata.json":
                content = json.dumps({**json.loads(content), "keras_version": other})
            target.writestr(name, content)
    remedy = "Set TF_USE_LEGACY_KERAS=1" if IS_KERAS_3 else "Unset TF_USE_LEGACY_KERAS"
    message = f"written by Keras {other}.\n{remedy} before the program starts."
    with pytest.raises(ValueError, match=re.escape(message)):
        predict(path, images)


def test_next_run_folder(tmp_path):
    assert next_run_folder("digits", tmp_path) == tmp_path / "digits-001"
    (tmp_path / "digits-001").mkdir()
    assert next_run_folder("digits", tmp_path) == tmp_path / "digits-002"
    assert next_run_folder("some/images.npz", tmp_path) == tmp_path / "images-001"


@pytest.mark.slow
def test_default_run_learns_the_digits(tmp_path):
    assert train(RunConfig(), tmp_path / "run", verbose=0).test_accuracy >= 0.93
