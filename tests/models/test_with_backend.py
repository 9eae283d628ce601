import cirq
import numpy as np
import pytest

from tests.helpers.reference import BACKENDS, HAS_TFQ
from tfq_resqunn import EncodedPQC, Quanv2D, QuanvCircuit, Residual, resqunn, with_backend
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import angle_encoder, basic_entangler

# Another than the default, that needs no other argument.
OTHER = BACKENDS[-1] if len(BACKENDS) > 1 else cirq.Simulator()
CIRCUIT = QuanvCircuit.from_parts(angle_encoder(2), basic_entangler(2))


def sequential():
    return keras.Sequential(
        [keras.Input((4, 4, 1)), Quanv2D(1, 2), keras.layers.Flatten(), keras.layers.Dense(2)]
    )


def functional():
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(2)(inputs)
    shared = EncodedPQC(CIRCUIT, name="shared")
    return keras.Model(inputs, [shared(hidden), shared(shared(hidden))])


def nested():
    inner = keras.Sequential([keras.Input((4, 4, 1)), Residual(Quanv2D(readout="pixels"))])
    inputs = keras.Input((4, 4, 1))
    return keras.Model(inputs, keras.layers.Flatten()(Residual(inner)(inputs)))


def wrapped():
    return keras.Sequential(
        [keras.Input((3, 4, 4, 1)), keras.layers.TimeDistributed(Quanv2D(2, 2))]
    )


class Own(keras.Model):
    """Subclassed, and made of a layer that is passed."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def build(self, input_shape):
        if not self.inner.built:
            self.inner.build(input_shape)
        super().build(input_shape)

    def call(self, inputs):
        return self.inner(inputs)

    def get_config(self):
        inner = keras.utils.serialize_keras_object(self.inner)
        return {"name": self.name, "inner": inner}

    @classmethod
    def from_config(cls, config):
        inner = keras.utils.deserialize_keras_object(config.pop("inner"))
        return cls(inner, **config)


def subclassed():
    model = Own(EncodedPQC(CIRCUIT))
    model(np.zeros((1, 2)))
    return model


def layer():
    made = EncodedPQC(CIRCUIT)
    made.build((None, 2))
    return made


MODELS = {
    "sequential": (sequential, (4, 4, 1)),
    "functional": (functional, (4,)),
    "nested": (nested, (4, 4, 1)),
    "wrapped": (wrapped, (3, 4, 4, 1)),
    "subclassed": (subclassed, (2,)),
    "layer": (layer, (2,)),
    "resqunn": (lambda: resqunn((4, 4, 1), 2, depth=2, placement="(X+O1)+O2"), (4, 4, 1)),
}


def backends_of(model):
    found = []
    for part in model._flatten_layers():
        if isinstance(part, (EncodedPQC, Quanv2D)):
            found.append(part.backend)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_same_model_on_another_backend(name, rng):
    make, shape = MODELS[name]
    model = make()
    x = rng.random((2, *shape)).astype("float32")
    before, weights = model(x), [w.copy() for w in model.get_weights()]
    simulator = cirq.Simulator()
    copy = with_backend(model, simulator)
    assert set(map(id, backends_of(copy))) == {id(simulator)}
    assert set(backends_of(model)) == {"compiled"}
    assert copy.name == model.name
    assert names(copy) == names(model)
    for one, other in zip(copy.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)
    compare(copy(x), before)
    # From an object of Cirq, which no file can hold, back to names.
    back = with_backend(copy, "compiled")
    assert set(backends_of(back)) == {"compiled"}
    compare(back(x), before)
    # The copy's weights are its own.
    copy.set_weights([w + 1 for w in weights])
    compare(model(x), before)


def names(model):
    return [part.name for part in getattr(model, "layers", [])]


def compare(found, expected):
    for one, other in zip(flat(found), flat(expected), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def flat(outputs):
    return outputs if isinstance(outputs, (list, tuple)) else [outputs]


def test_other_arguments_reach_the_layers(rng):
    noise = {"depolarizing": 0.1}
    copy = with_backend(
        sequential(),
        cirq.DensityMatrixSimulator(seed=1),
        noise=noise,
        repetitions=30,
        max_circuits=7,
        differentiator="central_difference",
    )
    made = copy.layers[0]
    assert made.noise.get_config() == noise
    assert (made.repetitions, made.max_circuits) == (30, 7)
    assert made.differentiator == "central_difference"
    plain = with_backend(copy).layers[0]
    assert (plain.backend, plain.noise, plain.repetitions) == ("compiled", None, None)


class Slow(keras.losses.Loss):
    def call(self, targets, outputs):
        return 0.1 * (targets - outputs) ** 2


def far_from(targets, outputs):
    return (targets - outputs) ** 2


def test_compiled_models_stay_compiled_and_go_on_training(rng):
    x, y = rng.random((8, 4, 4, 1)), rng.random((8, 2))
    model = sequential()
    model.compile(keras.optimizers.Adam(0.05), far_from, metrics=["mae"])
    model.fit(x, y, epochs=2, verbose=0)
    copy = with_backend(model, OTHER)
    assert copy.optimizer is not model.optimizer
    for one, other in zip(copy.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(
        copy.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), atol=1e-5
    )
    # The next steps are the same, since the optimizer's state is.
    for one in (copy, model):
        one.fit(x, y, epochs=1, shuffle=False, verbose=0)
    for one, other in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("loss", [Slow(), lambda y, p: abs(y - p), ["mse"]])
def test_losses_of_all_kinds(loss, rng):
    x, y = rng.random((2, 4, 4, 1)), rng.random((2, 2))
    model = sequential()
    model.compile("adam", loss, metrics=[keras.metrics.MeanSquaredError()])
    expected = model.evaluate(x, y, verbose=0)
    found = with_backend(model, OTHER).evaluate(x, y, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_xla_is_left_where_it_cannot_be(rng):
    model = sequential()
    model.compile("sgd", "mse", jit_compile=True)
    copy = with_backend(model, OTHER)
    copy.fit(rng.random((2, 4, 4, 1)), np.zeros((2, 2)), verbose=0)


@pytest.mark.filterwarnings("ignore:Model doesn't support `jit_compile=True`")
def test_xla_is_left_where_a_loaded_model_cannot_have_it(rng, tmp_path):
    model = sequential()
    model.compile("sgd", "mse", jit_compile=True)
    model.save(tmp_path / "model.keras")
    loaded = with_backend(tmp_path / "model.keras", cirq.Simulator())
    loaded.fit(rng.random((2, 4, 4, 1)), np.zeros((2, 2)), verbose=0)


def test_names_and_trainability_stay():
    model = sequential()
    model.layers[0].trainable = False
    copy = with_backend(model, OTHER)
    assert copy.name == model.name
    assert names(copy) == names(model)
    assert len(copy.trainable_weights) == len(model.trainable_weights) == 2


def test_unbuilt_models_are_copied():
    model = keras.Sequential([Quanv2D(), keras.layers.Flatten()])
    copy = with_backend(model, OTHER)
    assert copy(np.zeros((1, 4, 4, 1))).shape == (1, 16)


def test_layers_of_classes_that_are_not_registered(rng):
    class Doubled(keras.layers.Layer):
        def call(self, inputs):
            return 2 * inputs

    halved = keras.layers.Lambda(lambda values: values / 2)
    model = keras.Sequential([keras.Input((2,)), Doubled(), halved, EncodedPQC(CIRCUIT)])
    x = rng.random((2, 2)).astype("float32")
    compare(with_backend(model, OTHER)(x), model(x))


class Closed(keras.Model):
    """Says nothing of what is in it."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, inputs):
        return self.inner(inputs)

    def get_config(self):
        raise NotImplementedError("no get_config")


