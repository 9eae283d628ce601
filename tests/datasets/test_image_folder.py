"""Pictures to predict on: the same as their pixels in a file, with names instead of numbers."""

import dataclasses
import os
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from tests.helpers.systems import needs_linux
from tfq_resqunn.cli import main
from tfq_resqunn.datasets import image_folder, load_images, picture_reading
from tfq_resqunn.datasets.image_file import ImageFile
from tfq_resqunn.datasets.image_folder import open_images
from tfq_resqunn.runs import prediction
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.evaluation import load_trained
from tfq_resqunn.runs.images import open_for
from tfq_resqunn.runs.prediction import predict, predict_to_csv
from tfq_resqunn.runs.trained import read_trained
from tfq_resqunn.runs.training import train

pytestmark = pytest.mark.once

PIXELS = np.random.default_rng(0).integers(0, 256, (7, 6, 5), np.uint8)
NAMES = [f"{i}.png" for i in range(7)]
LABELS = [3, 3, 3, 8, 8, 8, 8]


def write(folder, names=NAMES, pixels=PIXELS):
    for name, x in zip(names, pixels, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(x).save(folder / name)
    return folder


def in_classes(folder, pixels=PIXELS):
    names = [f"{label}/{name}" for label, name in zip(LABELS, NAMES, strict=True)]
    return write(folder, names, pixels), names


def test_parts_are_the_whole(tmp_path):
    np.savez(tmp_path / "x.npz", x=PIXELS)
    file = ImageFile(tmp_path / "x.npz")
    images = open_images(write(tmp_path / "pictures"))
    images.check()
    assert images.shape == file.shape == (7, 6, 5, 1)
    assert images.names == tuple(NAMES)
    assert images.labels is None and images.note == ""
    for at_once in (1, 3, 7, 100):
        for part, expected in zip(images.parts(at_once), file.parts(at_once), strict=True):
            np.testing.assert_array_equal(part, expected)
            assert part.dtype == np.float32
    np.testing.assert_array_equal(images.load(), file.load())


@pytest.mark.parametrize("part", ["", "test"])
def test_class_folders_are_labels(tmp_path, part):
    folder, names = in_classes(tmp_path / part)
    if part:
        write(tmp_path / "train" / "3")
    x, y = load_images(tmp_path)
    np.testing.assert_array_equal(x[..., 0], np.divide(PIXELS, 255, dtype=np.float32))
    assert y.tolist() == LABELS
    assert open_images(tmp_path).names == tuple(f"{part}/{name}".strip("/") for name in names)
    (folder / "8").rename(folder / "eight")
    assert open_images(folder).labels.tolist() == ["3"] * 3 + ["eight"] * 4


def test_one_picture(tmp_path):
    write(tmp_path)
    images = open_images(tmp_path / "3.png")
    assert images.names == ("3.png",) and images.labels is None
    np.testing.assert_array_equal(images.load()[0, ..., 0] * 255, PIXELS[3])


def test_sizes_and_channels_are_the_models(tmp_path):
    write(tmp_path, ["a.png", "b.png"], [PIXELS[0], PIXELS[1][:3]])
    with pytest.raises(ValueError, match=r"from 3 x 5 \(b.png\) to 6 x 5 \(a.png\)"):
        open_images(tmp_path)
    images = open_images(tmp_path, (4, 4), 3)
    assert images.note == "Images are resized from different sizes to 4 x 4 pixels, as in training."
    assert images.load().shape == images.shape == (2, 4, 4, 3)
    alone = open_images(tmp_path / "b.png", (4, 4), 1)
    assert alone.note == "Images are resized from 3 x 5 to 4 x 4 pixels, as in training."
    np.testing.assert_array_equal(alone.load()[0, ..., 0], images.load()[1, ..., 2])
    write(tmp_path, ["c.png"], [np.dstack([PIXELS[0]] * 3)])
    with pytest.raises(ValueError, match=r"must be gray, as .*\n.*c.png, which is in colour"):
        open_images(tmp_path, (4, 4), 1)


# What there is, what is asked for, and what is said of it.
REFUSED = {
    "nothing": ([], "none", "a file that exists"),
    "no picture": ([], "none.png", "a file that exists"),
    "empty": ([], "", "a folder with a folder of pictures for each class"),
    "both": (["1.png", "a/2.png"], "", "not of both.\nReceived {} with 1.png as well as a/2.png."),
    "train alone": (["train/a/1.png"], "", "with train, but without test.\nName the folder that"),
    "text": (["x.txt"], "x.txt", "must be an .npz or .npy file, a picture, or a folder of pic"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_holds_no_pictures_is_refused(tmp_path, kind):
    names, asked, message = REFUSED[kind]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises((ValueError, FileNotFoundError)) as error:
        load_images(tmp_path / asked)
    assert str(error.value).startswith("load_images: `path` must be ")
    assert message.replace("{}", str(tmp_path)) in str(error.value)


def test_bad_pictures_are_found_before_any_is_labelled(tmp_path):
    write(tmp_path)
    whole = (tmp_path / "6.png").read_bytes()
    (tmp_path / "6.png").write_bytes(whole[:-30])
    with pytest.raises(ValueError, match=r"6\.png, which is damaged"):
        open_images(tmp_path)


def test_warnings_come_once(tmp_path):
    write(tmp_path, pixels=np.stack([PIXELS, PIXELS], axis=-1))
    (tmp_path / "notes.txt").touch()
    images = open_images(tmp_path)
    with pytest.warns() as warned:
        images.check()
    assert len(list(images.parts(2))) == 4
    assert [str(w.message) for w in warned] == [
        f"load_images: notes.txt in {tmp_path} is left out, being no picture of a class by suffix "
        "(.txt) or by place.",
        "load_images: 7 pictures, the first 0.png, are transparent in places, and laid over black.",
    ]


def test_memory_does_not_grow_with_pictures(tmp_path, monkeypatch):
    x = np.zeros((300, 300), np.uint8)
    write(tmp_path, [f"{i}.png" for i in range(200)], [x] * 200)
    monkeypatch.setattr(picture_reading, "BYTES_AT_ONCE", 2**20)
    monkeypatch.setattr(picture_reading, "MAX_IN_MEMORY", 2**20)
    monkeypatch.setattr(image_folder, "MAX_BYTES", 2**20)
    tracemalloc.start()
    try:
        images = open_images(tmp_path)
        images.check()
        n = sum(len(part) for part in images.parts(4))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n == 200
    assert peak < 2**23  # of the 18 MB that they are, and the 72 MB that they would be as floats
    with pytest.raises(ValueError, match="may take 1,048,576 bytes"):
        images.load()


# --- with a model ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = RunConfig(classes=(3, 8), n_train=8, n_test=4, image_size=4, depth=1, epochs=1)
    return train(config, tmp_path_factory.mktemp("run") / "tiny", verbose=0).paths["model"]


@pytest.mark.parametrize("at_once", [2**21, 1])
def test_predictions_are_those_of_the_pixels(run, tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(prediction, "PIXELS_AT_ONCE", at_once)
    monkeypatch.setattr(prediction, "BATCH", 2)
    np.savez(tmp_path / "x.npz", x=PIXELS, y=LABELS)
    folder, names = in_classes(tmp_path / "pictures")
    found, expected = predict(run, folder), predict(run, tmp_path / "x.npz")
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    assert (found.accuracy, found.note) == (expected.accuracy, expected.note)
    assert found.names == tuple(names) and expected.names is None
    labelled = predict_to_csv(run, folder, tmp_path / "parts.csv")
    assert (labelled.accuracy, labelled.note) == (expected.accuracy, expected.note)
    found.to_csv(tmp_path / "whole.csv")
    table = pd.read_csv(tmp_path / "parts.csv", index_col="image")
    assert table.index.tolist() == names
    assert table.columns.tolist() == ["label", "true_label", "p_3", "p_8"]
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    _, x, y = load_trained(run, folder)
    _, expected_x, expected_y = load_trained(run, tmp_path / "x.npz")
    np.testing.assert_array_equal(x, expected_x)
    np.testing.assert_array_equal(y, expected_y)


def test_numbers_are_names_for_a_model_whose_classes_are_names(run, tmp_path):
    trained = dataclasses.replace(read_trained(run, "predict"), classes=("3", "eight"))
    folder = write(tmp_path, ["3/1.png", "3/2.png"], PIXELS[:2])
    assert open_images(folder).labels.tolist() == [3, 3]
    assert open_for(trained, folder).labels.tolist() == ["3", "3"]


def test_evaluation_needs_labels(run, tmp_path):
    with pytest.raises(ValueError, match="or as names of folders for each class"):
        load_trained(run, write(tmp_path))


def test_commands(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "mixed", ["ein Bild, groß.png", "1.png"], [PIXELS[0], PIXELS[1][:3]])
    folder, _ = in_classes(tmp_path / "labelled")

    def resqunn(*words):
        result = CliRunner().invoke(main, list(map(str, words)))
        return result.exit_code, result.output

    code, said = resqunn("predict", run, "mixed")
    assert (code, said.splitlines()[0]) == (
        0, "Images are resized from different sizes to 4 x 4 pixels, as in training.",
    )  # fmt: skip
    table = pd.read_csv("predictions.csv", index_col="image")
    assert table.index.tolist() == ["1.png", "ein Bild, groß.png"]
    assert resqunn("predict", run, "mixed/1.png")[0] == 0
    code, said = resqunn("predict", run, "labelled")
    assert code == 0 and "accuracy 0." in said
    code, said = resqunn("evaluate", run, "--images", "labelled", "--strengths=0", "--out=found")
    assert code == 0 and os.path.exists("found/evaluation.csv")
    code, said = resqunn("predict", run, "none.png")
    assert code == 2 and "IMAGES must be a file that exists" in said
    (tmp_path / "empty").mkdir()
    code, said = resqunn("predict", run, "empty")
    assert code == 2 and "IMAGES must be a folder" in said


@needs_linux
def test_names_that_are_no_unicode(run, tmp_path):
    name = os.fsdecode(b"\xff.png")
    predict_to_csv(run, write(tmp_path / "x", [name], PIXELS[:1]), tmp_path / "labels.csv")
    assert b"\n\xff.png," in (tmp_path / "labels.csv").read_bytes()
