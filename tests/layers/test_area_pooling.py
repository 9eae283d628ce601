"""`AreaPooling` against TensorFlow's own area resizing, NumPy's repeat and mean."""

import numpy as np
import pytest
import tensorflow as tf

import tfq_resqunn as rq
from tfq_resqunn._utils.keras import keras

SIZES = [(8, 4), (8, 3), (9, 4), (4, 8), (3, 5), (5, 3), (1, 4), (7, 1), (28, 14)]


@pytest.mark.parametrize(("n_in", "n_out"), SIZES)
def test_pixels_are_those_of_tensorflows_area_resizing(n_in, n_out, rng):
    x = rng.random((2, n_in, 6, 3)).astype("float32")
    expected = tf.image.resize(x, (n_out, 4), method="area")
    found = rq.AreaPooling((n_out, 4, 3))(x)
    assert tuple(found.shape) == (2, n_out, 4, 3)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(("n_in", "n_out"), SIZES)
def test_channels_are_an_axis_like_the_others(n_in, n_out, rng):
    x = rng.random((2, 3, 3, n_in)).astype("float32")
    found = np.asarray(rq.AreaPooling((None, None, n_out))(x))
    if n_out % n_in == 0:
        np.testing.assert_array_equal(found, np.repeat(x, n_out // n_in, axis=-1))
    if n_in % n_out == 0:
        expected = x.reshape(2, 3, 3, n_out, -1).mean(axis=-1)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(found.mean(), x.mean(), rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "target"), [((7,), (3,)), ((1, 8, 8), (4, 2, 2)), ((2, 3, 4, 5), (3, None, 2, 1))]
)
def test_any_rank_and_data_format(shape, target, rng):
    x = rng.random((2, *shape)).astype("float32")
    layer = rq.AreaPooling(target)
    found = np.asarray(layer(x))
    assert found.shape == tuple(layer.compute_output_shape(x.shape))
    order = [0, *range(len(shape), 0, -1)]
    mirrored = rq.AreaPooling(target[::-1])(x.transpose(order))
    np.testing.assert_allclose(found.transpose(order), mirrored, rtol=1e-6)


def test_an_equal_shape_passes_unchanged(rng):
    x = rng.random((2, 4, 4, 1)).astype("float32")
    np.testing.assert_array_equal(rq.AreaPooling((4, 4, 1))(x), x)


def test_gradients_are_the_transposed_shares(rng):
    x = tf.constant(rng.random((1, 5, 3)))
    layer = rq.AreaPooling((2, 4), dtype="float64")
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x)
    found = tape.jacobian(outputs, x).numpy()
    basis = np.eye(15).reshape(15, 5, 3)
    np.testing.assert_allclose(found[0, ..., 0, :, :], np.moveaxis(layer(basis), 0, -1).reshape(
        2, 4, 5, 3
    ), atol=1e-12)  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16", "float32", "float64"])
@pytest.mark.parametrize("kind", ["float32", "uint8"])
def test_dtype_policies_and_integers(dtype, kind):
    layer = rq.AreaPooling((2, 2, 2), dtype=dtype)
    found = layer(np.full((1, 4, 4, 1), 3, kind))
    assert found.dtype == layer.compute_dtype
    np.testing.assert_array_equal(found, np.full((1, 2, 2, 2), 3))


def test_saves_and_is_without_weights(tmp_path, rng):
    layer = rq.AreaPooling((2, 3, 4), name="around")
    again = rq.AreaPooling.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    model = keras.Sequential([keras.Input((5, 5, 1)), layer])
    assert not layer.weights
    model.save(tmp_path / "model.keras")
    x = rng.random((2, 5, 5, 1)).astype("float32")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert loaded.output_shape == (None, 2, 3, 4)


def test_as_a_residuals_shortcut(tmp_path, rng):
    quanv = rq.Quanv2D(encoder="dense_angle")
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), rq.Residual(quanv, rq.AreaPooling((3, 3, 2)))]
    )
    x = rng.random((2, 6, 6, 1)).astype("float32")
    means = x.reshape(2, 3, 2, 3, 2).mean(axis=(2, 4))
    expected = np.asarray(quanv(x)) + means[..., np.newaxis]
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def test_sizes_that_are_not_known_may_stay():
    layer = rq.AreaPooling((None, None, 2))
    assert tuple(layer.compute_output_shape((None, None, None, 1))) == (None, None, None, 2)


@pytest.mark.parametrize(
    ("target", "shape", "error", "message"),
    [
        ("884", None, TypeError, "must be a tuple of positive integers or None. Received '884'"),
        (4, None, TypeError, "must be a tuple of positive integers or None. Received 4"),
        ((4, 4.0), None, TypeError, "must be a tuple of positive integers"),
        ((4, True), None, TypeError, "must be a tuple of positive integers"),
        ((4, 0), None, ValueError, r"one for each axis but the batch's. Received \(4, 0\)"),
        ((), None, ValueError, "one for each axis but the batch's"),
        ((4, 4), (None, 8, 8, 1), ValueError, r"Received shape \(None, 8, 8, 1\) for target_shape"),
        ((4, 4, 1), (None, None, 8, 1), ValueError, "axes that change must be of known size"),
    ],
)
def test_errors(target, shape, error, message):
    with pytest.raises(error, match=f"AreaPooling: .*{message}"):
        rq.AreaPooling(target).build(shape)
