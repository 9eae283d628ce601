"""Data sets as folders of IDX files, as MNIST's come, or of `.npy` files."""

import gzip
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfq_resqunn.datasets import limits, load
from tfq_resqunn.datasets.sources import as_npz

pytestmark = pytest.mark.once

NAMES = {
    "x_train": "train-images-idx3-ubyte", "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte", "y_test": "t10k-labels-idx1-ubyte",
}  # fmt: skip


@pytest.fixture
def arrays(rng):
    return {
        "x_train": rng.integers(0, 256, (6, 3, 2), dtype=np.uint8),
        "y_train": np.array([5, 1, 5, 1, 5, 1], np.uint8),
        "x_test": rng.integers(0, 256, (4, 3, 2), dtype=np.uint8),
        "y_test": np.array([1, 5, 1, 5], np.uint8),
    }


def idx(x) -> bytes:
    """An IDX file, after its description: two zeros, type, rank, and sizes in big-endian."""
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[x.dtype.str[1:]]
    sizes = struct.pack(f">{x.ndim}I", *x.shape)
    return bytes([0, 0, code, x.ndim]) + sizes + x.astype(x.dtype.newbyteorder(">")).tobytes()


def write_idx(folder, arrays, names=NAMES, packed=False):
    for key, x in arrays.items():
        path = folder / (names[key] + ".gz" * packed)
        path.write_bytes(gzip.compress(idx(x)) if packed else idx(x))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "named",
    [
        lambda name: name,
        lambda name: name.replace("-idx", ".idx"),
        lambda name: "emnist-letters-" + name.replace("t10k", "test"),
    ],
    ids=["MNIST", "with a dot", "EMNIST"],
)
def test_idx_files(tmp_path, arrays, packed, named):
    write_idx(tmp_path, arrays, {key: named(name) for key, name in NAMES.items()}, packed)
    (tmp_path / "README.txt").touch()
    data = load(tmp_path)
    assert (data.classes, data.name) == ((1, 5), str(tmp_path))
    np.testing.assert_allclose(data.x_train[..., 0], arrays["x_train"] / 255, rtol=1e-6)
    assert data.y_test.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("kind", ["i2", "i4", "f4", "f8"])
def test_idx_files_of_every_type(tmp_path, arrays, kind):
    write_idx(tmp_path, arrays | {"x_train": (np.arange(36) % 2).reshape(6, 3, 2).astype(kind)})
    if kind[0] == "i":
        with pytest.warns(UserWarning, match="all nearly black"):
            load(tmp_path)
    else:
        assert load(tmp_path).x_train.max() == 1


def test_unpacked_files_come_first(tmp_path, arrays):
    write_idx(tmp_path, arrays)
    write_idx(tmp_path, {"x_train": arrays["x_train"][::-1]}, packed=True)
    assert load(tmp_path).x_train[0, 0, 0, 0] == np.float32(arrays["x_train"][0, 0, 0] / 255)


@pytest.mark.parametrize("whole", [False, True])
def test_npy_files(tmp_path, arrays, whole):
    if whole:
        arrays = {"x": np.tile(arrays["x_train"], (5, 1, 1)), "y": np.tile(arrays["y_train"], 5)}
    for name, x in arrays.items():
        np.save(tmp_path / f"{name}.npy", x)
    np.savez(tmp_path / "same.npz", **arrays)
    data, same = load(tmp_path), load(tmp_path / "same.npz")
    assert data.classes == same.classes == (1, 5)
    np.testing.assert_array_equal(data.x_train, same.x_train)
    np.testing.assert_array_equal(data.y_test, same.y_test)


