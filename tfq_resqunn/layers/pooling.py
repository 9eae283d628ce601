"""`ClassPooling`: from a feature map straight to the classes, without a weight."""

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, number
from tfq_resqunn._utils.keras import keras, output_shape, register
from tfq_resqunn.layers.inputs import check_numbers, known_shape


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

    Input shape:
        `(batch, ...)`, with at least `n_classes` features in all.

    Output shape:
        `(batch, n_classes)`.

    Raises:
        TypeError: If `n_classes` is no integer or `scale` no number.
        ValueError: If they are not positive, or there are fewer features than classes.

    Example:
        >>> features = np.array([[1.0, 0.0, -1.0, 0.5, 0.0]], "float32")
        >>> ClassPooling(2, scale=4)(features).numpy().tolist()  # of 1, -1, 0 and of 0, 0.5
        [[0.0, 1.0]]
    """

    def __init__(self, n_classes, scale=10.0, **kwargs):
        super().__init__(**kwargs)
        self.n_classes = check_count(n_classes, "n_classes", "ClassPooling")
        self.scale = number(0, above=True)(scale, "scale", "ClassPooling")

    def build(self, input_shape):
        self._n_features(input_shape)
        super().build(input_shape)

    def call(self, inputs):
        check_numbers(inputs, "ClassPooling")
        n_features = self._n_features(inputs.shape)
        # Of integers, the shares would be integers too: zeros.
        features = tf.reshape(tf.cast(inputs, self.compute_dtype), [-1, n_features])
        return tf.matmul(features, tf.constant(self._shares(n_features), features.dtype))

    def compute_output_shape(self, input_shape):
        self._n_features(input_shape)
        return output_shape((tf.TensorShape(input_shape)[0], self.n_classes))

    def get_config(self):
        return {**super().get_config(), "n_classes": self.n_classes, "scale": self.scale}

    def _n_features(self, input_shape) -> int:
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
