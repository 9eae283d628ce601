"""Cosines and sines of exponents: of `pi t`."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.tensors.own_gradient import custom_gradient
from tfq_resqunn.simulation.tensors.xla import in_cpu_xla


def cosine(half_turns: tf.Tensor) -> tf.Tensor:
    """Gives `cos(pi t)`.

    XLA on a CPU computes cosines and sines one number at a time, which would cost more than all
    the rest; there, in float32, they are polynomials after range reduction (error below 1e-6).
    """
    return _cosine(half_turns) if _is_polynomial(half_turns) else tf.cos(half_turns * np.pi)


def sine(half_turns: tf.Tensor) -> tf.Tensor:
    """Gives `sin(pi t)`, as `cosine` does."""
    return _sine(half_turns) if _is_polynomial(half_turns) else tf.sin(half_turns * np.pi)


def cos_sin(half_turns: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Gives `cos(pi t)` and `sin(pi t)`."""
    return cosine(half_turns), sine(half_turns)


def _is_polynomial(half_turns: tf.Tensor) -> bool:
    return half_turns.dtype == tf.float32 and in_cpu_xla()


# sin and cos of (pi / 2) t on [-1, 1], minimax in t**2.
_SINE = (
    1.5707963267680645,
    -0.6459640955740902,
    0.07969260368538653,
    -0.004681657706889848,
    0.0001602545899051696,
    -3.431788892764113e-06,
)
_COSINE = (
    0.9999999999992482,
    -1.2337005500624714,
    0.25366950672118854,
    -0.020863473676371053,
    0.0009192399874515492,
    -2.5172184706434557e-05,
    4.4921640502642343e-07,
)


@custom_gradient
def _cosine(half_turns: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    _, sine = _halves(half_turns)
    return 1.0 - 2.0 * sine * sine, lambda upstream: -np.pi * upstream * _sine(half_turns)


@custom_gradient
def _sine(half_turns: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    cosine, sine = _halves(half_turns)
    return 2.0 * sine * cosine, lambda upstream: np.pi * upstream * _cosine(half_turns)


def _halves(half_turns: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    # Cosine and sine of half the angle, after whole turns are taken off.
    t = half_turns - 2.0 * tf.round(half_turns * 0.5)
    square = t * t
    return _horner(_COSINE, square), _horner(_SINE, square) * t


def _horner(coefficients: Sequence[float], x: tf.Tensor) -> tf.Tensor:
    value = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        value = value * x + c
    return value