IMAGES = idx(np.zeros((6, 3, 2), np.uint8))
DAMAGED = {
    "empty": (b"", "does not begin as IDX files do"),
    "short": (b"\0\0", "does not begin as IDX files do"),
    "text": (b"hello, world", "does not begin as IDX files do"),
    "unknown type": (b"\0\0\x07\x03" + IMAGES[4:], "does not begin as IDX files do"),
    "cut sizes": (IMAGES[:9], "cannot be read"),
    "cut": (IMAGES[:-1], "fewer values than its shape, \\(6, 3, 2\\), says"),
    "longer": (IMAGES + b"a", "more values than its shape"),
    "huge": (b"\0\0\x08\x03" + b"\xff" * 12, "may have 4,294,967,296 bytes"),
    "large": (b"\0\0\x08\x01" + struct.pack(">I", 2**29) + b"abc", "not more than 100 times"),
    "many axes": (b"\0\0\x08\xff" + b"\0\0\0\x01" * 255 + b"a", "cannot be read"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_idx_files(tmp_path, arrays, name, packed):
    content, message = DAMAGED[name]
    write_idx(tmp_path, arrays, packed=packed)
    path = tmp_path / (NAMES["x_train"] + ".gz" * packed)
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


def test_damaged_packing(tmp_path, arrays):
    write_idx(tmp_path, arrays, packed=True)
    path = tmp_path / (NAMES["y_test"] + ".gz")
    whole = path.read_bytes()
    for content in (whole[:-9], b"no gzip", whole[:20] + bytes([whole[20] ^ 255]) + whole[21:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"whole IDX file.*\nReceived {re.escape(str(path))}"):
            load(tmp_path)


def test_files_that_are_too_large(tmp_path, arrays, monkeypatch):
    for name, x in arrays.items():
        np.save(tmp_path / f"{name}.npy", x)
    monkeypatch.setattr(limits, "MAX_BYTES", 50)
    with pytest.raises(ValueError, match="may have 50 bytes"):
        load(tmp_path)


FOLDERS = {  # the files of a folder, and what is said of them
    "nothing": ([], "be a folder with a folder of pictures for each class.\nReceived .*, without"),
    "other names": (["data.npy", "labels.npy"], "x and y.\nReceived .*, with data.npy, labels.npy"),
    "some IDX files": ([NAMES["x_train"]], "with train-images.*; missing: y_train, x_test, y_test"),
    "two sets": (
        ["a-train-images-idx3-ubyte", "b-train-images-idx3-ubyte"],
        "of one data set.\nReceived .* with those of 'a-', 'b-'.\n",
    ),
    "one array": (["x.npy"], "have images x and labels y.\nReceived .*, without y"),
    "three arrays": (["x_train.npy", "y_train.npy", "x_test.npy"], "missing: y_test"),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_folders_that_are_no_data_set(tmp_path, name):
    files, message = FOLDERS[name]
    for file in files:
        np.save(tmp_path / file, np.zeros((2, 2))) if ".npy" in file else (tmp_path / file).touch()
    with pytest.raises(ValueError, match=f"(?s)^load: `name` must .*{message}"):
        load(tmp_path)


def test_one_npy_file_is_no_data_set(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="Save images and labels as x.npy and y.npy in one folder"):
        load(tmp_path / "x.npy")


@pytest.mark.parametrize("kind", ["pictures", "IDX", "npy"])
def test_folders_can_be_sent_as_files(tmp_path, arrays, rng, kind):
    """As a study sends them to workers that cannot reach the folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    if kind == "IDX":
        write_idx(folder, arrays)
    for name, array in arrays.items() if kind == "npy" else ():
        np.save(folder / f"{name}.npy", array)
    for i in range(20 if kind == "pictures" else 0):
        path = folder / ("cat", "dog")[i % 2] / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (5 + i, 6, 3), np.uint8)).save(path)
    sent = tmp_path / "sent.npz"
    sent.write_bytes(as_npz(folder, (4, 4)))
    there, here = load(sent, image_size=4), load(folder, image_size=4)
    assert there.classes == here.classes
    for name in ("x_train", "y_train", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))


CHECK = "Check the path; it is relative to the folder the program runs in."
ABSENT = "and there is no such file or folder"
OTHER = "which is a file of another kind"


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        (
            "photos/cat/1.png",
            ABSENT,
            "Name the folder that has a folder of pictures for each class.",
        ),
        ("xyz/", ABSENT, f'{CHECK} Or use name="digits", which needs no network.'),
        ("my/xyz", ABSENT, CHECK),
        ("none/photos", ABSENT, CHECK),
        ("fotos", ABSENT, 'Did you mean "photos"?'),
        ("my/fotos", ABSENT, f'Did you mean "{Path("my/photos")}"?'),
        ("image", ABSENT, 'Did you mean "images.npz"?'),
        ("digit", ABSENT, 'Did you mean "digits"?'),
        ("labels.csv", OTHER, 'Use name="digits", which needs no network.'),
        ("one.png", OTHER, "Name the folder that has a folder of pictures for each class."),
    ],
)
def test_what_is_no_data_set(name, said, hint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("photos", "my/photos"):
        Path(folder).mkdir(parents=True)
    for file in ("images.npz", "labels.csv", "one.png"):
        Path(file).touch()
    with pytest.raises(ValueError, match=f"Received '{name}', {said}.\n{re.escape(hint)}$"):
        load(name)
