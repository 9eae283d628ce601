"""One training run, from a configuration to a folder."""

import contextlib
import functools
import json
import math
import os
import sys
import time
import warnings
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from tfq_resqunn import datasets
from tfq_resqunn._utils.arguments import check_path, checked, instance, integer
from tfq_resqunn._utils.files import new_folder, remove_temporaries, replacing, write_text
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn._utils.notes import add_note
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn._version import __version__
from tfq_resqunn.datasets.selection import Images
from tfq_resqunn.gradients import GradientFlow
from tfq_resqunn.models import control, resqunn
from tfq_resqunn.plots import training_curves
from tfq_resqunn.runs.batches import evaluated, training_images, validation_images
from tfq_resqunn.runs.callbacks import Clock, Keeper, Logs, Patience
from tfq_resqunn.runs.checkpoint import check_same, cut_logs, first_progress, restore, save
from tfq_resqunn.runs.cluster import check_strategy, check_strategy_name
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import (
    CHECKPOINT,
    FILES,
    HISTORY_COLUMNS,
    check_new_folder,
    check_run_folder,
    how_to_go_on,
    in_use,
    is_unfinished,
    options_of,
)
from tfq_resqunn.runs.measures import area_under_curve, balanced_accuracy
from tfq_resqunn.runs.optimizer import HeadAdam
from tfq_resqunn.runs.progress import Progress, read_progress
from tfq_resqunn.runs.result import RunResult
from tfq_resqunn.runs.strategy import placed
from tfq_resqunn.simulation.random_streams import streams_of

N_GRADIENT_IMAGES = 64
# Some are not there on every system; TensorFlow has packages of several names.
RECORDED_VERSIONS = ("keras", "tf-keras", "tensorflow-quantum", "cirq-core", "numpy")
LOAD_ARGUMENTS = ("classes", "n_train", "n_test", "image_size", "channels", "validation", "seed")
PREDICTED_AT_ONCE = 256  # images
FIRST_STEP = "The first step compiles the network, which takes some seconds."
MODEL_ARGUMENTS = (
    "depth", "placement", "head", "shortcut", "merge", "kernel_size", "padding", "filters",
    "encoder", "ansatz", "n_layers", "n_uploads", "observables", "readout", "input_gradient",
    "trainable", "backend", "repetitions", "noise",
)  # fmt: skip


