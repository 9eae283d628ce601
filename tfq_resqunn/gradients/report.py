"""Which layers receive gradients, on one batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn._keras import IS_KERAS_3, keras
from tfq_resqunn.gradients.layers import layers_with_weights


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
        zeros: Share of the gradient's components that are exactly zero; `nan` where there is none.
    """

    layer: str
    kind: str
    n_weights: int
    state: str
    norm: float
    zeros: float


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
    check_compiled(model, "gradient_report")
    layers = tuple(layers_with_weights(model))
    gradients = loss_gradients(model, layers, tf.convert_to_tensor(x), tf.convert_to_tensor(y))
    return make_report(layers, gradients)


def check_compiled(model: keras.Model, who: str) -> None:
    """Raises a ValueError if a model has no loss yet."""
    if getattr(model, "loss", None) is None:
        raise ValueError(
            f"{who}: `model` must be compiled, since the gradient is that of its loss. "
            "Call model.compile(optimizer, loss) first."
        )


def loss_gradients(model: keras.Model, layers: Sequence, x, y) -> list[list]:
    """Gives the gradients of each named layer's trainable weights, `None` where no path leads."""
    with tf.GradientTape() as weights_tape:
        # A copy, since Keras' losses look through a softmax that they recognise.
        outputs = tf.nest.map_structure(tf.identity, model(x, training=False))
    # The loss is differentiated by the outputs only, which leaves regularisers out.
    with tf.GradientTape() as loss_tape:
        loss_tape.watch(tf.nest.flatten(outputs))
        loss = model.compute_loss(x=x, y=y, y_pred=outputs)
    from_loss = loss_tape.gradient(loss, outputs)
    weights = [[_variable(w) for w in layer.trainable_weights] for _, layer in layers]
    gradients = weights_tape.gradient(outputs, weights, output_gradients=from_loss)
    return [[g if g is None else tf.convert_to_tensor(g) for g in own] for own in gradients]


def make_report(layers: Sequence, gradients: Sequence[Sequence]) -> GradientReport:
    """Makes a report of named layers and what `loss_gradients` gave for them."""
    pairs = zip(layers, gradients, strict=True)
    return GradientReport(tuple(_row(name, layer, own) for (name, layer), own in pairs))


def _variable(weight):
    return weight.value if IS_KERAS_3 else weight


def _row(name: str, layer, gradients: Sequence) -> GradientRow:
    components = flat_components(gradients)
    norm = zeros = np.nan
    if not gradients:
        state = "static"
    elif not components.size:
        state = "none"
    else:
        norm = float(np.linalg.norm(components))
        zeros = float(np.mean(components == 0))
        state = "zero" if zeros == 1 else "flows"
    n_weights = sum(int(np.prod(w.shape)) for w in layer.trainable_weights)
    return GradientRow(name, type(layer).__name__, n_weights, state, norm, zeros)


def flat_components(gradients: Sequence) -> np.ndarray:
    """Gives all components of a layer's gradients that exist as one float64 vector."""
    parts = [np.ravel(g).astype(np.float64) for g in gradients if g is not None]
    return np.concatenate(parts) if parts else np.empty(0)


def _line(row, widths) -> str:
    return "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
