"""Pictures for the tests of tools: few and small, of classes that are not equally large."""

import numpy as np
import pytest

import tfq_resqunn as rq


@pytest.fixture(scope="package")
def digits():
    """30 zeros and ones of 4 x 4 pixels, and as many labels: [30, 4, 4, 1], [30]."""
    data = rq.datasets.load("digits", n_train=40, n_test=10, classes=[0, 1], image_size=4)
    zeros, ones = np.flatnonzero(data.y_train == 0)[:18], np.flatnonzero(data.y_train == 1)[:12]
    chosen = np.random.default_rng(0).permutation(np.concatenate([zeros, ones]))
    return data.x_train[chosen], data.y_train[chosen]
