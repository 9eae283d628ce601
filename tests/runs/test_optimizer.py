"""A learning rate of the head's own, and draws of initial weights beside the seed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.runs.test_going_on import SMALL
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.runs.optimizer import HeadAdam
from tfq_resqunn.runs.training import load_data, train


def network(optimizer, jit_compile):
    """Two layers whose weights are the same each time."""
    image = keras.Input((3,))
    features = keras.layers.Dense(4, kernel_initializer="ones", name="ahead")(image)
    same = keras.initializers.RandomNormal(seed=1)
    model = keras.Model(
        image, keras.layers.Dense(2, kernel_initializer=same, name="head")(features)
    )
    model.compile(optimizer, "mse", jit_compile=jit_compile)
    return model


def step(optimizer, n_steps=1, jit_compile=False):
    """How far weights go: those of the layer before the head, and the head's."""
    model, rng = network(optimizer, jit_compile), np.random.default_rng(0)
    before = model.get_weights()
    x, y = rng.normal(size=(32, 3)).astype("float32"), rng.normal(size=(32, 2)).astype("float32")
    model.fit(x, y, batch_size=32, epochs=n_steps, verbose=0)
    moved = [after - there for after, there in zip(model.get_weights(), before, strict=True)]
    return moved[:2], moved[2:]


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("scale", [0.1, 1.0, 7.0])
def test_the_head_has_a_rate_of_its_own(scale, jit_compile):
    """Against two trainings with Keras' own Adam: of the first step each layer's is known."""
    layers, head = step(HeadAdam(0.01, scale), jit_compile=jit_compile)
    for mine, adam in zip(layers, step(keras.optimizers.Adam(0.01))[0], strict=True):
        np.testing.assert_allclose(mine, adam, rtol=1e-5, atol=1e-7)
    for mine, adam in zip(head, step(keras.optimizers.Adam(0.01 * scale))[1], strict=True):
        np.testing.assert_allclose(mine, adam, rtol=1e-4, atol=1e-7)


def test_equal_rates_are_adam():
    for mine, adam in zip(
        step(HeadAdam(0.01), 5), step(keras.optimizers.Adam(0.01), 5), strict=True
    ):
        for one, other in zip(mine, adam, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_it_is_saved_with_its_model(tmp_path):
    model = network(HeadAdam(0.01, 7.0), False)
    x, y = np.ones((4, 3)), np.ones((4, 2))
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "a.keras", **({} if IS_KERAS_3 else {"save_format": "keras_v3"}))
    again = keras.models.load_model(tmp_path / "a.keras")
    assert isinstance(again.optimizer, HeadAdam) and again.optimizer.head_scale == 7.0
    for one in (model, again):
        one.fit(x, y, epochs=2, verbose=0)
    for mine, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_runs_train_with_it(tmp_path):
    """The second epoch moves the circuits, and a head of so small a rate hardly."""
    config = replace(SMALL, learning_rate=0.1, head_learning_rate=1e-9)
    models = [
        keras.models.load_model(run.paths["model"])
        for n in (1, 2)
        for run in [train(replace(config, epochs=n), tmp_path / str(n), verbose=0)]
    ]
    for name, is_moved in (("quanv_1", True), ("quanv_2", True), ("head", False)):
        one, two = (model.get_layer(name).get_weights()[0] for model in models)
        assert (np.abs(one - two).max() > 1e-6) == is_moved, name


def test_draws_change_the_initial_weights_alone(tmp_path):
    norms = {}
    for draw in (0, 1, 2, 1):
        name = f"{draw}-{len(norms)}-{draw in norms}"
        run = train(replace(SMALL, epochs=1, draw=draw), tmp_path / name, verbose=0)
        gradients = pd.read_csv(run.paths["gradients"])
        found = gradients.norm[gradients.epoch == 0].tolist()
        assert norms.setdefault(draw, found) == found
    assert len({tuple(found) for found in norms.values()}) == 3
    data = [load_data(replace(SMALL, draw=draw)) for draw in (0, 1)]
    np.testing.assert_array_equal(data[0].x_train, data[1].x_train)
