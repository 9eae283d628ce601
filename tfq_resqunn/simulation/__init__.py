"""Circuits as batched TensorFlow functions; knows no Keras layer."""

import tfq_resqunn._utils.keras  # noqa: F401 - before all that is in here, see `registration`
