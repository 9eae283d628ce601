"""`BiasedLayer`: a bias and an activation after a layer, as Keras' own layers have them."""

import tensorflow as tf

from tfq_resqunn._utils.arguments import check_flag
from tfq_resqunn._utils.keras import keras


class BiasedLayer(keras.layers.Layer):
    """The base of a layer that ends as `Conv2D` does: `activation(outputs + bias)`.

    A subclass calls `add_bias` in its `build` and `finish` at the end of its `call`.

    Args:
        activation: As for `Conv2D`, likewise all others.
        use_bias: Whether one number is added to each channel of the output.
        bias_initializer: Keras initializer of the bias.
        bias_regularizer: Keras regularizer of the bias, or `None`.
        activity_regularizer: Keras regularizer of the output, or `None`.
        bias_constraint: Keras constraint of the bias, or `None`.
        **kwargs: Of `keras.layers.Layer`.

    Attributes:
        bias: The variable, of shape `(channels,)`; `None` without one, or before `build`.
    """

    def __init__(
        self,
        *,
        activation,
        use_bias,
        bias_initializer,
        bias_regularizer,
        activity_regularizer,
        bias_constraint,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.activation = keras.activations.get(activation)
        self.use_bias = check_flag(use_bias, "use_bias", type(self).__name__)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.bias = None

    def add_bias(self, channels: int) -> None:
        """Makes the variable, if there is to be one."""
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(channels,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                trainable=True,
                dtype=self.variable_dtype,
            )

    def finish(self, outputs: tf.Tensor, channel_axis: int) -> tf.Tensor:
        """Adds the bias along an axis and applies the activation."""
        if self.bias is not None:
            shape = [1] * len(outputs.shape)
            shape[channel_axis] = -1
            bias = tf.cast(tf.convert_to_tensor(self.bias), outputs.dtype)
            outputs = outputs + tf.reshape(bias, shape)
        return self.activation(outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": keras.regularizers.serialize(self.activity_regularizer),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
        }
