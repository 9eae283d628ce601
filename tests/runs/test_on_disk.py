"""Training on images that stay on disk: the same runs as on images in memory."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.runs.test_going_on import SMALL, assert_same_run, stopped
from tfq_resqunn import datasets
from tfq_resqunn.datasets import StoredImages, picture_reading, sources
from tfq_resqunn.runs.evaluation import evaluate, load_trained
from tfq_resqunn.runs.training import load_data, train

VARIANTS = {
    "plain": {},
    "validation and patience": {"validation": 0.3, "patience": 1, "learning_rate": 0.3},
    "shots": {"repetitions": 20},
    "gray": {"channels": "gray"},
    "classical": {"control": "classical"},
    "one batch": {"batch_size": 100},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    data = datasets.load("digits", classes=[3, 8], n_train=40)
    for i, (x, y) in enumerate(zip(data.x_train, data.y_train, strict=True)):
        path = folder / str(data.classes[y]) / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.repeat(np.uint8(255 * x), 3, axis=-1)).save(path)
    return folder


@pytest.fixture
def leave_on_disk(monkeypatch):
    def leave():
        for module in (sources, picture_reading):
            monkeypatch.setattr(module, "MAX_IN_MEMORY", 0)

    return leave


def config_of(folder, variant):
    config = replace(SMALL, dataset=str(folder), n_train=None, n_test=None, batch_size=8)
    return replace(config, **VARIANTS[variant])


@pytest.mark.parametrize(
    "variant", [v if v == "plain" else pytest.param(v, marks=pytest.mark.slow) for v in VARIANTS]
)
def test_runs_are_the_same(folder, tmp_path, leave_on_disk, variant):
    config = config_of(folder, variant)
    train(config, tmp_path / "memory", verbose=0)
    leave_on_disk()
    assert isinstance(load_data(config).x_train, StoredImages)
    train(config, tmp_path / "disk", verbose=0)
    assert_same_run(tmp_path / "disk", tmp_path / "memory")


@pytest.mark.parametrize("variant", ["validation and patience"])
def test_runs_that_are_stopped_go_on(folder, tmp_path, leave_on_disk, variant):
    config = config_of(folder, variant)
    train(config, tmp_path / "whole", verbose=0)  # in memory
    leave_on_disk()
    stopped(config, tmp_path / "run", 1)
    train(config, tmp_path / "run", verbose=0)
    assert_same_run(tmp_path / "run", tmp_path / "whole")


def test_other_pictures_are_refused(folder, tmp_path, leave_on_disk):
    leave_on_disk()
    config = config_of(folder, "plain")
    stopped(config, tmp_path / "run", 1)
    path = next(folder.glob("3/*.png"))
    before = path.read_bytes()
    try:
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
        with pytest.raises(ValueError, match="must hold the same images as when the run was begun"):
            train(config, tmp_path / "run", verbose=0)
    finally:
        path.write_bytes(before)


def test_keras_trains_on_batches(folder, leave_on_disk):
    data = datasets.load(folder, on_disk=True, validation=0.2)
    model = load_model_for(data)
    history = model.fit(
        data.batches(batch_size=8), shuffle=False, validation_data=data.batches("val", 8),
        epochs=2, verbose=0,
    )  # fmt: skip
    assert len(history.history["val_loss"]) == 2
    x, y = np.asarray(data.x_test), data.y_test
    np.testing.assert_allclose(
        model.evaluate(data.batches("test", 8), verbose=0), model.evaluate(x, y, verbose=0), 1e-5
    )
    np.testing.assert_allclose(
        model.predict(data.batches("test", 8), verbose=0), model.predict(x, verbose=0), 1e-4, 1e-6
    )


def load_model_for(data):
    import tfq_resqunn as rq

    model = rq.resqunn(data.image_shape, data.n_classes, depth=1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.slow
def test_evaluation_takes_test_images_from_disk(folder, tmp_path, leave_on_disk):
    path = train(config_of(folder, "plain"), tmp_path / "run", verbose=0).paths["model"]
    in_memory = evaluate(*load_trained(path)).table
    leave_on_disk()
    assert evaluate(*load_trained(path)).table.equals(in_memory)
