"""A trained model, read back with what its run says of it: its classes, its images."""

import json
import os
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.datasets.arguments import check_image_size
from tfq_resqunn.datasets.selection import resize
from tfq_resqunn.runs.class_probabilities import Conversion, single_shape, to_probabilities
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import find_model

MAX_REASON = 800  # characters of what Keras says of a file that it cannot read
MAX_CONFIG = 2**26  # bytes of the configuration in a model file
# What a model file may name, beside what the program has registered with Keras.
KNOWN_MODULES = ("keras", "tf_keras", "tfq_resqunn")


@dataclass(frozen=True, eq=False)
class Trained:
    """A classifier of images and what is known of it."""

    model: keras.Model
    probabilities: Conversion  # of outputs, see `to_probabilities`
    classes: tuple[int, ...]  # the label that each class stands for
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
        if size is not None and found[:2] != size and found[2:] == shape[2:]:
            x = resize(x, size)
            sizes = f"from {found[0]} x {found[1]} to {size[0]} x {size[1]}"
            note = f"Images are resized {sizes} pixels, as in training."
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
        places = {label: number for number, label in enumerate(self.classes)}
        if unknown := sorted(set(labels.tolist()) - set(places)):
            raise ValueError(
                f"{self.who}: the labels must be among the model's classes, {self.classes}. "
                f"Received {unknown} as well, in {source}.\nLeave those images out, or choose a "
                "model that was trained on them."
            )
        return np.array([places[label] for label in labels.tolist()])


def read_trained(path: str | os.PathLike, who: str) -> Trained:
    """Read a classifier of images, and the `config.json` of its run beside it.

    Warns where there is none: then nothing says which labels the classes stand for, and they are
    numbered. `who` is whom errors name.
    """
    path = find_model(path, who)
    config_path = path.with_name("config.json")
    described = _read_description(config_path, who)
    model = _read_model(path, who)
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


def _read_description(path: Path, who: str) -> tuple[tuple[int, ...], RunConfig | None] | None:
    """Reads classes and configuration from the `config.json` of a run."""
    if not path.is_file():
        return None
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        classes = tuple(described["classes"])
        if not all(type(label) is int for label in classes):
            raise TypeError("`classes` must be integers")
        config = described.get("config")
        return classes, None if config is None else RunConfig.from_json(json.dumps(config))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{who}: {path}, beside the model, must be what a run has written. It cannot be read: "
            f"{type(error).__name__}: {error}\nRestore it, or remove it to label by number."
        ) from error


def _read_model(path: Path, who: str) -> keras.Model:
    mine = "3" if IS_KERAS_3 else "2"
    written, config = _read_archive(path, who)
    if written and written.split(".")[0] != mine:
        remedy = "Unset TF_USE_LEGACY_KERAS" if mine == "2" else "Set TF_USE_LEGACY_KERAS=1"
        raise ValueError(
            f"{who}: `model_path` must be a model that Keras {mine} has written.\nReceived "
            f"{path}, written by Keras {written}.\n{remedy} before the program starts."
        )
    if foreign := sorted(_foreign_modules(config)):
        raise ValueError(
            f"{who}: `model_path` must hold layers of Keras' and of this package's, and no code of "
            f"others that the program has not registered.\nReceived {path}, which names "
            f"{', '.join(foreign)[:MAX_REASON]}.\nIf you trust it, import and register its classes."
        )
    try:
        model = keras.models.load_model(path, safe_mode=True)
        if not isinstance(model, keras.Model):
            raise TypeError(f"it holds no model, but {type(model).__name__}")
        return model
    except Exception as error:  # of every kind, as the file may be damaged anywhere
        reason = str(error)[:MAX_REASON] or type(error).__name__
        raise ValueError(
            f"{who}: `model_path` must be a model that Keras {mine} can read.\nReceived {path}, "
            f"of which it says: {reason}\nIf the file is damaged, save or copy it again."
        ) from error


def _foreign_modules(config: object) -> set[str]:
    """Finds the modules from which a model's configuration wants Keras to import anything."""
    if isinstance(config, list):
        return set().union(*map(_foreign_modules, config))
    if not isinstance(config, dict):
        return set()
    found = set().union(*map(_foreign_modules, config.values()))
    module, name = config.get("module"), config.get("registered_name")
    is_known = module is None or str(module).partition(".")[0] in KNOWN_MODULES
    if is_known or (name and keras.utils.get_registered_object(str(name)) is not None):
        return found
    return found | {str(module)}


def _read_archive(path: Path, who: str) -> tuple[str, object]:
    """Gives the version of Keras that wrote a file, if it says it, and the configuration in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            texts = {}
            for name in ("metadata.json", "config.json"):
                if name not in archive.namelist():
                    continue
                if archive.getinfo(name).file_size > MAX_CONFIG:
                    raise ValueError(f"{name} is larger than {MAX_CONFIG} bytes")
                texts[name] = json.loads(archive.read(name))
            version = texts["metadata.json"]["keras_version"] if "metadata.json" in texts else ""
            return str(version), texts.get("config.json")
    except (
        zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, RecursionError, zlib.error,
    ) as error:  # fmt: skip
        raise ValueError(
            f"{who}: `model_path` must be a whole file that Keras has written, such as the "
            f"model.keras of a run.\nReceived {path}, which is none, or was cut off or changed: "
            f"{error}\nSave or copy it again."
        ) from error
