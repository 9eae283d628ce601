"""`gradient_variance()`: how gradients shrink as circuits grow (barren plateaus)."""

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tfq_resqunn._utils.arguments import Rule, check_seed, checked, integer, received
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn.gradients.batch import Batch, checked_batch
from tfq_resqunn.gradients.layers import circuit_of, layers_with_weights, own_trainable_weights
from tfq_resqunn.gradients.report import (
    check_compiled,
    flat_components,
    loss_gradients,
    state_of,
    traced_gradients,
)
from tfq_resqunn.layers.checks import check_model
from tfq_resqunn.plots import variance_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_RESAMPLES = 1000
COVERAGE = 0.95

_BUILDER = Rule(
    "a function that takes the parameters in `over` and gives a compiled model", callable
)


@dataclasses.dataclass(frozen=True)
class VarianceRow:
    """How much the gradient of one layer varies over initialisations.

    Attributes:
        point: The values of the parameters that are varied.
        layer: Name of the layer, after those of the layers around it.
        kind: Its class.
        n_weights: Number of trainable weights.
        variance: Variance of the loss's derivative by one weight, averaged over the layer's
            weights; `nan` where `state` is `"none"` or `"nan"`. Its unit is that of the loss
            squared, over that of the weight squared (radians, for a rotation by one weight).
        low: Lower end of the bootstrap's 95 % interval.
        high: Upper end of it.
        state: As in `GradientRow`, over all initialisations: `"nan"` if any component is not
            finite, `"zero"` if all are zero in all of them.
    """

    point: tuple
    layer: str
    kind: str
    n_weights: int
    variance: float
    low: float
    high: float
    state: str = "flows"


@dataclasses.dataclass(frozen=True)
class GradientVariance:
    """What `gradient_variance` measured; prints as a table.

    Attributes:
        over: The names of the parameters that are varied.
        rows: A row for each point and layer.
        n_samples: Initialisations for each combination of parameters.
    """

    over: tuple[str, ...]
    rows: tuple[VarianceRow, ...]
    n_samples: int

    @property
    def table(self) -> pd.DataFrame:
        """The rows as a table, with a column for each varied parameter."""
        _, *columns = (field.name for field in dataclasses.fields(VarianceRow))
        rows = [(*row.point, *(getattr(row, name) for name in columns)) for row in self.rows]
        return pd.DataFrame(rows, columns=[*self.over, *columns])

    def __str__(self) -> str:
        text = self.table.to_string(index=False, float_format="{:.3e}".format, na_rep="-")
        samples = f"{self.n_samples} initialisations each"
        return f"{text}\n{samples}; low, high: 95 % interval (bootstrap)"

    def plot(self, path: str | os.PathLike | None = None) -> "Figure":
        """Draws variances and their intervals over the first parameter, on a log scale.

        Args:
            path: File to write to; the suffix decides the format. Default: no file.

        Returns:
            The Matplotlib figure: a panel for each layer, a line for each value of the rest.
        """
        return variance_figure(self.table, self.over, path)


@checked(build=_BUILDER, n_samples=integer(2), seed=check_seed, verbose=integer(0, 2))
def gradient_variance(
    build: Callable[..., keras.Model],
    x: Batch | Callable[..., Batch],
    y: Batch | Callable[..., Batch],
    over: Mapping[str, Sequence],
    *,
    n_samples: int = 100,
    seed: int = 0,
    verbose: int = 1,
) -> GradientVariance:
    """Measures the variance of gradients over random initialisations, while a model grows.

    In deep random circuits it falls exponentially with the number of qubits (a barren plateau):
    the loss is flat almost everywhere, and training does not start.

    For each combination of parameters, `build` gives a model, whose weights are drawn `n_samples`
    times from its layers' initializers. If a layer does not name its initializers, the model is
    built anew for each sample instead, which takes longer. The gradient is that of
    `gradient_report`.

    Args:
        build: Function that takes the varied parameters by name and gives a compiled Keras model.
        x: A batch of inputs; or, where its shape depends on the parameters, a function that takes
            them and gives one.
        y: Their targets; or a function, likewise.
        over: The parameters to vary and their values. All combinations are measured.
        n_samples: Integer, initialisations for each combination, at least 2.
        seed: Integer; the same seed gives the same numbers.
        verbose: 0 is silent, 1 shows a progress bar.

    Returns:
        A `GradientVariance`. Layers are named as in the first model, if all models have the same
        kinds of layers in the same order.

    Raises:
        TypeError: If `build` cannot be called, `over` is no mapping, or it gives no Keras model.
        ValueError: If there is nothing to vary, `n_samples` is below 2, or a model is not
            compiled.

    Example:
        >>> import tfq_resqunn as rq
        >>> data = rq.datasets.load("digits", n_train=16, n_test=10)
        >>> def build(n_layers):
        ...     model = rq.resqunn((8, 8, 1), 10, depth=1, n_layers=n_layers)
        ...     model.compile("adam", "sparse_categorical_crossentropy")
        ...     return model
        >>> variance = gradient_variance(
        ...     build, data.x_train, data.y_train, {"n_layers": [1, 2]}, n_samples=5, verbose=0
        ... )
        >>> variance.table[["n_layers", "layer", "n_weights"]].values.tolist()
        [[1, 'quanv_1', 4], [1, 'head', 650], [2, 'quanv_1', 8], [2, 'head', 650]]

    Reference:
        McClean, Boixo, Smelyanskiy, Babbush, Neven, *Barren plateaus in quantum neural network
        training landscapes* (2018), arXiv:1803.11173.
    """
    points = _grid(over)
    rows = []
    bar = keras.utils.Progbar(len(points) * n_samples, unit_name="sample", verbose=verbose)
    for number, point in enumerate(points):
        set_seed(seed + number)
        rng = np.random.default_rng([seed, number])
        batch = [v(**point) if callable(v) else v for v in (x, y)]
        samples = []
        for sample in _samples(build, point, batch, n_samples, rng):
            samples.append(sample)
            bar.add(1)
        rows.append(_rows(tuple(point.values()), samples, rng))
    return GradientVariance(tuple(over), _with_common_names(rows), n_samples)


