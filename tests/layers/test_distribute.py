"""Layers under the strategies of `tf.distribute`: the numbers of one device."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.helpers.distributed import DRAWN, EXACT
from tests.helpers.reference import HAS_TFQ

# The default tests train `Quanv2D` and `resqunn` so in tests/runs/test_strategy.py.
pytestmark = pytest.mark.slow


def mirrored(names):
    """Each model's numbers on two logical devices, and on one."""
    names = [n for n in names if HAS_TFQ or not n.startswith(("noiseless", "noisy"))]
    result = subprocess.run(
        [sys.executable, "-m", "tests.helpers.distributed", "mirrored", *names],
        capture_output=True, text=True, timeout=900, env={**os.environ}, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


def test_two_devices_train_as_one():
    found = mirrored(EXACT)
    assert found
    for name, (two, one) in found.items():
        assert set(two) == set(one) >= {"loss", "val_loss", "accuracy", "norms"}
        for what, numbers in one.items():
            np.testing.assert_allclose(two[what], numbers, rtol=2e-4, err_msg=f"{name}: {what}")


def test_what_is_drawn_differs_little():
    for name, (two, one) in mirrored(DRAWN).items():
        np.testing.assert_allclose(two["loss"], one["loss"], rtol=0.2, err_msg=name)