@checked(
    config=instance(RunConfig, "a RunConfig"),
    out=check_path,
    verbose=integer(0, 2),
    checkpoint_every=integer(0),
    strategy=check_strategy_name,
)
def train(
    config: RunConfig,
    out: str | os.PathLike,
    verbose: int = 1,
    *,
    checkpoint_every: int = 1,
    strategy: str | None = None,
) -> RunResult:
    """Train a ResQuNN and write everything about the run into a new folder.

    Where a run of the same configuration was stopped in that folder, in whatever way, it goes on
    after the last epoch that was kept, and ends as if it had never been stopped.

    Args:
        config: What to train, on what, and how.
        out: Folder to make, or to go on in. It gets `model.keras`, `config.json`, `history.csv`,
            `curves.png`, `gradients.csv` (of every epoch), `logs/` (for TensorBoard) and
            `result.json`. Until all of these are there, it has a `checkpoint.zip`.
        verbose: 0 is silent, 1 shows Keras' progress bar, 2 a line for each epoch. Before the first
            step, which takes longest, a line on standard error says so, unless it is 0.
        checkpoint_every: Epochs from one checkpoint to the next. With 0 there is none, and a run
            that is stopped begins anew, as one of several workers always does. What a run gives
            does not depend on it.
        strategy: Which devices share each batch: `"mirrored"`, all GPUs of this machine;
            `"multi-worker"`, those of all machines that the environment variable `TF_CONFIG`
            names, each of which runs the same program (Keras 2 alone can). `None`: one device.

    Returns:
        A `RunResult`. Where the loss did not stay finite, its `divergence` says so; all files but
        `result.json` are written. Of several workers, the first alone writes files, and the
        others' results have no `paths`.

    Raises:
        ConnectionError: If another worker is gone.
        FileExistsError: If `out` exists, unless this run was stopped there, or if another process
            is training in it. Nothing is overwritten.
        FileNotFoundError: If the folder goes while it trains.
        OSError: If `out` cannot be made, or written to.
        TypeError: If a value of `config` has the wrong type.
        ValueError: If a value of `config` is wrong, or the strategy cannot train here, which is
            checked before training starts; or if the run in `out` was begun with another Keras, or
            with other images.
    """
    started = time.perf_counter()
    cluster = check_strategy(strategy)
    if cluster is None or cluster.is_chief:
        check_run_folder(config, Path(out))
    with placed(strategy, cluster, out) as place:
        data = load_data(config, verbose=int(verbose > 0))
        place.check_batches(config, data)
        first, folder = first_progress(data), place.folder
        model = _draw_model(config, data)
        if not is_unfinished(folder):
            _make_folder(folder, config, data, first)
        with in_use(folder):
            if not is_unfinished(folder):  # another process has finished it meanwhile
                check_new_folder(folder)
            remove_temporaries(folder)
            progress = read_progress(folder / CHECKPOINT)
            check_same(progress, first, config.epochs, folder)
            _warn_of_versions(folder, config, data)
            options = options_of(verbose, checkpoint_every, strategy)
            if cluster is not None:  # of which the others cannot read what the chief has kept
                progress, checkpoint_every = first, 0
                save(folder / CHECKPOINT, first)
            logs = folder / FILES["logs"]
            flow, patience = _follow(model, config, data, folder, progress, logs)
            try:
                result = _complete(
                    model, config, data, folder, progress, flow, patience, started,
                    verbose=verbose, extras=True, checkpoint_every=checkpoint_every,
                )  # fmt: skip
                (folder / CHECKPOINT).unlink()
            except Exception as error:
                if folder.is_dir():
                    if place.is_chief and is_unfinished(folder):
                        left = how_to_go_on(folder, *options)
                        add_note(error, f"The training has failed. {left}")
                    raise
                raise FileNotFoundError(
                    f"train: `out` must stay where it is during the training.\nReceived {folder}, "
                    "which has gone meanwhile, with all that was in it.\nTrain again."
                ) from error
    return result if place.is_chief else replace(result, paths={})


def run(
    config: RunConfig, data: datasets.Dataset, folder: Path, *, jit_compile: bool | str = "auto"
) -> RunResult:
    """Train a network and fill a new folder, as `runs/folder.py` says; studies do so.

    `jit_compile` is that of `Model.compile`.
    """
    started = time.perf_counter()
    model = _draw_model(config, data, jit_compile)
    folder.mkdir(parents=True)
    _write_config(folder, config, data)
    progress = Progress()
    flow, patience = _follow(model, config, data, folder, progress)
    return _complete(model, config, data, folder, progress, flow, patience, started)


def _draw_model(
    config: RunConfig, data: datasets.Dataset, jit_compile: bool | str = "auto"
) -> keras.Model:
    """Build a network whose initial weights are those of the run's seed and draw."""
    seed = config.seed
    if config.draw:
        seed = int(np.random.SeedSequence([config.seed, config.draw]).generate_state(1)[0])
    set_seed(seed)
    model = build_model(config, data, jit_compile)
    set_seed(config.seed)
    return model


def _follow(
    model: keras.Model, config: RunConfig, data: datasets.Dataset, folder: Path,
    progress: Progress, logs: Path | None = None,
) -> tuple[GradientFlow, Patience]:  # fmt: skip
    """Bring a model and the folder to a run's progress.

    Gives what follows its gradients, and what knows its best epoch.
    """
    images, labels = data.x_train[:N_GRADIENT_IMAGES], data.y_train[:N_GRADIENT_IMAGES]
    flow = GradientFlow(images, labels, log_dir=logs, csv=folder / FILES["gradients"])
    best: list[np.ndarray] = []
    losses = progress.history.get("val_loss", [])
    if progress.n_epochs:
        has_best = config.patience is not None and any(map(math.isfinite, losses))
        best = restore(folder / CHECKPOINT, progress, model, flow, has_best)
    if logs is not None:
        cut_logs(logs, progress.logs)
    return flow, Patience(config.patience, losses, best)


