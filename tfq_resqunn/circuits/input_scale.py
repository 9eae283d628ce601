"""`InputScale`: how large the values are that a circuit's encoder can tell apart."""

import dataclasses
from collections.abc import Iterator

import cirq
import numpy as np
import sympy

from tfq_resqunn.circuits.circuit import QuanvCircuit
from tfq_resqunn.circuits.rewriting.decomposing import controls_of, innermost
from tfq_resqunn.circuits.rewriting.unrolling import distinct

# From this many times the size on that the encoder is made for, values are far too large. Pixels up
# to 255 are; sums of an image and the outcomes of a dozen layers are not.
FAR = 16.0


@dataclasses.dataclass(frozen=True)
class InputScale:
    """How large the values are that a circuit's encoder can tell apart.

    Neither is known where the size of values does not matter, as for amplitudes, or where each
    angle is set by weights as well, or by several values.

    Attributes:
        period: What can be added to a value without changing what a gate does, where the gate's
            angle is proportional to it. Of several gates with a value the longest period counts,
            then of several values the shortest.
        threshold: The number with which gates compare values; of several the one farthest from 0.

    Example:
        >>> from tfq_resqunn.circuits import angle_encoder, basic_entangler
        >>> InputScale.of(QuanvCircuit.from_parts(angle_encoder(4), basic_entangler(4)))
        InputScale(period=2.0, threshold=None)
    """

    period: float | None
    threshold: float | None

    @classmethod
    def of(cls, circuit: QuanvCircuit) -> "InputScale":
        """Finds it in the gates of a circuit."""
        periods: dict[sympy.Symbol, float] = {}
        thresholds = []
        for op, exponent, symbol in _with_one_value(circuit):
            if line := _line(exponent, symbol):
                period = _period(op) / abs(line[0])
                periods[symbol] = max(period, periods.get(symbol, 0.0))
            for sign in exponent.atoms(sympy.sign):
                if line := _line(sign.args[0], symbol):
                    thresholds.append(-line[1] / line[0])
        return cls(min(periods.values(), default=None), max(thresholds, key=abs, default=None))

    @property
    def white(self) -> float | None:
        """The largest value that suits the encoder, where the smallest is 0.

        It is 1, as for images, if that is from half a period to a period, else half a period; for a
        threshold it is twice its size. `None` where the scale is not known.
        """
        if self.period is not None:
            return 1.0 if self.period / 2 <= 1 <= self.period else self.period / 2
        return 2 * abs(self.threshold) if self.threshold else None

    @property
    def far(self) -> float:
        """The size from which on values are far too large."""
        return np.inf if self.white is None else FAR * max(1.0, self.white)


def _with_one_value(
    circuit: QuanvCircuit,
) -> Iterator[tuple[cirq.Operation, sympy.Expr, sympy.Symbol]]:
    """Yields each operation whose exponent one value alone sets, with both."""
    inputs = set(circuit.inputs)
    for op in distinct(circuit.circuit):
        gate = innermost(op).gate
        exponent = gate.exponent if isinstance(gate, cirq.EigenGate) else None
        if isinstance(exponent, sympy.Expr):
            symbols = exponent.free_symbols
            if len(symbols) == 1 and symbols <= inputs:
                yield op, exponent, symbols.pop()


def _line(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[float, float] | None:
    """Gives the slope and the constant of an expression; `None` if it is not linear."""
    polynomial = expression.as_poly(symbol)
    if polynomial is None or polynomial.degree() != 1:
        return None
    return float(polynomial.nth(1)), float(polynomial.nth(0))


def _period(op: cirq.Operation) -> float:
    """Gives what can be added to a gate's exponent without changing what it does."""
    gate = innermost(op).gate
    thetas = [float(theta) + gate.global_shift for theta, _ in gate._eigen_components()]
    if controls_of(op.untagged):  # where the gate does not act
        thetas.append(0.0)
    gaps = np.diff(np.unique(thetas))
    return 2 / float(gaps.min()) if len(gaps) else np.inf
