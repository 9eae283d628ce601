"""`with_backend` copies every optimizer of both Kerases: the next step is the original's."""

import inspect

import numpy as np
import pytest

from tests.helpers.layer_kinds import default
from tfq_resqunn import Quanv2D, with_backend
from tfq_resqunn._utils.keras import IS_KERAS_3, keras


def classes(module):
    base = module.Optimizer
    found = {n: c for n, c in vars(module).items() if inspect.isclass(c) and issubclass(c, base)}
    return {n: c for n, c in found.items() if c is not base and "LossScale" not in n}


def of(cls, **options):
    return lambda: cls(learning_rate=0.01, **options)


def scaled(make, **options):
    return lambda: keras.mixed_precision.LossScaleOptimizer(make(), **options)


class Own(keras.optimizers.Adam):
    """A class that is not registered with Keras."""


class Halving(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.01 / 2.0 ** (step if isinstance(step, float) else float(1))

    def get_config(self):
        return {}


NEW = classes(keras.optimizers)
NEW.pop("MultiOptimizer", None)  # takes optimizers, below
OPTIMIZERS = {name: of(cls) for name, cls in NEW.items()}
OPTIMIZERS["momentum"] = of(keras.optimizers.SGD, momentum=0.9, nesterov=True)
OPTIMIZERS["moving_average"] = of(keras.optimizers.Adam, use_ema=True, ema_momentum=0.5)
OPTIMIZERS["own"] = of(Own)
OPTIMIZERS["schedule"] = lambda: keras.optimizers.Adam(
    keras.optimizers.schedules.ExponentialDecay(0.01, 1, 0.5)
)
OPTIMIZERS["own_schedule"] = lambda: keras.optimizers.Adam(Halving())
OPTIMIZERS["scaled_own"] = scaled(of(Own))
OPTIMIZERS |= {f"scaled_{name}": scaled(of(cls)) for name, cls in NEW.items()}
OPTIMIZERS["scaled_short"] = scaled(OPTIMIZERS["Adam"], dynamic_growth_steps=2)
if not IS_KERAS_3:
    OLD = classes(keras.optimizers.legacy)
    OPTIMIZERS["fixed_scale"] = scaled(OPTIMIZERS["Adam"], dynamic=False, initial_scale=8.0)
    OPTIMIZERS |= {f"legacy_{name}": of(cls) for name, cls in OLD.items()}
    OPTIMIZERS |= {f"legacy_scaled_{name}": scaled(of(cls)) for name, cls in OLD.items()}
FEW = ("Adam", "scaled_Adam", "scaled_short", "own_schedule", "scaled_own", "legacy_Adam")
FEW += ("legacy_scaled_SGD", "fixed_scale")


def compiled(optimizer, dtype="float32"):
    layers = [keras.Input((2, 2, 1)), Quanv2D(dtype=dtype), keras.layers.Flatten(dtype=dtype)]
    model = keras.Sequential([*layers, keras.layers.Dense(2, dtype=dtype)])
    model.compile(optimizer, "mse", run_eagerly=True)
    return model


def state(optimizer):
    variables = optimizer.variables
    values = [np.array(v) for v in (variables() if inspect.ismethod(variables) else variables)]
    if not IS_KERAS_3 and "LossScale" in type(optimizer).__name__:
        counter = optimizer.dynamic_counter
        values += [np.array(optimizer.loss_scale), np.array(-1 if counter is None else counter)]
    return values


def check(model, rng):
    x, y = rng.random((4, 2, 2, 1)), rng.random((4, 2))
    for _ in range(3):
        model.train_on_batch(x, y)
    before, weights = state(model.optimizer), model.get_weights()
    copy = with_backend(model, "compiled")
    assert copy.optimizer is not model.optimizer
    assert type(copy.optimizer) is type(model.optimizer)
    for one, other in zip(state(copy.optimizer), before, strict=True):
        np.testing.assert_array_equal(one, other)
    # Nothing is shared: what the copy learns, the original does not.
    copy.train_on_batch(x, y)
    for one, other in zip(state(model.optimizer), before, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)
    # And the original's next step is the copy's.
    model.train_on_batch(x, y)
    for one, other in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    for one, other in zip(state(copy.optimizer), state(model.optimizer), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", default(OPTIMIZERS, *FEW))
def test_the_copy_goes_on_as_the_original(name, rng):
    check(compiled(OPTIMIZERS[name]()), rng)


def test_under_a_mixed_precision_policy(rng):
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = compiled("adam", "mixed_float16")
        assert "LossScale" in type(model.optimizer).__name__
        check(model, rng)
    finally:
        keras.mixed_precision.set_global_policy(before)


@pytest.mark.parametrize("name", [n for n in FEW if n in OPTIMIZERS])
def test_optimizers_that_have_not_trained_yet(name):
    model = compiled(OPTIMIZERS[name]())
    copy = with_backend(model, "compiled")
    assert copy.optimizer is not model.optimizer
    assert type(copy.optimizer) is type(model.optimizer)
