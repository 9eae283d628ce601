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
def rng():
    """A random generator for a test's data."""
    return np.random.default_rng(1234)
