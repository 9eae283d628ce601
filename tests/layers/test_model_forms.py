"""`Quanv2D` in every kind of model, as `Conv2D` would be."""

import copy
import warnings

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.reference import quanvolve
from tfq_resqunn import Quanv2D
from tfq_resqunn._utils.keras import IS_KERAS_3, keras

SHAPE = (4, 4, 1)


class Subclassed(keras.Model):
    def __init__(self, quanv):
        super().__init__()
        self.quanv, self.flatten = quanv, keras.layers.Flatten()

    def call(self, inputs):
        return self.flatten(self.quanv(inputs))


def functional(quanv, shape=SHAPE):
    inputs = keras.Input(shape)
    return keras.Model(inputs, keras.layers.Flatten()(quanv(inputs)))


def nested(quanv):
    inner = keras.Sequential([keras.Input(SHAPE), keras.Sequential([keras.Input(SHAPE), quanv])])
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, keras.layers.Flatten()(inner(inputs)))


FORMS = {
    "sequential": lambda q: keras.Sequential([keras.Input(SHAPE), q, keras.layers.Flatten()]),
    "sequential_built_by_its_first_images": lambda q: keras.Sequential(
        [q, keras.layers.Flatten()]
    ),
    "functional": functional,
    "subclassed": Subclassed,
    "nested": nested,
}  # fmt: skip


def truth(layer, images):
    return quanvolve(
        images, layer.pqcs[0].circuit, layer.pqcs[0].get_weights()[0], kernel=layer.kernel_size,
        strides=layer.strides,
    )  # fmt: skip


def fits(model, x, n_weights=1):
    """Trains one step; every weight has moved."""
    y = np.zeros(model(x).shape, "float32")
    before = [w.copy() for w in model.get_weights()]
    assert len(before) == n_weights
    model.compile("sgd", "mse", jit_compile=False)
    history = model.fit(x, y, batch_size=len(x), verbose=0).history
    assert np.isfinite(history["loss"]).all()
    for old, new in zip(before, model.get_weights(), strict=True):
        assert not np.array_equal(old, new)


@pytest.mark.parametrize("form", FORMS)
def test_forms_compute_the_same_and_train(form, rng):
    layer, x = Quanv2D(kernel_size=2, n_layers=2), rng.random((2, *SHAPE)).astype("float32")
    model = FORMS[form](layer)
    np.testing.assert_allclose(model(x), truth(layer, x).reshape(2, -1), atol=1e-5)
    fits(model, x)


def quanvolution(model):
    """The one in a model, however deep."""
    inner = [layer for layer in model.layers if isinstance(layer, (Quanv2D, keras.Model))]
    return inner[0] if isinstance(inner[0], Quanv2D) else quanvolution(inner[0])


@pytest.mark.parametrize("form", ["sequential", "functional", "nested"])
def test_clones_have_the_same_configuration_and_other_weights(form, rng):
    model, x = FORMS[form](Quanv2D(2, (1, 2), use_bias=True)), rng.random((2, *SHAPE))
    clone = keras.models.clone_model(model)
    assert quanvolution(clone).get_config() == quanvolution(model).get_config()
    assert not np.allclose(clone(x), model(x))
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(x), model(x))


def test_a_deep_copy_has_weights_of_its_own(rng):
    layer, x = Quanv2D(kernel_size=2), rng.random((1, *SHAPE))
    expected = layer(x).numpy()
    other = copy.deepcopy(layer)
    np.testing.assert_array_equal(other(x), expected)
    other.set_weights([w + 1 for w in other.get_weights()])
    np.testing.assert_array_equal(layer(x), expected)
    assert not np.allclose(other(x), expected)


def test_time_distributed_treats_each_image_alike(rng):
    layer, films = Quanv2D(kernel_size=2), rng.random((2, 3, *SHAPE)).astype("float32")
    model = keras.Sequential([keras.Input((3, *SHAPE)), keras.layers.TimeDistributed(layer)])
    found = model(films)
    assert tuple(model.output_shape) == (None, 3, 2, 2, 4)
    for frame in range(3):
        np.testing.assert_allclose(found[:, frame], truth(layer, films[:, frame]), atol=1e-5)
    fits(model, films)


def test_a_shared_layer_has_one_set_of_weights_whose_gradients_add(rng):
    layer = Quanv2D(kernel_size=2, use_bias=True)
    left, right = keras.Input(SHAPE), keras.Input(SHAPE)
    model = keras.Model([left, right], keras.layers.Concatenate()([layer(left), layer(right)]))
    assert len(model.weights) == 2
    a, b = (tf.constant(rng.random((2, *SHAPE)), tf.float32) for _ in "ab")
    mix = tf.constant(rng.normal(size=(2, 2, 2, 8)), tf.float32)

    def slopes(f):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(f())
        return tape.gradient(loss, layer.trainable_weights)

    together = slopes(lambda: model([a, b]) * mix)
    first = slopes(lambda: layer(a) * mix[..., :4])
    second = slopes(lambda: layer(b) * mix[..., 4:])
    for both, one, other in zip(together, first, second, strict=True):
        np.testing.assert_allclose(both, one + other, atol=1e-5)


