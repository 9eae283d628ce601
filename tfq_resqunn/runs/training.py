"""One training run, from a configuration to a folder."""

import contextlib
import json
import math
import os
import warnings
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from tfq_resqunn import datasets
from tfq_resqunn._utils.arguments import check_path, checked, instance, integer
from tfq_resqunn._utils.files import replacing, write_text
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn._version import __version__
from tfq_resqunn.gradients import GradientFlow, GradientReport
from tfq_resqunn.models import classical_twin, resqunn
from tfq_resqunn.plots import training_curves
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import check_new_folder

N_GRADIENT_IMAGES = 64
# Some are not there on every system; TensorFlow has packages of several names.
RECORDED_VERSIONS = ("keras", "tf-keras", "tensorflow-quantum", "cirq-core", "numpy")
QUANV2D_ARGUMENTS = (
    "kernel_size",
    "padding",
    "filters",
    "encoder",
    "ansatz",
    "n_layers",
    "n_uploads",
    "observables",
    "readout",
    "input_gradient",
    "trainable",
    "backend",
    "repetitions",
    "noise",
)


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a training run gave.

    Args:
        paths: The files it wrote, under the names `model`, `config`, `history`, `curves`,
            `gradients` and `logs`.
        train_accuracy: Of the trained model on the training images.
        test_accuracy: The same on the test images.
        gradients: The gradient report of the trained model.
        history: Loss and accuracy after each epoch, by name.
    """

    paths: dict[str, Path]
    train_accuracy: float
    test_accuracy: float
    gradients: GradientReport
    history: dict[str, list[float]]

    @property
    def divergence(self) -> str | None:
        """In a sentence, from which epoch on the loss is no finite number; `None` if it is one."""
        return divergence(self.history)


@checked(config=instance(RunConfig, "a RunConfig"), out=check_path, verbose=integer(0, 2))
def train(config: RunConfig, out: str | os.PathLike, verbose: int = 1) -> RunResult:
    """Train a ResQuNN and write everything about the run into a new folder.

    Args:
        config: What to train, on what, and how.
        out: Folder to make. It gets `model.keras`, `config.json`, `history.csv`, `curves.png`,
            `gradients.csv` (of every epoch) and `logs/` (for TensorBoard).
        verbose: 0 is silent, 1 shows Keras' progress bar, 2 a line for each epoch.

    Returns:
        A `RunResult`. Where the loss did not stay finite, all files are written, and its
        `divergence` says so.

    Raises:
        FileExistsError: If `out` exists. Nothing is overwritten.
        OSError: If `out` cannot be made.
        TypeError: If a value of `config` has the wrong type.
        ValueError: If a value of `config` is wrong. All is checked before training starts.
    """
    out = Path(out)
    check_new_folder(out)
    set_seed(config.seed)
    data = load_data(config)
    model = build_model(config, data)

    out.mkdir(parents=True)
    paths = _name_paths(out)
    # Before any model is there, whose classes nothing else says.
    with replacing(paths["config"]) as temporary:
        write_text(temporary, describe_run(config, data))
    x, y = data.x_train[:N_GRADIENT_IMAGES], data.y_train[:N_GRADIENT_IMAGES]
    flow = GradientFlow(x, y, log_dir=paths["logs"], csv=paths["gradients"])
    callbacks = [keras.callbacks.TensorBoard(paths["logs"]), flow]
    history = fit(model, config, data, callbacks, verbose)
    result = RunResult(
        paths=paths,
        train_accuracy=evaluate(model, data.x_train, data.y_train)["accuracy"],
        test_accuracy=evaluate(model, data.x_test, data.y_test)["accuracy"],
        gradients=flow.history[-1],
        history=history,
    )
    _write_run(model, result)
    return result


# --- the steps of a run --------------------------------------------------------------------


def load_data(config: RunConfig) -> datasets.Dataset:
    """Load the data of a run.

    Raises:
        ValueError: If all images have the same label, or as `datasets.load` says.
    """
    data = datasets.load(
        config.dataset,
        classes=config.classes,
        n_train=config.n_train,
        n_test=config.n_test,
        image_size=config.image_size,
        seed=config.seed,
    )
    if data.n_classes < 2:
        raise ValueError(
            "train: `dataset` must have images of at least two classes, to be told apart.\n"
            f"Received {config.dataset}, whose labels are all {data.classes[0]}.\n"
            "Add images of another class."
        )
    return data


def build_model(config: RunConfig, data: datasets.Dataset, jit_compile="auto") -> keras.Model:
    """Build and compile the network of a run; `jit_compile` is that of `Model.compile`."""
    build = classical_twin if config.classical else resqunn
    model = build(
        data.image_shape,
        data.n_classes,
        depth=config.depth,
        placement=config.placement,
        head=config.head,
        shortcut=config.shortcut,
        **{name: getattr(config, name) for name in QUANV2D_ARGUMENTS},
    )
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **({"jit_compile": jit_compile} if IS_KERAS_3 else {}),
    )
    return model


def fit(model, config: RunConfig, data: datasets.Dataset, callbacks, verbose: int) -> dict:
    """Train a model as a run says, and give the values of each epoch by name."""
    with warnings.catch_warnings():
        # Frozen layers before a head without weights: a control, and meant.
        warnings.filterwarnings("ignore", message="The model does not have any trainable weights")
        history = model.fit(
            data.x_train,
            data.y_train,
            batch_size=config.batch_size,
            epochs=config.epochs,
            validation_data=(data.x_test, data.y_test),
            callbacks=callbacks,
            verbose=verbose,
        )
    return {name: [float(v) for v in values] for name, values in history.history.items()}


def divergence(history: dict[str, list[float]]) -> str | None:
    """Say in a sentence from which epoch on the loss is no finite number; `None` if it is one.

    Example:
        >>> divergence({"loss": [2.3, math.nan, math.nan], "val_loss": [2.3, 2.2, math.nan]})
        'The loss is nan from epoch 2 of 3 on.'
    """
    for name in ("loss", "val_loss"):
        losses = history[name]
        if not math.isfinite(losses[-1]):
            n_finite = max(
                (e for e, loss in enumerate(losses, 1) if math.isfinite(loss)), default=0
            )
            which = "loss" if name == "loss" else "loss of the test images"
            return f"The {which} is {losses[-1]} from epoch {n_finite + 1} of {len(losses)} on."
    return None


def evaluate(model, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Give the loss and the accuracy of a compiled model."""
    return {k: float(v) for k, v in model.evaluate(x, y, verbose=0, return_dict=True).items()}


