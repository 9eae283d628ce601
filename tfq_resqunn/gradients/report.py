"""Which layers receive gradients, on one batch."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.gradients.batch import Batch, checked_batch
from tfq_resqunn.gradients.layers import (
    NamedLayers,
    circuit_of,
    layers_with_weights,
    own_trainable_weights,
)
from tfq_resqunn.layers.checks import check_model
from tfq_resqunn.layers.input_watch import watching_in_graphs

# The gradients of each layer's trainable weights; `None` where no path leads.
Gradients = list[list[tf.Tensor | None]]
Measure = Callable[[Batch, Batch], Gradients]


@dataclasses.dataclass(frozen=True)
class GradientRow:
    """The gradient that reaches one layer.

    Attributes:
        layer: Name of the layer; within others, their names before it.
        kind: Its class.
        n_weights: Number of trainable weights.
        state: `"none"`: no path leads from the loss to the weights (the graph is cut). `"zero"`:
            a path leads there, and every component is exactly zero. `"flows"`: some component is
            not zero, and all are finite. `"nan"`: some component is NaN or infinite. `"frozen"`:
            the layer has weights, none of them trainable.
        norm: Euclidean norm of the gradient; `nan` where there is none, and not finite where the
            state is `"nan"`.
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
        cells: list[tuple[str, ...]] = [("layer", "kind", "weights", "gradient", "norm")]
        for r in self.rows:
            norm = "-" if np.isnan(r.norm) and r.state != "nan" else f"{r.norm:.3e}"
            cells.append((r.layer, r.kind, str(r.n_weights), r.state, norm))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        cells.insert(1, tuple("-" * width for width in widths))
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)
        return "\n".join(lines)


def gradient_report(
    model: keras.Model, x: Batch | tf.data.Dataset, y: Batch | None = None
) -> GradientReport:
    """Measures how far back the gradient of the loss reaches, on one batch.

    Regularisation takes no part: it would give weights a gradient that no data has.

    Args:
        model: A compiled Keras model.
        x: A batch of inputs: an array, or several in a list or dictionary, as the model takes them.
            Or a `tf.data.Dataset` of inputs and targets, whose first batch is taken.
        y: Their targets, likewise; left out for a `tf.data.Dataset`.

    Returns:
        A row for each layer that owns weights, wherever it stands: nested, wrapped, or held by a
        layer of the user's own.

    Raises:
        ValueError: If the model is not compiled, or inputs and targets are not equally many, or
            none.

    Example:
        >>> import tfq_resqunn as rq
        >>> data = rq.datasets.load("digits", n_train=16, n_test=10)
        >>> model = rq.resqunn((8, 8, 1), 10, placement="X+O1", input_gradient=False)
        >>> model.compile("adam", "sparse_categorical_crossentropy")
        >>> report = gradient_report(model, data.x_train, data.y_train)
        >>> [(row.layer, row.state) for row in report.rows]
        [('quanv_1', 'none'), ('quanv_2', 'flows'), ('head', 'flows')]
    """
    check_model(model, "model", "gradient_report")
    check_compiled(model, "gradient_report")
    x, y = checked_batch(x, y, "gradient_report")
    layers = tuple(layers_with_weights(model))
    return make_report(layers, loss_gradients(model, layers, x, y))


def check_compiled(model: keras.Model, who: str) -> None:
    """Raises a `ValueError` if a model has no loss yet."""
    if getattr(model, "loss", None) is None:
        raise ValueError(
            f"{who}: `model` must be compiled, since the gradient is that of its loss. "
            "Call model.compile(optimizer, loss) first."
        )


