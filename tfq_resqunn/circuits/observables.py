"""What is measured at the end of a circuit."""

from collections.abc import Iterable, Sequence

import cirq


def pauli_z(qubits: Iterable[cirq.Qid]) -> list[cirq.PauliString]:
    """Gives Pauli Z on each qubit, in their order.

    >>> pauli_z(cirq.LineQubit.range(2))
    [cirq.Z(cirq.LineQubit(0)), cirq.Z(cirq.LineQubit(1))]
    """
    return [cirq.Z(q) for q in qubits]


OBSERVABLES = {"z": pauli_z}


def as_pauli_sums(
    observables, qubits: Sequence[cirq.Qid], who: str = "QuanvCircuit"
) -> tuple[cirq.PauliSum, ...]:
    """Normalises what users pass as observables to a tuple of Hermitian Pauli sums.

    Args:
        observables: A name (`"z"`: Pauli Z on each qubit), one Pauli string or sum, or a
            sequence of them. `cirq.Z(q)` is such a string.
        qubits: The circuit's qubits; no other may be measured.
        who: Who asks, for messages.

    Raises:
        TypeError: For anything else.
        ValueError: For an unknown name, no observable at all, a complex coefficient, or a qubit
            that the circuit does not have.
    """
    if isinstance(observables, str):
        if observables not in OBSERVABLES:
            names = ", ".join(map(repr, OBSERVABLES))
            raise ValueError(
                f"{who}: `observables` must be one of {names}, or Pauli strings and sums. "
                f"Received {observables!r}."
            )
        observables = OBSERVABLES[observables](qubits)
    if isinstance(observables, (cirq.PauliString, cirq.PauliSum)):
        observables = [observables]
    if not isinstance(observables, Iterable) or isinstance(observables, cirq.Gate):
        raise TypeError(
            f"{who}: `observables` must be 'z', a cirq.PauliString or cirq.PauliSum, or a "
            f"sequence of them. Received {observables!r}."
        )
    sums = tuple(_as_pauli_sum(o, qubits, who) for o in observables)
    if not sums:
        raise ValueError(f"{who}: `observables` must hold at least one. Received none.")
    return sums


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


def _as_pauli_sum(observable, qubits: Sequence[cirq.Qid], who: str) -> cirq.PauliSum:
    if isinstance(observable, cirq.GateOperation):  # cirq.X(q)**1.0 and the like
        observable = cirq.PauliString(observable)
    if isinstance(observable, cirq.PauliString):
        observable = cirq.PauliSum.from_pauli_strings([observable])
    if not isinstance(observable, cirq.PauliSum):
        raise TypeError(
            f"{who}: each of `observables` must be a cirq.PauliString or cirq.PauliSum, "
            f"such as cirq.Z(qubit). Received {observable!r} of type "
            f"{type(observable).__name__}."
        )
    for term in observable:
        if abs(complex(term.coefficient).imag) > 1e-12:
            raise ValueError(
                f"{who}: `observables` must be Hermitian: the coefficients of Pauli "
                f"strings must be real. Received {observable}."
            )
    unknown = sorted(set(observable.qubits) - set(qubits))
    if unknown:
        raise ValueError(
            f"{who}: `observables` may only act on qubits of the circuit "
            f"({', '.join(map(str, qubits))}). Received {describe(observable)}, which acts on "
            f"{', '.join(map(str, unknown))}. Use one of the circuit's qubits, or put a gate on "
            "that one."
        )
    return observable
