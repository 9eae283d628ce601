"""Images in files, read a few at a time: the same as all at once, and no more memory for more."""

import tracemalloc

import numpy as np
import pytest

from tfq_resqunn.datasets import limits, load_images
from tfq_resqunn.datasets.image_file import ImageFile

pytestmark = pytest.mark.once

INTEGERS = np.arange(7 * 3 * 2).reshape(7, 3, 2)
ARRAYS = {
    "bytes": INTEGERS.astype(np.uint8),
    "integers": INTEGERS,
    "big-endian": INTEGERS.astype(">i2"),
    "channels": (INTEGERS / 41)[..., np.newaxis] * [1.0, 0.5],
    "half precision": (INTEGERS / 41).astype(np.float16),
    "rows last": np.asfortranarray(INTEGERS),
    "one image": INTEGERS[-1:],
}


FILES = {
    "images.npz": np.savez,
    "packed.npz": np.savez_compressed,
    "images.npy": lambda path, x: np.save(path, x),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", ARRAYS)
def test_parts_are_the_whole(tmp_path, name, file):
    x, path = ARRAYS[name], tmp_path / file
    FILES[file](path, x=x)
    expected = np.divide(x, 1 if x.dtype.kind == "f" else 255, dtype=np.float32)
    expected = expected if x.ndim == 4 else expected[..., np.newaxis]
    images = ImageFile(path)
    images.check()
    assert images.shape == expected.shape
    for at_once in (1, 3, 7, 100):
        parts = list(images.parts(at_once))
        assert [len(part) for part in parts[:-1]] == [at_once] * (len(parts) - 1)
        assert {part.dtype for part in parts} == {np.dtype(np.float32)}
        np.testing.assert_array_equal(np.concatenate(parts), expected)
    np.testing.assert_array_equal(load_images(path)[0], expected)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.nan, r"Received 2 of 600000 pixels that are NaN or infinite, the first at index \(7, "),
        (2.5, r"Received values from 0\.0 to 2\.5\."),
        (-1.0, r"Received values from -1\.0 to 0\.0\."),
    ],
)
def test_wrong_values_are_found_in_all_parts(tmp_path, monkeypatch, bad, message):
    monkeypatch.setattr("tfq_resqunn.datasets.arrays.AT_ONCE", 10_000)
    x, path = np.zeros((60, 100, 100)), tmp_path / "images.npz"
    x[7, 3, 4] = x[-1, -1, -1] = bad
    np.savez(path, x=x)
    for read in (load_images, lambda path: ImageFile(path).check()):
        with pytest.raises(ValueError, match=message):
            read(path)


def test_damaged_npy_files(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, ARRAYS["bytes"])
    whole = path.read_bytes()
    for end, message in {
        0: "must be an .npy file",
        50: "a whole .npy file",
        len(whole) - 1: "it is not as large as it says",
    }.items():
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=message):
            load_images(path)
    path.write_bytes(whole.replace(b"'|u1'", b"'|O' "))
    with pytest.raises(ValueError, match="no Python objects"):
        load_images(path)


def test_a_file_that_changes_meanwhile(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, x=ARRAYS["bytes"])
    images = ImageFile(path)
    np.savez(path, x=ARRAYS["integers"])
    with pytest.raises(ValueError, match="cannot be read: it has changed while it was read"):
        images.check()


def test_memory_does_not_grow_with_images(tmp_path, monkeypatch):
    path = tmp_path / "images.npz"
    np.savez_compressed(path, x=np.zeros((40_000, 28, 28), np.uint8), y=np.zeros(40_000, int))
    monkeypatch.setattr(limits, "SMALL", 2**40)  # it is packed far too tightly
    monkeypatch.setattr(limits, "MAX_BYTES", 2**20)  # which is for what is read at once
    tracemalloc.start()
    try:
        images = ImageFile(path)
        images.check()
        n = sum(len(part) for part in images.parts(64))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n == 40_000 == len(images.labels)
    assert peak < 2**24  # of the 30 MB that they are, and the 120 MB that they would be as floats
    with pytest.raises(ValueError, match="may have 1,048,576 bytes"):
        load_images(path)
