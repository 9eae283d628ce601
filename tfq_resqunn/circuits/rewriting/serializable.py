"""Rewrites any circuit into one that TensorFlow Quantum can serialise.

TensorFlow Quantum takes a fixed set of gates, on grid or line qubits, whose angles are a number,
a symbol, or a number times a symbol. Here Cirq decomposes each gate outside the set, and qubits are
renamed. Every other angle becomes a fresh symbol: its value is computed before the circuit runs, so
that gradients pass through the expression. Channels stay as they are.
"""

import dataclasses

import cirq
import sympy

from tfq_resqunn.circuits.checks.shown import shown
from tfq_resqunn.circuits.free_symbols import symbols_in, symbols_of
from tfq_resqunn.circuits.rewriting.decomposing import by_its_unitary, controls_of, decomposed
from tfq_resqunn.circuits.rewriting.phases import Controlled, controlled_phase
from tfq_resqunn.circuits.rewriting.unrolling import unroll

# The gates that TensorFlow Quantum serialises, and their angles. cirq.Rx, cirq.X and the like are
# subclasses of the powers they are.
_POWERS = (
    cirq.XPowGate, cirq.YPowGate, cirq.ZPowGate, cirq.HPowGate,
    cirq.XXPowGate, cirq.YYPowGate, cirq.ZZPowGate,
    cirq.CXPowGate, cirq.CZPowGate, cirq.SwapPowGate, cirq.ISwapPowGate,
)  # fmt: skip
_ANGLES = {
    **dict.fromkeys(_POWERS, ("exponent", "global_shift")),
    cirq.PhasedXPowGate: ("exponent", "phase_exponent", "global_shift"),
    cirq.FSimGate: ("theta", "phi"),
    cirq.IdentityGate: ("num_qubits",),
}
# The channels that it serialises, on one qubit each.
_CHANNELS = (
    cirq.DepolarizingChannel,
    cirq.AsymmetricDepolarizingChannel,
    cirq.AmplitudeDampingChannel,
    cirq.GeneralizedAmplitudeDampingChannel,
    cirq.PhaseDampingChannel,
    cirq.BitFlipChannel,
    cirq.PhaseFlipChannel,
    cirq.ResetChannel,
)


@dataclasses.dataclass(frozen=True)
class SerializableCircuit:
    """A circuit that TensorFlow Quantum takes, with the values of its symbols."""

    circuit: cirq.Circuit  # of TensorFlow Quantum's gates and channels
    expressions: dict[sympy.Symbol, sympy.Expr]  # of the original's symbols, for each of `circuit`
    qubits: dict[cirq.Qid, cirq.LineQubit]  # of `circuit`, for each of the original's

    def rename(self, observable: cirq.PauliSum) -> cirq.PauliSum:
        """Gives an observable of the original circuit on the qubits of this one."""
        return cirq.PauliSum.from_pauli_strings([t.map_qubits(self.qubits) for t in observable])


def serializable(circuit: cirq.FrozenCircuit) -> SerializableCircuit:
    """Rewrites a circuit for TensorFlow Quantum, or says which gate or channel it cannot take.

    >>> q, x, w = cirq.NamedQubit("a"), sympy.Symbol("x_0"), sympy.Symbol("w_0")
    >>> rewritten = serializable(cirq.FrozenCircuit(cirq.rx(x * w)(q), cirq.ry(2 * w)(q)))
    >>> print(rewritten.circuit)
    0: ───X^e_000───Y^(2*w_0/pi)───
    >>> rewritten.expressions
    {e_000: w_0*x_0/pi, w_0: w_0}
    """
    rewriter = _Rewriter(circuit)
    qubits = {q: cirq.LineQubit(i) for i, q in enumerate(sorted(circuit.all_qubits()))}
    rewritten = cirq.Circuit()
    for moment in unroll(circuit):
        rewritten += cirq.Circuit(new for op in moment for new in rewriter.rewrite(op))
    # A qubit is measured even where nothing happens to it.
    idle = sorted(circuit.all_qubits() - rewritten.all_qubits())
    rewritten += cirq.Circuit(cirq.I(q) for q in idle)
    return SerializableCircuit(rewritten.transform_qubits(qubits), rewriter.expressions, qubits)


