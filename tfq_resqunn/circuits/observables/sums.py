"""What users pass as observables -> sums of Pauli strings."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import cirq
import numpy as np

from tfq_resqunn.circuits.names import OBSERVABLES
from tfq_resqunn.circuits.observables.operators import Operator, dense_as_text, expanded
from tfq_resqunn.circuits.observables.text import Terms, parse_sum
from tfq_resqunn.circuits.registry import Identifier

Observable: TypeAlias = Identifier | cirq.DensePauliString | Operator
Observables: TypeAlias = Observable | Sequence[Observable]
Qubits: TypeAlias = Sequence[cirq.Qid]


def as_pauli_sums(
    observables: Observables, qubits: Qubits | None, who: str = "QuanvCircuit"
) -> tuple[cirq.PauliSum, ...]:
    """Normalises what users pass as observables to a tuple of Hermitian Pauli sums.

    They are one of these, or a sequence of them: a registered name; a sum as text, where qubits are
    counted from 0 in sorted order; a `cirq.DensePauliString`; a Pauli string or sum of Cirq's; any
    Hermitian operation or projector, which is expanded into Pauli strings.

    No qubits but the circuit's, `qubits`, may be measured. `None` stands for qubits that are not
    known yet; observables must then name their own.

    >>> sums = as_pauli_sums(["Z1", "X0 X1 - 0.5 Z0"], cirq.LineQubit.range(2))
    >>> [describe(o) for o in sums]
    ['Z(q(1))', 'X(q(0))*X(q(1)) - 0.5*Z(q(0))']
    """
    items = list_observables(observables, who)
    sums = tuple(
        _as_pauli_sum(o, qubits, who) for item in items for o in _expand(item, qubits, who)
    )
    if not sums:
        raise ValueError(f"{who}: `observables` must hold at least one. Received none.")
    return sums


def list_observables(observables: Observables, who: str) -> list:
    """Lists what `observables` holds, and checks what can be checked before qubits are known."""
    one = (str, dict, cirq.DensePauliString, Operator)
    if isinstance(observables, one) or is_function(observables):
        observables = [observables]
    if not isinstance(observables, Iterable) or isinstance(observables, cirq.Gate):
        raise TypeError(
            f"{who}: `observables` must be 'z' or another name, text such as 'Z0*Z1', a "
            "cirq.PauliString or cirq.PauliSum, a Hermitian operation, or a sequence of them. "
            f"Received {observables!r}."
        )
    items = [
        dense_as_text(o, who) if isinstance(o, cirq.DensePauliString) else o for o in observables
    ]
    for item in items:
        if isinstance(item, str) and item not in OBSERVABLES:
            parse_sum(item, who)
    return items


def is_function(item: object) -> bool:
    """Tells whether an item is a function. Some of Cirq's gates and operations are callable too."""
    return callable(item) and not isinstance(item, (cirq.Gate, cirq.Operation))


def _expand(item: Observable, qubits: Qubits | None, who: str) -> list:
    if not isinstance(item, (str, dict)) and not is_function(item):
        return [item]
    assert qubits is not None  # an item that does not name its own
    if isinstance(item, str) and item not in OBSERVABLES:
        return [_from_terms(parse_sum(item, who), item, qubits, who)]
    found = OBSERVABLES.get(item)(qubits)
    if isinstance(found, Operator):
        return [found]
    if not isinstance(found, Sequence):
        raise TypeError(
            f"{who}: `observables` {OBSERVABLES.serialize(item)!r} must give a list of "
            f"cirq.PauliStrings or cirq.PauliSums. Received {found!r} from it."
        )
    return list(found)


def _from_terms(terms: Terms, text: str, qubits: Qubits, who: str) -> cirq.PauliSum:
    highest = max((i for _, letters in terms for _, i in letters), default=0)
    if highest >= len(qubits):
        raise ValueError(
            f"{who}: `observables` count the circuit's qubits from 0 to {len(qubits) - 1}. "
            f"Received {text[:100]!r}, which measures qubit {str(highest)[:20]}."
        )
    strings = [
        cirq.PauliString(c, {qubits[i]: letter for letter, i in letters}) for c, letters in terms
    ]
    return cirq.PauliSum.from_pauli_strings(strings)


def describe(observable: cirq.PauliSum) -> str:
    """Prints a Pauli sum shorter than Cirq does: without coefficients of one.

    >>> describe(cirq.X(cirq.LineQubit(0)) - 0.5 * cirq.Z(cirq.LineQubit(1)))
    'X(q(0)) - 0.5*Z(q(1))'
    """
    return " + ".join(map(_describe_term, observable)).replace(" + -", " - ") or "0"


def _describe_term(term: cirq.PauliString) -> str:
    coefficient = complex(term.coefficient).real
    if not term:
        return f"{coefficient:g}"
    prefix = {1.0: "", -1.0: "-"}.get(coefficient, f"{coefficient:g}*")
    return prefix + str(term / term.coefficient)


def _as_pauli_sum(observable: Operator, qubits: Qubits | None, who: str) -> cirq.PauliSum:
    if not isinstance(observable, Operator):
        raise TypeError(
            f"{who}: each of `observables` must be a cirq.PauliString or cirq.PauliSum, "
            f"such as cirq.Z(qubit), or a Hermitian operation. Received {observable!r} of type "
            f"{type(observable).__name__}."
        )
    total = expanded(observable, who)
    for term in total:
        if not np.isfinite(complex(term.coefficient)):
            raise ValueError(
                f"{who}: `observables` must have finite coefficients. Received {term.coefficient}."
            )
        if abs(complex(term.coefficient).imag) > 1e-12:
            raise ValueError(
                f"{who}: `observables` must be Hermitian: the coefficients of Pauli "
                f"strings must be real. Received {observable}, which has {term.coefficient}."
            )
    if not total.qubits:
        raise ValueError(
            f"{who}: each of `observables` must measure a qubit. Received one that is "
            f"{describe(total)} whatever the circuit does."
        )
    if qubits is not None and (unknown := sorted(set(total.qubits) - set(qubits))):
        raise ValueError(
            f"{who}: `observables` may only act on qubits of the circuit "
            f"({', '.join(map(str, qubits))}). Received {describe(total)}, which acts on "
            f"{', '.join(map(str, unknown))}. Use one of the circuit's qubits, or put a gate on "
            "that one."
        )
    return total
