"""What a run does at each epoch, beside training."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.gradients import GradientFlow
from tfq_resqunn.runs.checkpoint import log_sizes, rows_of, save, variables_of
from tfq_resqunn.runs.folder import CHECKPOINT, HISTORY_COLUMNS
from tfq_resqunn.runs.progress import Progress


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


class Keeper(keras.callbacks.Callback):
    """Follows a run's progress, and writes checkpoints; comes after all others.

    Args:
        progress: What was done before.
        folder: The run's.
        logs: TensorBoard's, or `None`.
        flow: The reports that are kept along.
        clock: Measures the epochs.
        begin: Begins the stream of an epoch's random numbers.
        every: Epochs from one checkpoint to the next; the last epoch has one too. 0 is for none.
        started: When the run began, of `time.perf_counter`.
    """

    def __init__(
        self, progress: Progress, folder: Path, logs: Path | None, flow: GradientFlow, clock: Clock,
        begin: Callable[[int], None], every: int, started: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.progress, self._folder, self._logs = progress, folder, logs
        self._flow, self._clock, self._begin = flow, clock, begin
        self._every, self._started = every, started

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._begin(epoch + 1)

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        values = {name: float(logs[name]) for name in HISTORY_COLUMNS}
        self.progress = self.progress.after_epoch(values, self._clock.seconds)
        is_last = epoch + 1 == self.params["epochs"]
        if self._every and (is_last or (epoch + 1) % self._every == 0):
            self.progress = replace(
                self.progress,
                gradients=rows_of(self._flow),
                seconds=time.perf_counter() - self._started,
                logs={} if self._logs is None else log_sizes(self._logs),
            )
            save(self._folder / CHECKPOINT, self.progress, variables_of(self.model))
