"""What is left of models that are gone."""

import gc

import cirq
import numpy as np
import pytest
from tensorflow.python.framework.func_graph import FuncGraph

from tests.helpers.reference import HAS_TFQ
from tfq_resqunn import Quanv2D, Residual
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.simulation.tensors.graph_gradients import forgotten_gradients

LAYERS = {
    "compiled": lambda: Quanv2D(2),
    "phases": lambda: Quanv2D(kernel_size=3, encoder="iqp"),
    "residual": lambda: Residual(Quanv2D(readout="pixels")),
    "noisy": lambda: Quanv2D(noise={"depolarizing": 0.01}),
    "shots": lambda: Quanv2D(repetitions=20),
    "device": lambda: Quanv2D(strides=3, backend=cirq.Simulator(seed=1), repetitions=5),
}
if HAS_TFQ:
    LAYERS["noiseless"] = lambda: Quanv2D(strides=3, backend="noiseless")


def train(layer):
    """Trains a model for one epoch, and forgets it."""
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), layer, keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    model.compile("adam", "mse", jit_compile=False)
    model.fit(np.full((4, 6, 6, 1), 0.3, np.float32), np.zeros((4, 2)), batch_size=2, verbose=0)


def n_graphs():
    gc.collect()
    names = [found.name for found in gc.get_objects() if isinstance(found, FuncGraph)]
    # TensorFlow Quantum keeps a graph of six operations for each of its differentiators.
    return len(names) - names.count("differentiate_analytic")


OFTEN = ("compiled", "noiseless")


@pytest.mark.parametrize(
    "name", [n if n in OFTEN else pytest.param(n, marks=pytest.mark.slow) for n in LAYERS]
)
def test_graphs_of_trained_models_go_with_them(name):
    counts = []
    for _ in range(4):
        train(LAYERS[name]())
        counts.append(n_graphs())
    assert counts[0] == counts[-1], counts  # those of the last model may be there


def test_gradients_of_models_without_our_layers_are_forgotten():
    train(keras.layers.Conv2D(2, 2))
    first = n_graphs()
    with forgotten_gradients():
        train(keras.layers.Conv2D(2, 2))
    assert n_graphs() == first
