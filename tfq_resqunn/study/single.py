"""One run of a study, from its configuration to its folder."""

import json
import os
import shutil
import statistics
import time
from pathlib import Path

import numpy as np

from tfq_resqunn._utils.files import rename_patiently, write_text
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn.datasets import Dataset
from tfq_resqunn.gradients import GradientFlow
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.training import (
    N_GRADIENT_IMAGES,
    build_model,
    describe_run,
    divergence,
    evaluate,
    fit,
    tabulate_history,
)
from tfq_resqunn.study.results import HISTORY_COLUMNS


def train_run(config: RunConfig, data: Dataset, folder: str | os.PathLike) -> dict:
    """Train one network; its folder is complete, or it is not there.

    Args:
        config: What to train.
        data: On what.
        folder: To be made, beside others. It gets `config.json`, `history.csv`, `gradients.csv`,
            `model.weights.h5` and `result.json`.

    Returns:
        What is in `result.json`: accuracies and losses, the number of trained weights, the seconds
        that the whole took, and the median of those that an epoch took, the first left out.

    Raises:
        FloatingPointError: If the loss does not stay finite.
    """
    folder = Path(folder)
    partial = partial_folder(folder)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        result = _train_into(partial, config, data)
        rename_patiently(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return result


def partial_folder(folder: Path) -> Path:
    """Name the hidden folder in which a run is written until it is complete."""
    return folder.with_name(f".partial-{folder.name}")


def _train_into(folder: Path, config: RunConfig, data: Dataset) -> dict:
    started = time.perf_counter()
    keras.backend.clear_session()  # names of layers begin anew, and memory is freed
    set_seed(config.seed)
    # What XLA gains in so short a training it loses by compiling.
    model = build_model(config, data, jit_compile=False)
    clock = _Clock()
    images, labels = data.x_train[:N_GRADIENT_IMAGES], data.y_train[:N_GRADIENT_IMAGES]
    gradients = GradientFlow(images, labels, csv=folder / "gradients.csv", n_feature_maps=0)
    history = fit(model, config, data, [clock, gradients], verbose=0)
    if (diverged := divergence(history)) is not None:
        # Its accuracy is a finite number all the same, and would be taken for a result.
        raise FloatingPointError(
            f"{diverged} The network has learned nothing; try a smaller learning_rate."
        )
    trained = evaluate(model, data.x_train, data.y_train)

    write_text(folder / "config.json", describe_run(config, data))
    table = tabulate_history(history)[[*HISTORY_COLUMNS[1:]]]
    table.to_csv(folder / "history.csv", lineterminator="\n")
    model.save_weights(folder / "model.weights.h5")
    result = {
        "train_accuracy": trained["accuracy"],
        "test_accuracy": history["val_accuracy"][-1],
        "train_loss": trained["loss"],
        "test_loss": history["val_loss"][-1],
        "n_weights": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
        "seconds": round(time.perf_counter() - started, 3),
        "seconds_per_epoch": round(statistics.median(clock.seconds[1:] or clock.seconds), 4),
    }
    write_text(folder / "result.json", json.dumps(result, indent=2) + "\n")
    return result


class _Clock(keras.callbacks.Callback):
    """How long each epoch takes, validation included."""

    def __init__(self):
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch, logs=None):
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._started)
