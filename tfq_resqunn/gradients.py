"""Which layers receive gradients."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfq_resqunn._keras import IS_KERAS_3, keras


@dataclasses.dataclass(frozen=True)
class GradientRow:
    """What reaches one layer.

    Attributes:
        layer: Name of the layer; within others, their names before it.
        kind: Its class.
        n_weights: Number of trainable weights.
        state: `"none"`: no path leads from the loss to the weights (the graph is cut). `"zero"`:
            a path leads there, and every component is exactly zero. `"flows"`: some component is
            not zero. `"static"`: the layer has weights, none of them trainable.
        norm: Euclidean norm of the gradient; `nan` where there is none.
    """

    layer: str
    kind: str
    n_weights: int
    state: str
    norm: float


@dataclasses.dataclass(frozen=True)
class GradientReport:
    """The gradient of a loss, layer by layer, from the input to the head; prints as a table."""

    rows: tuple[GradientRow, ...]

    def __getitem__(self, layer: str) -> GradientRow:
        rows = {row.layer: row for row in self.rows}
        if layer not in rows:
            raise KeyError(f"No layer {layer!r} with weights; there are {', '.join(rows)}.")
        return rows[layer]

    def __str__(self) -> str:
        cells = [("layer", "kind", "weights", "gradient", "norm")]
        for r in self.rows:
            norm = "-" if np.isnan(r.norm) else f"{r.norm:.3e}"
            cells.append((r.layer, r.kind, str(r.n_weights), r.state, norm))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [_line(row, widths) for row in cells]
        return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def gradient_report(model: keras.Model, x, y) -> GradientReport:
    """Measures how far back the gradient of the loss reaches, on one batch.

    Regularisation takes no part: it would give weights a gradient that no data has.

    Args:
        model: A compiled Keras model.
        x: A batch of inputs.
        y: Their targets.

    Returns:
        A row for each layer that owns weights (wrapped and nested ones too).

    Raises:
        ValueError: If the model is not compiled.

    Example:
        >>> import tfq_resqunn as rq
        >>> data = rq.datasets.load("digits", n_train=16, n_test=10)
        >>> model = rq.resqunn((8, 8, 1), 10, placement="X+O1", input_gradient=False)
        >>> model.compile("adam", "sparse_categorical_crossentropy")
        >>> report = gradient_report(model, data.x_train, data.y_train)
        >>> [(row.layer, row.state) for row in report.rows]
        [('quanv_1', 'none'), ('quanv_2', 'flows'), ('head', 'flows')]
    """
    if getattr(model, "loss", None) is None:
        raise ValueError(
            "gradient_report: `model` must be compiled, since the gradient is that of its loss. "
            "Call model.compile(optimizer, loss) first."
        )
    layers = list(_layers_with_weights(model))
    weights = {id(w): w for _, layer in layers for w in layer.trainable_weights}
    gradients = dict(zip(weights, _gradients(model, x, y, list(weights.values())), strict=True))
    return GradientReport(tuple(_row(name, layer, gradients) for name, layer in layers))


def _gradients(model, x, y, weights) -> list:
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    with tf.GradientTape() as weights_tape:
        # A copy, since Keras' losses look through a softmax that they recognise.
        outputs = tf.nest.map_structure(tf.identity, model(x, training=False))
    # The loss is differentiated by the outputs only, which leaves regularisers out.
    with tf.GradientTape() as loss_tape:
        loss_tape.watch(tf.nest.flatten(outputs))
        loss = model.compute_loss(x=x, y=y, y_pred=outputs)
    from_loss = loss_tape.gradient(loss, outputs)
    variables = [w.value if IS_KERAS_3 else w for w in weights]
    return weights_tape.gradient(outputs, variables, output_gradients=from_loss)


def _layers_with_weights(parent, prefix: str = "") -> Iterator[tuple[str, keras.layers.Layer]]:
    for layer in _children(parent):
        name = prefix + layer.name
        if _children(layer):
            yield from _layers_with_weights(layer, f"{name}/")
        elif layer.weights:
            yield name, layer


def _children(layer) -> list[keras.layers.Layer]:
    if isinstance(layer, keras.Model):
        return layer.layers
    if isinstance(layer, keras.layers.Wrapper):
        return [c for c in (layer.layer, getattr(layer, "shortcut", None)) if c is not None]
    return []


def _row(name: str, layer, gradients: dict) -> GradientRow:
    own = [gradients[id(w)] for w in layer.trainable_weights]
    arrays = [tf.convert_to_tensor(g).numpy() for g in own if g is not None]
    norm = float(np.sqrt(sum(np.sum(np.square(a, dtype=np.float64)) for a in arrays)))
    if not own:
        state = "static"
    elif not arrays:
        state = "none"
    else:
        state = "flows" if any(np.any(a) for a in arrays) else "zero"
    n_weights = sum(int(np.prod(w.shape)) for w in layer.trainable_weights)
    return GradientRow(name, type(layer).__name__, n_weights, state, norm if arrays else np.nan)


def _line(row, widths) -> str:
    return "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
