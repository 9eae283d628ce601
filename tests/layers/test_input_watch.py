"""Warnings of inputs that are far too large for an encoder."""

import functools
import re
import warnings

import numpy as np
import pytest
import tensorflow as tf

from tfq_resqunn import EncodedPQC, GradientFlow, Quanv2D, gradient_report, resqunn
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import ENCODERS, angle_encoder
from tfq_resqunn.circuits.parts import Parts

FAR = "the values that it takes should be small"
LABELS = np.arange(4) % 2


@pytest.fixture
def images(rng):
    x = rng.integers(0, 256, (4, 8, 8, 1)).astype("float32")
    x[0, :2, 0, 0] = 0, 255
    return x


def compiled(model, **arguments):
    model.compile("adam", "sparse_categorical_crossentropy", **arguments)
    return model


@pytest.mark.parametrize("encoder", ENCODERS.built_in)
def test_pixels_up_to_255_are_far_for_all_encoders_but_that_of_amplitudes(encoder, images):
    layer = Quanv2D(encoder=encoder)
    if encoder == "amplitude":
        assert np.allclose(layer(images), layer(images / 255), atol=1e-5)  # without a warning
    else:
        with pytest.warns(UserWarning, match=FAR):
            layer(images)


@pytest.mark.parametrize("encoder", ENCODERS.built_in)
def test_sums_of_pixels_and_outcomes_are_not_far(encoder, rng):
    Quanv2D(encoder=encoder)(rng.uniform(-12, 13, (2, 4, 4, 1)))


def test_the_message_names_layer_range_period_and_remedy(images):
    with pytest.warns(UserWarning) as warned:
        Quanv2D(name="first")(images)
    assert [str(w.message) for w in warned] == [
        "Quanv2D 'first': the values that it takes should be small, such as from 0 to 1, since it "
        "turns a qubit alike for x and for x + 2.\n"
        "Received values from 0 to 255, 127.5 such periods.\n"
        "If images have pixels from 0 to 255, put keras.layers.Rescaling(1 / 255) before the first "
        "layer, or use x * (1 / 255)."
    ]


def test_the_message_for_a_threshold_names_it(images):
    with pytest.warns(UserWarning, match="(?s)only whether they are above 0.5.*510 times"):
        Quanv2D(encoder="threshold")(images)


RADIANS = functools.partial(angle_encoder, scale=1.0)
REMEDIES = {
    "8 bits": ("angle", 0, 255),
    "16 bits": ("angle", 0, 65535),
    "signed": ("angle", -128, 127),
    "large": ("angle", 100, 1e6),
    "radians": (RADIANS, 0, 255),
    "signed radians": (RADIANS, -1000, 2000),
}


@pytest.mark.parametrize("case", REMEDIES)
def test_the_layer_that_is_named_brings_values_into_range(case):
    encoder, low, high = REMEDIES[case]
    x = np.linspace(low, high, 16, dtype="float32").reshape(1, 4, 4, 1)
    layer = Quanv2D(encoder=encoder)
    with pytest.warns(UserWarning, match=FAR) as warned:
        layer(x)
    code = re.search(r"keras\.layers\.Rescaling\(.*?\)", str(warned[0].message))[0]
    scaled = np.asarray(eval(code, {"keras": keras})(x))
    white = 1 if encoder == "angle" else np.pi
    assert scaled.min() == pytest.approx(0, abs=2e-3 * white)
    assert scaled.max() == pytest.approx(white, rel=2e-3)
    Quanv2D(encoder=encoder)(scaled)


def test_a_layer_warns_once(images):
    layer = Quanv2D()
    layer(images / 255)
    with pytest.warns(UserWarning, match=FAR):
        layer(images)
    layer(images)


def test_features_of_an_encoded_pqc_are_watched(images):
    layer = EncodedPQC(Parts("angle").build(4))
    with pytest.warns(UserWarning, match=f"EncodedPQC 'encoded_pqc.*{FAR}"):
        layer(images.reshape(-1, 4))


