"""The checkpoint of a run: all that a process needs to train on as if there had been no other.

It is a zip file with `progress.json` and the bytes of each variable of the model and the optimizer,
in their order; shapes and types are those that the model has. A run with patience adds the model's
variables as they were in its best epoch. At no epoch it holds no variables.
What an epoch draws at random, its order of the images included, follows from the run's seed and the
epoch's number alone, so that no generator's state needs to be kept.
"""

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfq_resqunn import datasets
from tfq_resqunn._utils.archives import open_archive
from tfq_resqunn._utils.files import replacing
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.datasets.stored_images import StoredImages
from tfq_resqunn.gradients import GradientFlow, GradientReport
from tfq_resqunn.gradients.report import GradientRow
from tfq_resqunn.runs.folder import CHECKPOINT, HISTORY_COLUMNS
from tfq_resqunn.runs.progress import MEMBER, Progress, unreadable

KERAS = "3" if IS_KERAS_3 else "2"


def first_progress(data: datasets.Dataset) -> Progress:
    """Gives the progress of a run that has not begun."""
    found = hashlib.sha256()
    validation = () if data.x_val is None else (data.x_val, data.y_val)
    for array in (data.x_train, data.y_train, data.x_test, data.y_test, *validation):
        found.update(f"{array.shape} {array.dtype.str}".encode())
        is_stored = isinstance(array, StoredImages)
        found.update(array.digest() if is_stored else np.ascontiguousarray(array).data)
    return Progress(KERAS, found.hexdigest())


def check_same(progress: Progress, first: Progress, n_epochs: int, folder: Path) -> None:
    """Raises a ValueError if a run was begun otherwise: with another Keras, or other images.

    Nor can it have done more epochs than it shall have in the end.
    """
    if progress.keras != first.keras:
        remedy = "Set" if progress.keras == "2" else "Unset"
        raise ValueError(
            f"train: `out` must hold a run of this Keras, {KERAS}.\nReceived {folder}, in which "
            f"Keras {progress.keras} was training.\n{remedy} TF_USE_LEGACY_KERAS, or choose "
            "another folder."
        )
    if progress.data != first.data:
        raise ValueError(
            "train: `dataset` must hold the same images as when the run was begun.\nReceived "
            f"others than those of {folder}.\nRestore them, or choose another folder (--out)."
        )
    if progress.n_epochs > n_epochs:
        raise unreadable(folder / CHECKPOINT, f"it has {progress.n_epochs} epochs of {n_epochs}")


def save(path: Path, progress: Progress, variables: Sequence[Any] = ()) -> None:
    """Writes a checkpoint; whatever goes wrong, the one before it stays."""
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(MEMBER, progress.to_json())
        for number, variable in enumerate(variables):
            archive.writestr(str(number), array_of(variable).tobytes())


def restore(
    path: Path, progress: Progress, model: keras.Model, flow: GradientFlow, has_best: bool
) -> list[np.ndarray]:
    """Gives a model, its optimizer and the gradient reports the state that a checkpoint holds.

    Returns the model's variables as they were in the best epoch, if `has_best` says that the
    checkpoint holds them.
    """
    variables = variables_of(model)
    n_best = len(model.variables) if has_best else 0
    try:
        with open_archive(path) as archive:
            epochs, reports = _reports(progress)
            if set(progress.history) != set(HISTORY_COLUMNS):
                raise ValueError(f"history must have {', '.join(HISTORY_COLUMNS)}")
            stored = [*variables, *model.variables[:n_best]]
            if len(archive.namelist()) != len(stored) + 1:
                raise ValueError(f"it must hold {len(stored)} variables")
            arrays = [_read(archive, str(k), array_of(v)) for k, v in enumerate(stored)]
    except ValueError as error:
        raise unreadable(path, error) from error
    for variable, array in zip(variables, arrays, strict=False):
        variable.assign(array)
    flow.go_on(epochs, reports)
    return arrays[len(variables) :]


def _read(archive: zipfile.ZipFile, name: str, like: np.ndarray) -> np.ndarray:
    if archive.getinfo(name).file_size != like.nbytes:
        raise ValueError(f"variable {name} must have {like.nbytes} bytes")
    return np.frombuffer(archive.read(name), like.dtype).reshape(like.shape)


def array_of(variable: Any) -> np.ndarray:
    """Gives the value of a variable, or of an array."""
    if isinstance(variable, np.ndarray):
        return variable
    # Of Keras 2 under a strategy, a variable is no array by itself.
    return np.asarray(variable if IS_KERAS_3 else variable.numpy())


def variables_of(model: keras.Model) -> list:
    """Lists what training changes in a compiled model: its variables and its optimizer's."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def rows_of(flow: GradientFlow) -> list[list]:
    """Gives what is recorded, as `Progress` has it."""
    return [
        [epoch, *vars(row).values()]
        for epoch, report in zip(flow.epochs, flow.history, strict=True)
        for row in report.rows
    ]


def _reports(progress: Progress) -> tuple[list[int], list[GradientReport]]:
    reports: dict[int, list[GradientRow]] = {}
    for epoch, *row in progress.gradients:
        reports.setdefault(epoch, []).append(GradientRow(*row))
    if list(reports) != list(range(progress.n_epochs + 1)):
        raise ValueError("gradients must be those of each epoch")
    return list(reports), [GradientReport(tuple(rows)) for rows in reports.values()]


# --- TensorBoard's files, which only grow ----------------------------------------------------


def log_sizes(logs: Path) -> dict[str, int]:
    """Gives the bytes of each of TensorBoard's files, by its path in the folder."""
    return {path.relative_to(logs).as_posix(): path.stat().st_size for path in _files_in(logs)}


def cut_logs(logs: Path, sizes: dict[str, int]) -> None:
    """Brings TensorBoard's files back to the sizes they had; those that were not there, go."""
    for path in _files_in(logs):
        size = sizes.get(path.relative_to(logs).as_posix())
        if size is None:
            path.unlink()
        elif size < path.stat().st_size:
            with path.open("r+b") as file:
                file.truncate(size)


def _files_in(logs: Path) -> list[Path]:
    files = logs.rglob("events.out.tfevents.*")
    return [path for path in files if path.is_file() and not path.is_symlink()]
