"""Decides, once, which Keras this is.

TensorFlow Quantum's layers subclass `tf.keras.layers.Layer`, so everything here has to come from
`tf.keras` as well: Keras 3 as TensorFlow brings it, or Keras 2 (the package `tf_keras`) where
`TF_USE_LEGACY_KERAS=1` is set before TensorFlow is imported. The rest of the package imports
`keras` from here. Where the two differ it uses the functions below, or asks `IS_KERAS_3`.
"""

import os
from collections.abc import Iterable, Sequence
from typing import TypeAlias, TypeVar

import tensorflow as tf

keras = tf.keras

try:
    IS_KERAS_3 = hasattr(keras, "ops")  # Keras 2 has neither this nor a version here
    _backend = keras.config.backend() if IS_KERAS_3 else "tensorflow"
except ImportError as error:  # TensorFlow does not say why
    _backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if os.environ.get("TF_USE_LEGACY_KERAS") in ("1", "true", "True"):
        series = ".".join(tf.__version__.split(".")[:2])
        raise ImportError(
            "tfq_resqunn: TF_USE_LEGACY_KERAS=1 asks for Keras 2 (the package tf_keras), which is "
            f"not installed here. Install it with: pip install 'tf_keras=={series}.*'. Keras 3 is "
            "used where TF_USE_LEGACY_KERAS is not set."
        ) from error
    if _backend == "tensorflow":
        raise
if _backend != "tensorflow":
    raise ImportError(
        f"tfq_resqunn: Keras must run on TensorFlow. It is set to run on {_backend!r}. Set "
        "KERAS_BACKEND=tensorflow before Keras is imported."
    )

# What `add_weight` calls "hand me this variable in its own precision, whatever the policy".
NO_AUTOCAST = {"autocast" if IS_KERAS_3 else "experimental_autocast": False}

Shape: TypeAlias = Sequence[int | None] | tf.TensorShape  # `None`: a size that is not known
Class = TypeVar("Class", bound=type)


def output_shape(sizes: Iterable[int | None]) -> Shape:
    """Gives a shape as this Keras' own layers do: a tuple, or Keras 2's `tf.TensorShape`."""
    return tuple(sizes) if IS_KERAS_3 else tf.TensorShape(sizes)


def register(cls: Class) -> Class:
    """Registers a class under the package's name, so that saved models find it again."""
    if not IS_KERAS_3:
        # In .h5 files, Keras 2 looks up what stands in a wrapper by the bare name of its class.
        keras.utils.get_custom_objects().setdefault(cls.__name__, cls)
    return keras.utils.register_keras_serializable(package="tfq_resqunn")(cls)


def track_for_checkpoints(layer: tf.keras.layers.Layer, sublayers: list) -> None:
    """Makes `tf.train.Checkpoint` save and restore a list of sublayers, whose names differ.

    Keras 2 does this by itself. Keras 3 tracks lists for its own files alone, and a checkpoint
    leaves them out without a word.
    """
    if IS_KERAS_3:
        for sublayer in sublayers:
            # As Keras does itself where a sublayer is an attribute.
            layer._track_trackable(sublayer, name=sublayer.name, overwrite=True)