def test_one_layer_on_images_of_two_sizes(rng):
    layer = Quanv2D(kernel_size=2)
    for shape in ((4, 4, 1), (6, 2, 1)):
        x = rng.random((1, *shape)).astype("float32")
        np.testing.assert_allclose(
            functional(layer, shape)(x), truth(layer, x).reshape(1, -1), atol=1e-5
        )
    assert len(layer.weights) == 1


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_unknown_sizes_train_on_images_of_any_size(padding, rng):
    inputs = keras.Input((None, None, 1))
    layer = Quanv2D(kernel_size=2, padding=padding, use_bias=True, activation="tanh")
    outputs = keras.layers.GlobalAveragePooling2D()(layer(inputs))
    model = keras.Model(inputs, outputs)
    assert tuple(model.output_shape) == (None, 4)
    model.compile("sgd", "mse", jit_compile=False)
    for batch, height, width in ((2, 4, 4), (3, 5, 3), (1, 2, 7)):
        x = rng.random((batch, height, width, 1)).astype("float32")
        assert np.isfinite(model.train_on_batch(x, np.zeros((batch, 4), "float32")))
        assert model.predict(x, verbose=0).shape == (batch, 4)


# --- masks ------------------------------------------------------------------------------------


def behind_a_mask(layer):
    """What is warned of, and whether the output still carries a mask."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outputs = layer(keras.layers.Masking()(np.ones((1, *SHAPE), "float32")))
    kind = type(layer).__name__
    said = [str(w.message).replace(layer.name, "layer").replace(kind, "Layer") for w in caught]
    return said, getattr(outputs, "_keras_mask", None)


def test_masks_are_declined_as_by_conv2d():
    found, expected = behind_a_mask(Quanv2D()), behind_a_mask(keras.layers.Conv2D(1, 2))
    assert found == expected
    assert len(found[0]) == (1 if IS_KERAS_3 else 0)  # Keras 3 warns that the mask ends there
    assert Quanv2D().supports_masking is keras.layers.Conv2D(1, 2).supports_masking is False


@pytest.mark.parametrize("make", [Quanv2D, lambda: keras.layers.Conv2D(1, 2)])
def test_there_is_no_mask_argument(make):
    with pytest.raises(TypeError, match="unexpected keyword argument 'mask'"):
        make()(np.ones((1, *SHAPE), "float32"), mask=np.ones((1, 4, 4), bool))


# --- precision --------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["float64", "mixed_float16", "mixed_bfloat16"])
def test_dtype_policies_are_conv2ds(policy, rng):
    ending = dict(use_bias=True, activation="relu", bias_initializer="ones", dtype=policy)
    layer, conv = Quanv2D(kernel_size=2, **ending), keras.layers.Conv2D(4, 2, **ending)
    x = rng.random((2, *SHAPE))
    found = layer(x)
    assert found.dtype == conv(x).dtype
    assert layer.bias.dtype == conv.bias.dtype
    bias = layer.bias.numpy()
    expected = np.maximum(truth(layer, x) + bias, 0)
    atol = {"float64": 1e-9, "mixed_float16": 5e-3, "mixed_bfloat16": 3e-2}[policy]
    np.testing.assert_allclose(tf.cast(found, "float64"), expected, atol=atol)
    model = keras.Sequential([layer, keras.layers.Flatten(dtype=policy)])
    fits(model, x, n_weights=2)
    # Angles are as precise as they are trained, whatever the outputs are.
    assert layer.pqcs[0].parameters.dtype == ("float64" if policy == "float64" else "float32")


# --- data pipelines ---------------------------------------------------------------------------


def test_in_a_data_pipeline(rng):
    layer, x = Quanv2D(kernel_size=2), rng.random((5, *SHAPE)).astype("float32")
    layer.build((None, *SHAPE))
    features = tf.data.Dataset.from_tensor_slices(x).batch(2).map(layer)
    assert tuple(features.element_spec.shape) == (None, 2, 2, 4)
    found = np.concatenate(list(features.as_numpy_iterator()))
    np.testing.assert_allclose(found, truth(layer, x), atol=1e-5)


def test_trained_from_a_data_set_whose_last_batch_is_smaller(rng):
    x = rng.random((5, *SHAPE)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, np.zeros((5, 16), "float32"))).batch(2)
    model = functional(Quanv2D(kernel_size=2))
    model.compile("sgd", "mse", jit_compile=False)
    assert len(model.fit(data, epochs=2, shuffle=False, verbose=0).history["loss"]) == 2
