"""The head without weights, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.layers.pooling import ClassPooling


def pooled(x, n_classes, scale):
    """The means of what a card dealer would give to each class."""
    dealt = x.reshape(len(x), -1)
    return np.stack([scale * dealt[:, k::n_classes].mean(axis=1) for k in range(n_classes)], 1)


@pytest.mark.parametrize("shape", [(10,), (3, 5, 2), (8, 8, 1), (1, 1, 31)])
@pytest.mark.parametrize("n_classes", [1, 3, 10])
def test_values(shape, n_classes, rng):
    x = rng.normal(size=(4, *shape)).astype("float32")
    layer = ClassPooling(n_classes, scale=3)
    np.testing.assert_allclose(layer(x), pooled(x, n_classes, 3), atol=1e-5)
    assert tuple(layer.compute_output_shape((None, *shape))) == (None, n_classes)
    assert layer.weights == []


def test_every_feature_counts_once(rng):
    x = tf.constant(rng.normal(size=(1, 8, 8, 1)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ClassPooling(10, scale=1)(x)
    share = tape.jacobian(y, x).numpy().reshape(10, 64)
    assert (np.count_nonzero(share, axis=0) == 1).all()
    assert set(np.count_nonzero(share, axis=1)) == {6, 7}
    np.testing.assert_allclose(share.sum(axis=1), 1, rtol=1e-6)


def test_default_scale_lets_expectation_values_be_certain():
    best = np.where(np.arange(64) % 10 == 3, 1.0, -1.0).astype("float32").reshape(1, 8, 8, 1)
    certain = tf.nn.softmax(ClassPooling(10)(best))[0, 3]
    unscaled = tf.nn.softmax(ClassPooling(10, scale=1)(best))[0, 3]
    assert certain > 0.9999
    np.testing.assert_allclose(unscaled, np.e / (np.e + 9 / np.e), rtol=1e-6)


def test_is_saved(tmp_path, rng):
    layer = ClassPooling(3, scale=2.5, name="pooling")
    assert ClassPooling.from_config(layer.get_config()).get_config() == layer.get_config()
    model = keras.Sequential([keras.Input((4, 4, 1)), layer])
    model.save(tmp_path / "model.keras")
    x = rng.random((2, 4, 4, 1)).astype("float32")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("dtype", ["float64", "mixed_float16"])
def test_dtype_policies(dtype):
    layer = ClassPooling(2, dtype=dtype)
    assert layer(np.ones((1, 4))).dtype == {"float64": tf.float64}.get(dtype, tf.float16)


@pytest.mark.parametrize(
    ("arguments", "shape", "kind", "message"),
    [
        (
            dict(n_classes=5),
            (None, 2, 2, 1),
            ValueError,
            "ClassPooling: `n_classes` must be at most the number of features, 2 * 2 * 1 = 4, so "
            "that each class gets one.\nReceived 5.\nUse larger images or more filters, or a head "
            "with weights (resqunn: head='linear').",
        ),
        (
            dict(n_classes=2),
            (None, None, 2, 1),
            ValueError,
            "ClassPooling: the size of the feature map must be known. Received the shape (None, "
            "None, 2, 1). Give the model's input a height and a width.",
        ),
        (
            dict(n_classes=0),
            None,
            ValueError,
            "ClassPooling: `n_classes` must be at least 1. Received 0.",
        ),
        (
            dict(n_classes=2, scale="big"),
            None,
            TypeError,
            "ClassPooling: `scale` must be a finite number above 0. Received 'big'.",
        ),
        (
            dict(n_classes=2, scale=0),
            None,
            ValueError,
            "ClassPooling: `scale` must be a finite number above 0. Received 0.",
        ),
    ],
)
def test_errors(arguments, shape, kind, message):
    with pytest.raises(kind) as error:
        ClassPooling(**arguments).build(shape)
    assert str(error.value) == message
