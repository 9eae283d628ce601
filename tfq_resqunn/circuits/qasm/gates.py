"""The gates of both standard libraries, and those that are built in, as gates of Cirq's.

Those of OpenQASM 3 have the phases of its `stdgates.inc`, which `ctrl` makes seen. OpenQASM 2 has
no `ctrl`, so the phases of its gates are free.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cirq
import numpy as np
import sympy

from tfq_resqunn.circuits.files.expressions import Measured
from tfq_resqunn.circuits.qasm.expressions import Angle, angle_of
from tfq_resqunn.circuits.qasm.sequences import Parts

Qubits = Sequence[cirq.Qid]


@dataclass(frozen=True)
class Gate:
    """A gate that a program may call."""

    n_angles: int
    n_qubits: int
    parts: Callable[[Sequence[Measured], Qubits], Parts]
    n_operations: int = 1  # at most, and one for a gate without any, whose call takes time, too
    depth: int = 1  # of gates within gates
    n_places: int = 0  # qubits of all its operations together, at most


def half_turns(angle: Angle) -> Angle:
    """Gives an angle in Cirq's unit."""
    return angle / sympy.pi if isinstance(angle, sympy.Basic) else angle / np.pi


def _made(n_angles: int, n_qubits: int, make: Callable[..., cirq.Gate]) -> Gate:
    """Makes the gate that is one of Cirq's, a function of the angles."""

    def parts(angles: Sequence[Measured], qubits: Qubits) -> Parts:
        return [make(*map(angle_of, angles)).on(*qubits)]

    return Gate(n_angles, n_qubits, parts, n_places=n_qubits)


def _fixed(gate: cirq.Gate) -> Gate:
    return _made(0, gate.num_qubits(), lambda: gate)


def _sequence(n_angles: int, n_qubits: int, n_operations: int, make: Callable) -> Gate:
    def parts(angles: Sequence[Measured], qubits: Qubits) -> Parts:
        return make(*map(angle_of, angles), *qubits)

    return Gate(n_angles, n_qubits, parts, n_operations, n_places=n_operations * n_qubits)


def _p(angle: Angle) -> cirq.Gate:
    return cirq.ZPowGate(exponent=half_turns(angle))


def _cp(angle: Angle) -> cirq.Gate:
    return cirq.CZPowGate(exponent=half_turns(angle))


# OpenQASM 3's U(theta, phi, lambda), with its phase exp(i theta/2).
def _u(theta: Angle, phi: Angle, lam: Angle, q: cirq.Qid) -> Parts:
    return [_p(lam)(q), cirq.YPowGate(exponent=half_turns(theta))(q), _p(phi)(q)]


# Three rotations, which have the determinant 1.
def _u3(theta: Angle, phi: Angle, lam: Angle, q: cirq.Qid) -> Parts:
    return [cirq.rz(lam)(q), cirq.ry(theta)(q), cirq.rz(phi)(q)]


def _u2(phi: Angle, lam: Angle, q: cirq.Qid) -> Parts:
    return _u3(np.pi / 2, phi, lam, q)


def _cu3(theta: Angle, phi: Angle, lam: Angle, c: cirq.Qid, t: cirq.Qid) -> Parts:
    return [_cp(lam)(c, t), _controlled(cirq.ry(theta))(c, t), _cp(phi)(c, t)]


def _cu(theta: Angle, phi: Angle, lam: Angle, gamma: Angle, c: cirq.Qid, t: cirq.Qid) -> Parts:
    return [_p(gamma)(c), *_cu3(theta, phi, lam, c, t)]


def _controlled(gate: cirq.Gate, n_controls: int = 1) -> cirq.Gate:
    return gate.controlled(n_controls)


def _rccx(a: cirq.Qid, b: cirq.Qid, c: cirq.Qid) -> Parts:
    h, t, back = cirq.H(c), cirq.T(c), (cirq.T**-1)(c)
    return [h, t, cirq.CX(b, c), back, cirq.CX(a, c), t, cirq.CX(b, c), back, h]


def _rc3x(a: cirq.Qid, b: cirq.Qid, c: cirq.Qid, d: cirq.Qid) -> Parts:
    h, t, back = cirq.H(d), cirq.T(d), (cirq.T**-1)(d)
    first = [h, t, cirq.CX(c, d), back, h, cirq.CX(a, d), t, cirq.CX(b, d), back]
    return [*first, cirq.CX(a, d), t, cirq.CX(b, d), back, h, t, cirq.CX(c, d), back, h]


_SX = cirq.X**0.5
_NOTHING = _sequence(0, 1, 1, lambda q: [])
_U = _sequence(3, 1, 3, _u)
_COMMON = {
    "id": _NOTHING,
    "x": _fixed(cirq.X),
    "y": _fixed(cirq.Y),
    "z": _fixed(cirq.Z),
    "h": _fixed(cirq.H),
    "s": _fixed(cirq.S),
    "sdg": _fixed(cirq.S**-1),
    "t": _fixed(cirq.T),
    "tdg": _fixed(cirq.T**-1),
    "sx": _fixed(_SX),
    "p": _made(1, 1, _p),
    "rx": _made(1, 1, cirq.rx),
    "ry": _made(1, 1, cirq.ry),
    "rz": _made(1, 1, cirq.rz),
    "u1": _made(1, 1, _p),
    "u2": _sequence(2, 1, 3, _u2),
    "u3": _sequence(3, 1, 3, _u3),
    "cx": _fixed(cirq.CX),
    "cy": _fixed(_controlled(cirq.Y)),
    "cz": _fixed(cirq.CZ),
    "ch": _fixed(_controlled(cirq.H)),
    "cp": _made(1, 2, _cp),
    "crx": _made(1, 2, lambda angle: _controlled(cirq.rx(angle))),
    "cry": _made(1, 2, lambda angle: _controlled(cirq.ry(angle))),
    "crz": _made(1, 2, lambda angle: _controlled(cirq.rz(angle))),
    "cu": _sequence(4, 2, 4, _cu),
    "swap": _fixed(cirq.SWAP),
    "ccx": _fixed(cirq.CCX),
    "cswap": _fixed(cirq.CSWAP),
}
# `stdgates.inc` writes CX as the control of a U with a phase. What is meant is cx.
_STDGATES = {"CX": _fixed(cirq.CX), "phase": _made(1, 1, _p), "cphase": _made(1, 2, _cp)}
_QELIB1 = {
    "u0": _sequence(1, 1, 1, lambda angle, q: []),
    "u": _U,
    "sxdg": _fixed(_SX**-1),
    "cu1": _made(1, 2, _cp),
    "cu3": _sequence(3, 2, 3, _cu3),
    "csx": _fixed(cirq.CX**0.5),
    "rxx": _made(1, 2, lambda a: cirq.XXPowGate(exponent=half_turns(a), global_shift=-0.5)),
    "rzz": _made(1, 2, lambda a: cirq.ZZPowGate(exponent=half_turns(a), global_shift=-0.5)),
    "rccx": _sequence(0, 3, 9, _rccx),
    "rc3x": _sequence(0, 4, 18, _rc3x),
    "c3x": _fixed(_controlled(cirq.X, 3)),
    "c3sqrtx": _fixed(_controlled(_SX, 3)),
    "c4x": _fixed(_controlled(cirq.X, 4)),
}
BUILT_IN = {2: {"U": _U, "CX": _fixed(cirq.CX)}, 3: {"U": _U}}
LIBRARIES = {
    2: {"qelib1.inc": _COMMON | _QELIB1},
    3: {"stdgates.inc": _COMMON | _STDGATES},
}
