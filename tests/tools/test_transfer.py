"""Circuits trained on images of one size go into networks for others, frozen or trained further."""

import numpy as np
import pytest

from tests.helpers.networks import NETWORKS, features_of, make, with_backends
from tests.helpers.reference import BACKENDS, quanvolve
from tfq_resqunn import Quanv2D, Residual
from tfq_resqunn._utils.keras import keras

SMALL, LARGE = (4, 4, 1), (8, 8, 1)
LAYERS = ("Quanv2D", "Residual")  # whose features are those of one layer
BLOCKS = {"resqunn": ("quanv_1", "quanv_2"), "classical_twin": ("conv_1", "conv_2")}


def same_layer(model, name, path):
    return sequential(model.get_layer("features"))


def from_config(model, name, path):
    old = model.get_layer("features")
    new = type(old).from_config(old.get_config())
    new.build((None, None, None, 1))  # there are weights to be set once it is built
    new.set_weights(old.get_weights())
    return sequential(new)


def set_weights(model, name, path):
    new = make(name, LARGE, 2)
    for layer in BLOCKS.get(name, ("features",)):
        new.get_layer(layer).set_weights(model.get_layer(layer).get_weights())
    return new


def cloned(model, name, path):
    old = features_of(model, name)
    new = keras.models.clone_model(old, input_tensors=keras.Input(LARGE))
    new.set_weights(old.get_weights())
    return keras.Model(new.inputs[0], head(new.outputs[0]))


def weights_file(model, name, path):
    model.save_weights(path / "small.weights.h5")
    new = make(name, LARGE, 2)
    # The head does not fit; Keras 3 also warns of parts that hold no weights.
    with pytest.warns(UserWarning, match="could not be loaded|Could not load|nested container"):
        new.load_weights(path / "small.weights.h5", skip_mismatch=True)
    return new


def head(features):
    flat = keras.layers.Flatten()(features)
    return keras.layers.Dense(2, activation="softmax", name="head")(flat)


def sequential(layer):
    inputs = keras.Input(LARGE)
    return keras.Model(inputs, head(layer(inputs)))


WAYS = {
    "same_layer": (same_layer, LAYERS),
    "from_config": (from_config, LAYERS),
    "set_weights": (set_weights, NETWORKS),
    "cloned": (cloned, NETWORKS),
    "weights_file": (weights_file, NETWORKS),
}
TABLE = [(way, name) for way, (_, names) in WAYS.items() for name in names]


def fit(model, x, y):
    adam = keras.optimizers.Adam(0.05)
    model.compile(adam, "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(x, y, batch_size=10, verbose=0)


def large_features(model):
    """The features of a network for large images: what its head, flattened, takes."""
    flatten = next(m for m in model.layers if isinstance(m, keras.layers.Flatten))
    return keras.Model(model.inputs[0], flatten.input)


def quarters(images):
    """Cuts [n, 8, 8, 1] into four images each of [n, 4, 4, 1], row by row."""
    return [images[:, r : r + 4, c : c + 4] for r in (0, 4) for c in (0, 4)]


@pytest.mark.parametrize(("way", "name"), TABLE)
def test_features_of_a_larger_image_are_those_of_its_parts(way, name, tmp_path, rng):
    """Patches lie side by side, so that each quarter of a large image is a small one."""
    small = make(name, SMALL, 2)
    large = WAYS[way][0](small, name, tmp_path)
    x = rng.random((3, *LARGE)).astype("float32")
    found = large_features(large).predict(x, verbose=0)
    known = features_of(small, name)
    assert found.shape == (3, 8, 8, 1)
    for part, quarter in zip(quarters(found), quarters(x), strict=True):
        np.testing.assert_allclose(part, known.predict(quarter, verbose=0), atol=1e-6)


def weights_but_those_of_the_head(model):
    return [w for layer in model.layers if layer.name != "head" for w in layer.get_weights()]


def moved(before, after):
    assert len(before) == len(after) > 0
    return [not np.array_equal(b, a) for b, a in zip(before, after, strict=True)]


def fit_large(model, rng):
    fit(model, rng.random((20, *LARGE)).astype("float32"), np.arange(20) % 2)


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "fine-tuned"])
@pytest.mark.parametrize(("name", "arguments"), with_backends())
def test_frozen_circuits_stay_and_others_move(frozen, name, arguments, rng):
    large = cloned(make(name, SMALL, 2, **arguments), name, None)
    for layer in large.layers[:-1]:
        layer.trainable = not frozen
    circuits, head = weights_but_those_of_the_head(large), large.get_layer("head").get_weights()
    fit_large(large, rng)
    assert set(moved(circuits, weights_but_those_of_the_head(large))) == {not frozen}
    assert all(moved(head, large.get_layer("head").get_weights()))


@pytest.mark.parametrize(("way", "follows"), [("same_layer", True), ("from_config", False)])
def test_a_shared_layer_is_trained_in_both_networks(way, follows, rng):
    small = make("Residual", SMALL, 2)
    large, before = WAYS[way][0](small, "Residual", None), small.layers[0].get_weights()
    fit_large(large, rng)
    assert set(moved(before, small.layers[0].get_weights())) == {follows}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (6, 4)])
def test_a_layer_takes_images_of_any_size(shape, backend, rng):
    layer = Quanv2D(kernel_size=2, strides=1, n_layers=2, backend=backend)
    layer(rng.random((1, 4, 4, 1)))  # builds it
    x = rng.random((2, *shape, 1)).astype("float32")
    truth = quanvolve(x, layer.circuit, layer.get_weights()[0], kernel=(2, 2), strides=(1, 1))
    np.testing.assert_allclose(layer(x), truth, atol=1e-5)


@pytest.mark.parametrize("is_residual", [False, True])
def test_the_number_of_channels_stays(is_residual, rng):
    layer = Residual(Quanv2D(readout="pixels")) if is_residual else Quanv2D()
    layer(rng.random((1, 4, 4, 1)))
    with pytest.raises(ValueError, match="expected axis -?[13] of input shape to have value 1"):
        layer(rng.random((1, 8, 8, 3)))
