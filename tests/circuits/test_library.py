"""Every named encoder x ansatz x set of observables, from a built layer to a reloaded one."""

import itertools

import numpy as np
import pytest

from tests.helpers.reference import BACKENDS, expectations
from tfq_resqunn import Quanv2D
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import ANSATZES, ENCODERS, OBSERVABLES

pytestmark = pytest.mark.once

# Entered when the tests are collected; what the tests themselves register comes later.
ENCODER_NAMES, ANSATZ_NAMES, OBSERVABLE_NAMES = map(list, (ENCODERS, ANSATZES, OBSERVABLES))
SEED = 7


def diagonal():
    """Each name at least once, every ansatz with another encoder and other observables."""
    encoders, observables = itertools.cycle(ENCODER_NAMES), itertools.cycle(OBSERVABLE_NAMES)
    n = max(map(len, (ENCODER_NAMES, ANSATZ_NAMES, OBSERVABLE_NAMES)))
    ansatzes = itertools.islice(itertools.cycle(ANSATZ_NAMES), n)
    return [
        pytest.param(*names, id="-".join(names))
        for names in zip(encoders, ansatzes, observables, strict=False)
    ]


def build(encoder, ansatz, observables, **options):
    """A small model around a layer that sees two patches."""
    layer = Quanv2D(encoder=encoder, ansatz=ansatz, observables=observables, **options)
    rows, columns = layer.kernel_size
    model = keras.Sequential(
        [keras.Input((rows, 2 * columns, 1)), layer, keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    model.compile("adam", "mse", run_eagerly=True)
    return model, layer


def weights_of(layer):
    """The same angles for all layers of as many weights."""
    shape = layer.get_weights()[0].shape
    return np.random.default_rng(SEED).uniform(0, 2 * np.pi, shape).astype("float32")


def check(encoder, ansatz, observables, tmp_path, rng, kernel_size=(2, 2)):
    rows, columns = kernel_size
    x = np.random.default_rng(SEED).random((1, rows, 2 * columns, 1)).astype("float32")
    model, layer = build(encoder, ansatz, observables, kernel_size=kernel_size)
    circuit = layer.pqcs[0].circuit
    layer.set_weights(start := [weights_of(layer)])

    patches = [x[0, :, :columns, 0].ravel(), x[0, :, columns:, 0].ravel()]
    truth = expectations(circuit, patches, start[0][0])
    np.testing.assert_allclose(layer(x)[0, 0], truth, atol=1e-5)
    for backend in BACKENDS[1:]:
        _, other = build(encoder, ansatz, observables, kernel_size=kernel_size, backend=backend)
        other.set_weights(start)
        np.testing.assert_allclose(other(x)[0, 0], truth, atol=1e-5)

    model.train_on_batch(x, rng.normal(size=(1, 2)))
    assert any(np.any(a != b) for a, b in zip(start, layer.get_weights(), strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
    return truth


@pytest.mark.parametrize(("encoder", "ansatz", "observables"), diagonal())
def test_named_parts_fit_each_other(encoder, ansatz, observables, tmp_path, rng):
    check(encoder, ansatz, observables, tmp_path, rng, kernel_size=(1, 3))  # quick


@pytest.mark.slow
@pytest.mark.parametrize("ansatz", ANSATZ_NAMES)
@pytest.mark.parametrize("encoder", ENCODER_NAMES)
def test_all_named_parts_fit_each_other(encoder, ansatz, tmp_path, rng):
    truth = check(encoder, ansatz, OBSERVABLE_NAMES, tmp_path, rng)
    # Each set alone may be computed in another way than all of them together.
    x = np.random.default_rng(SEED).random((1, 2, 4, 1)).astype("float32")
    begin = 0
    for observables in OBSERVABLE_NAMES:
        layer = Quanv2D(encoder=encoder, ansatz=ansatz, observables=observables)
        layer.build(x.shape)
        layer.set_weights([weights_of(layer)])
        found = layer(x)[0, 0]
        end = begin + found.shape[-1]
        np.testing.assert_allclose(found, truth[:, begin:end], atol=1e-5)
        begin = end
    assert begin == truth.shape[1]
