"""Draws initial weights anew for a model that is built."""

from collections.abc import Iterator

import numpy as np

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.gradients.layers import circuit_of, layers_with_weights, own_trainable_weights


def initializers_of(model: keras.Model) -> list[tuple] | None:
    """Pairs each trainable weight with its initializer; gives `None` if any is unknown."""
    pairs = [pair for _, layer in layers_with_weights(model) for pair in _initializers(layer)]
    return None if any(initializer is None for _, initializer in pairs) else pairs


def redraw(pairs: list[tuple], rng: np.random.Generator) -> None:
    """Draws weights anew, with a new seed for each initializer that takes one."""
    for weight, initializer in pairs:
        config = initializer.get_config()
        if "seed" in config:
            # Under Keras 3, an initializer gives the same numbers each time it is called.
            seed = int(rng.integers(2**31))
            initializer = type(initializer).from_config({**config, "seed": seed})
        weight.assign(initializer(tuple(weight.shape), dtype=weight.dtype))


def _initializers(layer) -> Iterator[tuple]:
    for weight in own_trainable_weights(layer):
        # Layers with circuits have one initializer; others have one named after each weight.
        name = weight.name.split("/")[-1].split(":")[0]
        attribute = "initializer" if circuit_of(layer) is not None else f"{name}_initializer"
        yield weight, getattr(layer, attribute, None)
