"""What a training run gave, as one value."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfq_resqunn.gradients import GradientReport
from tfq_resqunn.runs.folder import RESULT_COLUMNS
from tfq_resqunn.runs.progress import History


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a training run gave.

    Args:
        paths: The files it wrote, under the names in `runs.folder.FILES`: `model`, `config`,
            `history`, `gradients`; `result`, if the loss `is_finite`; `curves` and `logs`, if they
            were asked for.
        train_accuracy: Of the trained model on the training images.
        test_accuracy: The same on the test images.
        chance: Accuracy of guessing: of always naming the most frequent class of the test images,
            or one of equally frequent ones.
        test_balanced_accuracy: The same, each class alike, see `balanced_accuracy`.
        test_auc: Area under the curve, see `area_under_curve`; NaN where it is not defined.
        val_accuracy: The same on the validation images; NaN where there are none.
        train_loss: Of the trained model on the training images.
        test_loss: The same on the test images.
        val_loss: The same on the validation images; NaN where there are none.
        n_weights: Number of trained weights.
        seconds: Time that the whole run took; of a run that was stopped, that of all its parts up
            to the last epoch that each of them kept.
        seconds_per_epoch: Median of the time that an epoch took, the first of each part left out.
        gradients: The gradient report of the trained model.
        history: Loss and accuracy after each epoch, by name; those named `val_` are of validation
            images, or where there are none, of test images.
        epoch: Number of the epoch whose weights the model has, from 1: the last, or with patience
            the best.
    """

    paths: dict[str, Path]
    train_accuracy: float
    test_accuracy: float
    chance: float
    train_loss: float
    test_loss: float
    n_weights: int
    seconds: float
    seconds_per_epoch: float
    test_balanced_accuracy: float
    test_auc: float
    val_accuracy: float
    val_loss: float
    gradients: GradientReport
    history: History
    epoch: int

    @property
    def is_finite(self) -> bool:
        """Whether the loss of the epoch whose weights the model has is a finite number."""
        kept = {name: values[: self.epoch] for name, values in self.history.items()}
        return divergence(kept) is None

    @property
    def divergence(self) -> str | None:
        """In a sentence, from which epoch on the loss is no finite number; `None` if it is one.

        With patience, the model may be that of an epoch before; `is_finite` tells.
        """
        return divergence(self.history)

    def measures(self) -> dict[str, float | None]:
        """Gives what stands in `result.json`; `None` for what is not defined."""
        values = {name: getattr(self, name) for name in RESULT_COLUMNS}
        return {name: None if math.isnan(value) else value for name, value in values.items()}


def best_epoch(losses: Sequence[float]) -> int:
    """Give the number of the epoch with the lowest loss, from 1; the last if none is finite.

    Example:
        >>> best_epoch([2.0, 1.0, math.nan, 1.0])
        2
    """
    finite = [loss for loss in losses if math.isfinite(loss)]
    return losses.index(min(finite)) + 1 if finite else len(losses)


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
            which = "loss" if name == "loss" else "validation loss"
            return f"The {which} is {losses[-1]} from epoch {n_finite + 1} of {len(losses)} on."
    return None
