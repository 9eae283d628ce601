"""Circuits as batched TensorFlow functions; knows no Keras layer."""

import tfq_resqunn._keras  # noqa: F401 - before all that is in here, see `_registration`