def _grid(over: Mapping[str, Sequence]) -> list[dict]:
    if not isinstance(over, Mapping):
        raise TypeError(
            "gradient_variance: `over` must be a dictionary, from the name of a parameter to its "
            f'values.\nReceived {over!r}.\nGive it the form {{"n_layers": [1, 2, 4]}}.'
        )
    for name, values in over.items():
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise TypeError(
                f"gradient_variance: `over[{name!r}]` must be a list of values. "
                f"Received {received(values)}."
            )
    over = {name: list(values) for name, values in over.items()}
    if not over or not all(over.values()):
        raise ValueError(
            "gradient_variance: `over` must name at least one parameter, and at least one value "
            f"for each.\nReceived {over}."
        )
    return [dict(zip(over, values, strict=True)) for values in itertools.product(*over.values())]


def _samples(
    build: Callable, point: dict, batch: list[Batch], n_samples: int, rng: np.random.Generator
) -> Iterator[tuple]:
    """Yields the named layers and their gradients, once for each initialisation."""
    x, y = checked_batch(batch[0], batch[1], "gradient_variance")
    model = _built(build, point, x)
    pairs = _initializers(model)
    if pairs is None:
        for k in range(n_samples):
            model = model if k == 0 else _built(build, point, x)
            layers = tuple(layers_with_weights(model))
            yield layers, loss_gradients(model, layers, x, y)
        return
    layers = tuple(layers_with_weights(model))
    measure = traced_gradients(model, layers, x, y)
    for _ in range(n_samples):
        _redraw(pairs, rng)
        yield layers, measure(x, y)


def _built(build: Callable[..., keras.Model], point: dict, x: Batch) -> keras.Model:
    model = build(**point)
    given = ", ".join(f"{name}={value!r}" for name, value in point.items())
    check_model(model, f"build({given})", "gradient_variance")
    check_compiled(model, "gradient_variance")
    if not model.built:
        model(x)
    return model


def _initializers(model: keras.Model) -> list[tuple] | None:
    """Pairs each trainable weight with its initializer; gives `None` if any is unknown."""
    pairs = []
    for _, layer in layers_with_weights(model):
        for weight in own_trainable_weights(layer):
            # Layers with circuits have one initializer; others have one named after each weight.
            name = weight.name.split("/")[-1].split(":")[0]
            attribute = "initializer" if circuit_of(layer) is not None else f"{name}_initializer"
            pairs.append((weight, getattr(layer, attribute, None)))
    return None if any(initializer is None for _, initializer in pairs) else pairs


def _redraw(pairs: list[tuple], rng: np.random.Generator) -> None:
    """Draws weights anew, with a new seed for each initializer that takes one."""
    for weight, initializer in pairs:
        config = initializer.get_config()
        if "seed" in config:
            # Under Keras 3, an initializer gives the same numbers each time it is called.
            seed = int(rng.integers(2**31))
            initializer = type(initializer).from_config({**config, "seed": seed})
        weight.assign(initializer(tuple(weight.shape), dtype=weight.dtype))


def _rows(point: tuple, samples: list[tuple], rng: np.random.Generator) -> list[VarianceRow]:
    layers = samples[0][0]
    gradients = zip(*(own for _, own in samples), strict=True)
    rows = []
    for (name, layer), own in zip(layers, gradients, strict=True):
        if weights := own_trainable_weights(layer):
            n_weights = sum(int(np.prod(w.shape)) for w in weights)
            samples_of_layer = np.array([flat_components(g) for g in own])
            state = state_of(samples_of_layer)
            measurable = state in ("flows", "zero")
            spread = _spread(samples_of_layer, rng) if measurable else (np.nan,) * 3
            rows.append(VarianceRow(point, name, type(layer).__name__, n_weights, *spread, state))
    return rows


def _with_common_names(points: list[list[VarianceRow]]) -> tuple[VarianceRow, ...]:
    """Names layers as the first model does, where all have the same kinds in the same order.

    Keras numbers the layers that nobody named: dense, dense_1, dense_2 in three models.
    """
    first = points[0]
    if any([row.kind for row in rows] != [row.kind for row in first] for rows in points):
        return tuple(itertools.chain.from_iterable(points))
    return tuple(
        dataclasses.replace(row, layer=named.layer)
        for rows in points
        for row, named in zip(rows, first, strict=True)
    )


def _spread(gradients: np.ndarray, rng: np.random.Generator) -> tuple[float, float, float]:
    """Gives the mean variance of the columns, and its interval by resampling the rows."""
    n = len(gradients)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    # Centred first: the difference of two means of squares would lose digits.
    centred = gradients - gradients.mean(axis=0)

    def mean_variance(weights: np.ndarray) -> np.ndarray:
        deviation = weights @ centred**2 - (weights @ centred) ** 2 / n
        return deviation.mean(axis=-1) / (n - 1)

    low, high = np.quantile(mean_variance(counts), [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(mean_variance(np.ones(n))), float(low), float(high)