def loss_gradients(model: keras.Model, layers: NamedLayers, x: Batch, y: Batch) -> Gradients:
    """Gives the gradients of each named layer's trainable weights, `None` where no path leads."""
    with tf.GradientTape() as weights_tape:
        # A copy hides a final softmax, in whose place Keras' losses would take its logits.
        outputs = tf.nest.map_structure(tf.identity, model(x, training=False))
    flat = tf.nest.flatten(outputs)
    # The loss is differentiated by the outputs only, which leaves regularisers out.
    with tf.GradientTape() as loss_tape:
        loss_tape.watch(flat)
        loss = _loss(model, x, y, outputs)
    by_outputs = zip(flat, loss_tape.gradient(loss, flat), strict=True)
    # For an output without a gradient, since it has no loss, TensorFlow would assume ones.
    reached = [(output, gradient) for output, gradient in by_outputs if gradient is not None]
    weights = [own_trainable_weights(layer) for _, layer in layers]
    if not reached:
        return [[None] * len(own) for own in weights]
    targets, from_loss = map(list, zip(*reached, strict=True))
    variables = [[w.value if IS_KERAS_3 else w for w in own] for own in weights]
    gradients = weights_tape.gradient(targets, variables, output_gradients=from_loss)
    return [[g if g is None else tf.convert_to_tensor(g) for g in own] for own in gradients]


def traced_gradients(model: keras.Model, layers: NamedLayers, x: Batch, y: Batch) -> Measure:
    """Traces `loss_gradients` once, as a function of batches like this one.

    A concrete function is never traced again, and TensorFlow does not warn of it where the
    gradients of many models are measured one after the other.
    """
    traced = tf.function(lambda x, y: loss_gradients(model, layers, x, y), autograph=False)
    with watching_in_graphs():
        concrete = traced.get_concrete_function(x, y)

    def measure(x: Batch, y: Batch) -> Gradients:
        gradients = concrete(x, y)
        for _, layer in layers:
            if (circuit := circuit_of(layer)) is not None:
                layer.input_watch.warn(circuit)
        return gradients

    return measure


def _loss(model: keras.Model, x: Batch, y: Batch, outputs: Batch) -> tf.Tensor:
    """Gives the loss as `fit` does. Keras 2 also counts it in metrics; these are left alone."""
    if IS_KERAS_3:
        return model.compute_loss(x=x, y=y, y_pred=outputs)
    with contextlib.ExitStack() as stack:
        if not model.compiled_loss.built:
            with model.distribute_strategy.scope():
                model.compiled_loss.build(outputs)
        for metric in model.compiled_loss.metrics:
            stack.callback(setattr, metric, "update_state", metric.update_state)
            metric.update_state = lambda *args, **kwargs: None
        return model.compute_loss(x=x, y=y, y_pred=outputs)


def make_report(layers: NamedLayers, gradients: Gradients) -> GradientReport:
    """Makes a report of named layers and what `loss_gradients` gave for them."""
    pairs = zip(layers, gradients, strict=True)
    return GradientReport(tuple(_row(name, layer, own) for (name, layer), own in pairs))


def _row(name: str, layer: keras.layers.Layer, gradients: Sequence) -> GradientRow:
    components = flat_components(gradients)
    norm = float(np.linalg.norm(components)) if components.size else np.nan
    zeros = float(np.mean(components == 0)) if components.size else np.nan
    n_weights = sum(int(np.prod(w.shape)) for w in own_trainable_weights(layer))
    state = state_of(components) if gradients else "frozen"
    return GradientRow(name, type(layer).__name__, n_weights, state, norm, zeros)


def state_of(components: np.ndarray) -> str:
    """Says what the components of a gradient amount to, as in `GradientRow`.

    >>> [state_of(np.array(c)) for c in ([], [0.0, 0.0], [0.0, 1.0], [np.inf, 1.0])]
    ['none', 'zero', 'flows', 'nan']
    """
    if not components.size:
        return "none"
    if not np.isfinite(components).all():
        return "nan"
    return "flows" if components.any() else "zero"


def flat_components(gradients: Sequence) -> np.ndarray:
    """Gives all components of a layer's gradients that exist as one float64 vector."""
    parts = [np.ravel(g).astype(np.float64) for g in gradients if g is not None]
    return np.concatenate(parts) if parts else np.empty(0)