KRAUS = cirq.ConstantQubitNoiseModel(cirq.KrausChannel(cirq.kraus(cirq.bit_flip(0.1))))
ERRORS = {
    "type": (lambda: with_backend(3), TypeError, "`model` must be a Keras model or layer"),
    "none": (
        lambda: with_backend(keras.Sequential([keras.layers.Dense(1)], name="classical")),
        ValueError,
        "must hold a layer that runs circuits.* Received 'classical'",
    ),
    "config": (
        lambda: with_backend(Closed(EncodedPQC(CIRCUIT))),
        ValueError,
        "Closed.* cannot be: no get_config\nGive its class a get_config and a from_config",
    ),
    "backend": (
        lambda: with_backend(sequential(), "nosy"),
        ValueError,
        "with_backend: `backend` must be one of .* Received 'nosy'",
    ),
}
if HAS_TFQ:
    ERRORS |= {
        "channel": (
            lambda: with_backend(sequential(), "noisy", noise=KRAUS, repetitions=5),
            ValueError,
            "(?s)TensorFlow Quantum has no channel for .* or backend='compiled'",
        ),
        "rule": (
            lambda: with_backend(sequential(), "noisy"),
            ValueError,
            "with_backend: backend='noisy' needs `noise` and `repetitions`",
        ),
    }


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()


def test_saving_after_going_back(tmp_path, rng):
    model = with_backend(sequential(), cirq.Simulator())
    with pytest.raises(ValueError, match="no file can hold"):
        model.save(tmp_path / "model.keras")
    with_backend(model).save(tmp_path / "again.keras")
    x = rng.random((1, 4, 4, 1))
    compare(keras.models.load_model(tmp_path / "again.keras")(x), model(x))
