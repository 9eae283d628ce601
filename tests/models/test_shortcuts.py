"""Networks of every encoder, ansatz and observable: sums of terms whose shapes differ."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

import tfq_resqunn as rq
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn.circuits import ANSATZES, ENCODERS, OBSERVABLES
from tfq_resqunn.circuits.parts import Parts

BUILDS = {"quantum": rq.resqunn, "twin": rq.classical_twin}
PLACEMENTS = {
    2: [*map(str, rq.Placement.every(2)), "X+O2", "X+O1+O2", "X+(O1+O2)"],
    3: ["((X+O1)+O2)+O3", "X+O1, X+O3", "X+O1+O3"],
}
PARTS = list(itertools.product(ENCODERS, ANSATZES, OBSERVABLES))


def sum_is_right(model, placement, x):
    """Whether the sums are those of terms brought to the last one's shape, by TensorFlow."""
    layers = [layer for layer in model.layers if layer.name.startswith(("quanv_", "conv_"))]
    terms = {0: tf.constant(x)}
    for k, layer in enumerate(layers, 1):
        terms[k] = layer(summed(placement.feed(k - 1), terms))
    expected = summed(placement.feed(len(layers)), terms)
    features = keras.Model(model.input, model.get_layer("flatten").input)
    found = tf.function(features, autograph=False)(tf.constant(x))  # as `fit` would run it
    np.testing.assert_allclose(found, expected, atol=2e-5)


def summed(term, terms):
    if not isinstance(term, tuple):
        return terms[term]
    parts = [summed(t, terms) for t in term]
    return sum(to_shape(part, parts[-1].shape[1:]) for part in parts)


def to_shape(x, shape):
    """By the area method along pixels and, turned, along channels."""
    rows, columns, channels = shape
    x = tf.image.resize(x, (rows, columns), method="area")
    x = tf.transpose(x, [0, 3, 1, 2])
    x = tf.image.resize(x, (channels, rows), method="area")
    return tf.transpose(x, [0, 2, 3, 1])


def works(build, shape, placement, rng, **arguments):
    depth = arguments.pop("depth", 2)
    model = BUILDS[build](shape, 3, depth=depth, placement=placement, **arguments)
    x = rng.random((2, *shape)).astype("float32")
    assert tuple(model.output_shape) == (None, 3)
    sum_is_right(model, rq.Placement.parse(placement, depth), x)


# A spread of the whole table, which is slow: each encoder with an ansatz and observables.
SPREAD = [
    (encoder, list(ANSATZES)[7 * i % len(ANSATZES)], list(OBSERVABLES)[i % len(OBSERVABLES)])
    for i, encoder in enumerate(ENCODERS)
]


@pytest.mark.parametrize(("encoder", "ansatz", "observables"), SPREAD)
def test_named_parts(encoder, ansatz, observables, rng):
    parts = dict(encoder=encoder, ansatz=ansatz, observables=observables, kernel_size=(1, 2))
    works("quantum", (4, 4, 1), "(X+O1)+O2", rng, **parts)


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("ansatz", ANSATZES)
def test_every_named_part_in_every_placement(encoder, ansatz, rng):
    for observables in OBSERVABLES:
        for placement in PLACEMENTS[2]:
            parts = dict(encoder=encoder, ansatz=ansatz, observables=observables)
            works("quantum", (4, 4, 1), placement, rng, **parts)
            works("twin", (4, 4, 1), placement, rng, **parts)


CASES = {
    "default": {},
    "dense": dict(encoder="dense_angle"),
    "amplitude": dict(encoder="amplitude"),
    "parity": dict(observables="parity"),
    "xyz": dict(observables="xyz"),
    "filters": dict(filters=2),
    "filters, dense": dict(filters=3, encoder="dense_angle"),
    "overlapping": dict(strides=1),
    "apart": dict(kernel_size=1, strides=2),
    "same": dict(padding="same", encoder="dense_angle"),
    "oblong": dict(kernel_size=(1, 2), observables="parity"),
    "three": dict(kernel_size=3, observables="parity", padding="same"),
    "dilated": dict(dilation_rate=2, strides=1),
    "channels": dict(readout="channels"),
}


@pytest.mark.parametrize("case", CASES)
def test_geometries(case, rng):
    works("quantum", (5, 6, 1), "(X+O1)+O2", rng, **CASES[case])


@pytest.mark.slow
@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 7, 1), (8, 8, 3)])
@pytest.mark.parametrize("case", CASES)
def test_geometries_on_more_images(case, shape, build, rng):
    if case in ("xyz", "overlapping", "dilated", "channels") and shape[-1] == 3:
        pytest.skip("three channels become nine or twelve, too many qubits for a second layer")
    works(build, shape, "(X+O1)+O2", rng, **CASES[case])


@pytest.mark.parametrize("placement", PLACEMENTS[2])
def test_placements(placement, rng):
    works("twin", (8, 8, 1), placement, rng, encoder="dense_angle")


@pytest.mark.parametrize("placement", PLACEMENTS[3])
def test_placements_of_three_layers(placement, rng):
    works("quantum", (8, 8, 1), placement, rng, depth=3, encoder="dense_angle")


@pytest.mark.parametrize(
    ("size", "encoder", "observables"),
    [(8, "amplitude", "z"), (8, "angle", "parity"), (28, "dense_angle", "parity")],
)
def test_three_layers_fit_the_usual_images(size, encoder, observables):
    model = rq.resqunn((size, size, 1), 10, depth=3, encoder=encoder, observables=observables)
    assert model.output_shape == (None, 10)


