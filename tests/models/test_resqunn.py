import cirq
import numpy as np
import pytest
import tensorflow as tf

import tfq_resqunn as rq
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed

PLACEMENTS = ["none", "X+O1", "O1+O2", "(X+O1)+O2", "X+O2", "X+O1+O2"]


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_sums_stand_where_the_placement_says(placement, rng):
    model = rq.resqunn((4, 4, 1), 3, placement=placement)
    x = rng.random((2, 4, 4, 1)).astype("float32")
    first, second = model.get_layer("quanv_1"), model.get_layer("quanv_2")
    o1 = np.asarray(first(x))
    feed = x + o1 if placement in ("X+O1", "(X+O1)+O2") else o1
    o2 = np.asarray(second(feed))
    features = {
        "none": o2,
        "X+O1": o2,
        "O1+O2": o1 + o2,
        "(X+O1)+O2": feed + o2,
        "X+O2": x + o2,
        "X+O1+O2": x + o1 + o2,
    }[placement]
    logits = features.reshape(2, -1) @ model.get_layer("head").get_weights()[0]
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-5)


def by_hand():
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            rq.Residual(rq.Quanv2D(kernel_size=(1, 2), readout="pixels")),
            rq.Residual(rq.Quanv2D(kernel_size=(1, 2), readout="pixels")),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


def by_resqunn():
    return rq.resqunn((4, 4, 1), 3, placement="(X+O1)+O2", kernel_size=(1, 2))


def test_the_same_by_hand_gives_the_same_numbers(rng):
    x, y = rng.random((16, 4, 4, 1)).astype("float32"), np.arange(16) % 3
    histories = []
    for build in (by_resqunn, by_hand):
        set_seed(5)
        model = build()
        model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
        before = model.predict(x, verbose=0)
        history = model.fit(x, y, epochs=2, batch_size=8, verbose=0)
        histories.append((before, history.history["loss"], model.predict(x, verbose=0)))
    for one, other in zip(*histories, strict=True):
        np.testing.assert_array_equal(one, other)


def test_is_a_plain_keras_model():
    model = rq.resqunn((4, 4, 1), 3, depth=3)
    assert type(model) is type(keras.Model(model.inputs, model.outputs))
    names = [layer.name for layer in model.layers][1:]
    assert names == [
        "quanv_1", "sum_1", "quanv_2", "sum_2", "quanv_3", "sum_3", "flatten", "head",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        dict(depth=3, placement="X+O1, O2+O3", kernel_size=3, padding="same"),
        dict(depth=1, placement="none", readout="channels", filters=2),
    ],
)
def test_twin_has_the_same_shapes(arguments, rng):
    quantum = rq.resqunn((6, 6, 1), 3, **arguments)
    classical = rq.classical_twin((6, 6, 1), 3, activation="tanh", **arguments)
    for one, other in zip(quantum.layers, classical.layers, strict=True):
        assert one.output.shape == other.output.shape
    assert not any(isinstance(layer, rq.Quanv2D) for layer in classical.layers)
    again = keras.models.clone_model(classical)
    again.set_weights(classical.get_weights())
    x = rng.random((2, 6, 6, 1)).astype("float32")
    np.testing.assert_array_equal(again.predict(x, verbose=0), classical.predict(x, verbose=0))


def test_twin_puts_outcomes_on_their_pixels(rng):
    twin = rq.classical_twin((4, 4, 1), 3, depth=1, placement="none")
    layer = twin.get_layer("conv_1")
    x = rng.random((1, 4, 4, 1)).astype("float32")
    outcomes = np.asarray(layer.layer(x))
    found = np.asarray(layer(x))
    for i, j in np.ndindex(2, 2):
        patch = found[0, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, 0]
        np.testing.assert_array_equal(patch.ravel(), outcomes[0, i, j])


