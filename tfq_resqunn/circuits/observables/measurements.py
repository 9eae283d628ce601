"""`Measurements`: how observables are measured, and how their values follow from the outcomes.

An observable is a sum of Pauli strings. To measure a string, each of its qubits is rotated so that
a measurement of Z shows X or Y where the string asks for it. The string's value is then the parity
of the bits. Strings that ask for the same operator on each qubit that they share are read from the
same shots.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import cirq
import numpy as np

KEY = "m"  # of the measurement that ends each circuit


@dataclasses.dataclass(frozen=True, eq=False)
class Measurements:
    """What is measured at a circuit's end.

    >>> a, b = cirq.LineQubit.range(2)
    >>> measurements = Measurements.of([cirq.Z(a) + 0.5 * cirq.X(a) * cirq.X(b), cirq.Z(b)])
    >>> [str(s) for s in measurements.settings]
    ['Z(q(0))*Z(q(1))', 'X(q(0))*X(q(1))']
    >>> measurements.members
    ((0, 2), (1,))
    >>> print(measurements.circuits(cirq.Circuit(cirq.CX(a, b)))[1])
    0: ───@───Y^-0.5───M('m')───
          │            │
    1: ───X───Y^-0.5───M────────
    """

    strings: tuple[cirq.PauliString, ...]  # of all observables, distinct, with coefficient 1
    mix: np.ndarray  # [observables, strings], the coefficients
    constants: np.ndarray  # [observables], the terms that do not depend on the circuit
    settings: tuple[cirq.PauliString, ...]  # each contains the strings that are read from it
    members: tuple[tuple[int, ...], ...]  # for each setting, the indices of these strings

    @classmethod
    def of(cls, observables: Sequence[cirq.PauliSum | cirq.PauliString]) -> Measurements:
        """Works out how to measure these `cirq.PauliSum`s (or strings)."""
        sums = [cirq.PauliSum.wrap(o) for o in observables]
        strings, mix, constants = split(sums)
        settings: list[dict] = []
        members: list[list[int]] = []
        for i, string in enumerate(strings):
            for setting, own in zip(settings, members, strict=True):
                if all(setting.get(q, pauli) == pauli for q, pauli in string.items()):
                    setting.update(string)
                    own.append(i)
                    break
            else:
                settings.append(dict(string))
                members.append([i])
        ordered = tuple(cirq.PauliString({q: s[q] for q in sorted(s)}) for s in settings)
        return cls(tuple(strings), mix, constants, ordered, tuple(map(tuple, members)))

    def circuits(self, circuit: cirq.AbstractCircuit) -> list[cirq.Circuit]:
        """Gives the circuits to run: for each setting a copy that ends with measurements."""
        measured = []
        for setting in self.settings:
            turns = [_TURNS[pauli](q) for q, pauli in setting.items() if pauli in _TURNS]
            moments = [cirq.Moment(turns)] if turns else []
            moments.append(cirq.Moment(cirq.measure(*setting.keys(), key=KEY)))
            measured.append(circuit.unfreeze() + cirq.Circuit(moments))
        return measured

    def values(self, bits: Sequence[np.ndarray]) -> np.ndarray:
        """Estimates the observables from each setting's bits, `[shots, qubits of the setting]`."""
        means = np.zeros(len(self.strings))
        for setting, own, outcomes in zip(self.settings, self.members, bits, strict=True):
            place = {q: i for i, q in enumerate(setting)}
            signs = 1.0 - 2.0 * np.asarray(outcomes)
            for i in own:
                means[i] = signs[:, [place[q] for q in self.strings[i]]].prod(axis=1).mean()
        return self.mix @ means + self.constants


# Rotations U after which Z shows what X or Y would have shown: U^dagger Z U is X or Y.
_TURNS = {cirq.X: cirq.Y**-0.5, cirq.Y: cirq.X**0.5}


def split(sums: Sequence[cirq.PauliSum]) -> tuple[list[cirq.PauliString], np.ndarray, np.ndarray]:
    """Gives the distinct strings, `[observables, strings]` coefficients, and the constants."""
    strings: dict[cirq.PauliString, int] = {}
    terms, constants = [], np.zeros(len(sums))
    for k, observable in enumerate(sums):
        for term in observable:
            coefficient = complex(term.coefficient).real
            if not term.qubits:
                constants[k] += coefficient
                continue
            # A sum keeps a term's qubits in an order that differs from process to process.
            string = cirq.PauliString({q: term[q] for q in sorted(term)})
            terms.append((k, strings.setdefault(string, len(strings)), coefficient))
    mix = np.zeros((len(sums), len(strings)))
    for k, i, coefficient in terms:
        mix[k, i] += coefficient
    return list(strings), mix, constants