def test_what_fits_has_the_layers_and_numbers_that_it_had(rng):
    x = rng.random((3, 4, 4, 1)).astype("float32")
    found = []
    for arguments in ({}, {"readout": "pixels", "shortcut": "none"}):
        set_seed(3)
        model = rq.resqunn((4, 4, 1), 3, **arguments)
        found.append(([layer.name for layer in model.layers][1:], model.predict(x, verbose=0)))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_names_and_weights():
    arguments = dict(placement="(X+O1)+O2", encoder="dense_angle")
    pooled, trained = (rq.resqunn((8, 8, 1), 3, shortcut=s, **arguments) for s in ("pool", "conv"))
    names = [layer.name for layer in pooled.layers]
    assert {"shortcut_1", "shortcut_2", "sum_1", "sum_2"} <= set(names)
    assert not pooled.get_layer("shortcut_1").weights
    shapes = [tuple(w.shape) for w in trained.get_layer("shortcut_1").weights]
    assert shapes == [(1, 1, 1, 2)]
    assert trained.count_params() > pooled.count_params()


def test_trained_shortcut_is_a_convolution_of_the_pooled_image(rng):
    arguments = dict(depth=1, encoder="dense_angle", shortcut="conv")
    model = rq.resqunn((4, 4, 1), 3, **arguments)
    x = rng.random((2, 4, 4, 1)).astype("float32")
    kernel = model.get_layer("shortcut_1").get_weights()[0].reshape(1, 2)
    pooled = x.reshape(2, 2, 2, 2, 2).mean(axis=(2, 4))[..., np.newaxis]
    expected = pooled @ kernel + np.asarray(model.get_layer("quanv_1")(x))
    features = keras.Model(model.input, model.get_layer("flatten").input)(x)
    np.testing.assert_allclose(features, expected, atol=1e-5)


def test_saves_loads_and_trains(tmp_path, rng):
    model = rq.resqunn((4, 4, 1), 3, encoder="dense_angle", kernel_size=(1, 2))
    x, y = rng.random((8, 4, 4, 1)).astype("float32"), np.arange(8) % 3
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    report = rq.gradient_report(model, x, y)
    assert {row.state for row in report.rows} == {"flows"}
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def test_channels_first(rng):
    arguments = dict(encoder="dense_angle", placement="(X+O1)+O2")
    last = rq.resqunn((8, 8, 1), 3, **arguments)
    first = rq.resqunn((1, 8, 8), 3, data_format="channels_first", **arguments)
    for k in (1, 2):
        first.get_layer(f"quanv_{k}").set_weights(last.get_layer(f"quanv_{k}").get_weights())
    x = rng.random((2, 8, 8, 1)).astype("float32")
    found = keras.Model(first.input, first.get_layer("flatten").input)(x.transpose(0, 3, 1, 2))
    expected = keras.Model(last.input, last.get_layer("flatten").input)(x)
    np.testing.assert_allclose(np.transpose(found, (0, 2, 3, 1)), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "readout"),
    [
        ({}, "pixels"),
        ({"observables": "xyz"}, "pixels"),
        ({"observables": "parity"}, "channels"),
        ({"encoder": "dense_angle"}, "channels"),
        ({"encoder": "dense_angle", "observables": ["z", "x"]}, "pixels"),
        ({"strides": 1}, "channels"),
        ({"kernel_size": 1, "observables": "parity"}, "pixels"),
    ],
)
def test_readout_that_is_chosen(arguments, readout):
    model = rq.resqunn((8, 8, 1), 3, depth=1, **arguments)
    assert model.get_layer("quanv_1").readout == readout


@pytest.mark.parametrize("parts", [{}, {"encoder": "dense_angle"}], ids=["pixels", "channels"])
@pytest.mark.parametrize("build", BUILDS)
def test_each_circuit_is_built_once(build, parts, monkeypatch):
    built, original = [], Parts.build

    def counting(self, n_features):
        built.append(n_features)
        return original(self, n_features)

    monkeypatch.setattr(Parts, "build", counting)
    BUILDS[build]((8, 8, 1), 3, depth=2, **parts)
    assert len(built) == 2


def test_a_choice_draws_nothing_and_names_nothing(rng):
    """What is chosen is as if it had been said: angles, names, configuration."""
    x, found = rng.random((3, 8, 8, 1)).astype("float32"), []
    for readouts in ({}, {"readout": "pixels"}):
        set_seed(3)
        keras.backend.clear_session()
        model = rq.resqunn((8, 8, 1), 3, **readouts)
        extra = rq.Quanv2D()
        found.append((model.get_config(), extra.name, model.predict(x, verbose=0).tolist()))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(shortcut="dense"), "`shortcut` must be one of 'pool', 'conv', 'none'"),
        (dict(readout="pixels", encoder="dense_angle"), "readout='pixels' needs as many"),
        (
            dict(shortcut="conv", data_format="channels_first"),
            "shortcut='conv' needs channels last",
        ),
        (
            dict(kernel_size=3, observables="parity"),
            r"layer 2 of 2 cannot be built. It takes what the layers before it give, of shape "
            r"\(None, 2, 2, 1\).\nQuanv2D: the kernel must fit into the image",
        ),
        pytest.param(
            dict(observables="xyz", depth=3, ansatz="sim_6"),
            r"layer 3 of 3 cannot be built. (.|\n)*36 qubits",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        rq.resqunn((8, 8, 1), 3, **arguments)
