"""Images that stay on disk: the same as in memory, whatever is chosen of them."""

import copy
import gc
import math
import os
import pickle
import re
import shutil
import threading
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.systems import needs_linux
from tfq_resqunn import datasets
from tfq_resqunn.datasets import (
    StoredImages,
    arrays,
    limits,
    load,
    picture_reading,
    sources,
    stored,
    stored_images,
)
from tfq_resqunn.datasets import npz as npz_files

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

RNG = np.random.default_rng(0)
N = 60
X = RNG.integers(0, 256, (N, 9, 7, 3), np.uint8)
Y = np.arange(N) % 3
PARTS = ("x_train", "y_train", "x_test", "y_test", "x_val", "y_val")


def pictures(folder, images, suffix=".png", parts=False):
    for i, (x, y) in enumerate(zip(images, Y, strict=True)):
        part = ("train", "train", "test", "val")[i // 3 % 4] if parts else ""
        path = folder / part / f"class {y}" / f"{i}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(x).save(path)


def npy(folder, **arrays):
    folder.mkdir()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


def npz(path, **arrays):
    np.savez(path.with_suffix(".npz"), **arrays)


MEDMNIST = {
    f"{part}_{what}": array[rows]
    for part, rows in {
        "train": slice(0, 30),
        "val": slice(30, 45),
        "test": slice(45, 60),
    }.items()
    for what, array in {"images": X, "labels": Y[:, np.newaxis]}.items()
}
GRAY = X[..., 0]
# How a data set is written.
SETS = {
    "png": lambda path: pictures(path, X),
    "jpeg": lambda path: pictures(path, X, ".jpg"),
    "gray": lambda path: pictures(path, GRAY),
    "parts": lambda path: pictures(path, X, parts=True),
    "one in colour": lambda path: pictures(path, [*GRAY[:-1], X[-1]]),
    "16 bits": lambda path: pictures(path, GRAY.astype(np.uint16) * 257),
    "one of 16 bits": lambda path: pictures(path, [*GRAY[:-1], GRAY[-1].astype(np.uint16) * 200]),
    "npy": lambda path: npy(path, x=X, y=Y),
    "npy, four": lambda path: npy(path, x_train=X, y_train=Y, x_test=X[:9], y_test=Y[:9]),
    "npy, Fortran": lambda path: npy(path, x=np.asfortranarray(X), y=Y),
    "npy, big endian": lambda path: npy(path, x=X.astype(">u2") * 257, y=Y),
    "npy, 255.": lambda path: npy(path, x=X.astype(np.float64), y=Y),
    "npy, unit": lambda path: npy(path, x=GRAY / 255, y=Y),
    "npz": lambda path: npz(path, x=X, y=Y),
    "npz, gray": lambda path: npz(path, x=GRAY, y=Y),
    "npz, packed": lambda path: np.savez_compressed(path.with_suffix(".npz"), x=X, y=Y),
    "npz, booleans": lambda path: npz(path, x=GRAY > 99, y=Y),
    "medmnist": lambda path: npz(path, **MEDMNIST),
}
OPTIONS = {
    "all": {},
    "classes": {"classes": None},
    "some": {"n_train": 12, "n_test": 5, "seed": 4},
    "gray, small": {"channels": "gray", "image_size": (4, 5)},
    "rgb": {"channels": "rgb"},
    "same size": {"image_size": (9, 7)},
    "validation": {"validation": 0.3, "image_size": 8, "seed": 1},
}


@pytest.mark.filterwarnings("ignore:load. `x` holds", "ignore:.*of 16 bits")
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", SETS)
def test_images_on_disk_are_those_in_memory(tmp_path, kind, options):
    SETS[kind](tmp_path / "data")
    path = next(tmp_path.iterdir())
    chosen = dict(OPTIONS[options])
    in_memory = load(path)
    if in_memory.x_val is not None and "validation" in chosen:
        pytest.skip("It has images for validation.")
    if "classes" in chosen:
        chosen["classes"] = in_memory.classes[::-2]
    in_memory, on_disk = load(path, **chosen), load(path, **chosen, on_disk=True)
    assert on_disk.classes == in_memory.classes
    assert on_disk.image_shape == in_memory.image_shape
    for part in PARTS:
        expected, found = getattr(in_memory, part), getattr(on_disk, part)
        if expected is None:
            assert found is None
            continue
        if part.startswith("x"):
            assert isinstance(found, StoredImages)
            assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
            np.testing.assert_array_equal(np.concatenate([*found.parts()]), expected)
        np.testing.assert_array_equal(found, expected)


@pytest.fixture
def on_disk(tmp_path):
    npy(tmp_path / "data", x_train=X, y_train=Y, x_test=X, y_test=Y)
    return load(tmp_path / "data", on_disk=True).x_train


@pytest.mark.parametrize(
    "key", [0, -1, np.int64(5), slice(3), slice(None, None, -7), [5, 1, 1], np.arange(60) % 7 == 0]
)
def test_they_are_indexed_as_arrays_are(on_disk, key):
    expected = (X / np.float32(255))[key]
    np.testing.assert_array_equal(on_disk[key], expected)
    assert on_disk[key].dtype == np.float32


@pytest.mark.parametrize("key", [60, -61, [0, 60], [True] * 61, 1.5, "a"])
def test_what_is_not_there_is_an_error(on_disk, key):
    with pytest.raises(IndexError):
        on_disk[key]


@pytest.mark.parametrize("key", [(..., 0), (slice(3), 0), (0, 1), None, True, [[0, 1]], [[[0]]]])
def test_pixels_and_channels_are_not_chosen_on_disk(on_disk, key):
    X[key]  # which an array has
    with pytest.raises(IndexError) as error:
        on_disk[key]
    assert "too many indices" in str(error.value) or "Received " + repr(key) in str(error.value)


@pytest.mark.parametrize("act", [pickle.dumps, copy.deepcopy])
def test_they_say_that_they_cannot_be_sent(on_disk, act):
    with pytest.raises(TypeError, match=r"cannot be pickled(.|\n)*send np\.asarray"):
        act(on_disk)


def test_several_threads_read_at_once(on_disk):
    expected, wrong = np.asarray(on_disk), []

    def read(seed):
        rng = np.random.default_rng(seed)
        for _ in range(200):
            rows = rng.integers(0, N, 9)
            if not np.array_equal(on_disk[rows], expected[rows]):
                wrong.append(rows)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_digest_is_that_of_the_images_chosen(tmp_path):
    pictures(tmp_path / "data", X)

    def digest(**chosen):
        return load(tmp_path / "data", on_disk=True, **chosen).x_train.digest()

    assert digest() == digest()
    others = [{"seed": 1}, {"n_train": 30}, {"classes": ["class 1", "class 0"]}, {"image_size": 5}]
    assert len({digest(), *(digest(**other) for other in others)}) == 5
    with Image.open(tmp_path / "data" / "class 0" / "0.png") as image:
        image.rotate(180).save(tmp_path / "data" / "class 0" / "0.png")
    before = digest()
    shutil.move(tmp_path / "data" / "class 0" / "3.png", tmp_path / "data" / "class 0" / "0.png")
    assert digest() != before


@pytest.mark.parametrize("part", ["train", "test", "val"])
@pytest.mark.parametrize("on_disk", [False, True])
def test_batches(tmp_path, part, on_disk):
    npz(tmp_path / "a", **MEDMNIST)
    data = load(tmp_path / "a.npz", on_disk=on_disk)
    plain = load(tmp_path / "a.npz")
    x, y = getattr(plain, f"x_{part}"), getattr(plain, f"y_{part}")
    batches = data.batches(part, 7, shuffle=False)
    found = list(batches.as_numpy_iterator())
    assert len(batches) == len(found) == -(-len(y) // 7)
    assert batches.element_spec[0].shape.as_list() == [None if len(y) % 7 else 7, 9, 7, 3]
    np.testing.assert_array_equal(np.concatenate([images for images, _ in found]), x)
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in found]), y)
    orders = [[y for _, part in data.batches(part, 7) for y in part.numpy()] for _ in range(3)]
    assert all(sorted(order) == sorted(y) for order in orders)
    is_shuffled = len({*map(tuple, orders)}) == 3
    assert is_shuffled == (part == "train")


