"""Small networks whose features can be told from their head, for tests of whole workflows."""

import pytest

import tfq_resqunn as rq
from tests.helpers.reference import BACKENDS
from tfq_resqunn._utils.keras import keras


def sequential(shape, n_classes, features):
    return keras.Sequential(
        [
            keras.Input(shape),
            features,
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes, activation="softmax", name="head"),
        ]
    )


def quanvolution(shape, n_classes, **arguments):
    layer = rq.Quanv2D(readout="pixels", name="features", **arguments)
    return sequential(shape, n_classes, layer)


def residual(shape, n_classes, **arguments):
    layer = rq.Quanv2D(readout="pixels", **arguments)
    return sequential(shape, n_classes, rq.Residual(layer, name="features"))


def resqunn(shape, n_classes, **arguments):
    return rq.resqunn(shape, n_classes, depth=2, **arguments)


def twin(shape, n_classes):
    return rq.classical_twin(shape, n_classes, depth=2)


# Name -> what makes one from a shape and a number of classes, the layer that gives its features.
# With patches of 2 x 2 pixels side by side, all features have the shape of the image.
NETWORKS = {
    "Quanv2D": (quanvolution, "features"),
    "Residual": (residual, "features"),
    "resqunn": (resqunn, "sum_2"),
    "classical_twin": (twin, "sum_2"),
}


def with_backends(*names, quick=("Quanv2D-compiled", "classical_twin")):
    """Each network by its name and the arguments that it takes, on every exact backend.

    All but the quick ones run with the slow tests.
    """
    rows = [
        (name, arguments)
        for name in names or NETWORKS
        for arguments in ([{}] if name == "classical_twin" else [{"backend": b} for b in BACKENDS])
    ]
    titles = ["-".join([name, *arguments.values()]) for name, arguments in rows]
    marks = [() if title in quick else pytest.mark.slow for title in titles]
    return [
        pytest.param(*row, id=title, marks=mark)
        for row, title, mark in zip(rows, titles, marks, strict=True)
    ]


def make(name, shape, n_classes, **arguments):
    """Makes one of the networks, not compiled."""
    return NETWORKS[name][0](shape, n_classes, **arguments)


def features_of(model, name):
    """The part of a network up to its features, with the same weights."""
    return keras.Model(model.inputs[0], model.get_layer(NETWORKS[name][1]).output)