# --- the run's folder ----------------------------------------------------------------------


def _name_paths(out: Path) -> dict[str, Path]:
    return {
        "model": out / "model.keras",
        "config": out / "config.json",
        "history": out / "history.csv",
        "curves": out / "curves.png",
        "gradients": out / "gradients.csv",
        "logs": out / "logs",
    }


def _write_run(model, result: RunResult) -> None:
    with replacing(result.paths["model"]) as temporary:
        model.save(temporary)
    with replacing(result.paths["history"]) as temporary:
        tabulate_history(result.history).to_csv(temporary, lineterminator="\n")
    with replacing(result.paths["curves"]) as temporary:
        training_curves(result.history, temporary)


def tabulate_history(history: dict[str, list[float]]) -> pd.DataFrame:
    """Give the values of each epoch as a table, a row for each epoch, counted from 1."""
    epochs = range(1, len(history["loss"]) + 1)
    return pd.DataFrame(history, index=pd.Index(epochs, name="epoch"))


def describe_run(config: RunConfig, data: datasets.Dataset) -> str:
    """Give the text of `config.json`: the configuration, the data, and what ran it."""
    versions = {"tfq-resqunn": __version__, "tensorflow": tf.__version__}
    for package in RECORDED_VERSIONS:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    description = {
        "config": json.loads(config.to_json()),
        "classes": data.classes,
        "image_shape": data.image_shape,
        "largest_share": float(np.bincount(data.y_test).max() / len(data.y_test)),
        "versions": versions,
    }
    return json.dumps(description, indent=2) + "\n"