def test_no_validation_images(tmp_path):
    npz(tmp_path / "a", x=X, y=Y)
    with pytest.raises(ValueError, match=r"`part` must be one that the data has\. Received 'val'"):
        load(tmp_path / "a.npz").batches("val")


# --- memory, files and room --------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, (9, 7), (5, 4)])
@pytest.mark.parametrize("kind", ["png", "one in colour", "one of 16 bits", "npz"])
@pytest.mark.filterwarnings("ignore:.*of 16 bits")
def test_auto_is_by_the_bytes_that_they_would_take(tmp_path, monkeypatch, kind, size):
    SETS[kind](tmp_path / "data")
    path = next(tmp_path.iterdir())
    in_memory = load(path, image_size=None if kind == "npz" else size)
    n_bytes = in_memory.x_train.nbytes + in_memory.x_test.nbytes
    for limit, expected in ((n_bytes, np.ndarray), (n_bytes - 4, StoredImages)):
        for module in (sources, picture_reading):
            monkeypatch.setattr(module, "MAX_IN_MEMORY", limit)
        assert type(load(path, on_disk="auto", image_size=size).x_train) is expected


@pytest.mark.parametrize("kind", ["png", "jpeg", "one in colour", "npy", "npz, packed"])
def test_memory_does_not_grow_with_the_images(tmp_path, monkeypatch, kind):
    big = RNG.integers(0, 256, (N, 256, 256, 3), np.uint8)  # 12 MB
    monkeypatch.setitem(globals(), "X", big)
    monkeypatch.setitem(globals(), "GRAY", big[..., 0])
    SETS[kind](tmp_path / "data")
    path = next(tmp_path.iterdir())
    for module in (picture_reading, stored_images, npz_files):
        monkeypatch.setattr(module, "BYTES_AT_ONCE", 2**19)
    load(path, on_disk=True)  # what is loaded once, is
    tracemalloc.start()
    try:
        images = load(path, on_disk=True).x_train
        n = sum(len(part) for part in images.parts())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n == len(images)
    assert peak < 6 * 2**20


