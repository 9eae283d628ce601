"""How far a run has come, as one value; imports neither NumPy nor TensorFlow."""

import dataclasses
import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfq_resqunn._utils.archives import open_archive, read_member
from tfq_resqunn._utils.arguments import is_integer, is_number
from tfq_resqunn.runs.settings import check_keys

MEMBER = "progress.json"  # of a checkpoint
MAX_SIZE = 2**28  # bytes of it

History = dict[str, list[float]]  # the values of each epoch, by name


@dataclasses.dataclass(frozen=True)
class Progress:
    """What a run knows after some epochs, apart from the numbers in its model and optimizer.

    Args:
        keras: The Keras that trains it, "2" or "3"; empty where nobody will ask.
        data: What tells its images and labels from all others; likewise.
        history: The values of each epoch, by name.
        gradients: What `GradientFlow` has recorded: lists of an epoch and what a row holds.
        epoch_seconds: Time that each epoch took.
        starts: Epochs with which a process began; these took longer.
        seconds: Time that all took together, up to here.
        logs: Bytes of each file of TensorBoard's, by its path in their folder.

    Raises:
        TypeError, ValueError: If the values are not such as a run writes.
    """

    keras: str = ""
    data: str = ""
    history: History = dataclasses.field(default_factory=dict)
    gradients: list[list] = dataclasses.field(default_factory=list)
    epoch_seconds: list[float] = dataclasses.field(default_factory=list)
    starts: list[int] = dataclasses.field(default_factory=list)
    seconds: float = 0.0
    logs: dict[str, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        right = {
            "keras": isinstance(self.keras, str),
            "data": isinstance(self.data, str),
            "history": _is_table(self.history, self.n_epochs),
            "gradients": _is_list(self.gradients, lambda row: isinstance(row, list)),
            "epoch_seconds": _is_list(self.epoch_seconds, is_number),
            "starts": _is_list(self.starts, is_integer),
            "seconds": is_number(self.seconds),
            "logs": isinstance(self.logs, dict) and all(map(_is_size, self.logs.values())),
        }
        if wrong := [name for name, is_right in right.items() if not is_right]:
            raise ValueError(f"{', '.join(wrong)} must be what a run writes")

    @property
    def n_epochs(self) -> int:
        """Number of epochs that are done."""
        return len(self.epoch_seconds)

    @property
    def seconds_per_epoch(self) -> float:
        """Median of the time that an epoch took, without those that a process began with."""
        later = [s for epoch, s in enumerate(self.epoch_seconds) if epoch not in self.starts]
        return statistics.median(later or self.epoch_seconds)

    def begun(self) -> "Progress":
        """Gives the progress of a process that trains from here."""
        return dataclasses.replace(self, starts=[*self.starts, self.n_epochs])

    def after_epoch(self, values: Mapping[str, float], seconds: float) -> "Progress":
        """Gives the progress after one more epoch."""
        history = {name: [*self.history.get(name, []), value] for name, value in values.items()}
        return dataclasses.replace(
            self, history=history, epoch_seconds=[*self.epoch_seconds, seconds]
        )

    def to_json(self) -> str:
        """Write it as a JSON object, a key for each argument."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> "Progress":
        """Read what `to_json` wrote."""
        values = json.loads(text)
        check_keys(values, cls.__dataclass_fields__, "Progress: the JSON's keys")
        return cls(**values)


def read_progress(checkpoint: Path) -> Progress:
    """Read how far a run has come from its checkpoint."""
    try:
        with open_archive(checkpoint) as archive:
            return Progress.from_json(read_member(archive, MEMBER, MAX_SIZE))
    except ValueError as error:
        raise unreadable(checkpoint, error) from error


def unreadable(checkpoint: Path, reason: object) -> ValueError:
    """Make the error of a checkpoint that is none."""
    return ValueError(
        f"train: {checkpoint} must be what a run has written. It cannot be read: {reason}\n"
        f"Remove {checkpoint.parent}, or choose another folder (--out)."
    )


def _is_list(value: Any, is_right: Any) -> bool:
    return isinstance(value, list) and all(map(is_right, value))


def _is_size(value: Any) -> bool:
    return is_integer(value) and value >= 0


def _is_table(value: Any, n_rows: int) -> bool:
    return isinstance(value, dict) and all(
        _is_list(column, is_number) and len(column) == n_rows for column in value.values()
    )
