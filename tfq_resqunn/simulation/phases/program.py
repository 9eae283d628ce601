"""From steps to instructions: what is constant is computed here, once.

Each group of qubits starts with a state of its own. The states are multiplied when something
entangles them, and until then each is as small as its group.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import sympy

from tfq_resqunn.simulation.gates.gate import Gate
from tfq_resqunn.simulation.gates.unitaries import unitary_of
from tfq_resqunn.simulation.phases.steps import Local, Permutation, Step, Turn

# Groups that share a state, by their numbers.
Part = tuple[int, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Start:
    """The part's state is a constant, one amplitude after the other."""

    part: Part
    state: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Multiply:
    """Multiplies the part's state by phases; with `first`, the phases are its state."""

    part: Part
    phases: int
    first: bool


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """Multiplies a group by a unitary of weights, one of those of the group."""

    group: int
    number: int


@dataclasses.dataclass(frozen=True, eq=False)
class Constant:
    """Multiplies a group by a constant matrix."""

    group: int
    matrix: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Merge:
    """Makes one state of the states of both groups."""


@dataclasses.dataclass(eq=False)
class Move:
    """Sends amplitude `source[i]` of the whole state, times `factors[i]`, to place i."""

    source: np.ndarray
    factors: np.ndarray


Instruction: TypeAlias = Start | Multiply | Block | Constant | Merge | Move


@dataclasses.dataclass(frozen=True, eq=False)
class Phases:
    """`exp(i pi frequencies . exponents)`, one for each amplitude of a part.

    Attributes:
        of_weights: Whether the exponents depend on weights alone.
        frequencies: `[amplitudes, exponents]`.
    """

    part: Part
    of_weights: bool
    exponents: tuple[sympy.Expr, ...]
    frequencies: np.ndarray


class Program:
    """Instructions for one state vector, of one or two groups of neighbouring qubits.

    Attributes:
        instructions: In order; after them, there is one state, of all groups.
        phases: What is multiplied by; equal ones stand here once.
        blocks: Gates of weights, on qubits counted from the group's first: a list a group.
    """

    def __init__(self, steps: Sequence[Step], groups: Sequence[Sequence[int]]):
        self._groups = groups
        self.instructions: list[Instruction] = []
        self.phases: list[Phases] = []
        self.blocks: list[list[list[Gate]]] = [[] for _ in groups]
        self._part_of: list[Part] = [(g,) for g in range(len(groups))]
        # The state of a group that nothing has happened to but constants.
        self._constant: list[np.ndarray | None] = [np.eye(2 ** len(g))[0] for g in groups]
        # Factors of amplitudes that are still to be multiplied; the group's next matrix will.
        self._pending: list[np.ndarray | None] = [None for _ in groups]
        for step in steps:
            if isinstance(step, Turn):
                self._turn(step)
            elif isinstance(step, Local):
                self._local(step)
            else:
                self._permute(step)
        self._merge()
        for g in range(len(groups)):
            self._begin(g)
            pending = self._pending[g]
            if pending is not None:
                self.instructions.append(Constant(g, np.diag(pending)))

    def _turn(self, step: Turn) -> None:
        crossing = any(
            not any(set(on) <= set(group) for group in self._groups) for _, on, _ in step.gates
        )
        if crossing:
            self._merge()
        for part in dict.fromkeys(self._part_of):
            frequencies = step.frequencies([q for g in part for q in self._groups[g]])
            if not frequencies:
                continue
            number = self._number(part, step.of_weights, frequencies)
            first = self._constant[part[0]] is not None
            self.instructions.append(Multiply(part, number, first))
            if first:
                for g in part:
                    self._pending[g], self._constant[g] = self._constant[g], None

    def _number(self, part: Part, of_weights: bool, frequencies: dict) -> int:
        exponents = tuple(sorted(frequencies, key=str))
        new = Phases(part, of_weights, exponents, np.array([frequencies[e] for e in exponents]).T)
        for i, old in enumerate(self.phases):
            is_alike = (old.part, old.of_weights, old.exponents) == (part, of_weights, exponents)
            if is_alike and np.array_equal(old.frequencies, new.frequencies):
                return i
        self.phases.append(new)
        return len(self.phases) - 1

    def _local(self, step: Local) -> None:
        g, group = step.group, self._groups[step.group]
        gates = [
            dataclasses.replace(gate, qubits=tuple(q - group[0] for q in gate.qubits))
            for gate in step.gates
        ]
        is_constant = all(gate.exponent is None for gate in gates)
        constant = self._constant[g]
        if is_constant and constant is not None:
            self._constant[g] = unitary_of(gates, len(group)) @ constant
            return
        self._begin(g)
        pending = self._pending[g]
        if pending is not None:
            every, factors = tuple(range(len(group))), np.diag(pending).astype(complex)
            gates.insert(0, Gate(every, None, np.zeros(1), factors[None]))
            self._pending[g] = None
        if is_constant:
            self.instructions.append(self._real(Constant(g, unitary_of(gates, len(group)))))
        else:
            self.instructions.append(Block(g, len(self.blocks[g])))
            self.blocks[g].append(gates)

    def _real(self, constant: Constant) -> Constant:
        """Makes a constant matrix real where the last permutation can take over its phases."""
        for instruction in reversed(self.instructions):
            if isinstance(instruction, Move):
                break
            if not isinstance(instruction, Constant) or instruction.group == constant.group:
                return constant
        else:
            return constant
        matrix = constant.matrix
        largest = matrix[np.argmax(np.abs(matrix), axis=0), np.arange(len(matrix))]
        phases = np.where(np.abs(largest) > 1e-12, largest, 1)
        phases /= np.abs(phases)
        real = matrix / phases
        if np.abs(real.imag).max() > 1e-12:
            return constant
        instruction.factors = instruction.factors * self._on_all(constant.group, phases)
        return Constant(constant.group, real.real)

    def _on_all(self, group: int, factors: np.ndarray) -> np.ndarray:
        sizes = [2 ** len(g) for g in self._groups]
        shape = [size if i == group else 1 for i, size in enumerate(sizes)]
        return np.broadcast_to(factors.reshape(shape), sizes).ravel()

    def _permute(self, step: Permutation) -> None:
        self._merge()
        for g in range(len(self._groups)):
            self._begin(g)
        factors = step.phases
        for g, pending in enumerate(self._pending):
            if pending is not None:
                factors = factors * self._on_all(g, pending)[step.source]
                self._pending[g] = None
        self.instructions.append(Move(step.source, factors))

    def _begin(self, group: int) -> None:
        """Lets a state that is still constant become a tensor."""
        part = self._part_of[group]
        states = [state for g in part if (state := self._constant[g]) is not None]
        if not states:
            return
        self.instructions.append(Start(part, functools.reduce(np.kron, states)))
        for g in part:
            self._constant[g] = None

    def _merge(self) -> None:
        if len(set(self._part_of)) == 1:
            return
        if any(constant is None for constant in self._constant):
            for g in range(len(self._groups)):
                self._begin(g)
            self.instructions.append(Merge())
        self._part_of = [tuple(range(len(self._groups)))] * len(self._groups)