@pytest.mark.parametrize("kind", ["png", "npy"])
def test_memory_does_not_grow_where_images_are_made_larger(tmp_path, monkeypatch, kind):
    SETS[kind](tmp_path / "data")
    for module in (picture_reading, stored_images):
        monkeypatch.setattr(module, "BYTES_AT_ONCE", 2**21)
    monkeypatch.setattr(arrays, "AT_ONCE", 2**18)
    load(tmp_path / "data", on_disk=True, image_size=256)
    tracemalloc.start()
    try:
        images = load(tmp_path / "data", on_disk=True, image_size=256).x_train
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 4 * np.prod(images.shape) > 2**25
    assert peak < 2**23


@needs_linux
def test_temporary_files_go_with_the_images(tmp_path, monkeypatch):
    pictures(tmp_path / "data", X)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def n_open():
        files = map(os.path.realpath, Path("/proc/self/fd").iterdir())
        return sum(
            file.startswith(f"{tmp_path}/") and file.endswith(" (deleted)") for file in files
        )

    assert n_open() == 0
    data = load(tmp_path / "data", on_disk=True)
    assert n_open() == 1
    assert not list(tmp_path.glob("resqunn*"))
    batches = data.batches(batch_size=8).repeat(1)
    images = data.x_train.select(np.arange(3))
    del data
    gc.collect()
    assert len(images[:]) == 3
    assert sum(len(x) for x, _ in batches) == 48
    assert sum(len(x) for x, _ in iter(batches)) == 48
    del images, batches
    gc.collect()
    assert n_open() == 0


@pytest.mark.parametrize("kind", ["png", "one in colour", "npz", "resized"])
def test_no_room(tmp_path, monkeypatch, kind):
    size = 100 if kind == "resized" else None
    SETS["npy" if kind == "resized" else kind](tmp_path / "data")
    path = next(tmp_path.iterdir())
    monkeypatch.setattr(stored.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 999))
    with pytest.raises(OSError, match="must fit into the folder for temporary files") as error:
        load(path, on_disk=True, image_size=size)
    assert re.search(r"Received [\d,]+ bytes, and .* has 999 free\.\n.* TMPDIR", str(error.value))


def test_a_file_that_becomes_shorter(tmp_path):
    npy(tmp_path / "data", x=X, y=Y)
    images = load(tmp_path / "data", on_disk=True).x_train
    os.truncate(tmp_path / "data" / "x.npy", 500)
    with pytest.raises(OSError, match=r"must stay as it is.*\nReceived .*x\.npy, which has bec"):
        images[:]


