import numpy as np
import pytest

from tfq_resqunn import Quanv2D, Residual
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
