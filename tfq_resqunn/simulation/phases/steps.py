"""The steps of circuits in which data are phases, and how gates become such steps."""

import dataclasses
from collections.abc import Iterator, Sequence, Set
from typing import TypeAlias

import numpy as np
import sympy

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.gates.monomial import is_monomial, permutation
from tfq_resqunn.simulation.gates.product_bases import in_basis, product_basis
from tfq_resqunn.simulation.protocols import NotOpen


@dataclasses.dataclass(eq=False)
class Turn:
    """Multiplies amplitudes by phases.

    Attributes:
        qubits: Those on which the phases depend.
        of_weights: Whether the phases depend on weights alone.
        gates: Diagonal gates: their exponents, qubits and frequencies `[2**k]`, one a basis state.
    """

    qubits: set[int]
    of_weights: bool
    gates: list[tuple[sympy.Expr, tuple[int, ...], np.ndarray]]

    def frequencies(self, qubits: Sequence[int]) -> dict[sympy.Expr, np.ndarray]:
        """Gives each exponent's frequencies, `[2**n]`, of the gates that are on these n qubits."""
        index, found = np.arange(2 ** len(qubits)), {}
        for exponent, on, frequencies in self.gates:
            if not set(on) <= set(qubits):
                continue
            row = np.zeros_like(index)
            for q in on:
                row = 2 * row + ((index >> (len(qubits) - 1 - qubits.index(q))) & 1)
            found[exponent] = found.get(exponent, 0.0) + frequencies[row]
        return found


@dataclasses.dataclass(eq=False)
class Local:
    """Constant gates, and gates of weights, within one group of qubits."""

    qubits: set[int]
    group: int
    gates: list[Gate]


@dataclasses.dataclass(eq=False)
class Permutation:
    """Sends amplitude `source[i]`, times `phases[i]`, to place i."""

    qubits: set[int]
    source: np.ndarray
    phases: np.ndarray


Step: TypeAlias = Turn | Local | Permutation


def steps_of(
    gates: Sequence[Gate], inputs: Set[sympy.Symbol], groups: Sequence[Sequence[int]]
) -> list[Step]:
    """Makes steps of gates; raises `NotOpen` if there is a gate that is none of them."""
    group_of = {q: g for g, qubits in enumerate(groups) for q in qubits}
    steps: list[Step] = []
    for gate in _in_layers(_without_inverses(_simple_gates(gates, inputs, group_of)), inputs):
        _join(steps, gate, inputs, group_of)
    return steps


def _simple_gates(
    gates: Sequence[Gate], inputs: Set[sympy.Symbol], group_of: dict[int, int]
) -> Iterator[Gate]:
    # Each gate as those that are steps: what is of no group becomes diagonal, or is a permutation.
    for gate in gates:
        is_local = len({group_of[q] for q in gate.qubits}) == 1
        of_data = bool(gate.symbols & inputs)
        is_permutation = gate.exponent is None and is_monomial(gate.projectors[0])
        if not of_data and (is_local or is_permutation):
            yield gate
            continue
        bases = product_basis(gate)
        if bases is None:
            what = "data" if of_data else "weights" if gate.symbols else "constants"
            raise NotOpen(f"a gate of {what} is not diagonal in a product of one-qubit bases")
        turned = [(q, b) for q, b in zip(gate.qubits, bases, strict=True) if not _is_one(b)]
        yield from (_constant(q, b.conj().T) for q, b in turned)
        yield dataclasses.replace(gate, projectors=in_basis(gate, bases))
        yield from (_constant(q, b) for q, b in turned)


def _without_inverses(gates: Iterator[Gate]) -> list[Gate]:
    """Merges constant gates of one qubit that follow each other; leaves out identities."""
    found: list[Gate | None] = []
    last: dict[int, list[int]] = {}  # of each qubit, the places of gates that are still there
    for gate in gates:
        if _is_constant_on_one(gate):
            [q] = gate.qubits
            before = found[last[q][-1]] if last.get(q) else None
            if before is not None and _is_constant_on_one(before):
                product = gate.projectors[0] @ before.projectors[0]
                found[last[q].pop()] = None
                if _is_one(product):
                    continue
                gate = _constant(q, product)
        for q in gate.qubits:
            last.setdefault(q, []).append(len(found))
        found.append(gate)
    return [gate for gate in found if gate is not None]


def _in_layers(gates: Sequence[Gate], inputs: Set[sympy.Symbol]) -> Iterator[Gate]:
    """Gives all gates that can come before any other of data, then those of data; and again."""
    waiting = list(gates)
    while waiting:
        for of_data in (False, True):
            later: list[Gate] = []
            blocked: set[int] = set()
            for gate in waiting:
                if blocked.isdisjoint(gate.qubits) and bool(gate.symbols & inputs) is of_data:
                    yield gate
                else:
                    later.append(gate)
                    blocked.update(gate.qubits)
            waiting = later


def _join(
    steps: list[Step], gate: Gate, inputs: Set[sympy.Symbol], group_of: dict[int, int]
) -> None:
    """Lets a gate join a step that it can reach past steps on other qubits, or makes a new one."""
    qubits, own = set(gate.qubits), {group_of[q] for q in gate.qubits}
    of_data, is_local = bool(gate.symbols & inputs), len(own) == 1
    if of_data or (not is_local and gate.exponent is not None):
        frequencies = np.einsum("k,kaa->a", gate.frequencies, gate.projectors.real)
        turn = _turn(steps, qubits, not of_data)
        turn.qubits |= qubits
        turn.gates.append((gate.exponent, gate.qubits, frequencies))
        return
    # With one group, permutations are as well multiplied into its blocks.
    moves = gate.exponent is None and len(set(group_of.values())) > 1
    moves = moves and is_monomial(gate.projectors[0])
    step = _local_or_permutation(steps, qubits, own, moves)
    if isinstance(step, Local):
        step.qubits |= qubits
        step.gates.append(gate)
    elif moves:
        source, phases = permutation(gate, len(group_of))
        if step is None:
            steps.append(Permutation(qubits, source, phases))
        else:
            step.phases = phases * step.phases[source]
            step.source = step.source[source]
            step.qubits |= qubits
    else:
        steps.append(Local(qubits, own.pop(), [gate]))


def _turn(steps: list[Step], qubits: set[int], of_weights: bool) -> Turn:
    """Gives the first reachable step of phases; adds one where there is none."""
    found = None
    for step in reversed(steps):
        if isinstance(step, Turn):  # which all commute
            if step.of_weights is of_weights:
                found = step
        elif not step.qubits.isdisjoint(qubits):
            break
    if found is None:
        found = Turn(set(), of_weights, [])
        steps.append(found)
    return found


def _local_or_permutation(
    steps: Sequence[Step], qubits: set[int], groups: set[int], moves: bool
) -> Local | Permutation | None:
    """Gives the first reachable step that a gate within these groups may join."""
    found: Local | Permutation | None = None
    for step in reversed(steps):
        if isinstance(step, Local):
            found = step if groups == {step.group} else found
        elif isinstance(step, Permutation):
            found = step if moves else found
        if not step.qubits.isdisjoint(qubits):
            break
    return found


def _constant(qubit: int, matrix: np.ndarray) -> Gate:
    return Gate((qubit,), None, np.zeros(1), matrix[None])


def _is_constant_on_one(gate: Gate) -> bool:
    return gate.exponent is None and len(gate.qubits) == 1


def _is_one(matrix: np.ndarray) -> bool:
    return bool(np.allclose(matrix, matrix[0, 0] * np.eye(len(matrix)), rtol=0, atol=1e-12))
