"""Layers that average and have no weight: on the way around a layer, or on the way to classes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, is_integer, number
from tfq_resqunn._utils.keras import Shape, keras, output_shape, register
from tfq_resqunn.layers.inputs import check_known, check_numbers, known_shape
from tfq_resqunn.layers.keywords import known_to


@register
class AreaPooling(keras.layers.Layer):
    """Averages or repeats along each axis, so that the output has another shape of the same rank.

    Each axis is cut into as many equal parts as the output has there, and each part gives the mean
    of what it covers. An axis of 8 that becomes 4 is averaged in pairs, one of 4 that becomes 8 is
    repeated; where sizes do not divide each other, an entry counts by the share that is covered.
    Channels are an axis like the others: one becomes four equal ones, four become one mean. So the
    mean of the whole stays what it is.

    Made for the way around a layer that changes the shape of its input, where Keras' `Add` would
    stretch axes of size 1 and refuse others: `Residual(layer, shortcut=AreaPooling((4, 4, 2)))`.
    `resqunn` places it by itself.

    Args:
        target_shape: Integers or `None`, the output's shape without the batch axis; an axis that
            is `None` keeps its size.
        **kwargs: Of `keras.layers.Layer`.

    Input shape:
        `(batch, ...)`, of the rank of `target_shape` plus one, in any data format. Axes that
        change must be of known size.

    Output shape:
        `(batch, *target_shape)`.

    Raises:
        TypeError: If `target_shape` is no sequence of integers.
        ValueError: If one of them is below 1, the input has another rank, or the size of an axis
            that is to change is not known.

    Example:
        >>> x = np.arange(8.0, dtype="float32").reshape(1, 2, 4, 1)
        >>> AreaPooling((1, 2, 1))(x).numpy().ravel().tolist()  # of 0, 1, 4, 5 and of 2, 3, 6, 7
        [2.5, 4.5]
        >>> tuple(AreaPooling((1, 3, 5))(x).shape)
        (1, 1, 3, 5)
    """

    def __init__(self, target_shape: Shape, **kwargs: Any) -> None:
        with known_to(self, kwargs):
            super().__init__(**kwargs)
        self.target_shape = _check_shape(target_shape)

    def build(self, input_shape: Shape) -> None:
        self.compute_output_shape(input_shape)
        sizes = enumerate(tuple(input_shape)[1:], start=1)
        changed = zip(sizes, self.target_shape, strict=True)
        self._changed = {axis: n_in for (axis, n_in), n_out in changed if n_out is not None}
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        check_numbers(inputs, "AreaPooling")
        check_known(inputs, self._changed, _as_built("AreaPooling", self._changed))
        outputs = tf.cast(inputs, self.compute_dtype)
        for axis, n_out in enumerate(self.target_shape, start=1):
            n_in = outputs.shape[axis]
            if n_out not in (None, n_in):
                outputs = _mix(outputs, _shares(n_in, n_out), axis)
        return outputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        rank = len(self.target_shape) + 1
        shape = known_shape(input_shape, f"rank {rank}, (batch, ...)", "AreaPooling")
        batch, *sizes = shape.as_list()
        if shape.rank != rank:
            raise ValueError(
                "AreaPooling: the input must have the rank of `target_shape` plus one, for the "
                f"batch: {rank}. Received shape {(batch, *sizes)} for "
                f"target_shape={self.target_shape}. Reshape one of the two first."
            )
        pairs = list(zip(sizes, self.target_shape, strict=True))
        if any(n_in is None and n_out is not None for n_in, n_out in pairs):
            raise ValueError(
                "AreaPooling: axes that change must be of known size. Received shape "
                f"{(batch, *sizes)} for target_shape={self.target_shape}. Give the model's input "
                "its sizes, or name None in `target_shape` where an axis is to stay as it is."
            )
        return output_shape((batch, *(n_in if n_out is None else n_out for n_in, n_out in pairs)))

    def get_config(self) -> dict:
        return {**super().get_config(), "target_shape": self.target_shape}


@register
class ClassPooling(keras.layers.Layer):
    """Averages a share of the features for each class; a head that cannot learn.

    The features are dealt out to the classes in turn, as cards are: feature i, counted row by
    row, channels last, belongs to class `i % n_classes`. Each class gets `n_features // n_classes`
    of them or one more, and its output is `scale` times their mean. Softmax makes probabilities
    of that. Whatever the network learns is then learnt by the layers before it.

    Args:
        n_classes: Integer, number of classes.
        scale: Number, what the means are multiplied by. Expectation values lie in [-1, 1], so
            unscaled means could never make a softmax confident: with ten classes the best it
            could say is `e / (e + 9 / e)`, 45%. The default of 10 lets it reach certainty
            (`1 / (1 + 9 * exp(-20))`).
        **kwargs: Of `keras.layers.Layer`.

    Example:
        >>> features = np.array([[1.0, 0.0, -1.0, 0.5, 0.0]], "float32")
        >>> ClassPooling(2, scale=4)(features).numpy().tolist()  # of 1, -1, 0 and of 0, 0.5
        [[0.0, 1.0]]
    """

    def __init__(self, n_classes: int, scale: float = 10.0, **kwargs: Any) -> None:
        with known_to(self, kwargs):
            super().__init__(**kwargs)
        self.n_classes = check_count(n_classes, "n_classes", "ClassPooling")
        self.scale = number(0, above=True)(scale, "scale", "ClassPooling")

    def build(self, input_shape: Shape) -> None:
        self._n_features(input_shape)
        self._sizes = dict(enumerate(tuple(input_shape)[1:], start=1))
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        check_numbers(inputs, "ClassPooling")
        check_known(inputs, self._sizes, _as_built("ClassPooling", self._sizes))
        n_features = self._n_features(inputs.shape)
        # Of integers, the shares would be integers too: zeros.
        features = tf.reshape(tf.cast(inputs, self.compute_dtype), [-1, n_features])
        return tf.matmul(features, tf.constant(self._shares(n_features), features.dtype))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self._n_features(input_shape)
        return output_shape((tf.TensorShape(input_shape)[0], self.n_classes))

    def get_config(self) -> dict:
        return {**super().get_config(), "n_classes": self.n_classes, "scale": self.scale}

    def _n_features(self, input_shape: Shape) -> int:
        input_shape = known_shape(input_shape, "features, (batch, ...)", "ClassPooling")
        each = tuple(input_shape)[1:]
        if None in each:
            raise ValueError(
                "ClassPooling: the size of the feature map must be known. Received the shape "
                f"{tuple(input_shape)}. Give the model's input a height and a width."
            )
        n_features = int(np.prod(each))
        if n_features < self.n_classes:
            raise ValueError(
                f"ClassPooling: `n_classes` must be at most the number of features, "
                f"{' * '.join(map(str, each))} = {n_features}, so that each class gets one.\n"
                f"Received {self.n_classes}.\nUse larger images or more filters, or a head with "
                "weights (resqunn: head='linear')."
            )
        return n_features

    def _shares(self, n_features: int) -> np.ndarray:
        owners = np.arange(n_features) % self.n_classes
        owned = owners[:, np.newaxis] == np.arange(self.n_classes)
        return self.scale * owned / owned.sum(axis=0)


def _as_built(who: str, sizes: Mapping[int, int]) -> str:
    axes = ", ".join(f"{n} along axis {axis}" for axis, n in sizes.items())
    return f"{who}: the input must have the size for which the layer was built: {axes}."


def _check_shape(shape: Shape) -> tuple[int | None, ...]:
    rule = "AreaPooling: `target_shape` must be a tuple of positive integers or None"
    if not isinstance(shape, (tuple, list, tf.TensorShape)) or not all(
        n is None or is_integer(n) for n in shape
    ):
        raise TypeError(f"{rule}. Received {shape!r}. Give it the form (4, 4, 2).")
    if not len(shape) or any(n is not None and n < 1 for n in shape):
        raise ValueError(f"{rule}, one for each axis but the batch's. Received {tuple(shape)}.")
    return tuple(None if n is None else int(n) for n in shape)


def _shares(n_in: int, n_out: int) -> np.ndarray:
    """Gives what share of each output each input is, `[n_out, n_in]`; its rows sum to 1."""
    # In units of 1 / (n_in * n_out) of the axis: input j is [j, j + 1] * n_out, output i likewise.
    inputs, outputs = np.arange(n_in) * n_out, np.arange(n_out)[:, np.newaxis] * n_in
    overlap = np.minimum(inputs + n_out, outputs + n_in) - np.maximum(inputs, outputs)
    return np.maximum(overlap, 0) / n_in


def _mix(tensor: tf.Tensor, shares: np.ndarray, axis: int) -> tf.Tensor:
    """Multiplies one axis by a matrix."""
    mixed = tf.tensordot(tensor, tf.constant(shares, tensor.dtype), [[axis], [1]])
    last = len(tensor.shape) - 1  # where the new axis stands
    order = [*range(axis), last, *range(axis, last)]
    return tf.transpose(mixed, order)
