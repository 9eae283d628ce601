"""What a trained model is worth with finite shots, under noise, on another backend."""

import contextlib
import dataclasses
import itertools
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import binomtest

from tfq_resqunn._utils.arguments import (
    check_function,
    check_path,
    check_seed,
    checked,
    choice,
    received,
)
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn.backends.execution import Execution, exchanged
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.circuits.noise.strengths import NAMES
from tfq_resqunn.layers.checks import check_model
from tfq_resqunn.models.exchange import with_backend
from tfq_resqunn.plots import accuracy_by_strength
from tfq_resqunn.runs.beforehand import check_evaluation
from tfq_resqunn.runs.class_probabilities import to_probabilities
from tfq_resqunn.runs.images import open_for
from tfq_resqunn.runs.measures import area_under_curve, balanced_accuracy
from tfq_resqunn.runs.trained import Trained, read_trained
from tfq_resqunn.runs.training import load_data


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """Accuracies over a grid; prints as a table.

    Attributes:
        table: A row a point of the grid: `backend`, `shots` (missing: exact), `noise`,
            `strength`, `n_images`, `accuracy`, `low` and `high`, the ends of its 95% interval
            (Wilson's, over the images), `balanced_accuracy` and `auc`, see `runs/measures.py`.
    """

    table: pd.DataFrame

    def __str__(self) -> str:
        rows = [
            (
                row.backend,
                "exact" if pd.isna(row.shots) else f"{row.shots:.0f}",
                "-" if row.strength == 0 else f"{row.noise} {row.strength:g}",
                f"{row.accuracy:.1%}",
                f"{row.low:.1%} to {row.high:.1%}",
                f"{row.balanced_accuracy:.1%}",
                "-" if pd.isna(row.auc) else f"{row.auc:.3f}",
            )
            for row in self.table.itertuples()
        ]
        cells = [
            ("backend", "shots", "noise", "accuracy", "95% interval", "balanced", "AUC"),
            *rows,
        ]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])

    def plot(self, path: str | os.PathLike | None = None) -> Figure:
        """Draws accuracy against the strength of the noise, a line for each number of shots."""
        return accuracy_by_strength(self.table, path)


