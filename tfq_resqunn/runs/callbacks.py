"""What a run does at each epoch, beside training."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.gradients import GradientFlow
from tfq_resqunn.runs.checkpoint import array_of, log_sizes, rows_of, save, variables_of
from tfq_resqunn.runs.folder import CHECKPOINT, HISTORY_COLUMNS
from tfq_resqunn.runs.progress import Progress
from tfq_resqunn.runs.result import best_epoch


class Logs(keras.callbacks.TensorBoard):
    """Writes for TensorBoard, each epoch as it ends, so that it is there whatever comes then.

    `is_new` is whether the folder has nothing of this run yet, such as the model's graph.
    """

    def __init__(self, folder: Path, is_new: bool) -> None:
        super().__init__(str(folder), write_graph=is_new)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        for writer in self._writers.values():
            writer.flush()


class Clock(keras.callbacks.Callback):
    """Measures how long an epoch takes, validation included, if it comes before all others."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.seconds = time.perf_counter() - self._started


class Patience(keras.callbacks.Callback):
    """Ends a training whose validation loss no longer falls, and remembers the best epoch.

    Args:
        patience: Epochs to wait for a lower loss. `None`: no epoch is better than the last.
        losses: The validation losses of the epochs that are done.
        best: The model's variables as they were in the best of them.
    """

    def __init__(self, patience: int | None, losses: list[float], best: list[np.ndarray]) -> None:
        super().__init__()
        self.best, self._patience, self._losses = best, patience, [*losses]

    @property
    def best_epoch(self) -> int:
        """Number of the epoch whose weights count, from 1."""
        return len(self._losses) if self._patience is None else best_epoch(self._losses)

    @property
    def is_over(self) -> bool:
        """Whether it has waited long enough."""
        waited = len(self._losses) - self.best_epoch
        return self._patience is not None and waited >= self._patience

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        self._losses.append(float(logs["val_loss"]))
        if self._patience is None:
            return
        finite = [loss for loss in self._losses[:-1] if math.isfinite(loss)]
        if self._losses[-1] < min(finite, default=math.inf):
            self.best = [array_of(variable).copy() for variable in self.model.variables]
        if self.is_over:
            self.model.stop_training = True

    def give_best(self, model: keras.Model) -> None:
        """Gives a model the variables of the best epoch."""
        for variable, array in zip(model.variables, self.best, strict=bool(self.best)):
            variable.assign(array)


class Keeper(keras.callbacks.Callback):
    """Follows a run's progress, and writes checkpoints; comes after all others.

    Args:
        progress: What was done before.
        folder: The run's.
        logs: TensorBoard's, or `None`.
        flow: The reports that are kept along.
        clock: Measures the epochs.
        patience: Knows which epoch was the best, and whether this one is the last.
        begin: Begins the stream of an epoch's random numbers.
        every: Epochs from one checkpoint to the next; the last epoch has one too. 0 is for none.
        started: When the run began, of `time.perf_counter`.
    """

    def __init__(
        self, progress: Progress, folder: Path, logs: Path | None, flow: GradientFlow, clock: Clock,
        patience: Patience, begin: Callable[[int], None], every: int, started: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.progress, self._folder, self._logs = progress, folder, logs
        self._flow, self._clock, self._patience, self._begin = flow, clock, patience, begin
        self._every, self._started = every, started

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._begin(epoch + 1)

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        values = {name: float(logs[name]) for name in HISTORY_COLUMNS}
        self.progress = self.progress.after_epoch(values, self._clock.seconds)
        is_last = epoch + 1 == self.params["epochs"] or self._patience.is_over
        if self._every and (is_last or (epoch + 1) % self._every == 0):
            self.progress = replace(
                self.progress,
                gradients=rows_of(self._flow),
                seconds=time.perf_counter() - self._started,
                logs={} if self._logs is None else log_sizes(self._logs),
            )
            variables = [*variables_of(self.model), *self._patience.best]
            save(self._folder / CHECKPOINT, self.progress, variables)
