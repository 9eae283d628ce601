"""Gradients by shifts: a derivative as a sum of values nearby, each times a factor.

Reference: Wierichs, Izaac, Wang, Lin, *General parameter-shift rules for quantum gradients*
(2022), arXiv:2107.12390, section 3.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.tensors.own_gradient import with_gradient

# Pairs of a shift s and a factor d: f'(t) is the sum of all d f(t + s).
Rule = Sequence[tuple[float, float]]


def shift_rule(gate: Gate) -> Rule:
    """Gives the parameter shift rule of a gate's exponent, which is exact.

    Raises:
        ValueError: If the gate's frequencies are not multiples of one.

    Example:
        >>> import cirq, sympy
        >>> from tfq_resqunn.simulation.gates.spectral import gates_of
        >>> q = cirq.LineQubit(0)
        >>> [gate] = gates_of(cirq.Circuit(cirq.X(q) ** sympy.Symbol("t")), [q])
        >>> [(round(float(s), 6), round(float(d), 6)) for s, d in shift_rule(gate)]
        [(0.5, 1.570796), (-0.5, -1.570796)]
    """
    levels = gate.frequencies[np.any(gate.projectors, axis=(1, 2))]
    differences = np.unique(np.round(np.abs(levels[:, None] - levels), 9))
    frequencies = differences[differences > 0]
    if not len(frequencies):
        return []
    # Equidistant shifts serve for all multiples of one frequency; others may make them singular.
    unit = next((u for u in frequencies[0] / np.arange(1, 9) if _divides(u, frequencies)), None)
    if unit is None:
        raise ValueError(
            "Finite shots, and circuits on Cirq's simulators and devices, are differentiated by "
            "the parameter shift rule, for gates whose frequencies are multiples of one. Received "
            f"a gate with {frequencies.tolist()}. Decompose it, or use backend='compiled' with "
            "repetitions=None."
        )
    n = round(frequencies[-1] / unit)
    multiples = unit * np.arange(1, n + 1)
    shifts = (2 * np.arange(n) + 1) / (2 * n * unit)
    factors = np.linalg.solve(2 * np.sin(np.pi * np.outer(multiples, shifts)), np.pi * multiples)
    return [(s, d) for s, d in zip(shifts, factors, strict=True)] + [
        (-s, -d) for s, d in zip(shifts, factors, strict=True)
    ]


def _divides(unit: float, frequencies: np.ndarray) -> bool:
    return np.allclose(frequencies / unit, np.round(frequencies / unit), atol=1e-6)


@dataclasses.dataclass(frozen=True, eq=False)
class Shifts:
    """All moves that a gradient takes, of one place each.

    Attributes:
        steps: `[places, moves]`, by how much each move shifts each place.
        factors: `[places, moves]`, the factor of its value in the derivative by each place.
    """

    steps: np.ndarray
    factors: np.ndarray

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "Shifts":
        """Makes them of one rule for each place."""
        moves = [(place, s, d) for place, rule in enumerate(rules) for s, d in rule]
        steps = np.zeros((len(rules), len(moves)))
        factors = np.zeros((len(rules), len(moves)))
        for move, (place, step, factor) in enumerate(moves):
            steps[place, move], factors[place, move] = step, factor
        return cls(steps, factors)


def differentiated(function: Callable, shifts: Shifts) -> Callable:
    """Gives a function gradients of any order by shifts.

    Args:
        function: From `[places, rows]` to `[outcomes, rows]`, each row by itself. All rows of all
            moves are asked for at once.
        shifts: Of the places.
    """
    n_places, n_moves = shifts.steps.shape

    def gradient(places, upstream):
        steps, factors = (tf.constant(a, places.dtype) for a in (shifts.steps, shifts.factors))
        n_outcomes, n_rows = upstream.shape[0], tf.shape(places)[1]
        moved = tf.reshape(places[:, None, :] + steps[:, :, None], [n_places, n_moves * n_rows])
        values = tf.reshape(own(moved), [n_outcomes, n_moves, n_rows])
        return [tf.matmul(factors, tf.reduce_sum(upstream[:, None, :] * values, axis=0))]

    own = with_gradient(function, gradient)
    return own