@checked(
    model=check_model,
    noise=choice(*NAMES),
    seed=check_seed,
    progress=check_function.or_none(),
)
def evaluate(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    *,
    backends: Sequence = ("compiled",),
    shots: Sequence[int | None] = (None,),
    noise: str = "depolarizing",
    strengths: Sequence[float] = (0.0,),
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Measures a classifier's accuracy over backends, numbers of shots and strengths of noise.

    Args:
        model: A trained Keras model with quanvolutional layers; it stays as it is.
        x: Images.
        y: Their classes, integers.
        backends: What runs the circuits, as for `with_backend`.
        shots: Repetitions for each Pauli string; `None` is exact.
        noise: Name of the noise whose strength is varied, see `circuits.noise.Noise`.
        strengths: Its strengths; 0 is none.
        seed: Of the shots.
        progress: Called with 1 after each point.

    Returns:
        An `Evaluation`.

    Raises:
        ValueError: If a backend cannot do what is asked, or there are no images.

    Example:
        >>> import tfq_resqunn as rq
        >>> data = rq.datasets.load("digits", n_train=16, n_test=20)
        >>> model = rq.resqunn((8, 8, 1), 10)
        >>> found = evaluate(model, data.x_test, data.y_test, shots=[None, 10], strengths=[0, 0.1])
        >>> found.table[["shots", "strength"]].values.tolist()
        [[nan, 0.0], [nan, 0.1], [10.0, 0.0], [10.0, 0.1]]
    """
    y = _check_images(x, y)
    probabilities = to_probabilities(model, "evaluate")
    grid = {"backends": backends, "shots": shots, "strengths": strengths}
    points = list(itertools.product(*(_several(*axis) for axis in grid.items())))
    for backend, repetitions, strength in points:  # all, before the first takes its time
        channels = Noise.of({noise: strength}, "evaluate")
        Execution(backend, None, repetitions, channels, None, "evaluate")
    rows = []
    for backend, repetitions, strength in points:
        set_seed(seed)
        strength = float(strength)
        copy = with_backend(
            model, backend, repetitions=repetitions, noise={noise: strength} if strength else None
        )
        with _retracing_allowed():
            outputs = copy.predict(x, verbose=0)
        found = probabilities(outputs)
        n_right = int(np.sum(found.argmax(axis=-1) == y))
        interval = binomtest(n_right, len(x)).proportion_ci(method="wilson")
        rows.append({
            "backend": backend if isinstance(backend, str) else type(backend).__name__,
            "shots": np.nan if repetitions is None else float(repetitions),
            "noise": noise,
            "strength": strength,
            "n_images": len(x),
            "accuracy": n_right / len(x),
            "low": interval.low,
            "high": interval.high,
            "balanced_accuracy": balanced_accuracy(y, found),
            "auc": area_under_curve(y, found),
        })  # fmt: skip
        if progress is not None:
            progress(1)
    return Evaluation(pd.DataFrame(rows))


@contextlib.contextmanager
def _retracing_allowed() -> Iterator[None]:
    """Keeps TensorFlow from warning that each point traces a model; each has one of its own."""
    logger = logging.getLogger("tensorflow")

    def is_shown(record: logging.LogRecord) -> bool:
        return "triggered tf.function retracing" not in record.getMessage()

    logger.addFilter(is_shown)
    try:
        yield
    finally:
        logger.removeFilter(is_shown)


def _check_images(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if np.ndim(x) < 1 or not len(x):
        raise ValueError(
            f"evaluate: `x` must hold at least one image, in an array. Received {received(x)}."
        )
    y = np.asarray(y)
    if y.shape != (len(x),) or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(
            "evaluate: `y` must hold the number of each image's class, integers of shape "
            f"({len(x)},). Received shape {y.shape} of {y.dtype}. Use y.argmax(axis=-1) for "
            "one-hot labels, y.ravel() for a column."
        )
    return y


def _several(argument: str, values: object) -> list:
    """Lists the values of one axis of the grid; a single one need not stand in a list."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [values]
    listed = list(values)
    if isinstance(values, (bytes, Mapping, Set)) or not listed:
        raise ValueError(
            f"evaluate: `{argument}` must be a value, or a list of at least one. "
            f"Received {received(values)}."
        )
    return listed


@checked(model_path=check_path, images_path=check_path.or_none())
def load_trained(
    model_path: str | os.PathLike, images_path: str | os.PathLike | None = None
) -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """Loads a trained model and labelled images to judge it by.

    Args:
        model_path: The `model.keras` of a run.
        images_path: An `.npz` file with images and labels, or a folder with a folder of pictures
            for each class; images are resized as those of the run were. Default: the test images
            of the run, as the `config.json` beside the model says.

    Returns:
        The model, images, and the number of each one's class. Whatever it was saved with, the model
        has `backend="compiled"`, without noise and shots, since `evaluate` sets these itself.

    Raises:
        FileNotFoundError: If the model, or what says which images, is not there.
        ValueError: If the model cannot be read, takes other images, or does not know a label; or
            if there are no labels.
    """
    trained, x, y, _ = read_labelled(model_path, images_path)
    return trained.model, x, y


def read_labelled(
    model_path: str | os.PathLike, images_path: str | os.PathLike | None = None
) -> tuple[Trained, np.ndarray, np.ndarray, str]:
    """Does what `load_trained` does, and says what was done to the images (empty for nothing)."""
    check_evaluation(model_path, images_path)
    if images_path is None:
        trained = _read_compiled(model_path)
        if trained.config is None:
            raise ValueError(
                f"evaluate: {Path(model_path).with_name('config.json')} must say what the run was "
                "made of (`config`). It does not, so that its test images are not known.\n"
                "Name images with labels (--images)."
            )
        data = load_data(trained.config)
        x, labels, note = np.asarray(data.x_test), np.asarray(data.classes)[data.y_test], ""
        images_path = trained.config.dataset
    else:
        trained = _read_compiled(model_path)
        images = open_for(trained, images_path)
        if images.labels is None:
            raise ValueError(
                "evaluate: the images must have labels, as the array y or y_test, or as names of "
                f"folders for each class. Received {images_path}, which has none."
            )
        x, labels, note = images.load(), images.labels, images.note
    x, fitting = trained.fit_images(x, images_path)
    note = " ".join(filter(None, [note, fitting]))
    return trained, x, trained.number_labels(labels, images_path), note


def _read_compiled(path: str | os.PathLike) -> Trained:
    """Reads a model whose own backend may not be there; each point has one of its own."""
    with exchanged(Execution(who="evaluate"), saved=True):
        return read_trained(path, "evaluate")
