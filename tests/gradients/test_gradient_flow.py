"""`GradientFlow`: what it records, and what TensorBoard makes of it."""

import io
import json
import os
import re
import time
import urllib.parse
import urllib.request

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from matplotlib.image import imread
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tfq_resqunn as rq
from tests.helpers.reference import BACKENDS
from tests.helpers.systems import needs_posix
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn.gradients.calls import recorded_calls

# Keras 3's optimisers say so where a layer gets no gradient, which is what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")

N = 6
EPOCHS = 3
LAYERS = ("inner/res/quanv", "frozen", "cut", "head")


def data():
    rng = np.random.default_rng(5)
    return rng.random((N, 4, 4, 1)).astype("float32"), np.array([0, 1, 2, 1, 0, 2])


def nested_model(backend="compiled"):
    """A quanvolution that gets no gradient, in a `Residual`, in a model; a frozen one; a head."""
    inner = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            rq.Residual(rq.Quanv2D(readout="pixels", backend=backend, name="quanv"), name="res"),
        ],
        name="inner",
    )
    frozen = rq.Quanv2D(readout="pixels", trainable=False, backend=backend, name="frozen")
    cut = rq.Quanv2D(input_gradient=False, backend=backend, name="cut")
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)), inner, frozen, cut, keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax", name="head"),
        ]
    )  # fmt: skip
    model.compile(
        keras.optimizers.Adam(0.1),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,  # XLA would take longer than all the rest
    )
    return model


def small_model(**quanv2d):
    model = rq.resqunn((4, 4, 1), 3, depth=1, placement="none", **quanv2d)
    model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy")
    return model


