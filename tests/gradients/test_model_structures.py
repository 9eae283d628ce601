"""Gradients and exports of models of any structure: inputs, outputs, layers within layers."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import tfq_resqunn as rq
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.gradients.calls import recorded_calls
from tfq_resqunn.gradients.layers import layers_with_weights

# Keras 3's optimisers say so where a layer gets no gradient.
pytestmark = pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")

N = 4


def two_by_two(inputs="list", outputs="list", **compiled):
    """Two images in, two outputs; each image has a quanvolution of its own."""
    images = [keras.Input((4, 4, 1), name=name) for name in ("left", "right")]
    maps = [
        keras.layers.Flatten()(rq.Quanv2D(name=f"quanv_{i.name.split(':')[0]}")(i)) for i in images
    ]
    ends = [keras.layers.Dense(2, name=n)(m) for n, m in zip(("one", "two"), maps, strict=True)]
    wrap = {"list": list, "dict": lambda x: dict(zip(("left", "right"), x, strict=True))}
    name = {"list": list, "dict": lambda x: dict(zip(("one", "two"), x, strict=True))}
    model = keras.Model(wrap[inputs](images), name[outputs](ends))
    model.compile("sgd", jit_compile=False, **compiled)
    return model, wrap[inputs], name[outputs]


def parts(rng):
    x = [rng.random((N, 4, 4, 1)).astype("float32") for _ in range(2)]
    y = [rng.random((N, 2)).astype("float32") for _ in range(2)]
    return x, y


LOSSES = {
    "one": "mse",
    "list": ["mse", "mae"],
    "dict": {"one": "mse", "two": "mae"},
}


@pytest.mark.parametrize("outputs", ["list", "dict"])
@pytest.mark.parametrize("inputs", ["list", "dict"])
@pytest.mark.parametrize("loss", LOSSES)
def test_several_inputs_and_outputs(loss, inputs, outputs, rng):
    if loss != "one" and loss != outputs:
        pytest.skip("Keras wants losses in the form of the outputs")
    model, of_x, of_y = two_by_two(inputs, outputs, loss=LOSSES[loss])
    x, y = parts(rng)
    report = rq.gradient_report(model, of_x(x), of_y(y))
    assert {row.state for row in report.rows} == {"flows"}
    with tf.GradientTape() as tape:
        found = tf.nest.flatten(model(of_x([tf.constant(p) for p in x])))
        one = tf.reduce_mean((found[0] - y[0]) ** 2)
        difference = found[1] - y[1]
        two = tf.abs(difference) if loss != "one" else difference**2
        total = one + tf.reduce_mean(two)
    weights = [w.value if IS_KERAS_3 else w for w in model.trainable_weights]
    gradients = tape.gradient(total, weights)
    norm = np.sqrt(sum(float(tf.reduce_sum(g**2)) for g in gradients))
    assert np.linalg.norm([row.norm for row in report.rows]) == pytest.approx(norm, rel=1e-4)


def test_the_callback_takes_several_too(tmp_path, rng):
    model, of_x, of_y = two_by_two("dict", "dict", loss=LOSSES["dict"])
    x, y = parts(rng)
    x, y = of_x(x), of_y(y)
    flow = rq.GradientFlow(x, y, log_dir=tmp_path / "logs", csv=tmp_path / "gradients.csv")
    model.fit(x, y, callbacks=[flow], verbose=0)
    assert len(flow.history) == 2
    assert set(flow.table.state) == {"flows"}


def test_an_output_without_a_loss_gives_no_gradient(rng):
    model, of_x, of_y = two_by_two("dict", "dict", loss={"one": "mse", "two": None})
    x, y = parts(rng)
    report = rq.gradient_report(model, of_x(x), of_y(y))
    states = {row.layer: row.state for row in report.rows}
    assert states == {"quanv_left": "flows", "quanv_right": "none", "one": "flows", "two": "none"}


class Block(keras.layers.Layer):
    """A layer of a user's own: circuits as an attribute, in a list, in a dictionary; a weight."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = rq.Quanv2D(readout="pixels", name="first")
        self.more = [rq.Quanv2D(readout="pixels", name="second")]
        self.named = {"dense": keras.layers.Dense(1, name="dense")}
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones")

    def build(self, input_shape):
        for layer in (self.first, *self.more, self.named["dense"]):
            if not layer.built:
                layer.build(input_shape)
        super().build(input_shape)

    def call(self, x, training=None, mask=None):
        x = self.more[0](self.first(x))
        return self.named["dense"](x) * tf.convert_to_tensor(self.scale)

    def compute_output_shape(self, input_shape):
        return input_shape


