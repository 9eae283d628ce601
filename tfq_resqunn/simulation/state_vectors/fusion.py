"""Fuses gates into fewer, larger steps for state vectors.

Three kinds of steps come out: permutations of amplitudes with phases (X, CNOT, SWAP, CZ, ... and
whole rings of them), blocks of weights alone on neighbouring qubits (one small unitary, built once
a step of training), and what is left, gate by gate.
"""

from collections.abc import Sequence, Set
from typing import Any

import sympy

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.gates.monomial import is_monomial, permutation
from tfq_resqunn.simulation.state_vectors.steps import Block, Permutation, SingleGate, Step

# Neighbouring qubits that a block spans: its unitary has 2**4 rows.
BLOCK_QUBITS = 4


def fuse(gates: Sequence[Gate], inputs: Set[sympy.Symbol], n_qubits: int) -> list[Step]:
    """Fuses gates, in order, into `Permutation`s, `Block`s and `SingleGate`s."""
    steps: list[Step] = []
    for gate in gates:
        if gate.exponent is None and is_monomial(gate.projectors[0]):
            source, phases = permutation(gate, n_qubits)
            before = _reachable(steps, gate, Permutation, n_qubits)
            if before is None:
                steps.append(Permutation(set(gate.qubits), source, phases))
            else:
                before.append(gate.qubits, source, phases)
        elif not gate.symbols & inputs and _span(gate.qubits) <= BLOCK_QUBITS:
            block = _reachable(steps, gate, Block, BLOCK_QUBITS)
            if block is None:
                steps.append(Block([gate]))
            else:
                block.gates.append(gate)
        else:
            steps.append(SingleGate(gate, inputs))
    return steps


def _reachable(steps: Sequence[Step], gate: Gate, kind: type, most: int) -> Any:
    """Gives the last step of a kind that a gate may join, past steps on other qubits, or `None`.

    The two may span so many qubits at most.
    """
    for step in reversed(steps):
        if isinstance(step, kind) and _span([*step.qubits, *gate.qubits]) <= most:
            return step
        if not step.qubits.isdisjoint(gate.qubits):
            return None
    return None


def _span(qubits: Sequence[int]) -> int:
    return max(qubits) - min(qubits) + 1
