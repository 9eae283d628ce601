import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfq_resqunn as rq
from tests.test_quanv2d import configurations
from tfq_resqunn._keras import keras
from tfq_resqunn.layers.pqc import BACKENDS

PREDICT = """
import sys
import numpy as np
import tfq_resqunn
from tfq_resqunn._keras import keras
from tfq_resqunn.layers.pqc import BACKENDS
model = keras.models.load_model(sys.argv[1])
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))
"""


def trained(rng, **quanv2d):
    x, y = rng.random((8, 4, 4, 1)).astype("float32"), np.arange(8) % 3
    model = rq.resqunn((4, 4, 1), 3, placement="(X+O1)+O2", **quanv2d)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, verbose=0)
    return model, x


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_new_process_predicts_the_same_to_the_bit(backend, tmp_path, rng):
    model, x = trained(rng, backend=backend)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    files = [str(tmp_path / n) for n in ("model.keras", "x.npy", "p.npy")]
    subprocess.run([sys.executable, "-c", PREDICT, *files], check=True, env=os.environ.copy())
    np.testing.assert_array_equal(np.load(files[2]), model.predict(x, verbose=0))


@pytest.mark.parametrize("backend", BACKENDS)
def test_export_serves(backend, tmp_path, rng):
    model, x = trained(rng, backend=backend)
    model.export(str(tmp_path / "served"))
    served = tf.saved_model.load(str(tmp_path / "served"))
    np.testing.assert_allclose(served.serve(x), model.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize("name", configurations())
def test_every_configuration_is_saved(name, tmp_path, rng):
    layer = rq.Quanv2D(**configurations()[name])
    shape = (2, 4, 2) if layer.data_format == "channels_last" else (2, 2, 4)
    model = keras.Sequential([keras.Input(shape), layer, keras.layers.Flatten()])
    x = rng.random((3, *shape)).astype("float32")
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)
    assert len(loaded.trainable_weights) == len(model.trainable_weights)


def test_weights_and_json_and_clones(tmp_path, rng):
    model, x = trained(rng)
    expected = model.predict(x, verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")
    read = keras.models.model_from_json(model.to_json())
    read.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(read.predict(x, verbose=0), expected)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(x, verbose=0), expected)


def test_training_goes_on_after_loading(tmp_path, rng):
    model, x = trained(rng)
    y = np.arange(8) % 3
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    one = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"]
    other = loaded.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(other, one, rtol=1e-6)
