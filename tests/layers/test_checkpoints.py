"""What is saved comes back: every kind of file x every kind of layer, `Conv2D` among them."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import tensorflow as tf

import tfq_resqunn as rq
from tests.helpers.layer_kinds import KINDS, WITH_WEIGHTS, default
from tfq_resqunn._utils.keras import IS_KERAS_3, keras

TRAINED = ["Conv2D", "Quanv2D_in_groups", "Residual"]


class Subclassed(keras.Model):
    def __init__(self, layer):
        super().__init__()
        self.layer, self.flatten = layer, keras.layers.Flatten()

    def build(self, input_shape):
        self.layer.build(input_shape)
        self.layer.built = True
        super().build(input_shape)

    def call(self, inputs):
        return self.flatten(self.layer(inputs))


def sequential(layer, shape):
    return keras.Sequential([keras.Input(shape), layer, keras.layers.Flatten()])


def functional(layer, shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, keras.layers.Flatten()(layer(inputs)))


FORMS = {
    "alone": lambda layer, shape: layer,
    "sequential": sequential,
    "functional": functional,
    "subclassed": lambda layer, shape: Subclassed(layer),
}


def made(name, form="sequential"):
    make, shape, _ = KINDS[name]
    model = FORMS[form](make(), shape)
    model.build((None, *shape))
    return model


def same_weights(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def images(name, rng, n=4):
    return rng.random((n, *KINDS[name][1])).astype("float32")


# --- TensorFlow's checkpoints -----------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", default(WITH_WEIGHTS, "Quanv2D_in_groups", "Residual"))
def test_checkpoints(name, form, tmp_path):
    saved, other = made(name, form), made(name, form)
    assert not same_weights(saved, other)
    path = tf.train.Checkpoint(model=saved).save(tmp_path / "checkpoint")
    tf.train.Checkpoint(model=other).restore(path).assert_consumed()
    assert same_weights(saved, other)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_checkpoints_read_before_the_layer_is_built(name, tmp_path):
    saved = made(name, "alone")
    path = tf.train.Checkpoint(layer=saved).save(tmp_path / "checkpoint")
    make, shape, _ = KINDS[name]
    other = make()
    status = tf.train.Checkpoint(layer=other).restore(path)
    other.build((None, *shape))
    status.assert_consumed()
    assert same_weights(saved, other)


@pytest.mark.parametrize("name", default(TRAINED, "Quanv2D_in_groups"))
def test_training_goes_on_from_a_checkpoint_managers_last(name, tmp_path, rng):
    x = images(name, rng)
    y = np.zeros((4, *made(name).output_shape[1:]), "float32")

    def compiled():
        model = made(name)
        model.compile("adam", "mse", jit_compile=False)
        return model

    model = compiled()
    model.fit(x, y, epochs=2, verbose=0)
    checkpoint = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
    tf.train.CheckpointManager(checkpoint, tmp_path, max_to_keep=1).save()
    other = compiled()
    other.optimizer.build(other.trainable_variables)
    again = tf.train.Checkpoint(model=other, optimizer=other.optimizer)
    path = tf.train.CheckpointManager(again, tmp_path, max_to_keep=1).restore_or_initialize()
    assert path
    assert same_weights(model, other)
    for one in (model, other):
        one.fit(x, y, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


# --- Keras' own files -------------------------------------------------------------------------


def archive(model, folder):
    model.save(folder / "model.keras")
    return keras.models.load_model(folder / "model.keras")


def h5(model, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an old format, both Kerases say
        model.save(folder / "model.h5")
    return keras.models.load_model(folder / "model.h5", compile=False)


def clone_with(save, load):
    def road(model, folder):
        save(model, folder)
        other = keras.models.clone_model(model)
        load(other, folder)
        return other

    return road


def folder_of_keras_2(model, folder):
    model.save(folder / "model", save_format="tf")
    return keras.models.load_model(folder / "model")


FILES = {
    "archive": archive,
    "h5": h5,
    "weights": clone_with(
        lambda m, folder: m.save_weights(folder / "m.weights.h5"),
        lambda m, folder: m.load_weights(folder / "m.weights.h5"),
    ),
    "pickle": lambda model, _: pickle.loads(pickle.dumps(model)),
    "deep copy": lambda model, _: copy.deepcopy(model),
}
if not IS_KERAS_3:
    FILES["folder"] = folder_of_keras_2
    FILES["checkpoint"] = clone_with(
        lambda m, folder: m.save_weights(folder / "m"),
        lambda m, folder: m.load_weights(folder / "m").assert_consumed(),
    )


@pytest.mark.parametrize("road", FILES)
@pytest.mark.parametrize("name", default(KINDS, "Quanv2D_in_groups"))
def test_files(name, road, tmp_path, rng):
    model, x = made(name), images(name, rng)
    again = FILES[road](model, tmp_path)
    np.testing.assert_array_equal(again(x), model(x))
    assert same_weights(again, model)


@pytest.mark.parametrize("name", default(KINDS, "Quanv2D_in_groups"))
def test_saved_models(name, tmp_path, rng):
    model, x = made(name), images(name, rng)
    tf.saved_model.save(model, str(tmp_path / "saved"))
    model.export(str(tmp_path / "exported"))
    expected = model(x)
    exported = tf.saved_model.load(str(tmp_path / "exported"))
    np.testing.assert_allclose(exported.serve(x), expected, atol=1e-6)
    saved = tf.saved_model.load(str(tmp_path / "saved"))
    (found,) = saved.signatures["serving_default"](tf.constant(x)).values()
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 looks layers up by their registered names")
def test_layers_in_keras_2s_own_wrappers_are_read_from_h5(tmp_path, rng):
    layer = keras.layers.TimeDistributed(rq.Quanv2D(1, 2))
    model = keras.Sequential([keras.Input((2, 4, 4, 1)), layer])
    x = rng.random((1, 2, 4, 4, 1)).astype("float32")
    np.testing.assert_array_equal(h5(model, tmp_path)(x), model(x))


# --- callbacks --------------------------------------------------------------------------------


class Stop(keras.callbacks.Callback):
    """A power cut, in an epoch's middle."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", default(TRAINED, "Quanv2D_in_groups"))
