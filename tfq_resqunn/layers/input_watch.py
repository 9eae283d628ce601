"""Warns of inputs that are far too large for an encoder, such as pixels from 0 to 255."""

import contextlib
import contextvars
import warnings
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.input_scale import FAR, InputScale
from tfq_resqunn.simulation.tensors.xla import in_xla

WHITES = (255, 65535)  # of pixels in 8 and in 16 bits

_in_graphs = contextvars.ContextVar("_in_graphs", default=False)


@contextlib.contextmanager
def watching_in_graphs() -> Iterator[None]:
    """Has layers look at their inputs also in the graphs that are traced meanwhile.

    These run Python then, which no saved model and no XLA can. What was seen is said by
    `InputWatch.warn`.
    """
    token = _in_graphs.set(True)
    try:
        yield
    finally:
        _in_graphs.reset(token)


class InputWatch:
    """Looks at what a layer is called with, until it has warned once.

    Values are there only where a layer is called eagerly. In the graphs that Keras makes for `fit`
    and `predict` nothing looks at them, since XLA takes no op that runs Python.
    """

    def __init__(self, layer: keras.layers.Layer) -> None:
        self._who = f"{type(layer).__name__} {layer.name!r}"
        self._scale: InputScale | None = None
        self._seen: tuple[float, float] | None = None
        self._has_warned = False

    def look(self, inputs: np.ndarray | tf.Tensor, circuit: QuanvCircuit) -> None:
        """Looks at an input of the layer, whose circuits are like this one."""
        if self._has_warned:
            return
        if tf.executing_eagerly():
            values = np.asarray(inputs)
            if values.size:
                self._see(values.min(), values.max())
                self.warn(circuit)
        elif _in_graphs.get() and not in_xla():
            values = tf.cast(inputs, tf.float32)
            tf.numpy_function(self._see, [tf.reduce_min(values), tf.reduce_max(values)], [])

    def warn(self, circuit: QuanvCircuit) -> None:
        """Warns if what was seen last is far too large for the layer's circuits."""
        if self._has_warned or self._seen is None:
            return
        low, high = self._seen
        size = max(-low, high)
        if not size >= FAR:  # which is far from no circuit, so that none is looked at
            return
        if self._scale is None:
            self._scale = InputScale.of(circuit)
        if size >= self._scale.far:
            self._has_warned = True
            warnings.warn(f"{self._who}: {_explained(self._scale, low, high)}", stacklevel=3)

    def _see(self, low: np.number, high: np.number) -> None:
        self._seen = float(low), float(high)


def _explained(scale: InputScale, low: float, high: float) -> str:
    white = scale.white
    assert white is not None  # since something is far from it
    if scale.period is not None:
        rule = f"since it turns a qubit alike for x and for x + {scale.period:.4g}"
        seen = f"{(high - low) / scale.period:.4g} such periods"
    else:
        assert scale.threshold is not None
        rule = f"since it asks only whether they are above {scale.threshold:.4g}"
        seen = f"up to {max(-low, high) / abs(scale.threshold):.4g} times as large"
    return (
        f"the values that it takes should be small, such as from 0 to {white:.4g}, {rule}.\n"
        f"Received values from {low:.6g} to {high:.6g}, {seen}.\n{_remedy(white, low, high)}"
    )


def _remedy(white: float, low: float, high: float) -> str:
    # In deeper layers, outcomes are added to pixels, or subtracted.
    if low <= -FAR or high >= WHITES[-1] + FAR:
        factor = white / (high - low)
        offset = f", offset={-low * factor:.4g}" if low else ""
        return f"Scale them first, such as with keras.layers.Rescaling({factor:.4g}{offset})."
    top = next(top for top in WHITES if high < top + FAR)
    scale = f"{white:.4g} / {top}"
    return (
        f"If images have pixels from 0 to {top}, put keras.layers.Rescaling({scale}) before the "
        f"first layer, or use x * ({scale})."
    )