class OwnModel(keras.Model):
    """A subclassed model that holds such a layer."""

    def __init__(self):
        super().__init__(name="own")
        self.block = Block(name="block")
        self.flat = keras.layers.Flatten()
        self.head = keras.layers.Dense(3, activation="softmax", name="head")

    def call(self, x, training=None, mask=None):
        return self.head(self.flat(self.block(x, training=training)))


class OwnQuanv(rq.Quanv2D):
    """A quanvolution whose call has more arguments."""

    def call(self, x, training=None, mask=None):
        return super().call(x)


def functional():
    image = keras.Input((4, 4, 1))
    x = keras.layers.Flatten()(Block(name="block")(image))
    return keras.Model(image, keras.layers.Dense(3, activation="softmax", name="head")(x))


def wrapped():
    image = keras.Input((4, 4, 1))
    x = keras.layers.Flatten()(rq.Residual(Block(name="block"), name="res")(image))
    return keras.Model(image, keras.layers.Dense(3, activation="softmax", name="head")(x))


@pytest.mark.parametrize(("make", "prefix"), [(OwnModel, ""), (functional, ""), (wrapped, "res/")])
def test_layers_within_layers_are_found(make, prefix, tmp_path, rng):
    model = make()
    x, y = rng.random((N, 4, 4, 1)).astype("float32"), np.arange(N) % 3
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    model(x)
    report = rq.gradient_report(model, x, y)
    found = {(row.layer, row.n_weights, row.state) for row in report.rows}
    block = f"{prefix}block"
    assert found == {
        (block, 1, "flows"),
        (f"{block}/first", 4, "flows"),
        (f"{block}/second", 4, "flows"),
        (f"{block}/dense", 2, "flows"),
        ("head", 51, "flows"),
    }
    drawn = tmp_path / "logs" if make is OwnModel else None  # takes a while
    flow = rq.GradientFlow(x, y, log_dir=drawn)
    model.fit(x, y, callbacks=[flow], verbose=0)
    assert {row.layer for row in flow.history[-1].rows} == {name for name, *_ in found}
    manifest = rq.export_circuits(model, x[:1], tmp_path / "circuits")
    names = {layer["name"]: layer["cost"]["circuits_with_repeats"] for layer in manifest["layers"]}
    assert names == {f"{block}/first": 4, f"{block}/second": 4}


def test_a_layer_of_the_users_own_is_exported(tmp_path, rng):
    block = Block(name="block")
    x = rng.random((1, 4, 4, 1)).astype("float32")
    block(x)
    manifest = rq.export_circuits(block, x, tmp_path / "circuits")
    assert [layer["name"] for layer in manifest["layers"]] == ["first", "second"]


def test_layers_that_keras_makes_of_others_have_one_row(rng):
    model = keras.Sequential(
        [
            keras.Input((3, 2)),
            keras.layers.LSTM(2, return_sequences=True, name="lstm"),
            keras.layers.Bidirectional(keras.layers.LSTM(2, name="inner"), name="both"),
        ]
    )
    names = [name for name, _ in layers_with_weights(model)]
    assert names[0] == "lstm"
    told = sum(len(layer.weights) for _, layer in layers_with_weights(model))
    assert told == len(model.weights)


