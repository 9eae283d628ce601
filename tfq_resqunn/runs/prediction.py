"""What a trained model says: images, labelled."""

import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfq_resqunn import datasets
from tfq_resqunn._utils.files import replacing
from tfq_resqunn.runs.beforehand import check_prediction
from tfq_resqunn.runs.trained import read_trained


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says about some images.

    Args:
        labels: The most probable label of each image, int64 `[n]`.
        probabilities: Of each class, float32 `[n, n_classes]`.
        classes: The label that each column of `probabilities` stands for.
        true_labels: The labels that came with the images, or `None`.
        note: What was done to the images before, in a sentence; empty for nothing.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    classes: tuple[int, ...]
    true_labels: np.ndarray | None = None
    note: str = ""

    @property
    def accuracy(self) -> float | None:
        """Fraction of right labels, or `None` where the true ones are not known."""
        if self.true_labels is None:
            return None
        return float(np.mean(self.labels == self.true_labels))

    def to_csv(self, path: str | os.PathLike) -> None:
        """Write one row for each image: label, true label if known, probabilities."""
        columns = {"label": self.labels}
        if self.true_labels is not None:
            columns["true_label"] = self.true_labels
        for label, column in zip(self.classes, self.probabilities.T, strict=True):
            columns[f"p_{label}"] = column
        with replacing(path) as temporary:
            table = pd.DataFrame(columns)
            table.to_csv(temporary, index_label="image", lineterminator="\n")


def predict(model_path: str | os.PathLike, images_path: str | os.PathLike) -> Predictions:
    """Label images with a saved model.

    Args:
        model_path: A `.keras` file, such as `train` writes. Where its `config.json` lies
            beside it, labels are those that the training data came with, and images are resized
            as those were; without it, classes are numbered, and a warning says so.
        images_path: An `.npz` file, see `datasets.load_images`.

    Returns:
        The `Predictions`; they have an accuracy where the file has labels. A model with a single
        output chooses the second class above a probability of 0.5, see `to_probabilities`.

    Raises:
        FileNotFoundError: If one of the files does not exist.
        ValueError: If the file holds no whole model or no classifier, the images do not have the
            shape that it takes, or have labels that it does not know.
    """
    check_prediction(model_path, images_path)
    x, true_labels = datasets.load_images(images_path)
    trained = read_trained(model_path, "predict")
    x, note = trained.fit_images(x, images_path)
    if true_labels is not None:
        trained.number_labels(true_labels, images_path)  # checks them
    probabilities = trained.probabilities(trained.model.predict(x, verbose=0))
    labels = np.asarray(trained.classes, dtype=np.int64)[probabilities.argmax(axis=1)]
    return Predictions(labels, probabilities, trained.classes, true_labels, note)
