"""Encodings by commuting gates (instantaneous quantum polynomial, IQP): products of values."""

import itertools
from collections.abc import Callable

import cirq
import numpy as np
import sympy

from tfq_resqunn._utils.arguments import check_size, choice
from tfq_resqunn.circuits.names import ENCODERS
from tfq_resqunn.circuits.rotations import radians_per_unit
from tfq_resqunn.circuits.symbols import data_symbols


@ENCODERS.register("iqp")
def iqp_encoder(
    n_features: int, *, n_repeats: int = 2, pairs: str = "all", scale: float = np.pi
) -> cirq.Circuit:
    """Encodes values as angles about z, and the product of each pair as one about zz.

    Each repetition is a Hadamard gate on every qubit, a rotation about z by `a_i` on qubit i, and
    one about zz by `a_i * a_j` on the pair i, j, with the angles `a = scale * x`. The data
    entangles the qubits, so the compiled backend goes through state vectors.

    Args:
        n_features: Number of values, and of qubits.
        n_repeats: How often all of it is repeated. A single time, with Pauli Z measured and no
            ansatz, nothing would be seen.
        pairs: `"all"`, or `"neighbours"` for those of qubits next to each other.
        scale: Radians per unit of input.

    Returns:
        A `cirq.Circuit` with the symbols `x_000`, `x_001`, ...

    Raises:
        TypeError: If a count is no integer.
        ValueError: If a count is below 1, `pairs` is unknown, or `scale` is 0 or not finite.

    Example:
        >>> print(iqp_encoder(2, n_repeats=1))
        0: ───H───Rz(pi*x_000)───ZZ────────────────────
                                 │
        1: ───H───Rz(pi*x_001)───ZZ^(pi*x_000*x_001)───

    Reference:
        Havlicek et al., *Supervised learning with quantum-enhanced feature spaces* (2019),
        arXiv:1804.11326; with products as angles as in PennyLane's `IQPEmbedding`.
    """
    angles = (lambda a: a, lambda a, b: a * b)
    return _commuting(n_features, n_repeats, pairs, scale, angles, "iqp_encoder")


@ENCODERS.register("zz_feature_map")
def zz_feature_map(
    n_features: int, *, n_repeats: int = 2, pairs: str = "all", scale: float = np.pi
) -> cirq.Circuit:
    """Encodes as `iqp_encoder`, with the angles of Havlicek et al. (2019).

    These are `-2 * a_i` about z and `-2 * (pi - a_i) * (pi - a_j)` about zz, with
    `a = scale * x`: the unitary is
    `exp(i sum_i a_i Z_i + i sum_ij (pi - a_i)(pi - a_j) Z_i Z_j)`.

    Args:
        n_features: As for `iqp_encoder`, likewise errors.
        n_repeats: As for `iqp_encoder`.
        pairs: As for `iqp_encoder`.
        scale: Radians per unit of input. The paper's data lies in (0, 2 pi]: there it is 1.

    Returns:
        A `cirq.Circuit` with the symbols `x_000`, `x_001`, ...

    Example:
        >>> len(list(zz_feature_map(4).all_operations()))  # 2 * (4 + 4 + 6)
        28

    Reference:
        Havlicek et al., *Supervised learning with quantum-enhanced feature spaces* (2019),
        arXiv:1804.11326, figure 1 and its supplement.
    """
    angles = (lambda a: -2 * a, lambda a, b: -2 * (sympy.pi - a) * (sympy.pi - b))
    return _commuting(n_features, n_repeats, pairs, scale, angles, "zz_feature_map")


def _commuting(
    n_features: int, n_repeats: int, pairs: str, scale: float, about: tuple[Callable, ...], who: str
) -> cirq.Circuit:
    n_features = check_size(n_features, "n_features", who)
    n_repeats = check_size(n_repeats, "n_repeats", who)
    choice("all", "neighbours")(pairs, "pairs", who)
    factor = radians_per_unit(scale, who)
    about_z, about_zz = about
    angles = [factor * x for x in data_symbols(n_features)]
    qubits = cirq.LineQubit.range(n_features)
    places = range(n_features)
    joined = itertools.combinations(places, 2) if pairs == "all" else itertools.pairwise(places)
    once = cirq.Circuit(cirq.Moment(cirq.H.on_each(*qubits)))
    once += cirq.Moment(cirq.rz(about_z(a))(q) for a, q in zip(angles, qubits, strict=True))
    together = cirq.Circuit()
    for i, j in joined:
        # exp(-i angle/2 ZZ), the rotation about two z axes at once.
        turns = about_zz(angles[i], angles[j]) / sympy.pi
        together.append(cirq.ZZPowGate(exponent=turns, global_shift=-0.5)(qubits[i], qubits[j]))
    return (once + together) * n_repeats