def test_an_encoder_that_is_made_for_pixels_up_to_255_does_not_warn(images):
    Quanv2D(encoder=functools.partial(angle_encoder, scale=np.pi / 255))(images)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "float32", "float64"])
def test_inputs_of_each_type_are_watched(dtype, images):
    with pytest.warns(UserWarning, match="from 0 to 255, "):
        Quanv2D()(tf.constant(images.astype(dtype)))


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "mixed_bfloat16", "float64"])
def test_layers_of_each_policy_watch(policy, images):
    with pytest.warns(UserWarning, match=FAR):
        Quanv2D(dtype=policy)(images)


@pytest.mark.parametrize("x", [np.zeros((0, 4, 4, 1)), np.full((1, 4, 4, 1), np.nan)])
def test_no_values_and_no_numbers_are_not_far(x):
    Quanv2D()(x)


def test_booleans_are_not_far():
    Quanv2D()(tf.ones((1, 4, 4, 1), tf.bool))


def test_channels_first_is_watched(images):
    with pytest.warns(UserWarning, match=FAR):
        Quanv2D(data_format="channels_first")(images.transpose(0, 3, 1, 2))


def test_a_deep_network_with_all_residuals_does_not_warn(images):
    model = compiled(resqunn((8, 8, 1), 2, depth=6))
    gradient_report(model, images / 255, LABELS)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradient_flow_warns_in_fit(jit_compile, images):
    model = compiled(resqunn((8, 8, 1), 2, depth=1), jit_compile=jit_compile)
    flow = GradientFlow(images, LABELS)
    with pytest.warns(UserWarning, match=f"Quanv2D 'quanv_1': {FAR}") as warned:
        model.fit(images, LABELS, epochs=2, verbose=0, callbacks=[flow])
    assert len(warned) == 1


def test_gradient_flow_warns_of_a_pipeline(images):
    pipeline = tf.data.Dataset.from_tensor_slices((images, LABELS)).batch(2)
    model = compiled(resqunn((8, 8, 1), 2, depth=1))
    with pytest.warns(UserWarning, match="Received values from 0 to 255"):
        model.fit(pipeline, shuffle=False, verbose=0, callbacks=[GradientFlow(pipeline)])


def test_gradient_flow_warns_under_a_strategy(images):
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        model = compiled(resqunn((8, 8, 1), 2, depth=1))
    with pytest.warns(UserWarning, match=FAR):
        model.fit(images, LABELS, verbose=0, callbacks=[GradientFlow(images, LABELS)])


def test_gradient_flow_does_not_warn_of_images_that_are_scaled(images):
    model = keras.Sequential([
        keras.layers.Rescaling(1 / 255), Quanv2D(), keras.layers.Flatten(),
        keras.layers.Dense(2, activation="softmax"),
    ])  # fmt: skip
    flow = GradientFlow(images, LABELS)
    compiled(model).fit(images, LABELS, verbose=0, callbacks=[flow])
    assert len(flow.history) == 2


def test_gradient_reports_and_eager_training_warn(images):
    model = compiled(resqunn((8, 8, 1), 2, depth=1))
    with pytest.warns(UserWarning, match=FAR):
        gradient_report(model, images, LABELS)
    model = compiled(resqunn((8, 8, 1), 2, depth=1), run_eagerly=True)
    with pytest.warns(UserWarning, match=FAR):
        model.fit(images, LABELS, verbose=0)


def test_graphs_of_keras_hold_nothing_that_looks(images, tmp_path):
    """Neither training, nor prediction, nor what is saved warns or runs Python."""
    model = compiled(resqunn((8, 8, 1), 2, depth=1))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.fit(images, LABELS, verbose=0)
        model.predict(images, verbose=0)
        model.save(tmp_path / "model.keras")
        graph = tf.function(model).get_concrete_function(tf.constant(images)).graph
    names = {op.type for op in graph.get_operations()}
    assert not {name for name in names if "PyFunc" in name}
