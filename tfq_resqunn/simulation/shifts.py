"""Gradients by shifts: a derivative as a sum of values nearby, each times a factor.

Reference: Wierichs, Izaac, Wang, Lin, *General parameter-shift rules for quantum gradients*
(2022), arXiv:2107.12390, section 3.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.tensors.own_gradient import with_gradient

# Pairs of a shift s and a factor d: f'(t) is the sum of all d f(t + s).
Rule = Sequence[tuple[float, float]]


def shift_rule(gate: Gate) -> Rule:
    """Gives the parameter shift rule of a gate's exponent, which is exact.

    Raises a `ValueError` if the gate's frequencies are not multiples of one.

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
    for unit in frequencies[0] / np.arange(1, 9):
        if np.allclose(frequencies / unit, np.round(frequencies / unit), atol=1e-6):
            break
    else:
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
    return list(zip([*shifts, *-shifts], [*factors, *-factors], strict=True))


def moves_by(rules: Sequence[Rule]) -> np.ndarray:
    """Gives all moves that a gradient takes, of one place each, from a rule for each place.

    These are steps and factors, `[2, places, moves]`: by how much each move shifts each place, and
    the factor of its value in the derivative by that place.
    """
    moves = [(place, *pair) for place, rule in enumerate(rules) for pair in rule]
    found = np.zeros((2, len(rules), len(moves)))
    for move, (place, step, factor) in enumerate(moves):
        found[:, place, move] = step, factor
    return found


def differentiated(function: Callable, rules: Sequence[Rule]) -> Callable:
    """Gives a function gradients of any order by shifts, from a rule for each place.

    The function maps `[places, rows]` to `[outcomes, rows]`, each row by itself. It is asked for
    all rows of all moves at once.
    """
    moves = moves_by(rules)
    _, n_places, n_moves = moves.shape

    def gradient(places: tf.Tensor, upstream: tf.Tensor) -> list[tf.Tensor]:
        steps, factors = (tf.constant(a, places.dtype) for a in moves)
        n_outcomes, n_rows = upstream.shape[0], tf.shape(places)[1]
        moved = tf.reshape(places[:, None, :] + steps[:, :, None], [n_places, n_moves * n_rows])
        values = tf.reshape(own(moved), [n_outcomes, n_moves, n_rows])
        return [tf.matmul(factors, tf.reduce_sum(upstream[:, None, :] * values, axis=0))]

    own = with_gradient(function, gradient)
    return own
