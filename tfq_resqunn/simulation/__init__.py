"""Circuits as batched TensorFlow functions; knows no Keras layer."""
