"""Observables pulled back through a circuit, as sums of Pauli strings (the Heisenberg picture).

Clifford gates permute Pauli strings, a rotation splits those that it does not commute with into a
cosine and a sine part, and what commutes or lies outside the light cone drops out. On a product
state, a Pauli string is as many numbers multiplied as it has letters.

Reference: Rall, Liang, Cook, Kretschmer, *Simulation of qubit quantum circuits via Pauli
propagation* (2019), arXiv:1901.09070.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable

import numpy as np

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.gate import Operation
from tfq_resqunn.simulation.gates.harmonics import harmonics
from tfq_resqunn.simulation.gates.operators import Operator
from tfq_resqunn.simulation.pauli_strings.stages import (
    Stage,
    TooManyTerms,
    TrigTable,
    merge,
    stack,
    trim,
)
from tfq_resqunn.simulation.tensors.linear_map import expand

# Above these, circuits are given up, so that deciding on a plan takes seconds: terms on the way,
# before and after what leads to nothing is dropped and gates are merged, and strings at the end.
MAX_TERMS_ON_THE_WAY = 2**22
MAX_TERMS = 2**19
MAX_STRINGS = 2**15
MAX_GATE_QUBITS = 3
_DIGITS = 31  # letters in a number of 64 bits
# Which of the four letters are wanted before a gate (its number), on a qubit.
Allowed = Callable[[int, int], np.ndarray]


@dataclasses.dataclass(frozen=True, eq=False)
class PulledBack:
    """Observables, pulled back.

    Attributes:
        strings: `[n, n_qubits]`, letters; those of the first observable come first.
        owners: `[n]`, the observable that each belongs to.
        stages: What computes their coefficients, from the number 1: the first is applied first.
    """

    strings: np.ndarray
    owners: np.ndarray
    stages: list[Stage]

    @property
    def n_terms(self) -> int:
        """Numbers that are multiplied and added for the coefficients."""
        return sum(map(len, self.stages))


def pull_back(circuit: GateCircuit, trig: TrigTable, allowed: Allowed) -> PulledBack:
    """Pulls a circuit's observables back through its gates.

    `allowed(i, qubit)` says which of the four letters are wanted before gate i; strings with others
    are dropped there. It is asked for the gate's own qubits, and for all with `i == len(gates)`.
    Raises `TooManyTerms` if there are too many strings, or a gate has more than 3 qubits.
    """
    paths = functools.cache(lambda i: _Paths(circuit.gates[i], trig))
    chains, n_terms = [], 0
    for operator in circuit.observables:
        left = MAX_TERMS_ON_THE_WAY - n_terms
        chain, strings = _chain(operator, circuit, paths, allowed, left)
        chains.append((chain, strings))
        n_terms += sum(map(len, chain))
    stages = []
    for i in range(len(circuit.gates) + 1):
        level = [chain[i] for chain, _ in chains]
        widths = [chain[i - 1].n_rows if i else 0 for chain, _ in chains]
        stages.append(stack(level, widths))
    stages, kept = trim(stages)
    owners = np.repeat(np.arange(len(chains)), [len(s) for _, s in chains])[kept]
    strings = np.concatenate([s for _, s in chains])[kept]
    if len(strings) > MAX_STRINGS:
        raise TooManyTerms
    stages, kept = trim(merge(stages, trig))
    pulled = PulledBack(strings[kept], owners[kept], stages)
    if pulled.n_terms > MAX_TERMS:
        raise TooManyTerms
    return pulled


def _chain(
    operator: Operator, circuit: GateCircuit, paths: Callable, allowed: Allowed, limit: int
) -> tuple[list[Stage], np.ndarray]:
    """Pulls an operator back: one stage for its coefficients, and one for each gate, `paths(i)`."""
    gates, n_qubits = circuit.gates, circuit.n_qubits
    codes = _Codes.of(np.array(list(operator), dtype=np.int64).reshape(-1, n_qubits))
    chain = [Stage.vector(len(operator), [(i, 0, c) for i, c in enumerate(operator.values())])]

    def drop(i: int, qubits: Iterable[int]) -> None:
        nonlocal codes
        for q in qubits:
            wanted = allowed(i, q)[codes.letters(q)]
            if not wanted.all():
                chain[-1] = chain[-1].keep_rows(wanted)
                codes = codes.keep(wanted)

    drop(len(gates), range(n_qubits))
    n_terms = 0
    for i, gate in reversed(list(enumerate(gates))):
        if not any(codes.letters(q).any() for q in gate.qubits):
            same = np.arange(len(codes))
            chain.append(Stage(len(codes), same, same, 0 * same, np.ones(len(codes))))
            continue
        if len(gate.qubits) > MAX_GATE_QUBITS:
            raise TooManyTerms
        codes, stage = paths(i)(codes, limit - n_terms)
        n_terms += len(stage)
        chain.append(stage)
        drop(i, gate.qubits)
    return chain, codes.strings(n_qubits)


class _Paths:
    """What a gate makes of the letters on its qubits: a list of new letters for each choice."""

    def __init__(self, gate: Operation, trig: TrigTable):
        self._qubits = gate.qubits
        found = []
        for difference, even, odd in harmonics(gate):
            cosine, sine = 0, 0
            if difference and gate.exponent is not None:
                entry = trig.cosine(difference * gate.exponent)
                cosine, sine = trig.number([entry]), trig.number([entry + 1])
            for matrix, monomial in ((even, cosine), (odd, sine)):
                new, old = np.nonzero(np.abs(matrix) > 1e-14)
                found += [(a, b, monomial, matrix[b, a]) for a, b in zip(old, new, strict=True)]
        old, new, monomials, self._factors = np.array(sorted(found), dtype=float).T
        self._new, self._monomials = new.astype(np.int64), monomials.astype(np.int64)
        self._counts = np.bincount(old.astype(np.int64), minlength=4 ** len(gate.qubits))

    def __call__(self, codes: "_Codes", limit: int) -> tuple["_Codes", Stage]:
        letters = np.zeros(len(codes), dtype=np.int64)
        for q in self._qubits:
            letters = 4 * letters + codes.letters(q)
        if self._counts[letters].sum() > limit:  # before there are as many
            raise TooManyTerms
        columns, within = expand(self._counts[letters])
        place = (np.cumsum(self._counts) - self._counts)[letters[columns]] + within
        new, rest = {}, self._new[place]
        for q in reversed(self._qubits):
            new[q], rest = rest % 4, rest // 4
        moved, rows = codes.keep(columns).replace(new).distinct()
        stage = Stage(len(moved), rows, columns, self._monomials[place], self._factors[place])
        return moved, stage


class _Codes:
    """Pauli strings as numbers of 64 bits, two bits a letter, as many numbers as it takes."""

    def __init__(self, words: np.ndarray):
        self._words = words  # [n_words, n]

    @classmethod
    def of(cls, strings: np.ndarray) -> "_Codes":
        n, n_qubits = strings.shape
        words = np.zeros((max(1, -(-n_qubits // _DIGITS)), n), dtype=np.int64)
        for q in range(n_qubits):
            words[q // _DIGITS] |= strings[:, q] << (2 * (q % _DIGITS))
        return cls(words)

    def __len__(self) -> int:
        return self._words.shape[1]

    def letters(self, qubit: int) -> np.ndarray:
        return (self._words[qubit // _DIGITS] >> (2 * (qubit % _DIGITS))) & 3

    def keep(self, where: np.ndarray) -> "_Codes":
        return _Codes(self._words[:, where])

    def replace(self, letters: dict[int, np.ndarray]) -> "_Codes":
        words = self._words.copy()
        for q, new in letters.items():
            shift = 2 * (q % _DIGITS)
            words[q // _DIGITS] ^= (self.letters(q) ^ new) << shift
        return _Codes(words)

    def distinct(self) -> tuple["_Codes", np.ndarray]:
        if len(self._words) == 1:
            words, inverse = np.unique(self._words[0], return_inverse=True)
            return _Codes(words[None]), inverse
        order = np.lexsort(self._words[::-1])  # np.unique by columns takes four times as long
        words = self._words[:, order]
        is_new = np.ones(len(order), dtype=bool)
        is_new[1:] = (words[:, 1:] != words[:, :-1]).any(axis=0)
        inverse = np.empty(len(order), dtype=np.int64)
        inverse[order] = np.cumsum(is_new) - 1
        return _Codes(words[:, is_new]), inverse

    def strings(self, n_qubits: int) -> np.ndarray:
        return np.stack([self.letters(q) for q in range(n_qubits)], axis=1).astype(np.int8)
