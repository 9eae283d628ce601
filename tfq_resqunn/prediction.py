"""What a trained model says: a saved model read back, and images labelled with it."""

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tfq_resqunn import datasets
from tfq_resqunn._keras import IS_KERAS_3, keras
from tfq_resqunn.files import replacing


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says about some images.

    Args:
        labels: The most probable label of each image, int64 `[n]`.
        probabilities: Of each class, float32 `[n, n_classes]`.
        classes: The label that each column of `probabilities` stands for.
        true_labels: The labels that came with the images, or `None`.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    classes: tuple[int, ...]
    true_labels: np.ndarray | None = None

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
            pd.DataFrame(columns).to_csv(temporary, index_label="image")


def predict(model_path: str | os.PathLike, images_path: str | os.PathLike) -> Predictions:
    """Label images with a saved model.

    Args:
        model_path: A `.keras` file, such as `train` writes. Where its `config.json` lies
            beside it, labels are those that the training data came with.
        images_path: An `.npz` file, see `datasets.load_images`.

    Returns:
        The `Predictions`; they have an accuracy where the file has labels.

    Raises:
        FileNotFoundError: If one of the files does not exist.
        ValueError: If the images do not have the shape that the model takes.
    """
    if Path(images_path).suffix == ".keras":
        raise ValueError(
            f"predict: `images_path` must be an .npz file.\nReceived {images_path}, a model.\n"
            "The model comes first, then the images."
        )
    model_path = find_model(model_path, "predict")
    x, true_labels = datasets.load_images(images_path)
    model = read_model(model_path, "predict")
    if x.shape[1:] != tuple(model.input_shape[1:]):
        raise ValueError(
            f"predict: the images must have the shape the model takes, "
            f"{tuple(model.input_shape[1:])} (rows, cols, channels).\nReceived {x.shape[1:]} "
            f"from {images_path}.\nResize the images, or train a model for their shape."
        )
    probabilities = model.predict(x, verbose=0)
    classes = _read_classes(model_path.with_name("config.json"), probabilities.shape[1])
    labels = np.asarray(classes, dtype=np.int64)[probabilities.argmax(axis=1)]
    return Predictions(labels, probabilities, classes, true_labels)


# --- the run's folder ----------------------------------------------------------------------


def find_model(path: str | os.PathLike, who: str) -> Path:
    """Gives the path of a saved model, if there is one."""
    path = Path(path)
    if path.is_file():
        return path
    inside = path / "model.keras"
    remedy = (
        f"Name {inside}." if inside.is_file() else "Name the model.keras in the folder of a run."
    )
    raise FileNotFoundError(
        f"{who}: `model_path` must be a saved model.\nReceived {path}, which is no file.\n{remedy}"
    )


def read_model(path: Path, who: str) -> keras.Model:
    """Reads a saved model, if this Keras has written it."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            metadata = archive.read("metadata.json") if "metadata.json" in names else b"{}"
        written = str(json.loads(metadata).get("keras_version", ""))
        mine = "3" if IS_KERAS_3 else "2"
        if written and written.split(".")[0] != mine:
            remedy = "Unset TF_USE_LEGACY_KERAS" if mine == "2" else "Set TF_USE_LEGACY_KERAS=1"
            raise ValueError(
                f"{who}: `model_path` must be a model that Keras {mine} has written.\nReceived "
                f"{path}, written by Keras {written}.\n{remedy} before the program starts."
            )
    return keras.models.load_model(path)


def read_config(path: Path) -> dict | None:
    """Reads the `config.json` of a run; `None` where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _read_classes(path: Path, n_classes: int) -> tuple[int, ...]:
    description = read_config(path)
    if description is None:
        return tuple(range(n_classes))
    classes = description.get("classes", [])
    if len(classes) != n_classes:
        raise ValueError(
            f"predict: {path}, beside the model, must name as many `classes` as the model tells "
            f"apart, {n_classes}.\nReceived {len(classes)}.\nRestore the file of the model's own "
            "run, or remove it to label by number."
        )
    return tuple(classes)
