"""Where sweeps from either end meet: all strings of which this looks alike, together."""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.matrix_products.cuts import Node
from tfq_resqunn.simulation.matrix_products.network import Network
from tfq_resqunn.simulation.tensors.products import multiply


class Meetings:
    """Some strings, whose nodes have slices and coordinates alike.

    Attributes:
        strings: Their numbers.
        lefts: The node from the left of each.
        rights: Those from the right.
    """

    def __init__(self, network: Network, strings: Sequence[int]):
        meetings = [network.meetings[i] for i in strings]
        self.strings = list(strings)
        self.lefts = [network.pairs[i][0] for i in strings]
        self.rights = [network.pairs[i][1] for i in strings]
        self._at_left, self._at_right = meetings[0].at_left, meetings[0].at_right
        self._overlaps = np.array([m.overlaps for m in meetings])[:, :, None, None]
        slices = [len(network.coordinates[ends[0]].slices) for ends in (self.lefts, self.rights)]
        self._n_left, self._n_right = slices

    def meet(self, values: Mapping[Node, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Gives two factors of each string, `[strings, slices, filters, 1, coordinates, n]`."""
        left = tf.stack([values[node] for node in self.lefts])
        right = tf.stack([values[node] for node in self.rights])
        right = take(right, self._at_right, axis=1)
        return take(left, self._at_left, axis=1), multiply(self._overlap(right), right)

    def by_lefts(self, by: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
        """Gives the derivatives by the values of the left nodes."""
        return tf.unstack(put_back(by * y, self._at_left, self._n_left, axis=1))

    def by_rights(self, by: tf.Tensor, x: tf.Tensor) -> list[tf.Tensor]:
        """Gives the derivatives by the values of the right nodes."""
        overlaps = tf.linalg.matrix_transpose(self._overlap(x))
        found = multiply(overlaps, by * x)
        return tf.unstack(put_back(found, self._at_right, self._n_right, axis=1))

    def _overlap(self, like: tf.Tensor) -> tf.Tensor:
        return tf.constant(self._overlaps, like.dtype)


def meetings_of(network: Network) -> list[Meetings]:
    """Finds which strings meet alike."""
    alike: dict[tuple, list[int]] = {}
    moving = set(network.moving)
    for i, (ends, meeting) in enumerate(zip(network.pairs, network.meetings, strict=True)):
        key = (
            meeting.overlaps.shape,
            *map(tuple, (meeting.at_left, meeting.at_right)),
            *(len(network.coordinates[node].slices) for node in ends),
            *(node in moving for node in ends),
        )
        alike.setdefault(key, []).append(i)
    return [Meetings(network, strings) for strings in alike.values()]


def take(values: tf.Tensor, places: np.ndarray, axis: int = 0) -> tf.Tensor:
    """Takes places of an axis, each at most once."""
    n = values.shape[axis]
    return values if list(places) == list(range(n)) else tf.gather(values, places, axis=axis)


def put_back(part: tf.Tensor, places: np.ndarray, n: int, axis: int = 0) -> tf.Tensor:
    """Undoes `take` from n places; those that were not taken are 0."""
    if list(places) == list(range(n)):
        return part
    found = np.full(n, len(places))
    found[places] = np.arange(len(places))
    if len(places) == n:
        return tf.gather(part, found, axis=axis)
    with_none = tf.pad(part, [(0, int(a == axis)) for a in range(len(part.shape))])
    return tf.gather(with_none, found, axis=axis)
