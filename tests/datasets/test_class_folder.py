"""Folders with a folder of pictures for each class: found without NumPy, read as arrays."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.helpers.systems import link, needs_posix
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.datasets import picture_reading
from tfq_resqunn.datasets.arrays import check_images
from tfq_resqunn.datasets.class_folder import read_class_folder
from tfq_resqunn.datasets.class_paths import find_classes
from tfq_resqunn.datasets.selection import resize

pytestmark = pytest.mark.once


def make(folder, *names, size=(4, 6), channels=1):
    """Writes pictures, each of its own colour; what is no picture gets some text."""
    for i, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".png", ".PNG"):
            shape = size if channels == 1 else (*size, channels)
            Image.fromarray(np.full(shape, 10 * i, np.uint8)).save(path)
        else:
            path.write_text("text")
    return folder


def shades(x):
    """What `make` has numbered its pictures with."""
    return (x[:, 0, 0, 0] // 10).tolist()


def test_as_keras_reads_them(tmp_path, rng):
    for name in ("b/2.png", "b/10.png", "a/x.png", "c/deep/1.png", "c/2.png", "D/1.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (5, 7, 3), np.uint8)).save(path)
    batches = keras.utils.image_dataset_from_directory(
        tmp_path, labels="inferred", shuffle=False, image_size=(5, 7), batch_size=100
    )
    x, y = next(iter(batches))
    arrays = read_class_folder(tmp_path)
    np.testing.assert_array_equal(arrays["x"], x.numpy())
    np.testing.assert_array_equal(arrays["y"], np.array(batches.class_names)[y.numpy()])
    assert arrays["x"].dtype == np.uint8


# What is written, and which pictures come as what with which labels.
READ = {
    "no parts": (["b/1.png", "a/1.png", "a/2.png"], {"": ([1, 2, 0], ["a", "a", "b"])}),
    "parts": (
        ["train/a/1.png", "train/b/1.png", "test/b/1.png"],
        {"_train": ([0, 1], ["a", "b"]), "_test": ([2], ["b"])},
    ),
    "all parts": (
        ["Training/a/1.png", "Testing/a/1.png", "valid/a/1.png"],
        {"_train": ([0], ["a"]), "_test": ([1], ["a"]), "_val": ([2], ["a"])},
    ),
    "train alone": (["train/a/1.png", "train/b/1.png"], {"": ([0, 1], ["a", "b"])}),
    "classes called as parts": (
        ["train/1.png", "test/1.png", "bus/1.png"],
        {"": ([2, 1, 0], ["bus", "test", "train"])},
    ),
    "numbers": (["10/1.png", "9/1.png", "-1/1.png"], {"": ([2, 0, 1], [-1, 10, 9])}),
    "not only numbers": (["1/1.png", "x/1.png"], {"": ([0, 1], ["1", "x"])}),
    "numbers with zeros": (["01/1.png", "1/1.png"], {"": ([0, 1], ["01", "1"])}),
    "large numbers": (["9" * 30 + "/1.png", "1/1.png"], {"": ([1, 0], ["1", "9" * 30])}),
    "deeper": (["a/x/y/2.png", "a/1.png", "b/z/1.png"], {"": ([1, 0, 2], ["a", "a", "b"])}),
    "hidden": (
        ["a/1.png", "a/._1.png", "a/.DS_Store", "a/Thumbs.db", ".git/1.png", "__MACOSX/a/1.png"],
        {"": ([0], ["a"])},
    ),
    "capitals": (["a/1.PNG"], {"": ([0], ["a"])}),
    "all kinds of names": (
        ["Bär 图/ein Bild.png", "a,b/x'.png"],
        {"": ([0, 1], ["Bär 图", "a,b"])},
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_class_folders(tmp_path, kind):
    names, expected = READ[kind]
    arrays = read_class_folder(make(tmp_path, *names))
    assert set(arrays) == {f"{letter}{part}" for part in expected for letter in "xy"}
    for part, (numbers, labels) in expected.items():
        assert shades(arrays[f"x{part}"]) == numbers
        assert arrays[f"y{part}"].tolist() == labels
        assert arrays[f"y{part}"].dtype.kind in ("iU"[isinstance(labels[0], str)])


# What is written, and what is said of it.
REFUSED = {
    "empty": ([], "a folder with a folder of pictures for each class.\nReceived {}, without any"),
    "no classes": (["1.png", "2.png"], "Received {}, with 2 pictures, such as 1.png, but no folde"),
    "one part, flat": (
        ["train/1.png"],
        "with 1 picture in train/, such as 1.png, but no",
    ),
    "parts, flat": (["train/a/1.png", "test/1.png"], "with 1 picture in test/, such as 1.png, but"),
    "other files": (["a.txt"], "without any.\nSort the pictures into folders"),
    "an empty class": (["a/1.png", "b/x.txt"], "whose folder b has none, but files such as b/x.t"),
    "an empty class in test": (
        ["train/a/1.png", "test/a/.x"],
        "test/a has none, and no oth",
    ),
    "an empty part": (["train/a/1.png", "test/x.txt"], "Received {}, without any in test/.\nSort"),
    "a class that train lacks": (
        ["train/a/1.png", "test/a/1.png", "test/b/1.png"],
        "where train lacks b.\nAdd pictures to train/b, or remove test/b.",
    ),
    "test alone": (["test/a/1.png"], "with test, but without train.\nPut pictures for training"),
    "val instead of test": (
        ["train/a/1.png", "val/a/1.png"],
        "with train, val, but without test.\nRename val to test, or move it away to have a fifth",
    ),
    "two trains": (["train/a/1.png", "Training/a/1.png"], "with both Training and train.\nPut the"),
    "classes beside parts": (
        ["train/a/1.png", "test/a/1.png", "b/1.png"],
        "with pictures in b as well as in test.\nMove b away, or into test if it is a class.",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_folders_that_are_arranged_otherwise(tmp_path, kind):
    names, message = REFUSED[kind]
    make(tmp_path, *names)
    with pytest.raises(ValueError) as error:
        find_classes(tmp_path, "load")
    assert str(error.value).startswith("load: `name` must be a folder ")
    assert message.replace("{}", str(tmp_path)) in str(error.value)
    with pytest.raises(ValueError) as same:
        read_class_folder(tmp_path)
    assert str(same.value) == str(error.value)


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="must be a folder that exists"):
        find_classes(tmp_path / "none", "load")
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="which is a file"):
        find_classes(tmp_path / "file", "load")


def test_what_is_left_out_is_said_once(tmp_path):
    make(tmp_path, "a/1.png", "a/notes.txt", "b/1.png", "b/x.heic", "b/y/README", "list.csv")
    with pytest.warns(UserWarning) as warned:
        read_class_folder(tmp_path)
    assert [str(warning.message) for warning in warned] == [
        f"load: 4 files in {tmp_path}, the first list.csv, are left out, being no picture of a "
        "class by suffix (.csv, .heic, .txt, none) or by place."
    ]


def test_pictures_beside_classes_are_left_out(tmp_path):
    make(tmp_path, "overview.png", "a/1.png")
    with pytest.warns(UserWarning, match=r"overview.png in .* is left out"):
        assert read_class_folder(tmp_path)["y"].tolist() == ["a"]


def test_links_are_followed_but_not_in_circles(tmp_path):
    folder = make(tmp_path / "data", "a/1.png", "b/2.png")
    elsewhere = make(tmp_path / "elsewhere", "3.png")
    link(folder / "a" / "more", elsewhere)
    link(folder / "a" / "again", elsewhere)
    link(folder / "a" / "up", folder)
    link(folder / "a" / "self", folder / "a")
    link(folder / "c", elsewhere)
    assert find_classes(folder, "load").parts[""] == {
        "a": ("a/1.png", "a/again/3.png"),
        "b": ("b/2.png",),
        "c": ("c/3.png",),
    }


@needs_posix
def test_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    make(tmp_path, "a/1.png")

    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(PermissionError, match=r"must be a folder that can be read") as error:
        find_classes(tmp_path, "load")
    assert f"Received {tmp_path}: Permission denied.\n" in str(error.value)


def test_one_in_colour_makes_all_so(tmp_path):
    make(tmp_path, "train/a/1.png", "train/a/2.png")
    make(tmp_path, "test/a/1.png", channels=3)
    arrays = read_class_folder(tmp_path)
    assert arrays["x_train"].shape == (2, 4, 6, 3)
    assert (arrays["x_train"][1] == 10).all()
    assert arrays["x_test"].shape == (1, 4, 6, 3)


def test_sizes(tmp_path, rng):
    pixels = {name: rng.integers(0, 256, (n, n + 1), np.uint8) for n, name in ((5, "s"), (9, "l"))}
    for name, x in pixels.items():
        (tmp_path / name).mkdir()
        Image.fromarray(x).save(tmp_path / name / "1.png")
    with pytest.raises(ValueError) as error:
        read_class_folder(tmp_path)
    assert str(error.value) == (
        "load: the pictures of `name` must have one size, unless they are resized.\n"
        f"Received {tmp_path}, whose pictures have from 5 x 6 (s/1.png) to 9 x 10 (l/1.png) rows x "
        "columns.\nHave them resized with image_size=28, say."
    )
    x = read_class_folder(tmp_path, (4, 3))["x"]
    expected = [
        resize(check_images({"x": pixels[name][np.newaxis]}, "load")[0], (4, 3))[0] for name in "ls"
    ]
    np.testing.assert_array_equal(x, expected)
    assert x.dtype == np.float32


def test_pictures_of_one_size_are_resized_as_arrays_are(tmp_path, rng):
    (tmp_path / "a").mkdir()
    pixels = rng.integers(0, 256, (5, 8, 6), np.uint8)
    for i, x in enumerate(pixels):
        Image.fromarray(x).save(tmp_path / "a" / f"{i}.png")
    np.testing.assert_array_equal(read_class_folder(tmp_path, (8, 6))["x"][..., 0], pixels)
    resized = read_class_folder(tmp_path, (4, 4))["x"]
    np.testing.assert_array_equal(resized, resize(check_images({"x": pixels}, "load")[0], (4, 4)))


def test_too_many_for_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(picture_reading, "MAX_BYTES", 50)
    make(tmp_path, "a/1.png", "a/2.png", "b/3.png")
    with pytest.raises(ValueError, match="3 pictures of 4 x 6 x 1, which take 72"):
        read_class_folder(tmp_path)
    assert read_class_folder(tmp_path, (2, 2))["x"].nbytes == 48


def test_finding_loads_nothing(tmp_path):
    make(tmp_path, "a/1.png")
    program = (
        "import sys\nfrom tfq_resqunn.datasets import names\n"
        "from tfq_resqunn.datasets.class_paths import find_classes\n"
        f"find_classes({str(tmp_path)!r}, 'load')\nnames.find_images({str(tmp_path)!r}, 'load')\n"
        "assert not {'numpy', 'PIL', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_values_of_16_bits_are_said(tmp_path):
    """Not all cameras use all bits; pictures of 12 bits would be nearly black."""
    make(tmp_path, "a/1.png", "b/1.png")
    Image.fromarray(np.full((4, 6), 4095, np.uint16)).save(tmp_path / "a/2.png")
    said = (
        "load: the picture a/2.png is of 16 bits, with values up to 4095, of which 65535 is white."
    )
    with pytest.warns(UserWarning, match=f"^{said}$"):
        assert read_class_folder(tmp_path)["x"].max() == np.float32(4095 / 65535)
