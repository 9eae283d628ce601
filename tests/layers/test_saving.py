import functools
import os
import subprocess
import sys

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

import tfq_resqunn as rq
from tests.helpers.reference import BACKENDS
from tests.layers.test_quanv2d import configurations
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.circuits import ANSATZES, ENCODERS, OBSERVABLES, angle_encoder

PREDICT = """
import sys
import numpy as np
import tfq_resqunn
from tfq_resqunn._utils.keras import keras
for name in sys.argv[1:]:
    model = keras.models.load_model(f"{name}.keras")
    np.save(f"{name}_p.npy", model.predict(np.load(f"{name}_x.npy"), verbose=0))
"""


def trained(rng, **quanv2d):
    x, y = rng.random((8, 4, 4, 1)).astype("float32"), np.arange(8) % 3
    model = rq.resqunn((4, 4, 1), 3, placement="(X+O1)+O2", **quanv2d)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, verbose=0)
    return model, x


def test_a_new_process_predicts_the_same_to_the_bit(tmp_path, rng):
    expected = {}
    for backend in BACKENDS:
        model, x = trained(rng, backend=backend)
        model.save(tmp_path / f"{backend}.keras")
        np.save(tmp_path / f"{backend}_x.npy", x)
        expected[backend] = model.predict(x, verbose=0)
    names = [str(tmp_path / backend) for backend in BACKENDS]
    subprocess.run([sys.executable, "-c", PREDICT, *names], check=True, env=os.environ.copy())
    for backend, outputs in expected.items():
        np.testing.assert_array_equal(np.load(tmp_path / f"{backend}_p.npy"), outputs)


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


# --- circuits of the user's own, by any road --------------------------------------------------


def my_encoder(n_features, scale=2.0):
    symbols = sympy.symbols(f"x_0:{n_features}")
    qubits = cirq.LineQubit.range(n_features)
    return cirq.Circuit(cirq.rx(scale * s)(q) for s, q in zip(symbols, qubits, strict=True))


def my_ansatz(n_qubits, n_layers):
    qubits = cirq.LineQubit.range(n_qubits)
    symbols = sympy.symbols(f"w_0:{n_layers}")
    return cirq.Circuit(
        [[cirq.ry(s)(q) for q in qubits], cirq.CZ(qubits[0], qubits[-1])] for s in symbols
    )


def my_observables(qubits):
    return [cirq.X(qubits[0]) * cirq.Z(qubits[1]), cirq.Z(qubits[0]) + 0.5 * cirq.Z(qubits[1])]


@pytest.fixture
def registered(monkeypatch):
    """Names of the user's own, forgotten after the test."""
    for registry in (ENCODERS, ANSATZES, OBSERVABLES):
        monkeypatch.setattr(registry, "_functions", dict(registry._functions))
    ENCODERS.register("mine", my_encoder)
    ANSATZES.register("mine", my_ansatz)
    OBSERVABLES.register("mine", my_observables)


NAMED = {
    "names": dict(encoder="mine", ansatz="mine", n_layers=2, observables="mine"),
    "functions": dict(encoder=my_encoder, ansatz=my_ansatz, observables=my_observables),
    "options": dict(encoder=functools.partial(my_encoder, scale=0.5)),
    "built_in_options": dict(encoder=functools.partial(angle_encoder, scale=1.0)),
    "text": dict(observables=["Z0*Z1", "Z0 - 0.5*X1", "z"], activation="relu", use_bias=True),
}
OWN = ("own_circuits", "own_encoder", "own_ansatz", "whole")


def model_with(name):
    arguments = NAMED.get(name) or configurations()[name]
    layer = rq.Quanv2D(**{"kernel_size": (1, 2), "groups": 2, "filters": 2, **arguments})
    return keras.Sequential([keras.Input((2, 4, 2)), layer, keras.layers.Flatten()])


@pytest.mark.parametrize("name", [*OWN, *NAMED])
def test_own_circuits_and_names_survive_every_road(name, registered, tmp_path, rng):
    model, x = model_with(name), rng.random((3, 2, 4, 2)).astype("float32")
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    roads = {
        "archive": keras.models.load_model(tmp_path / "model.keras"),
        "json": keras.models.model_from_json(model.to_json()),
        "clone": keras.models.clone_model(model),
        "the same again": model_with(name),
    }
    for road, other in roads.items():
        config = other.layers[0].get_config()
        assert {**config, "name": model.layers[0].name} == model.layers[0].get_config(), road
        if road == "clone":
            other.set_weights(model.get_weights())
        elif road != "archive":
            other.load_weights(tmp_path / "model.weights.h5")
        np.testing.assert_array_equal(other(x), model(x), err_msg=road)
    model.export(str(tmp_path / "served"))
    served = tf.saved_model.load(str(tmp_path / "served"))
    np.testing.assert_allclose(served.serve(x), expected, atol=1e-6)


@pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 has only `export` for this format")
@pytest.mark.parametrize("name", ["own_circuits", "options"])
def test_keras_2_reads_its_saved_models_again(name, registered, tmp_path, rng):
    model, x = model_with(name), rng.random((3, 2, 4, 2)).astype("float32")
    model.save(tmp_path / "folder", save_format="tf")
    loaded = keras.models.load_model(tmp_path / "folder")
    np.testing.assert_array_equal(loaded(x), model(x))
    assert loaded.layers[0].get_config() == model.layers[0].get_config()


@pytest.mark.parametrize(
    ("part", "constant"),
    [("encoder", "ENCODERS"), ("ansatz", "ANSATZES"), ("observables", "OBSERVABLES")],
)
def test_names_that_are_not_registered_when_loading(
    part, constant, registered, tmp_path, monkeypatch
):
    layer = rq.Quanv2D(kernel_size=(1, 2), **{part: "mine"})
    model = keras.Sequential([keras.Input((2, 4, 1)), layer])
    model.save(tmp_path / "model.keras")
    registry = {"encoder": ENCODERS, "ansatz": ANSATZES, "observables": OBSERVABLES}[part]
    monkeypatch.delitem(registry._functions, "mine")
    message = (
        f"Quanv2D: `{part}` was saved under the name 'mine', which is not registered here. "
        rf"Call {constant}.register\('mine', function\), of tfq_resqunn.circuits, before"
    )
    with pytest.raises(ValueError, match=message):
        keras.models.load_model(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=message):
        keras.models.model_from_json(model.to_json())
