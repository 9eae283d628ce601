"""Names and circuits, as users pass them, become a `QuanvCircuit`."""

import difflib
from collections.abc import Iterable

import cirq

from tfq_resqunn.circuits.ansatzes import ANSATZES
from tfq_resqunn.circuits.circuit import QuanvCircuit
from tfq_resqunn.circuits.encoders import ENCODERS
from tfq_resqunn.circuits.observables import as_pauli_sums


def assemble(n_features: int, encoder, ansatz, n_layers: int, observables) -> QuanvCircuit:
    """Builds the circuit of `n_features` data symbols that encoder, ansatz and observables name.

    A named part is put on the qubits of the other part, where that one is the user's own circuit.

    Args:
        n_features: Number of values that a named encoder takes.
        encoder: Name of an encoder, or a `cirq.Circuit` all of whose symbols are data.
        ansatz: Name of an ansatz, or a `cirq.Circuit` all of whose symbols are weights.
        n_layers: Layers of a named ansatz.
        observables: As for `QuanvCircuit`.

    Raises:
        ValueError: If the parts do not fit each other.

    Example:
        >>> assemble(2, "angle", "basic_entangler", 3, "z").weights
        (w_000, w_001, w_002, w_003, w_004, w_005)
    """
    if isinstance(encoder, str):
        encoder = ENCODERS[encoder](n_features)
        if not isinstance(ansatz, str):
            encoder = _move(encoder, ansatz.all_qubits(), "ansatz")
    if isinstance(ansatz, str):
        qubits = encoder.all_qubits()
        ansatz = _move(ANSATZES[ansatz](len(qubits), n_layers), qubits, "encoder")
    return QuanvCircuit.from_parts(encoder, ansatz, observables)


def check_part(part, kind: str, who: str):
    """Checks an encoder or ansatz as far as that goes without the number of features.

    Returns:
        The name, or the circuit frozen.
    """
    names = {"encoder": ENCODERS, "ansatz": ANSATZES}[kind]
    if isinstance(part, str):
        if part not in names:
            close = difflib.get_close_matches(part, names, n=1)
            close = close or [name for name in names if part and name.startswith(part)]
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(
                f"{who}: `{kind}` must be one of {', '.join(map(repr, names))}, or a "
                f"cirq.Circuit. Received {part!r}.{hint}"
            )
        return part
    if not isinstance(part, cirq.AbstractCircuit):
        raise TypeError(
            f"{who}: `{kind}` must be a name ({', '.join(map(repr, names))}) or a cirq.Circuit. "
            f"Received {part!r} of type {type(part).__name__}."
        )
    if not cirq.is_parameterized(part):
        symbols = {"encoder": "data symbols", "ansatz": "weights"}[kind]
        raise ValueError(
            f"{who}: `{kind}` must have {symbols}. Received a circuit without any sympy symbol. "
            f"Put symbols into its gates, for example cirq.ry(sympy.Symbol('a'))(qubit)."
        )
    # Also says here, not first when images arrive, what is wrong with its gates.
    QuanvCircuit(part, inputs=())
    return part.freeze()


def check_observables(observables, who: str):
    """Checks observables as far as that goes without the circuit's qubits."""
    if isinstance(observables, str):
        as_pauli_sums(observables, cirq.LineQubit.range(1), who)
        return observables
    if isinstance(observables, (cirq.PauliString, cirq.PauliSum)):
        observables = [observables]
    if not isinstance(observables, Iterable):
        as_pauli_sums(observables, (), who)
    observables = list(observables)
    qubits = {q for o in observables for q in getattr(o, "qubits", ())}
    return list(as_pauli_sums(observables, sorted(qubits), who))


def _move(part: cirq.Circuit, qubits, where: str) -> cirq.Circuit:
    own, qubits = sorted(part.all_qubits()), sorted(qubits)
    if len(own) != len(qubits):
        raise ValueError(
            f"QuanvCircuit: a named circuit on {len(own)} qubits (one for each value) cannot be "
            f"joined to `{where}`, which has {len(qubits)} ({', '.join(map(str, qubits))}). Give "
            "both parts as circuits, or change the number of qubits."
        )
    return part.transform_qubits(dict(zip(own, qubits, strict=True)))