@pytest.mark.parametrize("on_disk", [None, "yes", 3, 1, 0, 1.0, [True], np.array([1, 2])])
def test_what_is_no_choice(on_disk):
    error = ValueError if isinstance(on_disk, str) else TypeError
    with pytest.raises(error, match='`on_disk` must be True, False or "auto"'):
        datasets.load("digits", on_disk=on_disk)


@pytest.mark.parametrize("on_disk", [False, True])
def test_choices_of_numpy(tmp_path, on_disk):
    npz(tmp_path / "a", x=X, y=Y)
    found = load(tmp_path / "a.npz", on_disk=np.bool_(on_disk)).x_train
    assert isinstance(found, StoredImages) == on_disk


ODD = {
    "no images": {"x": X[:0], "y": Y[:0]},
    "no pixels": {"x": X[:, :0], "y": Y},
    "one image": {"x": X[:1], "y": Y[:1]},
    "flat": {"x": X.reshape(N, -1), "y": Y},
    "volumes": {"x": X[..., np.newaxis], "y": Y},
    "times": {"x": X.astype("M8[s]"), "y": Y},
    "text": {"x": X.astype(str), "y": Y},
    "complex": {"x": X.astype(complex), "y": Y},
    "records": {"x": np.zeros((N, 9, 7), [("a", "u1"), ("b", "f4")]), "y": Y},
    "objects": {"x": X.astype(object), "y": Y},
    "negative": {"x": X.astype(int) - 9, "y": Y},
    "NaN": {"x": np.where(np.arange(N)[:, None, None, None] == 50, np.nan, X / 255), "y": Y},
    "many channels": {"x": np.ones((N, 9, 7, 10), np.uint8), "y": Y},
    "too few labels": {"x": X, "y": Y[1:]},
    "deep labels": {"x": X, "y": Y[:, np.newaxis, np.newaxis]},
    "labels as images": {"x": X, "y": X},
    "no labels": {"x": X},
    "two shapes": {"x_train": X, "y_train": Y, "x_test": X[:, 1:], "y_test": Y},
}


@pytest.mark.parametrize("write", [npz, npy])
@pytest.mark.parametrize("kind", ODD)
def test_what_is_refused_in_memory_is_refused_on_disk(tmp_path, kind, write):
    write(tmp_path / "data", **ODD[kind])
    path = next(tmp_path.iterdir())
    with pytest.raises((TypeError, ValueError), match="^load: ") as in_memory:
        load(path)
    with pytest.raises(in_memory.type) as on_disk:
        load(path, on_disk=True)
    assert str(on_disk.value) == str(in_memory.value)


@pytest.mark.parametrize("shape", [(-2, -4, 8, 1), (8, -2, -4), (True, 8, 8)])
@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("suffix", ["", ".npz"])
def test_shapes_that_no_array_has(tmp_path, shape, on_disk, suffix):
    npy(tmp_path / "data", y=np.arange(8) % 2)
    with (tmp_path / "data" / "x.npy").open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(bytes(math.prod(shape)))
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        for name in ("x.npy", "y.npy"):
            archive.write(tmp_path / "data" / name, name)
    with pytest.raises(ValueError, match="must be a whole .*\n.*no shape of an array"):
        load(tmp_path / f"data{suffix}", on_disk=on_disk)


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [("npy", "leave its images on disk"), ("npy, Fortran", "save it row by row")],
)
def test_more_than_may_be_in_memory(tmp_path, monkeypatch, kind, remedy):
    SETS[kind](tmp_path / "data")
    monkeypatch.setattr(limits, "MAX_BYTES", X.nbytes - 1)
    found = r"x\.npy, a file of 11,468 bytes" if "F" in kind else r"data, a folder"
    with pytest.raises(ValueError, match=f"Received .*{found} whose arrays have .*\n.*{remedy}"):
        load(tmp_path / "data", on_disk="F" in kind)


def test_a_file_that_changes_before_it_is_read(tmp_path):
    np.save(tmp_path / "x.npy", X)
    array = npz_files.open_npy(tmp_path / "x.npy", "load")
    np.save(tmp_path / "x.npy", X[1:])
    with pytest.raises(ValueError, match="which cannot be read: it has changed"):
        array.stored()
    (tmp_path / "x.npy").unlink()
    with pytest.raises(ValueError, match="which cannot be read: .*No such file"):
        array.stored()
