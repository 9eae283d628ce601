"""New initial weights for a model that is built already."""

from collections.abc import Iterator

import numpy as np

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.gradients.layers import (
    circuit_of,
    layers_with_weights,
    own_trainable_weights,
)


def initializers_of(model: keras.Model) -> list[tuple] | None:
    """Gives each trainable weight with its Keras initializer, or `None` if one is not known."""
    pairs = [pair for _, layer in layers_with_weights(model) for pair in _initializers(layer)]
    return None if any(initializer is None for _, initializer in pairs) else pairs


def redraw(pairs: list[tuple], rng: np.random.Generator) -> None:
    """Draws weights anew, each with a seed of its own in its initializer."""
    for weight, initializer in pairs:
        config = initializer.get_config()
        if "seed" in config:
            # Under Keras 3, an initializer that is asked again gives the same numbers.
            seed = int(rng.integers(2**31))
            initializer = type(initializer).from_config({**config, "seed": seed})
        weight.assign(initializer(tuple(weight.shape), dtype=weight.dtype))


def _initializers(layer) -> Iterator[tuple]:
    for weight in own_trainable_weights(layer):
        # A circuit's layer has one initializer; others name it after the weight.
        name = weight.name.split("/")[-1].split(":")[0]
        attribute = "initializer" if circuit_of(layer) is not None else f"{name}_initializer"
        yield weight, getattr(layer, attribute, None)