def _complete(
    model: keras.Model, config: RunConfig, data: datasets.Dataset, folder: Path,
    progress: Progress, flow: GradientFlow, patience: Patience, started: float, *,
    verbose: int = 0, extras: bool = False, checkpoint_every: int = 0,
) -> RunResult:  # fmt: skip
    """Train the epochs that are left, and write what a finished run has.

    `started` is when this process began with it; `extras` are `curves.png` and `logs/`.
    """
    started -= progress.seconds
    paths = {name: folder / file for name, file in FILES.items()}
    logs = paths["logs"] if extras else None
    with streams_of(config.seed) as begin:
        clock = Clock()
        keeper = Keeper(
            progress.begun(), folder, logs, flow, clock, patience, begin, checkpoint_every, started
        )
        writers = [] if logs is None else [Logs(logs, is_new=not progress.n_epochs)]
        begin(0)
        if progress.n_epochs < config.epochs and not patience.is_over:
            callbacks = [clock, *writers, flow, patience, keeper]
            fit(model, config, data, callbacks, verbose, progress.n_epochs)
        patience.give_best(model)
        begin(config.epochs + 1)
        trained = evaluated(model, data.x_train, data.y_train, config.batch_size)
        history = keeper.progress.history
        tested = {name: history[f"val_{name}"][-1] for name in trained}
        validated = dict.fromkeys(trained, math.nan)
        if data.x_val is not None:
            validated = {name: history[f"val_{name}"][patience.best_epoch - 1] for name in trained}
            tested = evaluated(model, data.x_test, data.y_test, config.batch_size)
        outputs = _outputs(model, data.x_test)

    with replacing(paths["model"]) as temporary:
        # Keras 2 would take another format in other threads than that in which it was imported.
        model.save(temporary, **({} if IS_KERAS_3 else {"save_format": "keras_v3"}))
    epochs = pd.RangeIndex(1, keeper.progress.n_epochs + 1, name="epoch")
    table = pd.DataFrame(history, index=epochs, columns=HISTORY_COLUMNS)
    with replacing(paths["history"]) as temporary:
        table.to_csv(temporary, lineterminator="\n")
    if extras:
        with replacing(paths["curves"]) as temporary:
            training_curves(history, temporary)
    result = RunResult(
        paths={},
        train_accuracy=float(trained["accuracy"]),
        test_accuracy=float(tested["accuracy"]),
        chance=_largest_share(data),
        train_loss=float(trained["loss"]),
        test_loss=float(tested["loss"]),
        n_weights=sum(int(np.prod(weight.shape)) for weight in model.trainable_weights),
        seconds=round(time.perf_counter() - started, 3),
        seconds_per_epoch=round(keeper.progress.seconds_per_epoch, 4),
        test_balanced_accuracy=balanced_accuracy(data.y_test, outputs),
        test_auc=area_under_curve(data.y_test, outputs),
        val_accuracy=validated["accuracy"],
        val_loss=validated["loss"],
        gradients=flow.history[patience.best_epoch],
        history=history,
        epoch=patience.best_epoch,
    )
    optional = {"curves": extras, "logs": extras, "result": result.is_finite}
    written = {name: path for name, path in paths.items() if optional.get(name, True)}
    if result.is_finite:
        with replacing(paths["result"]) as temporary:
            write_text(temporary, json.dumps(result.measures(), indent=2) + "\n")
    return replace(result, paths=written)


def _outputs(model: keras.Model, x: Images) -> np.ndarray:
    """Give a model's outputs; `predict` would give those of a part to each of several workers."""
    starts = range(0, len(x), PREDICTED_AT_ONCE)
    return np.concatenate(
        [np.asarray(model(x[i : i + PREDICTED_AT_ONCE], training=False)) for i in starts]
    )


