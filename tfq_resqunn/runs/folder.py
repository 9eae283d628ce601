"""The folder of a run, whether `train` has made it or a study.

    config.json    what was trained, on which classes and images, with which versions of packages
    gradients.csv  which layers the gradient reached, in each epoch (0 is before the training)
    model.keras    the trained model
    history.csv    loss and accuracy of each epoch, on training images and on test images (`val_`)
    curves.png     the same, drawn; only if that is asked for
    logs/          for TensorBoard; only if that is asked for
    result.json    accuracies and losses in the end, number of weights, seconds

They are written in this order, `config.json` before the training and `result.json` when all else is
there. So no model is there without its classes, and a run with a `result.json` is complete. One
whose loss did not stay finite gets none, since its accuracy means nothing.

Version 0.2.0 wrote no `model.keras` in a study's runs, and no `result.json` in others.
"""

import os
from pathlib import Path

from tfq_resqunn._utils.files import check_folder

FILES = {
    "model": "model.keras",
    "config": "config.json",
    "history": "history.csv",
    "curves": "curves.png",
    "gradients": "gradients.csv",
    "logs": "logs",
    "result": "result.json",
}
HISTORY_COLUMNS = ("loss", "accuracy", "val_loss", "val_accuracy")
RESULT_COLUMNS = (
    "train_accuracy", "test_accuracy", "train_loss", "test_loss", "n_weights", "seconds",
    "seconds_per_epoch",
)  # fmt: skip


def next_run_folder(dataset: str, root: str | os.PathLike = "runs") -> Path:
    """Name the next free folder for a run, such as `runs/digits-001`."""
    stem, number = Path(dataset).stem, 1
    while (folder := Path(root) / f"{stem}-{number:03d}").exists():
        number += 1
    return folder


def check_new_folder(out: str | os.PathLike) -> None:
    """Find out whether a run can make this folder; nothing is overwritten."""
    if os.path.lexists(out):
        raise FileExistsError(
            f"train: `out` must be a folder that does not exist yet.\nReceived {out}, which "
            f"does.\nChoose another name, or remove that one."
        )
    check_folder(out)


def find_model(path: str | os.PathLike, who: str) -> Path:
    """Give the path of a saved model, if there is a `.keras` file; `who` is whom errors name."""
    path = Path(path)
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
