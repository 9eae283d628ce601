"""The layer, under a name of its own in saved models."""

import tensorflow as tf

import tfq_resqunn as rq
from lattice_layer.circuit import lattice

keras = tf.keras


@keras.utils.register_keras_serializable(package="lattice_layer")
class Lattice2D(keras.layers.Layer):
    """Slides `lattice` over images of one channel: a channel for each filter and pixel."""

    def __init__(self, filters: int = 1, kernel_size: int = 2, n_layers: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.n_layers = n_layers
        circuit = lattice(kernel_size, kernel_size, n_layers)
        self.quanv = rq.Quanv2D(filters, kernel_size, circuit=circuit, name="quanv")

    def build(self, input_shape):
        self.quanv.build(input_shape)
        super().build(input_shape)

    def call(self, inputs):
        return self.quanv(inputs)

    def compute_output_shape(self, input_shape):
        return self.quanv.compute_output_shape(input_shape)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("filters", "kernel_size", "n_layers")}
        return {**super().get_config(), **own}
