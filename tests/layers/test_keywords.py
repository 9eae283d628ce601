"""Keyword arguments that a layer does not have, with Keras 2 and Keras 3 alike."""

import pytest

from tests.helpers.layer_kinds import CIRCUIT, Conv2D
from tfq_resqunn import EncodedPQC, Quanv1D, Quanv2D, Quanv3D, Residual, resqunn
from tfq_resqunn.layers.pooling import AreaPooling, ClassPooling
from tfq_resqunn.layers.surrogate import Surrogate2D
from tfq_resqunn.layers.twin import PixelReadout


class Own(Quanv2D):
    def __init__(self, colour="red", **kwargs):
        super().__init__(**kwargs)


LAYERS = {
    "Quanv1D": Quanv1D,
    "Quanv2D": Quanv2D,
    "Quanv3D": Quanv3D,
    "Surrogate2D": Surrogate2D,
    "Own": Own,
    "EncodedPQC": lambda **kwargs: EncodedPQC(CIRCUIT, **kwargs),
    "Residual": lambda **kwargs: Residual(Quanv2D(), **kwargs),
    "AreaPooling": lambda **kwargs: AreaPooling((1, 2, 1), **kwargs),
    "ClassPooling": lambda **kwargs: ClassPooling(2, **kwargs),
    "PixelReadout": lambda **kwargs: PixelReadout(Conv2D(4, 2, 2), **kwargs),
}
WRONG = [
    ("Quanv2D", "kernelsize", "kernel_size"),
    ("Quanv2D", "shots", "repetitions"),
    ("Quanv2D", "n_shots", "repetitions"),
    ("Quanv2D", "bias", "use_bias"),
    ("Quanv2D", "observable", "observables"),
    ("Quanv1D", "stride", "strides"),
    ("Quanv3D", "n_filters", "filters"),
    ("Surrogate2D", "kernelsize", "kernel_size"),
    ("Own", "color", "colour"),
    ("Own", "kernel", "kernel_size"),
    ("EncodedPQC", "shots", "repetitions"),
    ("EncodedPQC", "filter", "filters"),
    ("Residual", "short_cut", "shortcut"),
    ("AreaPooling", "target", "target_shape"),
    ("ClassPooling", "scales", "scale"),
    ("PixelReadout", "copy", "copies"),
]


@pytest.mark.parametrize(("name", "wrong", "meant"), WRONG)
def test_the_argument_that_was_meant(name, wrong, meant):
    said = f"^{name}: `{wrong}` is no argument of it, nor of Keras' layers. Did you mean `{meant}`"
    with pytest.raises(TypeError, match=said):
        LAYERS[name](**{wrong: 2})


def test_an_argument_like_no_other():
    with pytest.raises(
        TypeError, match=r"`zzz` is no argument .* layers\. It has filters, kernel_s"
    ):
        Quanv2D(zzz=1)
    with pytest.raises(TypeError, match=r"`zzz` is no argument .* It has layer, shortcut, merge\."):
        Residual(Quanv2D(), zzz=1)


def test_a_network_passes_it_on():
    with pytest.raises(TypeError, match="Did you mean"):
        resqunn((4, 4, 1), 2, depth=1, shots=100)


@pytest.mark.parametrize("name", LAYERS)
def test_arguments_of_keras_are_keras_own(name):
    layer = LAYERS[name](name="mine", trainable=False, dtype="float64")
    assert (layer.name, layer.trainable, layer.dtype) == ("mine", False, "float64")
    with pytest.raises((TypeError, ValueError)) as caught:
        LAYERS[name](dtype="no such type")
    assert "is no argument" not in str(caught.value)
