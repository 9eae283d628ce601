import numpy as np
import pytest

from tfq_resqunn import Quanv2D, Residual, ReZero, resqunn
from tfq_resqunn._utils.keras import keras


def test_adds_the_input(rng):
    layer = Quanv2D(kernel_size=2, readout="pixels")
    residual = Residual(layer)
    x = rng.random((2, 4, 4, 1)).astype("float32")
    found = residual(x)
    np.testing.assert_array_equal(found, x + np.asarray(layer(x)))
    assert tuple(residual.compute_output_shape(x.shape)) == tuple(found.shape)
    assert residual.trainable_weights[0] is layer.trainable_weights[0]


def test_shortcut_maps_the_input(rng):
    layer = Quanv2D(kernel_size=2)
    shortcut = keras.layers.Conv2D(4, 2, strides=2, name="projection")
    residual = Residual(layer, shortcut)
    x = rng.random((2, 4, 4, 1)).astype("float32")
    np.testing.assert_allclose(residual(x), shortcut(x) + np.asarray(layer(x)), atol=1e-6)
    assert len(residual.trainable_weights) == 3


@pytest.mark.parametrize("shortcut", [None, keras.layers.Conv2D(1, 1)])
def test_config_round_trip(shortcut, rng):
    residual = Residual(Quanv2D(kernel_size=2, readout="pixels"), shortcut, name="res")
    again = Residual.from_config(residual.get_config())
    assert again.get_config() == residual.get_config()
    x = rng.random((1, 4, 4, 1)).astype("float32")
    expected, _ = residual(x), again(x)
    again.set_weights(residual.get_weights())
    np.testing.assert_array_equal(again(x), expected)


MERGED = {"add": lambda x, y: x + y, "average": lambda x, y: (x + y) / 2, "rezero": lambda x, y: x}


@pytest.mark.parametrize("merge", MERGED)
def test_merging(merge, rng):
    """Of a wrapper, of the sums of a network, and of Keras' own layers: one rule."""
    x = rng.random((2, 4, 4, 1)).astype("float32")
    residual = Residual(Quanv2D(kernel_size=2, readout="pixels"), merge=merge)
    found, through = residual(x), np.asarray(residual.layer(x))
    np.testing.assert_allclose(found, MERGED[merge](x, through), atol=1e-6)
    again = Residual.from_config(residual.get_config())
    assert again.get_config() == residual.get_config() and again.merge == merge

    model = resqunn((4, 4, 1), 2, depth=1, placement="X+O1", merge=merge)
    features = keras.Model(model.input, [model.get_layer(n).output for n in ("quanv_1", "sum_1")])
    through, found = features.predict(x, verbose=0)
    np.testing.assert_allclose(found, MERGED[merge](x, through), atol=1e-6)


def test_scales_are_learned(rng):
    x = rng.random((8, 4, 4, 1)).astype("float32")
    model = resqunn((4, 4, 1), 2, depth=2, placement="X+O1+O2", merge="rezero")
    assert model.get_layer("sum_1").scale.shape == (2,)
    model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy")
    model.fit(x, np.arange(8) % 2, epochs=3, verbose=0)
    scales = np.asarray(model.get_layer("sum_1").scale)
    assert np.all(scales != 0)
    features = [model.get_layer(n).output for n in ("quanv_1", "quanv_2", "sum_1")]
    first, second, found = keras.Model(model.input, features).predict(x, verbose=0)
    np.testing.assert_allclose(found, x + scales[0] * first + scales[1] * second, atol=1e-5)


def test_merging_that_is_not_known():
    message = "`merge` must be one of 'add', 'average', 'rezero'. Received 'mean'."
    with pytest.raises(ValueError, match=f"^Residual: {message}"):
        Residual(keras.layers.Dense(1), merge="mean")
    with pytest.raises(ValueError, match=f"^resqunn: {message}"):
        resqunn((4, 4, 1), 2, merge="mean")


@pytest.mark.parametrize("shapes", [[(2, 3)], [(2, 3), (2, 1)]])
def test_what_rezero_cannot_add(shapes):
    with pytest.raises(ValueError, match="ReZero: the inputs must be a list of at least two ten"):
        ReZero()([np.zeros(shape, "float32") for shape in shapes])


def test_shapes_that_add_would_stretch_are_refused():
    with pytest.raises(ValueError) as error:
        Residual(Quanv2D(kernel_size=2, strides=1, padding="same", name="q")).build((None, 4, 4, 1))
    assert str(error.value) == (
        "Residual: the output of `layer` (q) and the input are added, so their shapes must be "
        "equal (none is stretched).\n"
        "Received (None, 4, 4, 4) and (None, 4, 4, 1).\n"
        "Make the layer keep the shape (Quanv2D: readout='pixels', with patches that cover the "
        "image), or give a `shortcut` that maps to the same shape."
    )


def test_shortcut_of_another_shape_is_refused():
    residual = Residual(keras.layers.Dense(3), keras.layers.Dense(2))
    with pytest.raises(ValueError, match=r"output of `shortcut`.*\n.*\(None, 3\) and \(None, 2\)"):
        residual.build((None, 3))


@pytest.mark.parametrize("arguments", [("Dense",), (None,), (keras.layers.Dense(1), "Dense")])
def test_what_is_no_layer_is_refused(arguments):
    with pytest.raises(TypeError, match="Residual: `(layer|shortcut)` must be a Keras layer"):
        Residual(*arguments)


def test_residuals_nest(rng):
    inner = Residual(keras.layers.Dense(3, kernel_initializer="identity"))
    x = rng.random((2, 3)).astype("float32")
    np.testing.assert_allclose(Residual(inner)(x), 3 * x, rtol=1e-6)
