"""Angles of circuits by the names of their symbols, for layers to show and to take."""

from collections.abc import Mapping, Sequence

import numpy as np
import sympy

from tfq_resqunn._utils.arguments import received
from tfq_resqunn._utils.names import did_you_mean, shortened

Angle = float | Sequence[float] | np.ndarray  # of all filters, or one for each
Angles = Mapping[str, Angle] | Mapping[sympy.Symbol, Angle]


def by_name(weights: np.ndarray, symbols: Sequence[sympy.Symbol]) -> dict[str, float | np.ndarray]:
    """Names angles `[filters, n_weights]`; each is a number, or an array of one a filter."""
    columns = zip(symbols, np.transpose(weights), strict=True)
    return {str(s): float(c[0]) if len(c) == 1 else np.array(c) for s, c in columns}


def with_angles(
    weights: np.ndarray, symbols: Sequence[sympy.Symbol], angles: Angles, who: str
) -> np.ndarray:
    """Gives the weights, `[filters, n_weights]`, in which some symbols have other angles.

    `angles` maps symbols or their names to a number, or to an array of one for each filter.
    """
    if not isinstance(angles, Mapping):
        raise TypeError(
            f"{who}: `angles` must be a dict from names of weights to angles, such as "
            f"{{'{symbols[0]}': 0.3}}. Received {received(angles)}."
        )
    changed, names = np.array(weights), [str(s) for s in symbols]
    for symbol, value in angles.items():
        name = str(symbol)
        if name not in names:
            raise ValueError(
                f"{who}: `angles` must name weights of the circuit ({shortened(names)}). "
                f"Received {name!r}.{did_you_mean(name, names)}"
            )
        changed[:, names.index(name)] = _of_filters(value, name, len(changed), who)
    return changed


def _of_filters(value: Angle, name: str, filters: int, who: str) -> np.ndarray:
    shape = "one number" if filters == 1 else f"one number, or an array of {filters}, one a filter"
    rule = f"{who}: `angles` must give {name!r} {shape}"
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iuf":
        raise TypeError(f"{rule}. Received {received(value)}.")
    if numbers.shape not in ((), (filters,)):
        raise ValueError(f"{rule}. Received an array of shape {numbers.shape}.")
    if not np.all(np.isfinite(numbers)):
        raise ValueError(f"{rule}, all finite. Received {received(value)}.")
    return numbers
