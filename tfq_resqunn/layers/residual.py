"""`Residual`: merges a layer's input with its output."""

from typing import Any

import tensorflow as tf

from tfq_resqunn._utils.keras import Shape, keras, output_shape, register
from tfq_resqunn.layers.checks import check_layer
from tfq_resqunn.layers.inputs import check_numbers
from tfq_resqunn.layers.keywords import known_to
from tfq_resqunn.layers.merging import ReZero, check_merge


@register
class Residual(keras.layers.Wrapper):
    """Wraps any layer into a residual one: `shortcut(x) + layer(x)`.

    Both must have the same shape. Keras' `Add` stretches axes of size 1, so that a one-channel
    image plus a four-channel output would pass unseen. The sum is computed in this layer's own
    precision, so pixels may be integers.

    Pixels from 0 to 1 plus outcomes from -1 to 1 lie between -1 and 2. An encoder that turns by pi
    times a value cannot tell -0.5 from 1.5 there. `merge` offers two other rules.

    Args:
        layer: The Keras layer to wrap.
        shortcut: Keras layer on the way around `layer`, or `None` to add the input as it is. Use
            one (a `Conv2D` with a 1x1 kernel, say) where `layer` changes the shape.
        merge: What becomes of the two: `"add"`, their sum; `"average"`, their mean, from -0.5 to 1
            for pixels and outcomes; `"rezero"`, `shortcut(x) + scale * layer(x)` with a learned
            scale that starts at 0, see `ReZero`.
        **kwargs: Of `keras.layers.Layer`.

    Input shape:
        That of `layer`.

    Output shape:
        That of `layer`, which must be that of `shortcut` (or of the input).

    Raises:
        TypeError: If `layer` or `shortcut` is no Keras layer.
        ValueError: If the two shapes differ.

    Example:
        >>> import numpy as np
        >>> x = np.ones((1, 2), "float32")
        >>> Residual(keras.layers.Dense(2, kernel_initializer="identity"))(x).numpy().tolist()
        [[2.0, 2.0]]

    Reference:
        He, Zhang, Ren, Sun, *Deep Residual Learning* (2016), arXiv:1512.03385; between
        quanvolutions: Kashif, Shafique, *ResQuNNs* (2025), arXiv:2402.09146.
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        shortcut: keras.layers.Layer | None = None,
        merge: str = "add",
        **kwargs: Any,
    ) -> None:
        check_layer(layer, "layer", "Residual")
        check_layer.or_none()(shortcut, "shortcut", "Residual")
        with known_to(self, kwargs):
            super().__init__(layer, **kwargs)
        self.shortcut, self.merge = shortcut, check_merge(merge, "merge", "Residual")
        self.rezero = ReZero(name="rezero", dtype=self.dtype_policy) if merge == "rezero" else None

    def build(self, input_shape: Shape | None = None) -> None:
        if self.shortcut is None:
            super().build(input_shape)
        else:
            # Scopes keep the names of their variables apart; an .h5 file of Keras 2 needs that.
            with tf.name_scope("shortcut"):
                if not self.shortcut.built:
                    self.shortcut.build(input_shape)
                    self.shortcut.built = True
            with tf.name_scope("layer"):
                super().build(input_shape)
        shape = self.compute_output_shape(input_shape)  # raises where the two shapes differ
        if self.rezero is not None and not self.rezero.built:
            with tf.name_scope("rezero"):
                self.rezero.build([shape, shape])

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        direct = inputs if self.shortcut is None else self.shortcut(inputs)
        through = self.layer(inputs)
        for term in (direct, through):
            check_numbers(term, "Residual")
        # Pixels may be integers, and the two layers may have other precisions.
        terms = [tf.cast(term, self.compute_dtype) for term in (direct, through)]
        if self.rezero is not None:
            return self.rezero(terms)
        return sum(terms) if self.merge == "add" else sum(terms) / 2

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        around = tuple(input_shape)
        if self.shortcut is not None:
            around = tuple(self.shortcut.compute_output_shape(input_shape))
        through = tuple(self.layer.compute_output_shape(input_shape))
        if around != through:
            name = "input" if self.shortcut is None else "output of `shortcut`"
            raise ValueError(
                f"Residual: the output of `layer` ({self.layer.name}) and the {name} are added, "
                "so their shapes must be equal (none is stretched).\n"
                f"Received {through} and {around}.\n"
                "Make the layer keep the shape (Quanv2D: readout='pixels', with patches that "
                "cover the image), or give a `shortcut` that maps to the same shape."
            )
        return output_shape(through)

    def get_config(self) -> dict:
        shortcut = None if self.shortcut is None else keras.layers.serialize(self.shortcut)
        return {**super().get_config(), "shortcut": shortcut, "merge": self.merge}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "Residual":
        config = dict(config)
        for name in ("layer", "shortcut"):
            if config.get(name) is not None:
                config[name] = keras.layers.deserialize(config[name], custom_objects)
        if callable(config.get("merge")):  # of .h5 files, Keras 3 reads such words as functions
            config["merge"] = config["merge"].__name__
        return cls(**config)
