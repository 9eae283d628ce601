"""A network of which one setting differs; `choices.py` times its steps."""

import dataclasses

import numpy as np
import tensorflow as tf

import tfq_resqunn as rq
from benchmarks.steps import N_CLASSES, Form
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed


@dataclasses.dataclass(frozen=True)
class Changed(Form):
    """A form with settings of its own.

    Args:
        policy: Keras' dtype policy.
        input_gradient: As for `resqunn`.
        trainable: As for `resqunn`.
        stored: Whether the circuits' outcomes are stored, and the head alone is trained on them.
    """

    policy: str = "float32"
    input_gradient: bool = True
    trainable: bool = True
    stored: bool = False

    def model(self) -> keras.Model:
        """Builds the network, always with the same weights."""
        set_seed(0)
        before = keras.mixed_precision.global_policy()
        keras.mixed_precision.set_global_policy(self.policy)
        try:
            network = rq.resqunn(
                (self.case.size, self.case.size, 1), N_CLASSES, depth=self.case.depth,
                kernel_size=self.case.kernel_size, n_layers=self.case.n_layers,
                input_gradient=self.input_gradient, trainable=self.trainable,
            )  # fmt: skip
        finally:
            keras.mixed_precision.set_global_policy(before)
        if not self.stored:
            return network
        features = keras.Model(network.inputs, network.get_layer("head").input)
        head = keras.layers.Dense(N_CLASSES, activation="softmax")
        return keras.Sequential([keras.Input(features.output.shape[1:]), head])

    def batch(self, n_batches: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Draws images and labels, or as many features of images."""
        x, y = super().batch(n_batches)
        if self.stored:
            shape = self.model().input_shape[1:]
            x = np.asarray(tf.random.uniform((len(x), *shape)))
        return x, y
