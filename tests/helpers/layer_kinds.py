"""One small layer of each kind that the package has, and `Conv2D`, their model."""

import pytest

from tfq_resqunn import EncodedPQC, Quanv1D, Quanv2D, Quanv3D, QuanvCircuit, Residual
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import angle_encoder, basic_entangler
from tfq_resqunn.layers.pooling import AreaPooling, ClassPooling
from tfq_resqunn.layers.surrogate import Surrogate1D, Surrogate2D, Surrogate3D
from tfq_resqunn.layers.twin import CutConv1D, CutConv2D, CutConv3D, PixelReadout

CIRCUIT = QuanvCircuit.from_parts(angle_encoder(2), basic_entangler(2))
IMAGE = (4, 4, 2)
Conv2D = keras.layers.Conv2D

# Name -> how to make one, the shape of an input without the batch, its variables.
KINDS = {
    "Conv2D": (lambda **kwargs: Conv2D(4, 2, **kwargs), IMAGE, 2),
    "EncodedPQC": (lambda **kwargs: EncodedPQC(CIRCUIT, filters=2, **kwargs), (2,), 1),
    "Quanv2D": (lambda **kwargs: Quanv2D(1, (1, 2), use_bias=True, **kwargs), IMAGE, 2),
    "Quanv1D": (lambda **kwargs: Quanv1D(2, 2, padding="causal", **kwargs), (5, 1), 1),
    "Quanv3D": (lambda **kwargs: Quanv3D(1, (1, 2, 1), **kwargs), (2, 2, 2, 1), 1),
    "Quanv2D_in_groups": (lambda **kwargs: Quanv2D(2, (1, 2), groups=2, **kwargs), IMAGE, 2),
    "Residual": (
        lambda **kwargs: Residual(Quanv2D(1, (1, 2)), Conv2D(4, (1, 2), (1, 2)), **kwargs),
        IMAGE,
        3,
    ),
    "Residual_of_convolutions": (
        lambda **kwargs: Residual(Residual(Conv2D(4, 1), Conv2D(4, 1)), Conv2D(4, 1), **kwargs),
        IMAGE,
        6,
    ),
    "Residual_of_pixels": (
        lambda **kwargs: Residual(Quanv2D(1, 2, readout="pixels"), **kwargs),
        (4, 4, 1),
        1,
    ),
    "Residual_with_a_mean": (
        lambda **kwargs: Residual(Quanv2D(1, 2, readout="pixels"), merge="average", **kwargs),
        (4, 4, 1),
        1,
    ),
    "Residual_with_a_scale": (
        lambda **kwargs: Residual(Quanv2D(1, 2, readout="pixels"), merge="rezero", **kwargs),
        (4, 4, 1),
        2,
    ),
    "Surrogate2D": (lambda **kwargs: Surrogate2D(2, (1, 2), use_bias=True, **kwargs), IMAGE, 2),
    "Surrogate1D_in_groups": (lambda **kwargs: Surrogate1D(2, 2, groups=2, **kwargs), (4, 2), 2),
    "Surrogate3D": (lambda **kwargs: Surrogate3D(1, (1, 2, 1), **kwargs), (2, 2, 2, 1), 1),
    "PixelReadout_with_copies": (
        lambda **kwargs: PixelReadout(CutConv2D(1, 2, strides=2), copies=4, **kwargs),
        IMAGE,
        2,
    ),
    "PixelReadout": (
        lambda **kwargs: PixelReadout(CutConv2D(4, 2, strides=2), **kwargs),
        IMAGE,
        2,
    ),
    "CutConv2D": (lambda **kwargs: CutConv2D(4, 2, **kwargs), IMAGE, 2),
    "CutConv1D": (lambda **kwargs: CutConv1D(4, 2, **kwargs), (4, 2), 2),
    "CutConv3D": (lambda **kwargs: CutConv3D(4, 2, **kwargs), (2, 2, 3, 1), 2),
    "PixelReadout_of_volumes": (
        lambda **kwargs: PixelReadout(CutConv3D(4, (1, 2, 2), strides=(1, 2, 2)), **kwargs),
        (*IMAGE, 1),
        2,
    ),
    "AreaPooling": (lambda **kwargs: AreaPooling((2, None, 3), **kwargs), IMAGE, 0),
    "ClassPooling": (lambda **kwargs: ClassPooling(3, **kwargs), IMAGE, 0),
}
WITH_WEIGHTS = [name for name, (_, _, n_weights) in KINDS.items() if n_weights]


def default(names, *few):
    """All names, as parameters; but for a few, they run with the slow tests."""
    return [n if n in few else pytest.param(n, marks=pytest.mark.slow) for n in names]
