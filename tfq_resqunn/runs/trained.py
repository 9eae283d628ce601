"""A trained model, read back with what its run says of it: its classes, its images."""

import json
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.datasets.arguments import Label, check_image_size
from tfq_resqunn.datasets.selection import resize_array, to_channels
from tfq_resqunn.models.keras_file import read_model
from tfq_resqunn.runs.class_probabilities import Conversion, single_shape, to_probabilities
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import find_model

SMALL_SCALE = 1 / 32  # of a layer that turns pixels up to 255 into numbers around 1


@dataclass(frozen=True, eq=False)
class Trained:
    """A classifier of images and what is known of it."""

    model: keras.Model
    probabilities: Conversion  # of outputs, see `to_probabilities`
    classes: tuple[Label, ...]  # the label that each class stands for
    config: RunConfig | None  # of the model's run, where it is known
    who: str  # whom errors name

    def fit_images(self, x: np.ndarray, source: str | os.PathLike) -> tuple[np.ndarray, str]:
        """Bring images to what the model takes, as its run brought its own.

        A sentence says what was done to them; it is empty for nothing. `source` is where the images
        come from, for errors.
        """
        shape = single_shape(self.model, "input", self.who)[1:]
        chosen = self.config.image_size if self.config else None
        size = check_image_size(chosen, "image_size", "load")
        found, note = x.shape[1:], ""
        if self.config and self.config.channels:
            x = np.asarray(to_channels(x, self.config.channels, self.who))
            if x.shape[1:] != found:
                found, note = (
                    x.shape[1:],
                    f"Images are made {self.config.channels}, as in training.",
                )
        if size is not None and found[:2] != size and found[2:] == shape[2:]:
            x = resize_array(x, size)
            sizes = f"from {found[0]} x {found[1]} to {size[0]} x {size[1]}"
            note = f"{note} Images are resized {sizes} pixels, as in training.".lstrip()
        if len(shape) != 3 or any(
            n not in (None, m) for n, m in zip(shape, x.shape[1:], strict=True)
        ):
            raise ValueError(
                f"{self.who}: the images must have the shape the model takes, "
                f"{shape} (rows, cols, channels).\nReceived {found} "
                f"from {source}.\nResize the images, or train a model for their shape."
            )
        return x, note

    def number_labels(self, labels: np.ndarray, source: str | os.PathLike) -> np.ndarray:
        """Give the number of each label's class; the model must know them all."""
        if isinstance(self.classes[0], str):  # 3 and "3" are one name
            labels = labels.astype(str)
        order = np.argsort(np.asarray(self.classes))
        ordered = np.asarray(self.classes)[order]
        known = set(self.classes)
        if unknown := [label for label in np.unique(labels).tolist() if label not in known]:
            raise ValueError(
                f"{self.who}: the labels must be among the model's classes, {self.classes}. "
                f"Received {unknown} as well, in {source}.\nLeave those images out, or choose a "
                "model that was trained on them."
            )
        return order[np.searchsorted(ordered, labels)]


def read_trained(path: str | os.PathLike, who: str) -> Trained:
    """Read a classifier of images, and the `config.json` of its run beside it.

    Warns where there is none: then nothing says which labels the classes stand for, and they are
    numbered. `who` is whom errors name.
    """
    path = find_model(path, who)
    config_path = path.with_name("config.json")
    described = _read_description(config_path, who)
    model = read_model(path, "model_path", who)
    _check_scale(model, who)
    probabilities = to_probabilities(model, who)
    n_classes = max(2, single_shape(model, "output", who)[1] or 0)
    if described is None:
        warnings.warn(
            f"{who}: the model's classes are not known, since {config_path} is not there. They "
            f"are numbered from 0 to {n_classes - 1}.",
            stacklevel=3,
        )
        return Trained(model, probabilities, tuple(range(n_classes)), None, who)
    classes, config = described
    if len(classes) != n_classes:
        raise ValueError(
            f"{who}: {config_path}, beside the model, must name as many `classes` as the model "
            f"tells apart, {n_classes}.\nReceived {len(classes)}.\nRestore the file of the "
            "model's own run, or remove it to label by number."
        )
    return Trained(model, probabilities, classes, config, who)


def _check_scale(model: keras.Model, who: str) -> None:
    """Refuses a model that scales pixels by itself, since they would be scaled twice."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Rescaling):
            is_large = np.max(np.abs(layer.scale)) < SMALL_SCALE
        elif isinstance(layer, keras.layers.Normalization) and layer.built:
            is_large = float(np.max(layer.mean)) > 1
        else:
            continue
        if is_large:
            raise ValueError(
                f"{who}: `model_path` must be a model that takes pixels from 0 to 1, as images are "
                f"read here. Received one whose layer {layer.name!r} is made for larger ones, so "
                "that they would be scaled twice.\nSave the part of the model behind that layer, "
                "such as keras.Sequential(model.layers[1:]), or call model.predict yourself."
            )


def _read_description(path: Path, who: str) -> tuple[tuple[Label, ...], RunConfig | None] | None:
    """Reads classes and configuration from the `config.json` of a run."""
    if not path.is_file():
        return None
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        classes = tuple(described["classes"])
        if {type(label) for label in classes} not in ({int}, {str}):
            raise TypeError("`classes` must be integers, or names")
        config = described.get("config")
        return classes, None if config is None else RunConfig.from_json(json.dumps(config))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{who}: {path}, beside the model, must be what a run has written. It cannot be read: "
            f"{type(error).__name__}: {error}\nRestore it, or remove it to label by number."
        ) from error
