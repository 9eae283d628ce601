"""Rules for arguments that are Keras models or layers."""

from tfq_resqunn._utils.arguments import instance
from tfq_resqunn._utils.keras import keras

check_model = instance(keras.Model, "a Keras model")
check_layer = instance(keras.layers.Layer, "a Keras layer")
check_model_or_layer = instance(keras.layers.Layer, "a Keras model or layer")
