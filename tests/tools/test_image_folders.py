"""Keras' own pipeline: pictures in class folders, augmented, rescaled, then quanvolutions."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tfq_resqunn as rq
from tests.helpers.networks import NETWORKS, features_of, make, with_backends
from tfq_resqunn._utils.keras import keras

COUNTS = {"dark": 12, "light": 6}
SIZE = (4, 4)


@pytest.fixture
def folder(tmp_path, rng):
    for label, (name, count) in enumerate(COUNTS.items()):
        (tmp_path / name).mkdir()
        for k in range(count):
            pixels = rng.integers(100 * label, 100 * label + 140, SIZE, dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{k:02}.png")
    return tmp_path


def pipeline(folder, **options):
    return keras.utils.image_dataset_from_directory(
        folder, image_size=SIZE, color_mode="grayscale", batch_size=6, **options
    )


def with_pixels_from_0_to_255(network, *before):
    return keras.Sequential(
        [keras.Input((*SIZE, 1)), *before, keras.layers.Rescaling(1 / 255), network]
    )


@pytest.mark.parametrize(("name", "arguments"), with_backends())
def test_trains_on_a_folder_with_class_weights(name, arguments, folder):
    network = make(name, (*SIZE, 1), 2, **arguments)
    model = with_pixels_from_0_to_255(network, keras.layers.RandomFlip(seed=0))
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", jit_compile=False)
    batches, n = pipeline(folder, seed=0), sum(COUNTS.values())
    weights = {k: n / (2 * count) for k, count in enumerate(COUNTS.values())}
    before, flow = network.get_weights(), rq.GradientFlow(batches)
    history = model.fit(
        batches, epochs=6, shuffle=False, verbose=0, class_weight=weights, callbacks=[flow]
    ).history
    assert all(not np.array_equal(b, a) for b, a in zip(before, network.get_weights(), strict=True))
    assert history["loss"][-1] < history["loss"][0]
    assert flow.epochs == [*range(7)]
    assert {row.state for report in flow.history for row in report.rows} == {"flows"}


def test_reports_of_gradients_take_the_first_batch(folder):
    model = with_pixels_from_0_to_255(make("resqunn", (*SIZE, 1), 2))
    model.compile("sgd", "sparse_categorical_crossentropy")
    batches = pipeline(folder, shuffle=False)
    images, labels = next(iter(batches))
    report = rq.gradient_report(model, batches)
    assert report == rq.gradient_report(model, images.numpy(), labels.numpy())
    assert [row.layer.split("/")[-1] for row in report.rows] == ["quanv_1", "quanv_2", "head"]


def test_rescaled_pixels_are_those_of_load_images(folder):
    """What a network trained on `datasets.load` takes, a pipeline gives, and the other way."""
    network = make("resqunn", (*SIZE, 1), 2)
    pixels, _ = rq.datasets.load_images(folder)
    batches = pipeline(folder, shuffle=False)
    assert [Path(path).parent.name for path in batches.file_paths] == ["dark"] * 12 + ["light"] * 6
    streamed = with_pixels_from_0_to_255(network).predict(batches, verbose=0)
    np.testing.assert_allclose(streamed, network.predict(pixels, verbose=0), atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_pictures_are_flipped_in_training_alone(name, folder):
    network = make(name, (*SIZE, 1), 2)
    plain = with_pixels_from_0_to_255(features_of(network, name))
    flipping = with_pixels_from_0_to_255(
        features_of(network, name), keras.layers.RandomFlip("horizontal", seed=1)
    )
    images = np.concatenate([x for x, _ in pipeline(folder, shuffle=False)])
    as_they_are, mirrored = plain(images).numpy(), plain(images[:, :, ::-1]).numpy()
    np.testing.assert_array_equal(flipping(images, training=False), as_they_are)
    found = flipping(images, training=True).numpy()
    flipped = [not np.allclose(f, a, atol=1e-6) for f, a in zip(found, as_they_are, strict=True)]
    assert 0 < sum(flipped) < len(images)
    expected = np.where(np.reshape(flipped, (-1, 1, 1, 1)), mirrored, as_they_are)
    np.testing.assert_allclose(found, expected, atol=1e-6)
