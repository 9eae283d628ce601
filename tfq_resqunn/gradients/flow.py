"""`GradientFlow`: the gradient report of every epoch, as a Keras callback."""

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, check_path, checked, integer
from tfq_resqunn._utils.files import check_file, replacing
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.gradients.batch import Batch, checked_batch
from tfq_resqunn.gradients.layers import layers_with_weights
from tfq_resqunn.gradients.report import (
    GradientReport,
    GradientRow,
    Measure,
    check_compiled,
    make_report,
    traced_gradients,
)
from tfq_resqunn.gradients.summaries import Summaries


class GradientFlow(keras.callbacks.Callback):
    """Follows which layers the gradient reaches, before training and after each epoch.

    The gradient is that of `gradient_report`: of the loss on one fixed batch, without
    regularisers. Epochs are numbered by how many are done: 0 is before training. Where a `fit`
    starts at an earlier epoch than the last one recorded, what was recorded after it is dropped.

    In TensorBoard, below `log_dir`, a run called `gradients` has:

    - scalars: `gradient/<layer>/norm`, `gradient/<layer>/zeros` (share of components that are
      exactly zero) and `gradient/<layer>/state` (0 none, 1 zero, 2 flows, 3 nan: not finite). A
      layer without a gradient has only the last of these, a frozen layer has none. Numbers that
      are not finite are left out;
    - histograms: `gradient/<layer>` of the components that are finite, `angles/<layer>` of the
      circuits' weights;
    - text: `report`, the table of each epoch, and `diagram/<layer>` of the circuits;
    - images: `circuit/<layer>`, and `feature_maps/<layer>` of the first images of the batch.

    Args:
        x: A batch of inputs, as for `gradient_report`.
        y: Their targets, likewise.
        log_dir: TensorBoard's folder, which may be that of `keras.callbacks.TensorBoard`.
            `None` writes nothing for TensorBoard.
        csv: File for the table, with a row for each epoch and layer; it is written anew after
            every epoch. `None` writes none. Read it with `keep_default_na=False, na_values=[""]`,
            or pandas takes the state `nan` for a missing value.
        every: Integer, epochs from one record to the next. The last epoch is always recorded.
        n_feature_maps: Integer, images of the batch whose feature maps are drawn; 0 for none.

    Attributes:
        history: The `GradientReport` of each recorded epoch, in a list.
        epochs: The epochs that these belong to.

    Raises:
        TypeError: If `every` or `n_feature_maps` is no integer.
        ValueError: If one of them is too small, or `x` and `y` are empty or of different length.
        FileNotFoundError: If the folder of `csv` does not exist.
        FileExistsError: If `csv` is a device or a pipe.

    Example:
        >>> import tfq_resqunn as rq
        >>> data = rq.datasets.load("digits", n_train=16, n_test=10)
        >>> model = rq.resqunn((8, 8, 1), 10, placement="O1+O2", input_gradient=False)
        >>> model.compile("adam", "sparse_categorical_crossentropy")
        >>> flow = GradientFlow(data.x_train, data.y_train)
        >>> _ = model.fit(data.x_train, data.y_train, callbacks=[flow], verbose=0)
        >>> flow.table[["epoch", "layer", "state"]].values.tolist()[:3]
        [[0, 'quanv_1', 'flows'], [0, 'quanv_2', 'flows'], [0, 'head', 'flows']]
        >>> len(flow.history)  # before training, and after the one epoch
        2
    """

    @checked(
        log_dir=check_path.or_none(),
        csv=check_path.or_none(),
        every=check_count,
        n_feature_maps=integer(0),
    )
    def __init__(
        self,
        x: Batch | tf.data.Dataset,
        y: Batch | None = None,
        log_dir: str | os.PathLike | None = None,
        csv: str | os.PathLike | None = None,
        *,
        every: int = 1,
        n_feature_maps: int = 4,
    ):
        super().__init__()
        self._x, self._y = checked_batch(x, y, "GradientFlow")
        self.every = every
        self.n_feature_maps = n_feature_maps
        self.log_dir = None if log_dir is None else Path(log_dir)
        self.csv = None if csv is None else Path(csv)
        if csv is not None:  # before the training, and not after its first epoch
            check_file(csv, "GradientFlow: `csv`")
        self.history: list[GradientReport] = []
        self.epochs: list[int] = []
        self._done: int | None = None  # epochs of this training, once the first has begun
        self._goes_on = False
        self._summaries: Summaries | None = None

    @property
    def table(self) -> pd.DataFrame:
        """The history as a table: the epoch, then what a `GradientRow` holds."""
        rows = [
            (epoch, *vars(row).values())
            for epoch, report in zip(self.epochs, self.history, strict=True)
            for row in report.rows
        ]
        columns = [field.name for field in dataclasses.fields(GradientRow)]
        return pd.DataFrame(rows, columns=["epoch", *columns])

    def go_on(self, epochs: Sequence[int], history: Sequence[GradientReport]) -> None:
        """Takes over what was recorded in a training that the next `fit` goes on with.

        That `fit` has to begin after the last of these epochs, whose report is not made again. The
        file `csv` is written at once.

        Args:
            epochs: The `epochs` of an earlier `GradientFlow`.
            history: Its `history`.
        """
        self.epochs, self.history, self._goes_on = list(epochs), list(history), True
        self._write_csv()

    def on_train_begin(self, logs: dict | None = None) -> None:
        check_compiled(self.model, "GradientFlow")
        if not self.model.built:  # a Sequential model without an Input
            self.model(self._x)
        self._layers = tuple(layers_with_weights(self.model))
        self._measure = self._trace()
        goes_on, self._goes_on = self._goes_on, False
        self._done = self.epochs[-1] if goes_on else None
        if self.log_dir is not None:
            n = self.n_feature_maps
            images = tf.nest.map_structure(lambda part: part[:n], self._x) if n else None
            folder = self.log_dir / "gradients"
            self._summaries = Summaries(folder, self.model, self._layers, images, goes_on)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self._done is not None:  # not the first of this training
            return
        n_kept = sum(e < epoch for e in self.epochs)
        del self.epochs[n_kept:], self.history[n_kept:]
        self._record(epoch)
        self.model.reset_metrics()  # where Keras 2 has counted the loss of this batch

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._done = epoch + 1
        if self._done % self.every == 0:
            self._record(self._done)

    def on_train_end(self, logs: dict | None = None) -> None:
        if self._done is not None and self._done not in self.epochs:
            self._record(self._done)
        if self._summaries is not None:
            self._summaries.close()
            self._summaries = None

    def _trace(self) -> Measure:
        """Traces the gradients outside any `tf.distribute` strategy, in which `fit` may be running.

        Within a strategy, losses are divided by the number of replicas. A new thread is in none.
        """
        arguments = (self.model, self._layers, self._x, self._y)
        if not tf.distribute.has_strategy():
            return traced_gradients(*arguments)
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(traced_gradients, *arguments).result()

    def _record(self, epoch: int) -> None:
        gradients = self._measure(self._x, self._y)
        report = make_report(self._layers, gradients)
        self.epochs.append(epoch)
        self.history.append(report)
        self._write_csv()
        if self._summaries is not None:
            self._summaries.write(epoch, report, gradients)

    def _write_csv(self) -> None:
        if self.csv is not None:
            with replacing(self.csv) as temporary:
                self.table.to_csv(temporary, index=False, lineterminator="\n")
