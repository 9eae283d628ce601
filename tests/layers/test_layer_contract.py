"""What both Kerases' own tests demand of a layer, of each kind of ours and of `Conv2D`."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.layer_kinds import CIRCUIT, KINDS, WITH_WEIGHTS, default
from tests.helpers.reference import BACKENDS
from tfq_resqunn import EncodedPQC, Quanv2D, Residual
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.layers.pooling import ClassPooling

POLICIES = ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16", "float64"]
OURS = [name for name in KINDS if name != "Conv2D"]


def images(name, rng, n=3):
    return rng.random((n, *KINDS[name][1])).astype("float32")


@pytest.mark.parametrize("name", KINDS)
def test_shapes_agree(name, rng):
    make, shape, n_weights = KINDS[name]
    layer, x = make(), images(name, rng)
    promised = layer.compute_output_shape((None, *shape))
    assert isinstance(promised, tuple if IS_KERAS_3 else tf.TensorShape)
    if not IS_KERAS_3:
        assert layer.compute_output_shape(tf.TensorShape(x.shape)).as_list() == [3, *promised[1:]]
    symbolic = layer(keras.Input(shape))
    assert tuple(symbolic.shape) == tuple(promised)
    assert symbolic.dtype == layer.compute_dtype == "float32"
    assert tuple(layer(x).shape) == (3, *promised[1:])
    assert layer(x[:1]).shape[0] == 1
    assert len(layer.weights) == len(layer.trainable_weights) == n_weights
    assert not layer.non_trainable_weights
    assert not layer.losses
    assert layer.count_params() == sum(np.size(w) for w in layer.get_weights())


@pytest.mark.parametrize("name", KINDS)
def test_configurations_are_json_and_make_the_same_layer(name, rng):
    make, shape, _ = KINDS[name]
    layer, x = make(name="own", trainable=False), images(name, rng)
    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    assert again.name == "own"
    assert again.trainable is False
    assert set(dir(again)) == set(dir(layer))
    serialized = json.loads(json.dumps(keras.layers.serialize(layer)))
    read = keras.layers.deserialize(serialized)
    for other in (again, read):
        other.build((None, *shape))
        layer(x)
        other.set_weights(layer.get_weights())
        np.testing.assert_array_equal(other(x), layer(x))


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 keeps no configuration of builds")
@pytest.mark.parametrize("name", KINDS)
def test_layers_are_built_from_what_they_say_of_it(name, rng):
    layer, x = KINDS[name][0](), images(name, rng)
    layer(x)
    again = type(layer).from_config(layer.get_config())
    again.build_from_config(json.loads(json.dumps(layer.get_build_config())))
    assert [w.shape for w in again.weights] == [w.shape for w in layer.weights]


@pytest.mark.parametrize("name", KINDS)
def test_unknown_keys_are_named(name):
    layer = KINDS[name][0]()
    with pytest.raises((TypeError, ValueError), match="unheard_of"):
        type(layer).from_config({**layer.get_config(), "unheard_of": 1})


REQUIRED = {
    "Conv2D": "filters",
    "EncodedPQC": "circuit",
    "Residual": "layer",
    "PixelReadout": "layer",
    "AreaPooling": "target_shape",
    "ClassPooling": "n_classes",
}


@pytest.mark.parametrize("name", REQUIRED)
def test_missing_keys_are_named(name):
    layer = KINDS[name][0]()
    config = layer.get_config()
    del config[REQUIRED[name]]
    with pytest.raises(TypeError, match=f"missing 1 required .*'{REQUIRED[name]}'"):
        type(layer).from_config(config)


@pytest.mark.parametrize("name", default(WITH_WEIGHTS, "Quanv2D_in_groups", "Residual"))
def test_a_step_moves_every_weight(name, rng):
    make, shape, n_weights = KINDS[name]
    model = keras.Sequential([keras.Input(shape), make(), keras.layers.Flatten()])
    model.compile("sgd", "mse", jit_compile=False)
    x, before = images(name, rng), model.get_weights()
    model.fit(x, np.zeros((3, *model.output_shape[1:]), "float32"), verbose=0)
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    is_later = name == "Residual_with_a_scale"  # which is 0, so that its layer waits for it
    assert moved == ([False, True] if is_later else [True] * n_weights)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_trainable_reaches_all_weights_after_the_build(name, rng):
    make, shape, n_weights = KINDS[name]
    layer = make()
    layer.build((None, *shape))
    layer.trainable = False
    assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (0, n_weights)
    for inner in getattr(layer, "pqcs", []):
        assert inner.trainable is False
    layer.trainable = True
    assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (n_weights, 0)


def test_regularizers_of_angles_and_outputs_are_among_the_losses(rng):
    layer = Quanv2D(
        2, (1, 2), groups=2, regularizer="l2", bias_regularizer="l2", use_bias=True,
        activity_regularizer=keras.regularizers.L2(0.5), bias_initializer="ones",
    )  # fmt: skip
    x = images("Quanv2D", rng)
    outputs = np.asarray(layer(x))
    angles = [pqc.get_weights()[0] for pqc in layer.pqcs]
    expected = [0.01 * np.sum(np.square(v)) for v in (*angles, np.ones(4))]
    # Versions of Keras differ in whether they count a batch or an image.
    keras_own = keras.layers.Activation("linear", activity_regularizer=keras.regularizers.L2(0.5))
    keras_own(outputs)
    expected.append(float(keras_own.losses[0]))
    found = sorted(float(v) for v in layer.losses)
    np.testing.assert_allclose(found, sorted(expected), rtol=1e-4)


# --- precision --------------------------------------------------------------------------------


def precisions(layer, x):
    found = layer(x)
    return tf.as_dtype(found.dtype).name, layer.compute_dtype, layer.variable_dtype


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", OURS)
def test_dtype_policies_are_conv2ds(name, policy, rng):
    conv = precisions(KINDS["Conv2D"][0](dtype=policy), images("Conv2D", rng))
    layer, x = KINDS[name][0](dtype=policy), images(name, rng)
    assert precisions(layer, x) == conv
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(policy)
    try:
        whole = KINDS[name][0]()
        assert precisions(whole, x) == conv
        again = type(whole).from_config(whole.get_config())
    finally:
        keras.mixed_precision.set_global_policy(before)
    assert precisions(again, x) == conv  # the policy is in the configuration


def test_residual_sums_in_its_own_precision(rng):
    layer = Quanv2D(readout="pixels", dtype="float64")
    x = rng.random((2, 4, 4, 1))
    found = Residual(layer, dtype="float64")(x)
    np.testing.assert_allclose(found, x + np.asarray(layer(x)), atol=1e-15)


def test_class_pooling_of_integers_is_that_of_floats():
    x = np.array([[1, 2, 3, 4]])
    assert ClassPooling(2, scale=1)(x).numpy().tolist() == [[2.0, 3.0]]


# --- no helpers that are never built ----------------------------------------------------------


def test_nothing_unbuilt_is_in_a_layer(rng):
    model = keras.Sequential([keras.Input((2,)), EncodedPQC(CIRCUIT)])
    assert [type(part) for part in model.layers[0]._flatten_layers()] == [EncodedPQC]
    assert all(part.built for part in model._flatten_layers())


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 does not quantize")
@pytest.mark.parametrize("name", ["EncodedPQC", "Quanv2D_in_groups", "Residual"])
@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize")
@pytest.mark.filterwarnings("ignore:.*quantiz")
def test_quantizing_a_model_leaves_circuits_and_takes_dense_layers(name, rng):
    make, shape, _ = KINDS[name]
    dense = keras.layers.Dense(2)
    model = keras.Sequential([keras.Input(shape), make(), keras.layers.Flatten(), dense])
    x = images(name, rng)
    expected = model(x)
    model.quantize("int8")
    assert dense.dtype_policy.quantization_mode == "int8"
    np.testing.assert_allclose(model(x), expected, atol=0.1)


def lite(converter, x):
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    (given,), (found,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(found["index"])


@pytest.mark.filterwarnings("ignore:(?s).*LiteRT")
@pytest.mark.parametrize("name", default(KINDS, "Quanv2D_in_groups"))
def test_tf_lite(name, tmp_path, rng):
    make, shape, _ = KINDS[name]
    model = keras.Sequential([keras.Input(shape), make(), keras.layers.Flatten()])
    x, convert = images(name, rng), tf.lite.TFLiteConverter
    np.testing.assert_allclose(lite(convert.from_keras_model(model), x), model(x), atol=1e-5)
    model.export(str(tmp_path / "model"))
    exported = convert.from_saved_model(str(tmp_path / "model"))
    np.testing.assert_allclose(lite(exported, x), model(x), atol=1e-5)


# --- what TensorFlow Quantum's own tests ask of its PQC ---------------------------------------


EXECUTIONS = {
    "exact": {},
    "sampled": {"repetitions": 500},
}
if "noiseless" in BACKENDS:
    EXECUTIONS |= {
        "tfq": {"backend": "noiseless"},
        "tfq_sampled": {"backend": "noiseless", "repetitions": 500},
        "noisy": {"backend": "noisy", "repetitions": 50, "noise": {"depolarizing": 0.01}},
    }


@pytest.mark.parametrize("how", default(EXECUTIONS, "exact", "sampled"))
def test_learns_a_simple_task(how):
    start = keras.initializers.Constant(0.4)
    layer = EncodedPQC(CIRCUIT, initializer=start, **EXECUTIONS[how])
    model = keras.Sequential([keras.Input((2,)), layer])
    model.compile(keras.optimizers.SGD(0.3), "mse", jit_compile=False)
    x, y = np.zeros((4, 2), "float32"), -0.5 * np.ones((4, 2), "float32")
    losses = model.fit(x, y, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
