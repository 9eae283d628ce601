"""The folder of a run, whether `train` has made it or a study.

    config.json    what was trained, on which classes and images, with which versions of packages
    gradients.csv  which layers the gradient reached, in each epoch (0 is before the training)
    model.keras    the trained model
    history.csv    loss and accuracy of each epoch, on training images, and (`val_`) on validation
                   images, or where there are none, on test images
    curves.png     the same, drawn; only if that is asked for
    logs/          for TensorBoard; only if that is asked for
    result.json    accuracies and losses in the end, number of weights, seconds

They are written in this order, `config.json` before the training and `result.json` when all else is
there. So no model is there without its classes, and a run with a `result.json` is complete. One
whose loss did not stay finite gets none, since its accuracy means nothing.

While a run of `train` is not finished, there are two more:

    checkpoint.zip  the state after the last epoch that is kept, see `runs/checkpoint.py`
    .lock           held by the process that trains; whether it is there means nothing

The folder appears with `config.json` and a `checkpoint.zip` of no epochs in it, and the latter goes
when all else is there. So a folder that has one belongs to a run that is under way or was stopped,
whatever else it holds, and the run of any other is finished. A study's runs have none; their
folders appear when they are complete.

Version 0.2.0 wrote no `model.keras` in a study's runs, and no `result.json` in others.
"""

import contextlib
import dataclasses
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from tfq_resqunn._utils import locks
from tfq_resqunn._utils.files import check_folder
from tfq_resqunn._utils.shell import command_text
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.progress import read_progress
from tfq_resqunn.runs.settings import option_words

FILES = {
    "model": "model.keras",
    "config": "config.json",
    "history": "history.csv",
    "curves": "curves.png",
    "gradients": "gradients.csv",
    "logs": "logs",
    "result": "result.json",
}
CHECKPOINT = "checkpoint.zip"
LOCK = ".lock"
HISTORY_COLUMNS = ("loss", "accuracy", "val_loss", "val_accuracy")
RESULT_COLUMNS = (
    "train_accuracy", "test_accuracy", "train_loss", "test_loss", "n_weights", "seconds",
    "seconds_per_epoch", "test_balanced_accuracy", "test_auc", "val_accuracy", "val_loss",
)  # fmt: skip


def run_folder(config: RunConfig, root: str | os.PathLike = "runs") -> Path:
    """Choose the folder for a run that names none, such as `runs/digits-001`.

    It is the newest one in which a run of the same configuration was stopped, or else the next free
    one. Where a process is training, none is touched.
    """
    for folder in _numbered_folders(config.dataset, root):
        if is_unfinished(folder) and _is_of(folder, config) and not is_in_use(folder):
            return folder
    return next_run_folder(config.dataset, root)


def next_run_folder(dataset: str, root: str | os.PathLike = "runs") -> Path:
    """Name the next free folder for a run, such as `runs/digits-001`."""
    stem, number = Path(dataset).stem, 1
    while (folder := Path(root) / f"{stem}-{number:03d}").exists():
        number += 1
    return folder


def check_run_folder(config: RunConfig, out: str | os.PathLike) -> None:
    """Find out whether a run can make this folder, or go on in it; nothing else is overwritten."""
    out = Path(out)
    if not is_unfinished(out):
        check_new_folder(out)
        return
    if differences := config.differences(read_config(out)):
        raise FileExistsError(
            "train: `out` must be a new folder, or one in which this run was stopped.\nReceived "
            f"{out}, in which another one was. It differs (here against there):\n  "
            + "\n  ".join(differences)
            + "\nChoose another folder, or keep its settings."
        )
    check_folder(out)  # without which nobody can tell who uses it
    if is_in_use(out):
        raise FileExistsError(_refusal(out))


def check_new_folder(out: str | os.PathLike) -> None:
    """Find out whether a run can make this folder; nothing is overwritten."""
    if os.path.lexists(out):
        is_run = Path(out, FILES["result"]).is_file()
        what = "in which a run is finished" if is_run else "which does"
        raise FileExistsError(
            f"train: `out` must be a folder that does not exist yet.\nReceived {out}, {what}.\n"
            "Choose another name, or remove that one."
        )
    check_folder(out)


# --- runs that are not finished --------------------------------------------------------------


def is_unfinished(folder: Path) -> bool:
    """Tell whether a run is under way in a folder, or was stopped there."""
    return (folder / CHECKPOINT).is_file()


def is_in_use(folder: Path) -> bool:
    """Tell whether a process is training in a folder."""
    if not (folder / LOCK).is_file():
        return False
    try:
        with locks.locked(folder / LOCK, ""):
            return False
    except OSError:
        return True