# --- the folder ------------------------------------------------------------------------------


def _make_folder(folder: Path, config: RunConfig, data: datasets.Dataset, first: Progress) -> None:
    """Make the folder of a run; it appears with what says that the run is not finished."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with new_folder(folder, "train: `out`") as temporary:
        save(temporary / CHECKPOINT, first)
        _write_config(temporary, config, data)


def _write_config(folder: Path, config: RunConfig, data: datasets.Dataset) -> None:
    with replacing(folder / FILES["config"]) as temporary:
        write_text(temporary, describe_run(config, data))


def _warn_of_versions(folder: Path, config: RunConfig, data: datasets.Dataset) -> None:
    """Warn where a run goes on with other versions of packages than it was begun with."""
    then = json.loads((folder / FILES["config"]).read_text(encoding="utf-8")).get("versions")
    then = then if isinstance(then, dict) else {}
    now = json.loads(describe_run(config, data))["versions"]
    if changed := sorted(name for name in {*then, *now} if then.get(name) != now.get(name)):
        warnings.warn(
            f"train: the run in {folder} was begun with other versions of {', '.join(changed)}. "
            "Its numbers may differ from those of a run that was not stopped.",
            stacklevel=4,
        )


# --- the steps of a run --------------------------------------------------------------------


def load_data(config: RunConfig, verbose: int = 0) -> datasets.Dataset:
    """Load the data of a run, which must have two classes at least.

    With `verbose`, a progress bar is shown where many pictures are read.
    """
    arguments = {name: getattr(config, name) for name in LOAD_ARGUMENTS}
    data = datasets.load(config.dataset, **arguments, on_disk="auto", verbose=verbose)
    if data.n_classes < 2:
        raise ValueError(
            "train: `dataset` must have images of at least two classes, to be told apart.\n"
            f"Received {config.dataset}, whose labels are all {data.classes[0]}.\n"
            "Add images of another class."
        )
    if config.patience is not None and data.x_val is None:
        raise ValueError(
            "train: `patience` needs validation images, since a choice by the test images would "
            f"flatter the result.\nReceived patience={config.patience}, and {config.dataset} has "
            "none.\nSet some training images apart: validation=0.1."
        )
    return data


def build_model(
    config: RunConfig, data: datasets.Dataset, jit_compile: bool | str = "auto"
) -> keras.Model:
    """Build and compile the network of a run; `jit_compile` is that of `Model.compile`."""
    arguments = {name: getattr(config, name) for name in MODEL_ARGUMENTS}
    build = resqunn if config.control is None else functools.partial(control, config.control)
    model = build(data.image_shape, data.n_classes, **arguments)
    optimizer = keras.optimizers.Adam(config.learning_rate)
    if config.head_learning_rate is not None:
        optimizer = HeadAdam(config.learning_rate, config.head_learning_rate / config.learning_rate)
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **({"jit_compile": jit_compile} if IS_KERAS_3 else {}),
    )
    return model


def fit(
    model: keras.Model, config: RunConfig, data: datasets.Dataset, callbacks: list, verbose: int,
    n_done: int,
) -> None:  # fmt: skip
    """Train a model as a run says, after the epochs that are done."""
    if verbose:
        print(FIRST_STEP, file=sys.stderr, flush=True)
    with warnings.catch_warnings():
        # Frozen layers before a head without weights: a control, and meant.
        warnings.filterwarnings("ignore", message="The model does not have any trainable weights")
        model.fit(
            **training_images(data, config.batch_size, n_done, config.epochs),
            epochs=config.epochs,
            initial_epoch=n_done,
            **validation_images(data, config.batch_size),
            callbacks=callbacks,
            verbose=verbose,
        )


def _largest_share(data: datasets.Dataset) -> float:
    """Give the share of the test images' most frequent class."""
    return float(np.bincount(data.y_test).max() / len(data.y_test))


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
        "largest_share": _largest_share(data),
        "versions": versions,
    }
    return json.dumps(description, indent=2) + "\n"
