"""Training on several devices of a machine, or on several machines: `tf.distribute`."""

import contextlib
import functools
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from tfq_resqunn.datasets import Dataset
from tfq_resqunn.runs.cluster import MULTI_WORKER, Cluster
from tfq_resqunn.runs.config import RunConfig

# What TensorFlow raises once a worker is gone.
LOST = (
    tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.DeadlineExceededError,
    tf.errors.InternalError, tf.errors.UnavailableError,
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """What a process does in a training that several may share.

    Attributes:
        folder: The run's folder; of a process that is not the chief, a temporary one.
        is_chief: Whether the process writes the run's files.
    """

    folder: Path
    is_chief: bool = True

    def check_batches(self, config: RunConfig, data: Dataset) -> None:
        """Refuses batches that cannot be shared out evenly.

        Each device averages over its own images, and Keras averages these means. That is the mean
        over a batch only where all shares are equal.
        """
        n_replicas = tf.distribute.get_strategy().num_replicas_in_sync
        n_images = {"n_train": len(data.x_train), "n_test": len(data.x_test)}
        if data.x_val is not None:
            n_images["validation"] = len(data.x_val)
        if config.batch_size % n_replicas:
            near = max(n_replicas, config.batch_size - config.batch_size % n_replicas)
            raise ValueError(
                f"train: `batch_size` must be a multiple of {n_replicas}, since {n_replicas} "
                f"devices take equal shares of a batch.\nReceived {config.batch_size}.\n"
                f"Use batch_size={near}."
            )
        for argument, n in n_images.items():
            # A last batch is one image for each device at least, or some would have none.
            if rest := n % config.batch_size % n_replicas:
                raise ValueError(
                    f"train: `{argument}` must leave a last batch of a multiple of {n_replicas} "
                    f"images, since {n_replicas} devices take equal shares of it.\n"
                    f"Received {n} images in batches of {config.batch_size}, the last of "
                    f"{n % config.batch_size}.\nUse {argument}={n - rest}."
                )


@contextlib.contextmanager
def placed(name: str | None, cluster: Cluster | None, out: str | os.PathLike) -> Iterator[Place]:
    """Makes a strategy by its name, for a cluster that `check_strategy` gave.

    What is done within is done under it.

    `None` stands for the strategy that is in use already, which ordinarily is none. Raises a
    `ValueError` if the strategy cannot train here, a `ConnectionError` if another worker is gone
    before the end.
    """
    if name is None:
        yield Place(Path(out))
        return
    if cluster is None:
        with _mirrored().scope():
            yield Place(Path(out))
        return
    with _multi_worker(cluster).scope(), _explaining_loss(cluster):
        if cluster.is_chief:
            yield Place(Path(out))
            return
        # Keras has every worker save, since what is saved may be spread over them.
        with tempfile.TemporaryDirectory(prefix="resqunn-worker-") as folder:
            yield Place(Path(folder) / "run", is_chief=False)


def _mirrored() -> tf.distribute.Strategy:
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) < 2:
        raise ValueError(
            "train: `strategy` 'mirrored' must find at least two devices, between which it shares "
            f"out each batch.\nReceived one, {devices[0].name}.\nTrain without a strategy: "
            "TensorFlow uses all cores of a processor by itself."
        )
    return _mirrored_over(tuple(device.name for device in devices))


@functools.cache
def _mirrored_over(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    """Gives one strategy to all trainings of a process.

    Each numbers what its devices exchange, from the same number on, and TensorFlow refuses what
    differs in shape from an earlier training's of the same number.
    """
    return tf.distribute.MirroredStrategy(list(devices))


def _multi_worker(cluster: Cluster) -> tf.distribute.Strategy:
    """Waits for the other workers, as long as it takes."""
    try:
        with _plain_interrupts():
            return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        if "program startup" not in str(error):
            raise
        raise RuntimeError(
            f"train: strategy={MULTI_WORKER!r} must be the first that a program computes with "
            "TensorFlow, since workers are connected when it starts.\nReceived a call after "
            "others.\nCall `train` in a new process."
        ) from error


@contextlib.contextmanager
def _plain_interrupts() -> Iterator[None]:
    """Has Ctrl-C end the process at once, while TensorFlow waits where Python sees no signal."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _explaining_loss(cluster: Cluster) -> Iterator[None]:
    """Says what to do where TensorFlow reports that another worker is gone."""
    try:
        yield
    except LOST as error:
        raise ConnectionError(
            f"train: all {len(cluster.addresses)} workers of TF_CONFIG must train to the end.\n"
            f"Worker {cluster.number} has lost another one: {error.message[:300]}\n"
            "Start all of them again."
        ) from error
