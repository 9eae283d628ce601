"""Layers in several threads at once: the numbers of one."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tfq_resqunn as rq
from tests.helpers.layer_kinds import default
from tfq_resqunn._utils.keras import keras

THREADS = 8
MODELS = {
    "resqunn": lambda: rq.resqunn((4, 4, 1), 3),
    "state vectors": lambda: keras.Sequential(
        [keras.Input((4, 4, 1)), rq.Quanv2D(1, 2, encoder="iqp", n_layers=2)]
    ),
    "classical_twin": lambda: rq.classical_twin((4, 4, 1), 3),
}


def in_threads(act, arguments):
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(act, arguments))


@pytest.mark.parametrize("call", ["predict", "predict of a new model", "model(x)"])
@pytest.mark.parametrize("name", default(MODELS, "resqunn"))
def test_threads_predict_as_one(name, call, rng):
    model = MODELS[name]()
    images = [rng.random((n, 4, 4, 1)).astype("float32") for n in (1, 5, 32, 40) * 4]

    def answer(x):
        return np.asarray(model(x)) if call == "model(x)" else model.predict(x, verbose=0)

    if call == "predict of a new model":  # whose function all threads trace
        found = in_threads(answer, images)
        expected = list(map(answer, images))
    else:
        expected = list(map(answer, images))
        found = in_threads(answer, images)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(other, one)


# Eight that differ, and eight that are alike.
LAYERS = {
    "different": [
        {"ansatz": "strongly_entangling", "n_layers": 2},
        {"ansatz": "basic_entangler", "n_layers": 3},
        {"encoder": "dense_angle"},
        {"encoder": "amplitude"},
        {"encoder": "iqp"},
        {"n_uploads": 2},
        {"noise": {"depolarizing": 0.1}},
        {"ansatz": "qcnn", "observables": "parity"},
    ],
    "alike": [{"ansatz": "sim_14", "n_layers": 2}] * THREADS,
}


@pytest.mark.parametrize("name", LAYERS)
def test_threads_build_what_one_builds(name, rng):
    x = rng.random((3, 4, 4, 1)).astype("float32")

    def built(arguments):
        layer = rq.Quanv2D(1, 2, initializer=keras.initializers.Constant(0.3), **arguments)
        return np.asarray(layer(x))

    expected = list(map(built, LAYERS[name]))
    for one, other in zip(expected, in_threads(built, LAYERS[name]), strict=True):
        np.testing.assert_array_equal(other, one)
