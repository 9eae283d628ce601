"""All runs of a study have the same images, however often it is started."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.studies import train_with
from tfq_resqunn import datasets
from tfq_resqunn.runs import RunConfig
from tfq_resqunn.runs.training import load_data
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.images import Images
from tfq_resqunn.study.locks import locked_shard
from tfq_resqunn.study.runner import run_study

pytestmark = pytest.mark.once


# --- what tells images apart -------------------------------------------------------------------


@pytest.fixture
def data():
    return datasets.load("digits", n_train=200, n_test=50, validation=0.1)


def other_pixels(data):
    x = data.x_train.copy()
    x[7] = 1 - x[7]
    return replace(data, x_train=x)


def other_labels(data):
    return replace(data, y_test=np.roll(data.y_test, 1))


CHANGES = {
    "pixels": other_pixels,
    "labels": other_labels,
    "images of two classes, swapped": lambda data: replace(
        data, x_train=data.x_train[np.argsort(-data.y_train, kind="stable")]
    ),
    "validation": lambda data: replace(data, x_val=1 - data.x_val),
    "no validation": lambda data: replace(data, x_val=None, y_val=None),
    "shape": lambda data: replace(data, x_test=data.x_test.reshape(-1, 4, 16, 1)),
    "number": lambda data: replace(data, x_test=data.x_test[1:], y_test=data.y_test[1:]),
    "names": lambda data: replace(data, classes=tuple("abcdefghij")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_images_are_told_apart(data, change):
    changed = Images.of(CHANGES[change](data))
    assert not changed.is_like(Images.of(data))
    assert not Images.of(data).is_like(changed)


def test_rounding_makes_no_other_images(data, rng):
    noise = rng.uniform(-1e-7, 1e-7, data.x_train.shape).astype("float32")
    assert Images.of(replace(data, x_train=data.x_train + noise)).is_like(Images.of(data))


def test_means_are_those_of_the_classes(data):
    parts = [("train", data.x_train), ("test", data.x_test), ("val", data.x_val)]
    expected = [x[getattr(data, f"y_{part}") == k].mean() for part, x in parts for k in range(10)]
    np.testing.assert_allclose(Images.of(data).means, expected, atol=1e-6)


# --- a study that is started again -------------------------------------------------------------


@pytest.fixture
def idle(monkeypatch):
    """Runs are neither trained nor stored; gives the names of those that were asked for."""
    asked = []

    def run_jobs(cluster, jobs):
        asked.extend(job.name for job in jobs)
        yield from ()

    train_with(monkeypatch, run_jobs)
    return asked


@pytest.fixture
def own(tmp_path, data_file, tiny):
    """A study with a data set that can be changed."""
    path = shutil.copy(data_file, tmp_path / "mine.npz")
    return replace(tiny, run=replace(tiny.run, dataset=str(path)))


def change(config, name="x_train"):
    """Replaces images, or labels; gives what undoes it."""
    with np.load(config.run.dataset) as stored:
        before = dict(stored)
    array = before[name]
    np.savez(config.run.dataset, **{**before, name: 1 - array})
    return lambda: np.savez(config.run.dataset, **before)


@pytest.mark.parametrize(
    ("name", "what"), [("x_train", "images, with the same labels,"), ("y_test", "labels")]
)
@pytest.mark.parametrize("shard", [None, (2, 2)])
def test_a_study_is_not_gone_on_with_on_other_images(idle, own, tmp_path, name, what, shard):
    folder = tmp_path / "study"
    run_study(own, folder, shard=shard, report=False)
    written = (folder / "study.json").read_bytes()
    idle.clear()
    undo = change(own, name)
    with pytest.raises(ValueError) as error:
        run_study(replace(own, seeds=[5, 6]), folder, shard=shard, report=False)
    assert str(error.value) == (
        "run_study: `run.dataset` must hold the same images as when the study was begun.\n"
        f"Received other {what} than those of {folder}.\n"
        "Restore them, or choose another folder (--out)."
    )
    assert idle == []
    assert (folder / "study.json").read_bytes() == written
    undo()
    run_study(own, folder, shard=shard, report=False)
    assert idle


def test_a_finished_study_needs_no_images(finished, tiny):
    _, folder = finished
    before = json.loads((folder / "study.json").read_text())
    assert Images(**before["images"]).is_like(Images.of(load_data(tiny.run)))
    run_study(tiny, folder, report=False)
    assert json.loads((folder / "study.json").read_text()) == before


def test_a_study_of_an_older_version_remembers_its_images_from_now_on(idle, own, tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    described = {"config": own.to_dict(), "command": ""}
    (folder / "study.json").write_text(json.dumps(described))
    with locked_shard(folder, (1, 2)):
        run_study(own, folder, shard=(2, 2), report=False)
    change(own)
    with pytest.raises(ValueError, match="must hold the same images"):
        run_study(own, folder, report=False)


GARBAGE = [
    3, [], {"labels": 1, "means": []}, {"means": [0.5]}, {"labels": "a", "means": ["b"]},
    {"labels": "a", "b": 1},
]  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_damaged_description_of_images_is_named(idle, own, tmp_path, garbage):
    folder = tmp_path / "study"
    run_study(own, folder, report=False)
    described = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({**described, "images": garbage}))
    with pytest.raises(ValueError, match="study.json must be what a study has written"):
        run_study(own, folder, report=False)


def test_images_are_those_that_all_seeds_draw_from(idle, tmp_path):
    """Each seed draws other images; those of the study's configuration stand for all."""
    config = StudyConfig(RunConfig(depth=1, epochs=1, n_train=50, n_test=20), seeds=[3, 4])
    run_study(config, tmp_path / "study", report=False)
    images = Images(**json.loads((tmp_path / "study" / "study.json").read_text())["images"])
    assert images.is_like(Images.of(load_data(config.run)))