@contextlib.contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Keep other processes out of the folder of a run."""
    with locks.locked(folder / LOCK, _refusal(folder)):
        try:
            yield
        finally:
            # Who has opened it meanwhile would hold a file that is gone, while others make a new
            # one. In a finished run's folder neither may train.
            if not is_unfinished(folder):
                with contextlib.suppress(OSError):  # as on Windows, where it goes by itself
                    (folder / LOCK).unlink()


def _refusal(folder: Path) -> str:
    return (
        f"train: `out` must not be in use.\nReceived {folder}, in which another process is "
        "training.\nWait for it, or choose another folder."
    )


def read_config(folder: Path) -> RunConfig:
    """Read the configuration of a run from its folder."""
    path = folder / FILES["config"]
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        return RunConfig.from_json(json.dumps(described["config"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(
            f"train: {path} must be what a run has written. It cannot be read: {reason}\n"
            f"Remove {folder}, or choose another one (--out)."
        ) from error


def epochs_done(folder: Path) -> str:
    """Say how far the run in a folder has come, such as `3 of 15 epochs are done`."""
    n_done = read_progress(folder / CHECKPOINT).n_epochs
    return f"{n_done} of {read_config(folder).epochs} epochs are done"


def how_to_go_on(folder: Path, *options: str) -> str:
    """Say how far an unfinished run has come, and the command that goes on with it.

    `options` are those of the command that are no settings of the run, see `options_of`.
    """
    words = option_words(read_config(folder), RunConfig())
    command = command_text(["resqunn", "train", *words, "--out", str(folder), *options])
    return f"{epochs_done(folder)}. To go on: {command}"


def how_to_compare(config: RunConfig, *options: str) -> str:
    """Write the command of the run to compare a run with, in a folder of its own.

    Beside circuits these are convolutions, beside a control the circuits. `options` are as in
    `how_to_go_on`.

    Example:
        >>> how_to_compare(RunConfig(depth=3, epochs=5))
        'resqunn train --depth 3 --control classical --epochs 5'
    """
    other = dataclasses.replace(config, control="classical" if config.control is None else None)
    return command_text(["resqunn", "train", *option_words(other, RunConfig()), *options])


def options_of(verbose: int, checkpoint_every: int, strategy: str | None) -> list[str]:
    """Give the words of a command that say how `train` was asked to train; defaults are left out.

    Example:
        >>> options_of(0, 5, "mirrored")
        ['--checkpoint-every', '5', '--strategy', 'mirrored', '--quiet']
    """
    words = [] if checkpoint_every == 1 else ["--checkpoint-every", str(checkpoint_every)]
    words += [] if strategy is None else ["--strategy", strategy]
    return words if verbose else [*words, "--quiet"]


def _numbered_folders(dataset: str, root: str | os.PathLike) -> list[Path]:
    """List the folders that are named as `next_run_folder` does, the newest first."""
    pattern = re.compile(re.escape(Path(dataset).stem) + r"-([0-9]{3,})")
    try:
        names = {int(m[1]): name for name in os.listdir(root) if (m := pattern.fullmatch(name))}
    except OSError:
        return []
    return [Path(root) / names[number] for number in sorted(names, reverse=True)]


def _is_of(folder: Path, config: RunConfig) -> bool:
    try:
        return read_config(folder) == config
    except ValueError:
        return False


# --- models ----------------------------------------------------------------------------------


def find_model(path: str | os.PathLike, who: str) -> Path:
    """Give the path of a saved model, if there is a `.keras` file; `who` is whom errors name."""
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    if is_unfinished(folder) and (path == folder or path.name == FILES["model"]):
        raise ValueError(
            f"{who}: `model_path` must be the model of a run that is finished.\nReceived {path}, "
            f"whose run is under way or was stopped.\n{how_to_go_on(folder)}"
        )
    if not path.is_file():
        inside = path / FILES["model"]
        named = inside if inside.is_file() else "the model.keras in the folder of a run"
        raise FileNotFoundError(
            f"{who}: `model_path` must be a saved model.\nReceived {path}, which is no file.\n"
            f"Name {named}."
        )
    if path.suffix != ".keras":
        # Other formats can hold code, and Keras 2 runs it as it loads them.
        raise ValueError(
            f"{who}: `model_path` must be a .keras file.\nReceived {path}.\nLoad it with Keras, if "
            "you trust who made it, and save it with model.save('model.keras')."
        )
    return path