def test_a_run_goes_on_where_it_was_interrupted(name, tmp_path, rng):
    x = images(name, rng)
    start = made(name)
    y = np.zeros((4, *start.output_shape[1:]), "float32")

    def run(folder, *callbacks):
        model = keras.models.clone_model(start)
        model.set_weights(start.get_weights())
        model.compile("adam", "mse", jit_compile=False)
        backup = keras.callbacks.BackupAndRestore(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras 2 writes its checkpoints with a warning
            model.fit(x, y, epochs=4, shuffle=False, verbose=0, callbacks=[backup, *callbacks])
        return model

    with pytest.raises(KeyboardInterrupt):
        run(str(tmp_path / "cut"), Stop(2))
    resumed, whole = run(str(tmp_path / "cut")), run(str(tmp_path / "whole"))
    assert len(resumed.history.epoch) == 2
    for a, b in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("only_weights", [True, False])
@pytest.mark.parametrize("name", default(TRAINED, "Quanv2D_in_groups"))
def test_model_checkpoint(name, only_weights, tmp_path, rng):
    model, x = made(name), images(name, rng)
    model.compile("adam", "mse", jit_compile=False)
    path = str(tmp_path / ("best.weights.h5" if only_weights else "best.keras"))
    callback = keras.callbacks.ModelCheckpoint(path, save_weights_only=only_weights)
    y = np.zeros((4, *model.output_shape[1:]), "float32")
    model.fit(x, y, verbose=0, callbacks=[callback])
    if only_weights:
        other = made(name)
        other.load_weights(path)
    else:
        other = keras.models.load_model(path)
    assert same_weights(other, model)
