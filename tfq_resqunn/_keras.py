"""Decides, once, which Keras this is.

TensorFlow Quantum's layers subclass `tf.keras.layers.Layer`, so everything here has to come from
`tf.keras` as well: Keras 3 as TensorFlow brings it, or Keras 2 (the package `tf_keras`) where
`TF_USE_LEGACY_KERAS=1` is set before TensorFlow is imported. The rest of the package imports
`keras` from here and never asks which one it got, except through the two constants below.
"""

import tensorflow as tf

keras = tf.keras

IS_KERAS_3 = hasattr(keras, "ops")  # Keras 2 has neither this nor a version here

# What `add_weight` calls "hand me this variable in its own precision, whatever the policy".
NO_AUTOCAST = {"autocast" if IS_KERAS_3 else "experimental_autocast": False}


def register(cls):
    """Registers a class under the package's name, so that saved models find it again."""
    return keras.utils.register_keras_serializable(package="tfq_resqunn")(cls)
