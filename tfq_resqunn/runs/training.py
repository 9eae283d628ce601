"""One training run, from a configuration to a folder."""

import contextlib
import json
import math
import os
import time
import warnings
from dataclasses import dataclass, replace
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
from tfq_resqunn.runs.cluster import check_strategy_name
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import FILES, HISTORY_COLUMNS, RESULT_COLUMNS
from tfq_resqunn.runs.strategy import placed

N_GRADIENT_IMAGES = 64
# Some are not there on every system; TensorFlow has packages of several names.
RECORDED_VERSIONS = ("keras", "tf-keras", "tensorflow-quantum", "cirq-core", "numpy")
LOAD_ARGUMENTS = ("classes", "n_train", "n_test", "image_size", "seed")
MODEL_ARGUMENTS = (
    "depth", "placement", "head", "shortcut", "kernel_size", "padding", "filters", "encoder",
    "ansatz", "n_layers", "n_uploads", "observables", "readout", "input_gradient", "trainable",
    "backend", "repetitions", "noise",
)  # fmt: skip
History = dict[str, list[float]]  # the values of each epoch, by name


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a training run gave.

    Args:
        paths: The files it wrote, under the names in `runs.folder.FILES`: `model`, `config`,
            `history`, `gradients`; `result`, if the loss stayed finite; `curves` and `logs`, if
            they were asked for.
        train_accuracy: Of the trained model on the training images.
        test_accuracy: The same on the test images.
        train_loss: Of the trained model on the training images.
        test_loss: The same on the test images.
        n_weights: Number of trained weights.
        seconds: Time that the whole run took.
        seconds_per_epoch: Median of the time that an epoch took, the first left out.
        gradients: The gradient report of the trained model.
        history: Loss and accuracy after each epoch, by name.
    """

    paths: dict[str, Path]
    train_accuracy: float
    test_accuracy: float
    train_loss: float
    test_loss: float
    n_weights: int
    seconds: float
    seconds_per_epoch: float
    gradients: GradientReport
    history: History

    @property
    def divergence(self) -> str | None:
        """In a sentence, from which epoch on the loss is no finite number; `None` if it is one."""
        return divergence(self.history)

    def measures(self) -> dict[str, float]:
        """Gives what stands in `result.json`."""
        return {name: getattr(self, name) for name in RESULT_COLUMNS}


@checked(
    config=instance(RunConfig, "a RunConfig"),
    out=check_path,
    verbose=integer(0, 2),
    strategy=check_strategy_name,
)
def train(
    config: RunConfig, out: str | os.PathLike, verbose: int = 1, *, strategy: str | None = None
) -> RunResult:
    """Train a ResQuNN and write everything about the run into a new folder.

    Args:
        config: What to train, on what, and how.
        out: Folder to make. It gets `model.keras`, `config.json`, `history.csv`, `curves.png`,
            `gradients.csv` (of every epoch), `logs/` (for TensorBoard) and `result.json`.
        verbose: 0 is silent, 1 shows Keras' progress bar, 2 a line for each epoch.
        strategy: Which devices share each batch: `"mirrored"`, all GPUs of this machine;
            `"multi-worker"`, those of all machines that the environment variable `TF_CONFIG`
            names, each of which runs the same program (Keras 2 alone can). `None`: one device.

    Returns:
        A `RunResult`. Where the loss did not stay finite, its `divergence` says so; all files but
        `result.json` are written. Of several workers, the first alone writes files, and the
        others' results have no `paths`.

    Raises:
        ConnectionError: If another worker is gone.
        FileExistsError: If `out` exists. Nothing is overwritten.
        OSError: If `out` cannot be made.
        TypeError: If a value of `config` has the wrong type.
        ValueError: If a value of `config` is wrong, or the strategy cannot train here. All is
            checked before training starts.
    """
    with placed(strategy, out) as place:
        data = load_data(config)
        place.check_batches(config, data)
        result = run(config, data, place.folder, verbose=verbose, extras=True)
    return result if place.is_chief else replace(result, paths={})


def run(
    config: RunConfig,
    data: datasets.Dataset,
    folder: Path,
    *,
    verbose: int = 0,
    jit_compile: bool | str = "auto",
    extras: bool = False,
) -> RunResult:
    """Train a network and fill a new folder, as `runs/folder.py` says; `train` and studies do so.

    `verbose` is that of `train`, `jit_compile` that of `Model.compile`; `extras` are `curves.png`
    and `logs/`.
    """
    started = time.perf_counter()
    set_seed(config.seed)
    model = build_model(config, data, jit_compile)

    folder.mkdir(parents=True)
    paths = {name: folder / file for name, file in FILES.items()}
    with replacing(paths["config"]) as temporary:
        write_text(temporary, describe_run(config, data))
    logs = paths["logs"] if extras else None
    images, labels = data.x_train[:N_GRADIENT_IMAGES], data.y_train[:N_GRADIENT_IMAGES]
    flow = GradientFlow(images, labels, log_dir=logs, csv=paths["gradients"])
    starts: list[float] = []
    ends: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: starts.append(time.perf_counter()),
        on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter()),
    )
    history = fit(
        model, config, data, [clock, *([keras.callbacks.TensorBoard(logs)] * extras), flow], verbose
    )
    seconds = np.subtract(ends, starts)  # of each epoch, validation included
    with replacing(paths["model"]) as temporary:
        model.save(temporary)
    epochs = pd.RangeIndex(1, len(history["loss"]) + 1, name="epoch")
    table = pd.DataFrame(history, index=epochs, columns=HISTORY_COLUMNS)
    with replacing(paths["history"]) as temporary:
        table.to_csv(temporary, lineterminator="\n")
    if extras:
        with replacing(paths["curves"]) as temporary:
            training_curves(history, temporary)

    trained = model.evaluate(
        data.x_train, data.y_train, batch_size=config.batch_size, verbose=0, return_dict=True
    )
    is_finite = divergence(history) is None
    optional = {"curves": extras, "logs": extras, "result": is_finite}
    result = RunResult(
        paths={name: path for name, path in paths.items() if optional.get(name, True)},
        train_accuracy=float(trained["accuracy"]),
        test_accuracy=history["val_accuracy"][-1],
        train_loss=float(trained["loss"]),
        test_loss=history["val_loss"][-1],
        n_weights=sum(int(np.prod(weight.shape)) for weight in model.trainable_weights),
        seconds=round(time.perf_counter() - started, 3),
        seconds_per_epoch=round(float(np.median(seconds[1:] if len(seconds) > 1 else seconds)), 4),
        gradients=flow.history[-1],
        history=history,
    )
    if is_finite:
        with replacing(paths["result"]) as temporary:
            write_text(temporary, json.dumps(result.measures(), indent=2) + "\n")
    return result


# --- the steps of a run --------------------------------------------------------------------


def load_data(config: RunConfig) -> datasets.Dataset:
    """Load the data of a run, which must have two classes at least."""
    data = datasets.load(config.dataset, **{name: getattr(config, name) for name in LOAD_ARGUMENTS})
    if data.n_classes < 2:
        raise ValueError(
            "train: `dataset` must have images of at least two classes, to be told apart.\n"
            f"Received {config.dataset}, whose labels are all {data.classes[0]}.\n"
            "Add images of another class."
        )
    return data


def build_model(
    config: RunConfig, data: datasets.Dataset, jit_compile: bool | str = "auto"
) -> keras.Model:
    """Build and compile the network of a run; `jit_compile` is that of `Model.compile`."""
    build = classical_twin if config.classical else resqunn
    arguments = {name: getattr(config, name) for name in MODEL_ARGUMENTS}
    model = build(data.image_shape, data.n_classes, **arguments)
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **({"jit_compile": jit_compile} if IS_KERAS_3 else {}),
    )
    return model


def fit(
    model: keras.Model, config: RunConfig, data: datasets.Dataset, callbacks: list, verbose: int
) -> History:
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


def divergence(history: History) -> str | None:
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