class _Rewriter:
    def __init__(self, circuit: cirq.FrozenCircuit) -> None:
        self._taken = {s.name for s in symbols_of(circuit)}
        self._fresh: dict[sympy.Expr, sympy.Symbol] = {}
        self.expressions: dict[sympy.Symbol, sympy.Expr] = {}

    def rewrite(self, op: cirq.Operation) -> list[cirq.Operation]:
        op = op.untagged
        if isinstance(op.gate, cirq.GlobalPhaseGate):
            return []  # no expectation value sees it
        if isinstance(op.gate, _CHANNELS) and len(op.qubits) == 1:
            return [op]
        controlled = controls_of(op)
        rewritten = self._controlled(controlled) if controlled else self._plain(op)
        if rewritten is None:
            rewritten = [new for part in _decompose(op) for new in self.rewrite(part)]
        return rewritten

    def _plain(self, op: cirq.Operation) -> list[cirq.Operation] | None:
        kind = next((t for t in _ANGLES if isinstance(op.gate, t)), None)
        if kind is None or (kind is cirq.IdentityGate and len(op.qubits) > 1):
            return None
        if kind is cirq.IdentityGate:
            return [op]
        angles = {name: self._angle(getattr(op.gate, name)) for name in _ANGLES[kind]}
        return [kind(**angles).on(*op.qubits)]

    def _controlled(self, controlled: Controlled) -> list[cirq.Operation] | None:
        controls, values, sub = controlled
        target = self._plain(sub)
        if target is None or sub.gate == cirq.I:
            return None
        target, phase = _split_phase(target[0])
        rewritten = []
        # Each combination of control values becomes a gate of its own.
        for value in values.expand():
            rewritten.append(cirq.ControlledOperation(controls, target, value))
            if phase is not None:
                rewritten.append(controlled_phase(phase, controls, value))
        return rewritten

    def _angle(self, value: sympy.Expr | float) -> sympy.Expr | float:
        if not isinstance(value, sympy.Basic):
            return value
        if not value.free_symbols:
            return float(value)
        if _is_multiple_of_symbol(value):
            (symbol,) = value.free_symbols
            self.expressions[symbol] = symbol
            return value
        if value not in self._fresh:
            self._fresh[value] = self._new_symbol()
            self.expressions[self._fresh[value]] = value
        return self._fresh[value]

    def _new_symbol(self) -> sympy.Symbol:
        i = len(self._fresh)
        while (name := f"e_{i:03d}") in self._taken:
            i += 1
        self._taken.add(name)
        return sympy.Symbol(name)


def _split_phase(op: cirq.Operation) -> tuple[cirq.Operation, sympy.Expr | None]:
    """Splits a rotation by a symbol into a power and a phase, both with two eigenvalues.

    A controlled rotation has three: 1 where it does nothing, and the rotation's two.
    TensorFlow Quantum's parameter shift takes it to have two, and its gradient would be wrong.
    """
    shift = getattr(op.gate, "global_shift", 0)
    if not shift or not cirq.is_parameterized(op) or isinstance(op.gate, cirq.PhasedXPowGate):
        return op, None
    return type(op.gate)(exponent=op.gate.exponent).on(*op.qubits), shift * op.gate.exponent


def _is_multiple_of_symbol(value: sympy.Expr) -> bool:
    evaluated = value.evalf()
    return value.is_Symbol or (evaluated.is_Mul and evaluated.as_coeff_Mul()[1].is_Symbol)


def _decompose(op: cirq.Operation) -> list[cirq.Operation]:
    parts = decomposed(op)
    if parts is not None:
        return parts
    if symbols_in(op) or cirq.has_unitary(op):
        parts = by_its_unitary(op)
    elif cirq.has_kraus(op):
        raise ValueError(
            f"TensorFlow Quantum has no channel for {shown(op)}. It has those of one qubit: "
            "depolarizing (symmetric or not), amplitude damping (generalized or not), phase "
            "damping, bit flip, phase flip and reset. Use one of these, or backend='compiled', "
            "which takes any."
        )
    if parts is None:
        raise ValueError(
            f"TensorFlow Quantum has no gate for {shown(op)}, and Cirq cannot decompose it. Give "
            "its gate a _decompose_ method, or write it with gates that have one."
        )
    return parts
