"""Fuses gates into fewer, larger steps for state vectors.

Three kinds of steps come out: permutations of amplitudes with phases (X, CNOT, SWAP, CZ, ... and
whole rings of them), blocks of weights alone on neighbouring qubits (one small unitary, built once
a step of training), and what is left, gate by gate.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tfq_resqunn.simulation.gates import Gate

# Neighbouring qubits that a block spans: its unitary has 2**4 rows.
BLOCK_QUBITS = 4


@dataclasses.dataclass(eq=False)
class Permutation:
    """Sends amplitude `source[i]`, times `phases[i]`, to place i."""

    qubits: set[int]
    source: np.ndarray
    phases: np.ndarray


@dataclasses.dataclass(eq=False)
class Block:
    """Gates of weights alone on the qubits from `first` to `last`."""

    first: int
    last: int
    gates: list[Gate]

    @property
    def qubits(self) -> set[int]:
        """All the qubits that it spans."""
        return set(range(self.first, self.last + 1))

    @property
    def local_gates(self) -> list[Gate]:
        """The gates, with qubits counted from the block's first."""
        return [
            dataclasses.replace(g, qubits=tuple(q - self.first for q in g.qubits))
            for g in self.gates
        ]


@dataclasses.dataclass(eq=False)
class Single:
    """One gate on its own."""

    gate: Gate

    @property
    def qubits(self) -> set[int]:
        """The gate's qubits."""
        return set(self.gate.qubits)


def fuse(gates: Sequence[Gate], inputs: set, n_qubits: int) -> list:
    """Fuses gates in order into `Permutation`s, `Block`s and `Single`s."""
    steps: list = []
    for gate in gates:
        if gate.exponent is None and _is_monomial(gate.projectors[0]):
            source, phases = _permutation(gate, n_qubits)
            into = _reachable(steps, set(gate.qubits), Permutation)
            if into is None:
                steps.append(Permutation(set(gate.qubits), source, phases))
            else:
                into.phases = phases * into.phases[source]
                into.source = into.source[source]
                into.qubits |= set(gate.qubits)
        elif not gate.symbols & inputs and _span(gate.qubits) <= BLOCK_QUBITS:
            into = _reachable(steps, set(gate.qubits), Block, _fits(gate))
            if into is None:
                steps.append(Block(min(gate.qubits), max(gate.qubits), [gate]))
            else:
                into.gates.append(gate)
                into.first = min(into.first, *gate.qubits)
                into.last = max(into.last, *gate.qubits)
        else:
            steps.append(Single(gate))
    return steps


def _reachable(steps, qubits: set[int], kind: type, accepts=lambda step: True):
    """Gives the last step of a kind that a gate may join, past steps on other qubits."""
    for step in reversed(steps):
        if isinstance(step, kind) and accepts(step):
            return step
        if step.qubits & qubits:
            return None
    return None


def _fits(gate: Gate):
    def fits(block: Block) -> bool:
        return _span((*gate.qubits, block.first, block.last)) <= BLOCK_QUBITS

    return fits


def _span(qubits) -> int:
    return max(qubits) - min(qubits) + 1


def _is_monomial(matrix: np.ndarray) -> bool:
    there = np.abs(matrix) > 1e-12
    return bool(np.all(there.sum(axis=0) == 1) and np.all(there.sum(axis=1) == 1))


def _permutation(gate: Gate, n_qubits: int) -> tuple[np.ndarray, np.ndarray]:
    matrix, k = gate.projectors[0], len(gate.qubits)
    index = np.arange(2**n_qubits)
    shifts = [n_qubits - 1 - q for q in gate.qubits]
    row = sum(((index >> s) & 1) << (k - 1 - i) for i, s in enumerate(shifts))
    column = np.argmax(np.abs(matrix), axis=1)[row]
    source = index.copy()
    for i, s in enumerate(shifts):
        bit = (column >> (k - 1 - i)) & 1
        source = (source & ~(1 << s)) | (bit << s)
    return source, matrix[row, column]
