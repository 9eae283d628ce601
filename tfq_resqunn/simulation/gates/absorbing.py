"""Gates at the end that cost nothing, since observables can absorb them."""

import dataclasses

import numpy as np

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.gate import Operation
from tfq_resqunn.simulation.gates.harmonics import harmonics
from tfq_resqunn.simulation.gates.operators import Operator, String

MAX_GATE_QUBITS = 3  # of more, the matrix of what becomes of Pauli operators is large


def absorb(circuit: GateCircuit) -> GateCircuit:
    """Moves gates from the circuit's end into its observables.

    A gate is moved if it makes one Pauli string, with a constant coefficient, of every string: as
    Clifford gates do, and rotations that commute with all strings, and noise that shrinks them. It
    can be moved past later gates on other qubits.
    """
    observables = list(circuit.observables)
    kept: list[Operation] = []
    blocked: set[int] = set()
    for gate in reversed(circuit.gates):
        moved = None
        if blocked.isdisjoint(gate.qubits) and len(gate.qubits) <= MAX_GATE_QUBITS:
            moved = _moved(gate, observables)
        if moved is None:
            kept.append(gate)
            blocked.update(gate.qubits)
        else:
            observables = moved
    return dataclasses.replace(circuit, gates=kept[::-1], observables=observables)


def _moved(gate: Operation, observables: list[Operator]) -> list[Operator] | None:
    (_, constant, _), *varying = harmonics(gate)
    k = len(gate.qubits)
    varies = sum((np.abs(even) + np.abs(odd) for _, even, odd in varying), np.zeros_like(constant))
    moved = []
    for operator in observables:
        found: Operator = {}
        for string, coefficient in operator.items():
            column = int(np.ravel_multi_index([string[q] for q in gate.qubits], (4,) * k))
            images = np.flatnonzero(constant[:, column])
            if len(images) > 1 or varies[:, column].any():
                return None
            for image in images:
                new = _with_letters(string, gate.qubits, np.unravel_index(image, (4,) * k))
                factor = float(constant[image, column])
                found[new] = found.get(new, 0.0) + coefficient * factor
        moved.append(found)
    return moved


def _with_letters(string: String, qubits: tuple[int, ...], letters: tuple) -> String:
    new = list(string)
    for q, letter in zip(qubits, letters, strict=True):
        new[q] = int(letter)
    return tuple(new)
