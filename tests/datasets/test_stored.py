"""Files of arrays: who reads them at once."""

import os
import threading

import numpy as np
import pytest

from tests.helpers.systems import needs_posix
from tfq_resqunn.datasets.stored import SharedFile, StoredRows

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

RNG = np.random.default_rng(0)
BYTE = np.dtype(np.uint8)


@needs_posix
def test_processes_share_a_file(tmp_path):
    """A process that is made by a fork has the same file, with the same position in it."""
    x = RNG.integers(0, 256, (500, 1000), np.uint8)
    x.tofile(tmp_path / "x")
    file = (tmp_path / "x").open("rb", buffering=0)
    copy = os.fdopen(os.dup(file.fileno()), "rb", buffering=0)
    wrong = []

    def read(opened, seed):
        rows, rng = StoredRows(SharedFile(opened), x.shape, BYTE), np.random.default_rng(seed)
        for _ in range(300):
            numbers = rng.integers(0, len(x), 20)
            if not np.array_equal(rows[numbers], x[numbers]):
                wrong.append(numbers)

    threads = [
        threading.Thread(target=read, args=(opened, i)) for i, opened in enumerate((file, copy))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