def test_calls_with_more_arguments_are_recorded(tmp_path, rng):
    layer = OwnQuanv(name="own")
    model = keras.Sequential([keras.Input((4, 4, 1)), layer, keras.layers.Flatten()])
    x = rng.random((2, 4, 4, 1)).astype("float32")
    with recorded_calls([layer]) as calls:
        expected = layer(x, training=True)
        layer(x=x, mask=None)
        model(x, training=False)
    assert len(calls[id(layer)]) == 3
    for inputs, outputs in calls[id(layer)]:
        np.testing.assert_array_equal(inputs, x)
        np.testing.assert_array_equal(outputs, expected)
    assert "call" not in vars(layer)
    manifest = rq.export_circuits(model, x, tmp_path / "circuits")
    assert manifest["cost"]["circuits"] == 8


BAD = {"nan": np.nan, "inf": np.inf}


@pytest.mark.parametrize("name", BAD)
def test_gradients_that_are_no_numbers_do_not_pass(name, tmp_path, rng):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="head")])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x, y = rng.random((N, 2)).astype("float32"), np.full((N, 1), BAD[name], "float32")
    report = rq.gradient_report(model, x, y)
    assert report["head"].state == "nan"
    assert not np.isfinite(report["head"].norm)
    assert str(report).splitlines()[-1].split()[-2] == "nan"
    flow = rq.GradientFlow(x, y, log_dir=tmp_path / "logs", csv=tmp_path / "gradients.csv")
    model.fit(x, y, callbacks=[flow], verbose=0)
    table = pd.read_csv(tmp_path / "gradients.csv", keep_default_na=False, na_values=[""])
    assert set(table.state) == {"nan"}

    def build(n):
        again = keras.Sequential([keras.Input((2,)), keras.layers.Dense(n, name="head")])
        again.compile("sgd", "mse")
        return again

    variance = rq.gradient_variance(build, x, y, {"n": [1, 2]}, n_samples=2, verbose=0)
    assert set(variance.table.state) == {"nan"}
    assert variance.table.variance.isna().all()


@pytest.mark.parametrize(("n_x", "n_y"), [(0, 0), (2, 3)])
def test_batches_that_are_empty_or_of_two_lengths(n_x, n_y):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.zeros((n_x, 2), "float32"), np.zeros((n_y, 1), "float32")
    for who, measure in {
        "gradient_report": lambda: rq.gradient_report(model, x, y),
        "GradientFlow": lambda: rq.GradientFlow(x, y),
        "gradient_variance": lambda: rq.gradient_variance(
            lambda n: model, x, y, {"n": [1]}, n_samples=2, verbose=0
        ),
    }.items():
        with pytest.raises(ValueError, match=f"{who}: .*at least one.\nReceived {n_x} and {n_y}"):
            measure()


MIRRORED = """
import sys, numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import tfq_resqunn as rq
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    model = rq.resqunn((4, 4, 1), 3, placement="O1+O2")
    model.compile("adam", "sparse_categorical_crossentropy")
x, y = np.random.default_rng(0).random((8, 4, 4, 1)).astype("float32"), np.arange(8) % 3
flow = rq.GradientFlow(x, y, log_dir=sys.argv[1])
model.fit(x, y, batch_size=4, epochs=1, verbose=0, callbacks=[flow])
states = {row.state for report in flow.history for row in report.rows}
alone = rq.gradient_report(model, x, y)
np.testing.assert_allclose(
    [row.norm for row in flow.history[-1].rows], [row.norm for row in alone.rows], rtol=1e-4
)
print(len(flow.history), *states)
"""


@pytest.mark.slow
def test_mirrored_strategy(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", MIRRORED, str(tmp_path)],
        capture_output=True, text=True, timeout=300, env={**os.environ},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.split() == ["2", "flows"]
