"""One operation -> simpler ones: by Cirq's rules, or else from its unitary."""

import contextlib
import threading
import warnings
from collections.abc import Iterator

import cirq
import numpy as np
import sympy

from tfq_resqunn.circuits.free_symbols import hidden_symbols, symbols_in
from tfq_resqunn.circuits.rewriting.phases import Controlled, angle_of, controlled_phase
from tfq_resqunn.circuits.symbols import in_order


def decomposed(op: cirq.Operation) -> list[cirq.Operation] | None:
    """Does what `cirq.decompose_once` does, and also works in two cases where that fails.

    Cirq decomposes a `cirq.MatrixGate` as if its qubits were sorted. It also takes a controlled
    gate to be constant if the gate does not tell its symbols. `None` where Cirq knows no parts.

    >>> a, b = cirq.LineQubit.range(2)
    >>> op = cirq.MatrixGate(cirq.unitary(cirq.CX))(b, a)
    >>> np.allclose(cirq.Circuit(decomposed(op)).unitary(), cirq.Circuit(op).unitary())
    True
    """
    controlled = controls_of(op)
    if controlled and isinstance(controlled[-1].gate, cirq.GlobalPhaseGate):
        controls, values, phase = controlled
        angle = angle_of(sympy.sympify(phase.gate.coefficient))
        if angle is not None:
            return [controlled_phase(angle / sympy.pi, controls, v) for v in values.expand()]
    if controlled and hidden_symbols(op):
        controls, values, sub = controlled
        parts = decomposed(sub)
        return parts and [p.controlled_by(*controls, control_values=values) for p in parts]
    line = cirq.LineQubit.range(len(op.qubits))
    there = dict(zip(op.qubits, line, strict=True))
    with _quiet(op):
        parts = cirq.decompose_once(op.transform_qubits(there), default=None)
    if parts is None:
        return None
    back = dict(zip(line, op.qubits, strict=True))
    return [part.transform_qubits(back) for part in parts]


def controls_of(op: cirq.Operation) -> Controlled | None:
    """Takes an operation apart; `None` if it has no control."""
    if isinstance(op, cirq.ControlledOperation):
        return op.controls, op.control_values, op.sub_operation
    if isinstance(op.gate, cirq.ControlledGate):
        n = op.gate.num_controls()
        return op.qubits[:n], op.gate.control_values, op.gate.sub_gate.on(*op.qubits[n:])
    return None


def innermost(op: cirq.Operation) -> cirq.Operation:
    """Gives the operation that is left without tags and controls."""
    while controlled := controls_of(op := op.untagged):
        op = controlled[-1]
    return op


def with_numbers(op: cirq.Operation, numbers: cirq.ParamResolver) -> list[cirq.Operation]:
    """Does what `cirq.resolve_parameters` does, and also takes gates without a method for it."""
    resolved = cirq.resolve_parameters(op, numbers)
    parts = decomposed(resolved.untagged) if hidden_symbols(resolved) else None
    if parts is None:
        return [resolved]
    return [new for part in parts for new in with_numbers(part, numbers)]


def can_be_run(op: cirq.Operation) -> bool:
    """Tells whether an operation, or each of its parts, is constant or has angles that we know."""
    if isinstance(op.gate, cirq.GlobalPhaseGate) or is_power(op.gate) or not symbols_in(op):
        return True
    if controlled := controls_of(op.untagged):
        return can_be_run(controlled[-1])
    parts = decomposed(op.untagged)
    return by_its_unitary(op) is not None if parts is None else all(map(can_be_run, parts))


def is_power(gate: cirq.Gate | None) -> bool:
    """Tells whether a gate depends on symbols only through the exponent of a `cirq.EigenGate`."""
    return isinstance(gate, cirq.EigenGate) and not cirq.is_parameterized(gate._with_exponent(1.0))


def by_its_unitary(op: cirq.Operation) -> list[cirq.Operation] | None:
    """Decomposes a gate about which only its unitary at given numbers is known.

    A constant gate is decomposed through its unitary. For a gate with symbols, the guess is that
    each symbol s enters as `exp(i s H)` with a constant Hermitian H, in the order of the symbols'
    names. It becomes constant gates around diagonal ones, whose angles are multiples of symbols.
    The guess is compared with the unitary at other numbers; `None` if it was wrong.
    """
    symbols = in_order(symbols_in(op))
    if not symbols:
        with _quiet(op):
            return list(cirq.quantum_shannon_decomposition(list(op.qubits), cirq.unitary(op)))

    def at(values: np.ndarray) -> np.ndarray:
        numbers = dict(zip(symbols, map(float, values), strict=True))
        return np.asarray(cirq.unitary(cirq.resolve_parameters(op, numbers)))

    try:
        start = at(np.zeros(len(symbols)))
        steps = _STEP * np.eye(len(symbols))
        turns = [_generator(at(step) @ start.conj().T) for step in steps]
        points = np.random.default_rng(0).uniform(-3, 3, [4, len(symbols)])
        fits = all(np.allclose(at(p), _product(start, turns, p), atol=1e-8) for p in points)
    except (TypeError, ValueError):  # there is no unitary at one of these numbers
        return None
    if not fits:
        return None
    parts = [cirq.MatrixGate(start)]
    for symbol, (angles, vectors) in zip(symbols, turns, strict=True):
        diagonal = cirq.DiagonalGate([angle * symbol for angle in angles])
        parts += [cirq.MatrixGate(vectors.conj().T), diagonal, cirq.MatrixGate(vectors)]
    return [part.on(*op.qubits) for part in parts]


@contextlib.contextmanager
def _quiet(op: cirq.Operation) -> Iterator[None]:
    # When Cirq decomposes matrices, it makes subcircuits in a way that it warns about itself. The
    # warnings' filters belong to the whole process, so they are changed only where such a warning
    # can come, and by one thread at a time.
    if len(op.qubits) < 2 or isinstance(op.gate, cirq.EigenGate) or cirq.is_parameterized(op):
        yield
        return
    with _FILTERS, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="In cirq 1.6 the default", category=FutureWarning)
        yield


_FILTERS = threading.RLock()  # reentrant, since one gate's decomposition may need another's
_STEP = 2.0**-5  # small enough to tell eigenvalues of H up to 100 apart
_Turn = tuple[np.ndarray, np.ndarray]


def _generator(unitary: np.ndarray) -> _Turn:
    """Gives the eigenvalues and eigenvectors of H, where `unitary` is `exp(i _STEP H)`."""
    phases, vectors = cirq.unitary_eig(unitary)
    return np.round(np.angle(phases) / _STEP, 11), vectors


def _product(start: np.ndarray, turns: list[_Turn], values: np.ndarray) -> np.ndarray:
    for value, (angles, vectors) in zip(values, turns, strict=True):
        start = vectors @ np.diag(np.exp(1j * value * angles)) @ vectors.conj().T @ start
    return start