@pytest.mark.parametrize("build", [rq.resqunn, rq.classical_twin])
def test_head_without_weights(build, rng):
    model = build((4, 4, 1), 3, head="none")
    x = rng.random((5, 4, 4, 1)).astype("float32")
    layers = [layer.name for layer in model.layers]
    assert layers[-3:] == ["sum_2", "pooling", "head"]
    assert not model.get_layer("pooling").weights
    before = keras.Model(model.inputs, model.get_layer("sum_2").output)
    features = before.predict(x, verbose=0).reshape(5, 16)
    means = np.stack([10 * features[:, k::3].mean(axis=1) for k in range(3)], 1)
    expected = np.exp(means) / np.exp(means).sum(1, keepdims=True)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-5)


@pytest.mark.parametrize("readout", ["pixels", "channels"])
def test_twin_without_input_gradient(readout, tmp_path, rng):
    arguments = dict(depth=2, placement="none", readout=readout)
    whole = rq.classical_twin((4, 4, 1), 3, **arguments)
    cut = rq.classical_twin((4, 4, 1), 3, input_gradient=False, **arguments)
    x, y = rng.random((8, 4, 4, 1)).astype("float32"), np.arange(8) % 3
    cut.set_weights(whole.get_weights())
    np.testing.assert_array_equal(cut.predict(x, verbose=0), whole.predict(x, verbose=0))
    cut.save(tmp_path / "cut.keras")
    for model in (cut, keras.models.load_model(tmp_path / "cut.keras")):
        image = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(image)
            outputs = model.get_layer("conv_1")(image)
        assert tape.gradient(outputs, image) is None
        model.compile("adam", "sparse_categorical_crossentropy")
        assert states(model, x, y) == ["none", "flows", "flows"]
    whole.compile("adam", "sparse_categorical_crossentropy")
    assert states(whole, x, y) == ["flows", "flows", "flows"]


def states(model, x, y):
    return [row.state for row in rq.gradient_report(model, x, y).rows]


def test_frozen_twin_has_frozen_convolutions():
    twin = rq.classical_twin((4, 4, 1), 3, trainable=False)
    assert [w.shape for w in twin.trainable_weights] == [(16, 3), (3,)]


def test_terms_of_different_shape_are_refused_where_there_is_no_shortcut():
    with pytest.raises(ValueError) as error:
        rq.resqunn((4, 4, 1), 3, placement="X+O1", readout="channels", shortcut="none")
    assert str(error.value) == (
        "resqunn: the terms of the sum X+O1 in `placement` must have equal shapes under "
        "shortcut='none' (none is stretched).\n"
        "Received X of shape (None, 4, 4, 1), O1 of shape (None, 2, 2, 4).\n"
        "Use shortcut='pool', or an encoder and observables whose outcomes are as many as a patch "
        "has pixels, with filters=1, and a kernel_size that divides the image or padding='same'."
    )


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (dict(depth=0), ValueError, "resqunn: `depth` must be at least 1. Received 0"),
        (dict(depth="2"), TypeError, "resqunn: `depth` must be an integer. Received '2'"),
        (
            dict(head="dense"),
            ValueError,
            "`head` must be one of 'linear', 'none'. Received 'dense'",
        ),
        (
            dict(
                head="none",
                kernel_size=4,
                filters=1,
                readout="channels",
                placement="none",
                depth=1,
                observables=cirq.Z(cirq.LineQubit(0)),
            ),
            ValueError,
            "at most the number of features",
        ),
        (dict(placement="X+O3"), ValueError, "There is no layer 3"),
        (dict(placement="X+"), ValueError, "Expected X, O1, O2"),
        (dict(kernel_size=5), ValueError, "height must be at least"),
        (dict(encoder="angel"), ValueError, "Did you mean 'angle'"),
    ],
)
def test_errors(arguments, kind, message):
    with pytest.raises(kind, match=message):
        rq.resqunn((4, 4, 1), 3, **arguments)
