"""Files of arrays: who reads them at once, and what happens where there is no room."""

import os
import threading

import numpy as np
import pytest

from tests.helpers.systems import needs_linux, needs_posix
from tfq_resqunn.datasets.stored import SharedFile, Spool, StoredRows

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


@pytest.mark.parametrize("dtype", ["u1", "?", ">u2", "e", "<f8", "g", "M8[s]", "U2", "V3"])
@pytest.mark.parametrize("limit", [None, 0, 20])
def test_a_spool_gives_back_what_it_took(dtype, limit):
    x = RNG.integers(0, 2, (7, 2, 3)).astype("M8[s]" if dtype == "M8[s]" else "u1").astype(dtype)
    spool = Spool("x", limit)
    spool.add(x[:2])
    spool.add(*x[2:])
    found = spool.array(x.shape, x.dtype)
    assert isinstance(found, np.ndarray) == (limit is None)
    assert found[:].tobytes() == x.tobytes()
    assert found[:].dtype == x.dtype
    assert spool.read(0, x.nbytes).tobytes() == x.tobytes()


@pytest.mark.parametrize("n", [0, 1, 6, 7])
def test_a_spool_is_in_memory_up_to_its_limit(n):
    spool = Spool("x", 6)
    for _ in range(n):
        spool.add(np.ones(1, np.float64))  # values are counted, not bytes
    assert isinstance(spool.array((n,), np.dtype(float)), StoredRows) == (n > 6)
    np.testing.assert_array_equal(spool.stored((n,), np.dtype(float))[:], np.ones(n))


FOLDERS = {
    "missing": lambda path: path / "missing",
    "no folder": lambda path: path / "file",
    "read-only": lambda path: "/proc",
}


@needs_linux
@pytest.mark.parametrize("folder", FOLDERS)
def test_no_folder_for_temporary_files(tmp_path, monkeypatch, folder):
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.tempdir", str(FOLDERS[folder](tmp_path)))
    x = np.arange(10, dtype=np.uint8)
    small, large = Spool("load: `x`", 10), Spool("load: `x`", 9)
    small.check_room(x.shape, x.dtype)  # of which it needs none
    small.add(x)
    np.testing.assert_array_equal(small.array(x.shape, x.dtype), x)
    with pytest.raises(OSError, match="load: `x` must fit into the folder for temp") as error:
        large.add(x)
    assert "\nReceived an error: " in str(error.value) and "TMPDIR" in str(error.value)


@needs_linux
def test_a_disk_that_becomes_full():
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"must fit .*\nReceived an error: File too large\.\n"):
            Spool("load: `x`", 0).add(np.zeros(2000, np.uint8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