class WeightsOfEachEpoch(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.history = [self.model.get_weights()]

    def on_epoch_end(self, epoch, logs=None):
        self.history.append(self.model.get_weights())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A training with Keras' TensorBoard in the same folder, recording every third batch."""
    folder = tmp_path_factory.mktemp("run")
    x, y = data()
    model, weights = nested_model(), WeightsOfEachEpoch()
    flow = rq.GradientFlow(x, y, folder / "logs", folder / "gradients.csv", n_feature_maps=2)
    tensorboard = keras.callbacks.TensorBoard(folder / "logs", update_freq=3)
    model.fit(
        x, y, batch_size=2, epochs=EPOCHS, verbose=0, callbacks=[weights, tensorboard, flow]
    )  # fmt: skip
    return folder, model, flow, weights.history


@pytest.fixture(scope="module")
def events(run):
    accumulator = EventAccumulator(str(run[0] / "logs" / "gradients"), {"tensors": 0})
    return accumulator.Reload()


def values(events, tag):
    return {e.step: tf.make_ndarray(e.tensor_proto) for e in events.Tensors(tag)}


def by_hand(model, weights, x, y):
    """The gradient of the cross-entropy by the weights of the last two trained layers."""
    model.set_weights(weights)
    variables = [w for name in ("cut", "head") for w in model.get_layer(name).trainable_weights]
    with tf.GradientTape() as tape:
        p = model(x)
        loss = -tf.reduce_mean(tf.math.log(tf.gather(p, y, batch_dims=1)))
    cut, kernel, bias = tape.gradient(loss, variables)
    return {"cut": cut.numpy().ravel(), "head": np.concatenate([np.ravel(kernel), bias])}


# --- what is recorded ------------------------------------------------------------------------


def test_history_is_that_of_the_loss_at_each_epoch(run):
    _, model, flow, weights = run
    last = weights[-1]
    assert flow.epochs == [0, 1, 2, 3]
    for report, then in zip(flow.history, weights, strict=True):
        for name, gradient in by_hand(model, then, *data()).items():
            assert report[name].norm == pytest.approx(np.linalg.norm(gradient), rel=1e-4)
    model.set_weights(last)


def test_states_keep_none_frozen_and_flowing_apart(run):
    for report in run[2].history:
        assert tuple(row.layer for row in report.rows) == LAYERS
        assert [row.state for row in report.rows] == ["none", "frozen", "flows", "flows"]


def test_last_report_is_gradient_report(run):
    _, model, flow, _ = run
    expected = rq.gradient_report(model, *data())
    for row, other in zip(flow.history[-1].rows, expected.rows, strict=True):
        assert row.norm == pytest.approx(other.norm, rel=1e-4, nan_ok=True)
        assert (row.layer, row.kind, row.n_weights, row.state) == (
            other.layer, other.kind, other.n_weights, other.state,
        )  # fmt: skip


def test_csv_is_the_table(run):
    folder, _, flow, _ = run
    table = pd.read_csv(folder / "gradients.csv")
    columns = ["epoch", "layer", "kind", "n_weights", "state", "norm", "zeros"]
    assert list(table.columns) == columns
    assert list(table["epoch"]) == np.repeat(range(EPOCHS + 1), len(LAYERS)).tolist()
    # "none" is a word to pandas, and a missing number is none.
    expected = flow.table
    pd.testing.assert_frame_equal(
        pd.read_csv(folder / "gradients.csv", keep_default_na=False, na_values=[""]), expected
    )


def test_csv_is_whole_after_every_epoch(tmp_path):
    class Killed(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    x, y = data()
    flow = rq.GradientFlow(x, y, csv=tmp_path / "gradients.csv")
    with pytest.raises(KeyboardInterrupt):
        small_model().fit(x, y, epochs=5, verbose=0, callbacks=[flow, Killed()])
    assert sorted(set(pd.read_csv(tmp_path / "gradients.csv")["epoch"])) == [0, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["gradients.csv"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_training_is_the_same_with_it(backend, tmp_path):
    x, y = data()
    histories = []
    for with_flow in (False, True):
        set_seed(3)
        model = nested_model(backend)
        flow = [rq.GradientFlow(x[:2], y[:2], tmp_path, n_feature_maps=1)] if with_flow else []
        histories.append(model.fit(x, y, batch_size=2, verbose=0, callbacks=flow).history)
    assert histories[0] == histories[1]
    assert [row.state for row in flow[0].history[-1].rows] == ["none", "frozen", "flows", "flows"]


def test_it_is_traced_once(monkeypatch):
    calls = []
    model = small_model()
    layer = model.get_layer("quanv_1")
    call = layer.call
    monkeypatch.setattr(layer, "call", lambda x: (calls.append(1), call(x))[1])
    x, y = data()
    model.fit(x, y, epochs=2, verbose=0)
    trained = len(calls)
    model.fit(x, y, epochs=5, verbose=0, callbacks=[rq.GradientFlow(x, y)])
    assert len(calls) - trained == 1


def test_every_so_many_epochs_and_the_last():
    x, y = data()
    flow = rq.GradientFlow(x, y, every=3)
    small_model().fit(x, y, epochs=5, verbose=0, callbacks=[flow])
    assert flow.epochs == [0, 3, 5]


def test_a_fit_that_goes_on_goes_on_and_one_that_starts_anew_starts_anew():
    x, y = data()
    model, flow = small_model(), rq.GradientFlow(x, y)
    model.fit(x, y, epochs=2, verbose=0, callbacks=[flow])
    first = flow.history[:2]
    model.fit(x, y, epochs=4, initial_epoch=2, verbose=0, callbacks=[flow])
    assert flow.epochs == [0, 1, 2, 3, 4]
    assert flow.history[:2] == first
    model.fit(x, y, epochs=1, verbose=0, callbacks=[flow])
    assert flow.epochs == [0, 1]


def test_a_new_one_takes_over_what_another_has_recorded(tmp_path):
    x, y = data()
    set_seed(1)
    model, first = small_model(), rq.GradientFlow(x, y, tmp_path / "logs")
    model.fit(x, y, epochs=2, verbose=0, callbacks=[first])
    second = rq.GradientFlow(x, y, tmp_path / "logs", tmp_path / "gradients.csv")
    second.go_on(first.epochs, first.history)
    table = pd.read_csv(tmp_path / "gradients.csv", float_precision="round_trip")
    pd.testing.assert_frame_equal(table, first.table)
    reports = list(second.history)
    model.fit(x, y, epochs=3, initial_epoch=2, verbose=0, callbacks=[second])
    assert second.epochs == [0, 1, 2, 3]
    assert all(a is b for a, b in zip(second.history, reports, strict=False))
    found = [row.norm for row in rq.gradient_report(model, x, y).rows]
    assert [row.norm for row in second.history[3].rows] == pytest.approx(found, rel=1e-4)
    assert first.epochs == [0, 1, 2]
    written = EventAccumulator(str(tmp_path / "logs" / "gradients"), {"tensors": 0}).Reload()
    assert list(values(written, "gradient/head/norm")) == [0, 1, 2, 3]
    assert list(values(written, "circuit/quanv_1")) == [0]


def test_model_that_is_built_by_fit():
    x, y = data()
    model = keras.Sequential([rq.Quanv2D(), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    flow = rq.GradientFlow(x, y)
    model.fit(x, y, verbose=0, callbacks=[flow])
    assert [row.state for row in flow.history[0].rows] == ["flows", "flows"]


def test_recording_leaves_layers_as_they_were():
    model = small_model(readout="channels")
    layer, (x, _) = model.get_layer("quanv_1"), data()
    with recorded_calls([layer]) as calls:
        model(x)
    [(inputs, outputs)] = calls[id(layer)]
    np.testing.assert_array_equal(inputs, x)
    np.testing.assert_array_equal(outputs, layer(x))
    assert "call" not in vars(layer)


# --- what TensorBoard reads --------------------------------------------------------------------


def test_scalars(run, events):
    _, _, flow, _ = run
    for name in ("cut", "head"):
        for quantity in ("norm", "zeros"):
            expected = [getattr(report[name], quantity) for report in flow.history]
            read = values(events, f"gradient/{name}/{quantity}")
            assert list(read) == flow.epochs
            np.testing.assert_allclose(list(read.values()), expected, rtol=1e-6)
        assert set(map(float, values(events, f"gradient/{name}/state").values())) == {2}
    assert set(map(float, values(events, "gradient/inner/res/quanv/state").values())) == {0}


def test_layers_without_gradient_have_no_norm(events):
    tags = events.Tags()["tensors"]
    absent = [f"gradient/inner/res/quanv/{quantity}" for quantity in ("norm", "zeros")]
    assert not {*absent, "gradient/inner/res/quanv"} & set(tags)
    assert not any(tag.startswith("gradient/frozen") for tag in tags)


def test_histograms(run, events):
    _, model, _, weights = run
    last = model.get_weights()
    for epoch, then in enumerate(weights):
        for name, gradient in by_hand(model, then, *data()).items():
            left, right, counts = values(events, f"gradient/{name}")[epoch].T
            assert counts.sum() == gradient.size
            assert left[0] == pytest.approx(gradient.min(), rel=1e-3, abs=1e-7)
            assert right[-1] == pytest.approx(gradient.max(), rel=1e-3, abs=1e-7)
        for name in ("frozen", "cut"):
            angles = model.get_layer(name).get_weights()[0]
            left, right, counts = values(events, f"angles/{name}")[epoch].T
            assert counts.sum() == angles.size == 4
            assert (left[0], right[-1]) == pytest.approx((angles.min(), angles.max()), rel=1e-6)
    model.set_weights(last)
    assert "angles/head" not in events.Tags()["tensors"]


def test_texts(run, events):
    _, model, flow, _ = run
    reports = values(events, "report")
    for epoch, report in enumerate(flow.history):
        assert reports[epoch].item().decode() == f"```\n{report}\n```"
    for name in ("frozen", "cut"):
        (text,) = values(events, f"diagram/{name}").values()
        diagram = model.get_layer(name).pqcs[0].circuit.diagram()
        assert text.item().decode() == f"```\n{diagram}\n```"


def test_images(run, events):
    tags = events.Tags()["tensors"]
    assert {f"feature_maps/{name}" for name in LAYERS[:3]} <= set(tags)
    for tag in tags:
        if tag.startswith("feature_maps/"):
            pictures = values(events, tag)
            assert list(pictures) == [0, 1, 2, 3]
            for width, height, png in pictures.values():
                picture = imread(io.BytesIO(png))
                assert picture.shape[:2] == (int(height), int(width))
                assert picture.std() > 0.1  # not a blank sheet


# --- TensorBoard itself ------------------------------------------------------------------------

in_tensorboard = pytest.mark.filterwarnings("ignore")  # its own code warns, in threads of its own


@pytest.fixture(scope="module")
def server(run):
    """The address of a TensorBoard that serves the run, Keras' own events beside ours.

    It runs in threads of this process, where TensorFlow is loaded; it reads the files once.
    """
    from tensorboard.program import TensorBoard

    tensorboard = TensorBoard()
    logs = ["--logdir", str(run[0] / "logs"), "--load_fast", "false", "--reload_interval", "0"]
    tensorboard.configure(["tensorboard", *logs, "--port", "0"])
    return tensorboard.launch().rstrip("/")


def ask(server, path, **query):
    with urllib.request.urlopen(f"{server}/data/{path}?{urllib.parse.urlencode(query)}") as answer:
        return answer.read()


def ask_json(server, path, **query):
    return json.loads(ask(server, path, **query))


@in_tensorboard
def test_tensorboard_shows_the_run_beside_those_of_keras(server):
    # It reads the files in a thread of its own, the first time before long.
    for _ in range(50):
        runs = ask_json(server, "runs")
        tags = ask_json(server, "plugin/scalars/tags")
        if set(tags) == set(runs) == {"gradients", "train"}:
            break
        time.sleep(0.2)
    assert set(runs) == {"gradients", "train"}
    assert "epoch_loss" in tags["train"]
    assert "gradient/cut/norm" in tags["gradients"]


@in_tensorboard
def test_tensorboard_serves_scalars(run, server):
    tag = {"run": "gradients", "tag": "gradient/head/norm"}
    points = ask_json(server, "plugin/scalars/scalars", **tag)
    assert [step for _, step, _ in points] == run[2].epochs
    expected = [report["head"].norm for report in run[2].history]
    np.testing.assert_allclose([value for _, _, value in points], expected, rtol=1e-6)
    described = ask_json(server, "plugin/scalars/tags")["gradients"]["gradient/head/state"]
    assert "0: none, 1: zero, 2: flows" in described["description"]


@in_tensorboard
def test_tensorboard_serves_histograms(run, server):
    tag = {"run": "gradients", "tag": "angles/cut"}
    histograms = ask_json(server, "plugin/histograms/histograms", **tag)
    assert [step for _, step, _ in histograms] == run[2].epochs
    assert sum(count for _, _, count in histograms[-1][2]) == 4


@in_tensorboard
def test_tensorboard_serves_images(server):
    images = ask_json(server, "plugin/images/tags")["gradients"]
    assert {"circuit/cut", "circuit/inner/res/quanv", "feature_maps/frozen"} <= set(images)
    tag = {"run": "gradients", "tag": "feature_maps/cut", "sample": 0}
    last = ask_json(server, "plugin/images/images", **tag)[-1]
    assert last["step"] == EPOCHS
    picture = ask(
        server, "plugin/images/individualImage", **dict(urllib.parse.parse_qsl(last["query"]))
    )
    assert picture.startswith(b"\x89PNG")


@in_tensorboard
def test_tensorboard_serves_texts(server):
    tag = {"run": "gradients", "tag": "diagram/cut"}
    (text,) = ask_json(server, "plugin/text/text", **tag)
    assert "Ry(pi*x_000)" in text["text"]
    assert "observables: Z" in text["text"]


# --- errors ------------------------------------------------------------------------------------


def test_batch_of_different_lengths():
    x, y = data()
    message = (
        "GradientFlow: `x` and `y` must be a batch of inputs and as many targets, at least one.\n"
        "Received 6 and 5.\nTake the first of the training data, such as x_train[:64] and "
        "y_train[:64]."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        rq.GradientFlow(x, y[:5])


def test_folder_of_the_csv_must_exist(tmp_path):
    path = tmp_path / "no folder" / "gradients.csv"
    message = (
        "GradientFlow: `csv` must have a name, in a folder that exists. "
        f"Received {str(path)!r}. Make the folder first, or choose another name."
    )
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
        rq.GradientFlow(*data(), csv=path)


@needs_posix  # on Windows, a device lies in no folder
def test_the_csv_takes_no_devices_place():
    with pytest.raises(
        FileExistsError, match="^GradientFlow: `csv` can replace nothing but a file"
    ):
        rq.GradientFlow(*data(), csv=os.devnull)


@pytest.mark.parametrize("argument", ["every", "n_feature_maps"])
@pytest.mark.parametrize(("value", "error"), [(1.5, TypeError), (-1, ValueError)])
def test_counts(argument, value, error):
    with pytest.raises(error, match=f"^GradientFlow: `{argument}` must be"):
        rq.GradientFlow(*data(), **{argument: value})
