"""Amplitude encoding: the values become the amplitudes of a state."""

import cirq
import sympy

from tfq_resqunn._utils.arguments import check_size
from tfq_resqunn.circuits.names import ENCODERS
from tfq_resqunn.circuits.symbols import data_symbols


@ENCODERS.register("amplitude")
def amplitude_encoder(n_features: int) -> cirq.Circuit:
    """Prepares the state whose amplitudes are the values, divided by their norm.

    Takes `ceil(log2(n_features))` qubits, at least one; amplitudes beyond the values are 0. The
    first qubit is the most significant digit. The state is prepared by uniformly controlled
    rotations about y, whose angles are computed from the data and differentiable. Where all
    values are 0, there is no such state: the qubits stay in |0...0>, and the gradient by the
    data is taken to be 0.

    The state does not depend on the norm of the values: a patch and its half look alike.

    Args:
        n_features: Number of values.

    Returns:
        A `cirq.Circuit` with the symbols `x_000`, `x_001`, ...

    Raises:
        TypeError: If `n_features` is no integer.
        ValueError: If `n_features` is below 1.

    Example:
        >>> print(amplitude_encoder(2))
        0: ───Ry(2*atan2(x_001, x_000))───

    Reference:
        Mottonen, Vartiainen, Bergholm, Salomaa, *Transformation of quantum states using uniformly
        controlled rotations* (2004), arXiv:quant-ph/0407010.
    """
    n_features = check_size(n_features, "n_features", "amplitude_encoder")
    n_qubits = max(1, (n_features - 1).bit_length())
    values = data_symbols(n_features)
    amplitudes = [*values, *[sympy.Integer(0)] * (2**n_qubits - n_features)]
    qubits = cirq.LineQubit.range(n_qubits)
    circuit = cirq.Circuit()
    for n_controls in range(n_qubits):
        angles = _angles(amplitudes, n_controls)
        circuit += cirq.Circuit(_multiplexed(angles, qubits[:n_controls], qubits[n_controls]))
    return circuit


def _angles(amplitudes: list[sympy.Expr], n_controls: int) -> list[sympy.Expr]:
    """The angle about y for each state of the qubits before: it splits the norm in two."""
    size = len(amplitudes) >> n_controls
    halves = [amplitudes[i : i + size // 2] for i in range(0, len(amplitudes), size // 2)]
    return [_angle(*pair) for pair in zip(halves[::2], halves[1::2], strict=True)]


def _angle(lower: list[sympy.Expr], upper: list[sympy.Expr]) -> sympy.Expr:
    if not any(lower) and not any(upper):  # a branch beyond the values: nothing to turn
        return sympy.Integer(0)
    return 2 * sympy.atan2(_norm(upper), _norm(lower))


def _norm(values: list[sympy.Expr]) -> sympy.Expr:
    if len(values) == 1:
        return values[0]  # with its sign
    return sympy.sqrt(sum(v**2 for v in values))


def _multiplexed(
    angles: list[sympy.Expr], controls: list[cirq.Qid], target: cirq.Qid
) -> cirq.OP_TREE:
    """Rotates by `angles[c]`, where c is what the controls say, the first most significant.

    CNOTs from the last control turn the sign of half of a rotation: the two halves are the sum
    and the difference of the two angles, each over two, and controlled by the others alone.
    """
    if not controls:
        yield cirq.ry(angles[0])(target)
        return
    pairs = list(zip(angles[::2], angles[1::2], strict=True))
    yield from _multiplexed([(a + b) / 2 for a, b in pairs], controls[:-1], target)
    yield cirq.CNOT(controls[-1], target)
    yield from _multiplexed([(a - b) / 2 for a, b in pairs], controls[:-1], target)
    yield cirq.CNOT(controls[-1], target)
