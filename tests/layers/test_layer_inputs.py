"""What layers take, and what they say of the rest."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.layer_kinds import KINDS
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.layers import pqc

OURS = ["EncodedPQC", "Quanv2D", "Residual_of_pixels", "AreaPooling", "ClassPooling"]
WRONG = {
    "complex64": (lambda x: tf.constant(x, tf.complex64), r"complex numbers \(complex64\).*tf.abs"),
    "complex128": (lambda x: x.astype("complex128"), r"complex numbers \(complex128\)"),
    "strings": (lambda x: np.full(x.shape, "a"), "Received the dtype string"),
    "ragged": (tf.RaggedTensor.from_tensor, r"RaggedTensor.*x.to_tensor\(\)"),
    "sparse": (tf.sparse.from_dense, r"SparseTensor.*tf.sparse.to_dense"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("name", OURS)
def test_what_is_no_dense_tensor_of_real_numbers_is_refused(name, kind, rng):
    make, shape, _ = KINDS[name]
    convert, message = WRONG[kind]
    layer = make()
    layer.build((None, *shape))
    with pytest.raises(TypeError, match=f"(?s)the input must be one dense tensor.*{message}"):
        layer(convert(rng.random((2, *shape)).astype("float32")))


@pytest.mark.parametrize("name", OURS)
def test_models_refuse_complex_inputs(name):
    make, shape, _ = KINDS[name]
    with pytest.raises(TypeError, match="complex numbers"):
        inputs = keras.Input(shape, dtype="complex64")  # Keras 3 asks for shapes alone here
        keras.Model(inputs, make()(inputs))(np.ones((1, *shape), "complex64"))


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("shape", [None, [(2, 4, 4, 2), (2, 4, 4, 2)]])
def test_unknown_and_several_shapes_are_refused(name, shape):
    who = "Quanv2D" if name == "Residual_of_pixels" else name
    message = f"{who}: the (rank of the input must be known|input must be one tensor of)"
    with pytest.raises(ValueError, match=message):
        KINDS[name][0]().build(shape)


# Which sizes each was built for, as its error says them.
BUILT_FOR = {
    "EncodedPQC": r"EncodedPQC: the input must have shape \(n, 2\)\.",
    "Quanv1D": "Quanv1D: the input must be sequences of 1 channel, for",
    "Quanv2D": "Quanv2D: the input must be images of 2 channels, for",
    "Quanv2D_in_groups": "Quanv2D: the input must be images of 2 channels, for",
    "Quanv3D": "Quanv3D: the input must be volumes of 1 channel, for",
    "Residual_of_pixels": "Quanv2D: the input must be images of 1 channel, for",
    "Surrogate2D": "Surrogate2D: the input must be images of 2 channels, for",
    "Surrogate1D_in_groups": "Surrogate1D: the input must be sequences of 2 channels, for",
    "AreaPooling": "AreaPooling: the input must have the size .*: 4 along axis 1, 2 along axis 3",
    "ClassPooling": "ClassPooling: the input must have the size .* 4 along axis 2, 2 along axis 3",
}


@pytest.mark.parametrize("name", BUILT_FOR)
def test_predictions_for_other_channels_after_the_right_ones(name, rng):
    make, shape, _ = KINDS[name]
    model = keras.Sequential([keras.Input(shape), make()])
    x = rng.random((6, *shape)).astype("float32")
    expected = model.predict(x[:3], verbose=0)
    with pytest.raises(ValueError, match=f"{BUILT_FOR[name]}.*Received one of shape .*None"):
        model.predict(np.concatenate([x[:3]] * 3, axis=-1), verbose=0)
    np.testing.assert_allclose(model.predict(x, verbose=0)[:3], expected, atol=1e-6)


@pytest.mark.parametrize("name", KINDS)
def test_nan_passes_as_through_conv2d(name, rng):
    make, shape, _ = KINDS[name]
    x = rng.random((2, *shape)).astype("float32")
    x[(0,) * x.ndim] = np.nan
    found = np.isnan(np.asarray(make()(x)))
    assert found[0].any()
    assert not found[1].any()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "bool", "float16", "float64"])
@pytest.mark.parametrize("name", OURS)
def test_numbers_of_other_kinds_are_cast(name, dtype, rng):
    make, shape, _ = KINDS[name]
    layer, x = make(), rng.integers(0, 2, (2, *shape))
    expected = layer(x.astype("float32"))
    np.testing.assert_allclose(layer(x.astype(dtype)), expected, atol=1e-3)
    assert layer(keras.Input(shape, dtype=dtype)).dtype == "float32"


# --- several machines -------------------------------------------------------------------------


class Strategy(tf.distribute.MultiWorkerMirroredStrategy):
    """Two workers, of which none is there."""

    num_replicas_in_sync = 2

    class extended:
        worker_devices = ("CPU:0",)

    def __init__(self):
        pass


@pytest.mark.parametrize("name", ["EncodedPQC", "Quanv2D", "Residual"])
def test_several_workers_are_refused_where_keras_cannot(name, monkeypatch):
    make, shape, _ = KINDS[name]
    layer = None if name == "EncodedPQC" else make()
    with monkeypatch.context() as patch:
        patch.setattr(pqc, "IS_KERAS_3", False)
        patch.setattr(pqc.tf.distribute, "get_strategy", Strategy)
        pqc._check_strategy()  # Keras 2 can
        patch.setattr(pqc, "IS_KERAS_3", True)
        with pytest.raises(
            RuntimeError,
            match="^EncodedPQC.*: Keras 3 cannot.*TF_USE_LEGACY_KERAS=1",
        ):
            (layer or make()).build((None, *shape))


MIRRORED = """
import sys
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import tfq_resqunn as rq
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed

x, y = np.random.default_rng(0).random((8, 4, 4, 1)).astype("float32"), np.arange(8) % 2
results = []
for strategy in (tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), tf.distribute.get_strategy()):
    set_seed(1)
    with strategy.scope():
        model = rq.resqunn((4, 4, 1), 2, depth=2)
        model.set_weights([np.full(w.shape, 0.1 * (i + 1)) for i, w in enumerate(model.weights)])
        model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    results.append(model.get_weights())
print(strategy.num_replicas_in_sync, max(np.abs(a - b).max() for a, b in zip(*results)))
assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(*results))
"""


@pytest.mark.slow
def test_two_devices_train_as_one():
    subprocess.run([sys.executable, "-c", MIRRORED], check=True)
