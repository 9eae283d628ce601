"""What a trained model says: images, labelled."""

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tfq_resqunn._utils.files import replacing
from tfq_resqunn.datasets.arguments import Label
from tfq_resqunn.datasets.image_file import ImageFile
from tfq_resqunn.datasets.image_folder import ImageFolder
from tfq_resqunn.runs.beforehand import check_prediction
from tfq_resqunn.runs.images import open_for
from tfq_resqunn.runs.trained import Trained, read_trained

BATCH = 32  # images that a model computes at once
PIXELS_AT_ONCE = 2**21  # values of the images that are in memory at once; Keras 2 keeps some parts


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says about some images.

    Args:
        labels: The most probable label of each image, int64 or text `[n]`.
        probabilities: Of each class, float32 `[n, n_classes]`.
        classes: The label that each column of `probabilities` stands for.
        true_labels: The labels that came with the images, or `None`.
        note: What was done to the images before, in a sentence; empty for nothing.
        names: The path of each picture in its folder, or `None` for images of one file.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    classes: tuple[Label, ...]
    true_labels: np.ndarray | None = None
    note: str = ""
    names: tuple[str, ...] | None = None

    @property
    def accuracy(self) -> float | None:
        """Fraction of right labels, or `None` where the true ones are not known."""
        if self.true_labels is None:
            return None
        return float(np.mean(self.labels == self.true_labels))

    def to_csv(self, path: str | os.PathLike) -> None:
        """Write one row for each image: number or name, labels, probabilities."""
        with replacing(path) as temporary:
            _write_rows(temporary, [self])


@dataclass(frozen=True)
class Labelled:
    """What has become of images that were labelled into a table.

    Args:
        n_images: Their number.
        accuracy: Fraction of right labels, or `None` where the true ones are not known.
        note: What was done to the images before, in a sentence; empty for nothing.
    """

    n_images: int
    accuracy: float | None
    note: str


def predict(model_path: str | os.PathLike, images_path: str | os.PathLike) -> Predictions:
    """Label images with a saved model.

    Args:
        model_path: A `.keras` file, such as `train` writes. Where its `config.json` lies
            beside it, labels are those that the training data came with, and images are resized
            as those were; without it, classes are numbered, and a warning says so.
        images_path: An `.npz` or `.npy` file, a picture or a folder of pictures, see
            `datasets.load_images`. Pictures may differ in size where those of the run were resized.

    Returns:
        The `Predictions`; they have an accuracy where the images have labels. A model with a single
        output chooses the second class above a probability of 0.5, see `to_probabilities`.

    Raises:
        FileNotFoundError: If one of the files does not exist.
        ValueError: If the file holds no whole model or no classifier, the images do not have the
            shape that it takes, or have labels that it does not know.
    """
    trained, images = _opened(model_path, images_path)
    parts = list(_in_parts(trained, images))
    return Predictions(
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        parts[0].classes,
        images.labels,
        parts[0].note,
        images.names,
    )


def predict_to_csv(
    model_path: str | os.PathLike, images_path: str | os.PathLike, path: str | os.PathLike
) -> Labelled:
    """Do what `predict` does, for more images than memory holds.

    They are read in parts, and written in parts as `Predictions.to_csv` writes them, into a file
    that is there in whole or not at all.

    Args:
        model_path: As for `predict`.
        images_path: As for `predict`.
        path: The table to write. An existing file is replaced.

    Raises:
        FileNotFoundError: As `predict` does.
        OSError: If the table cannot be written.
        ValueError: As `predict` does.
    """
    with replacing(path) as temporary:
        return _write_rows(temporary, _in_parts(*_opened(model_path, images_path)))


def _opened(
    model_path: str | os.PathLike, images_path: str | os.PathLike
) -> tuple[Trained, ImageFile | ImageFolder]:
    """Reads a model, and checks images for it."""
    check_prediction(model_path, images_path)
    trained = read_trained(model_path, "predict")
    images = open_for(trained, images_path)
    images.check()
    return trained, images


def _in_parts(trained: Trained, images: ImageFile | ImageFolder) -> Iterator[Predictions]:
    """Labels images, a few at a time."""
    if images.labels is not None:
        trained.number_labels(images.labels, images.path)  # checks them
    # Whole batches, so that a model is asked what it would be asked for all images at once.
    at_once = BATCH * max(1, PIXELS_AT_ONCE // (BATCH * math.prod(images.shape[1:])))
    classes, start = np.asarray(trained.classes), 0
    for x in images.parts(at_once):
        x, note = trained.fit_images(x, images.path)
        outputs = trained.model.predict(x, batch_size=BATCH, verbose=0)
        probabilities = trained.probabilities(outputs)
        labels, end = classes[probabilities.argmax(axis=1)], start + len(x)
        true_labels = None if images.labels is None else images.labels[start:end]
        names = None if images.names is None else images.names[start:end]
        note = " ".join(filter(None, [images.note, note]))
        yield Predictions(labels, probabilities, trained.classes, true_labels, note, names)
        start = end


def _write_rows(path: Path, parts: Iterable[Predictions]) -> Labelled:
    """Writes a table of images, part by part."""
    n, n_right, accuracy, note = 0, 0, None, ""
    # Names of pictures that are no Unicode are written as they are.
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        for part in parts:
            columns = {"label": part.labels}
            if part.true_labels is not None:
                columns["true_label"] = part.true_labels
                n_right += int(np.sum(part.labels == part.true_labels))
                accuracy = n_right / (n + len(part.labels))
            for label, column in zip(part.classes, part.probabilities.T, strict=True):
                columns[f"p_{label}"] = column
            index = range(n, n + len(part.labels)) if part.names is None else part.names
            table = pd.DataFrame(columns, index=pd.Index(index, name="image"))
            table.to_csv(file, header=n == 0, lineterminator="\n")
            n, note = n + len(part.labels), part.note
    return Labelled(n, accuracy, note)
