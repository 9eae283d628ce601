"""`Gate` and `Channel`: what a circuit consists of, as numbers."""

import dataclasses
from collections.abc import Sequence, Set
from typing import ClassVar

import numpy as np
import sympy


@dataclasses.dataclass(frozen=True, eq=False)
class Gate:
    """`sum_k exp(i pi exponent frequencies[k]) projectors[k]` on some qubits.

    Attributes:
        qubits: Indices of the qubits, the most significant first.
        exponent: In half turns; `None` for a constant gate, which is `projectors[0]`.
        frequencies: `[k]`.
        projectors: `[k, d, d]` with d = 2**len(qubits).
    """

    qubits: tuple[int, ...]
    exponent: sympy.Expr | None
    frequencies: np.ndarray
    projectors: np.ndarray

    @property
    def symbols(self) -> Set[sympy.Symbol]:
        """The symbols that the gate depends on."""
        return set() if self.exponent is None else self.exponent.free_symbols


@dataclasses.dataclass(frozen=True, eq=False)
class Channel:
    """A constant channel, which stands among gates and is not unitary.

    Attributes:
        qubits: Indices of the qubits, the most significant first.
        transfer: `[4**k, 4**k]`: the Pauli operator with index a, pulled back, is the sum over b
            of `transfer[b, a] P_b`.
    """

    qubits: tuple[int, ...]
    transfer: np.ndarray
    exponent: ClassVar[None] = None
    symbols: ClassVar[Set[sympy.Symbol]] = frozenset()


# What a circuit consists of.
Operation = Gate | Channel


def as_gates(operations: Sequence[Operation]) -> list[Gate]:
    """Gives operations of which none may be a channel, since that has no unitary."""
    gates = [operation for operation in operations if isinstance(operation, Gate)]
    if len(gates) < len(operations):
        raise ValueError("a circuit of gates with unitaries is needed. Received a channel.")
    return gates
