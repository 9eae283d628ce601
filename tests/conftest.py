"""Fixtures for all tests."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import numpy as np
import pytest

from tfq_resqunn._utils.seeding import set_seed


@pytest.fixture(autouse=True)
def seed():
    """Start every test from the same random state."""
    set_seed(1234)


@pytest.fixture
def without_xla(monkeypatch):
    """Keras 3 does not choose by itself to compile a model with XLA, which takes longest of all.

    This is for tests of what comes of a training, which are not about how it is computed.
    """
    from tfq_resqunn._utils.keras import IS_KERAS_3, keras

    # In the class that has it, since Keras warns of models that override it.
    owner = next(kind for kind in keras.Model.__mro__ if "compile" in vars(kind))
    compile_model = owner.compile

    def compile_without(self, *args, jit_compile="auto", **kwargs):
        chosen = False if jit_compile == "auto" else jit_compile
        return compile_model(self, *args, jit_compile=chosen, **kwargs)

    if IS_KERAS_3:
        monkeypatch.setattr(owner, "compile", compile_without)


@pytest.fixture
def rng():
    """A random generator for a test's data."""
    return np.random.default_rng(1234)
