"""Circuits without subcircuits.

The user's own circuit is shown and saved. Whatever runs a circuit, counts its gates, checks it or
makes it noisy works on what `unroll` gives.
"""

from collections.abc import Hashable

import cirq
import sympy

MAX_OPERATIONS = 100_000  # of a circuit, or of a file's


def unroll(circuit: cirq.AbstractCircuit) -> cirq.AbstractCircuit:
    """Writes out all subcircuits, nested ones too, unless the circuit would grow too long.

    A `cirq.CircuitOperation` becomes its moments, as often as it is repeated, on the qubits and
    with the parameters that it maps them to. Under a control, each of its gates gets that control.
    A `cirq.VirtualTag` of it goes to all operations in it.

    >>> a, b = cirq.LineQubit.range(2)
    >>> pair = cirq.FrozenCircuit(cirq.H(a), cirq.CX(a, b))
    >>> twice = cirq.CircuitOperation(pair, repetitions=2, use_repetition_ids=False)
    >>> print(unroll(cirq.Circuit(twice)))
    0: ───H───@───H───@───
              │       │
    1: ───────X───────X───
    """
    Length().check(circuit)
    return _unrolled(circuit)


def distinct(circuit: cirq.AbstractCircuit) -> list[cirq.Operation]:
    """Gives one operation of each kind. Operations of one kind differ only in their qubits.

    A small file can stand for a long circuit that repeats the same gates. Each of them then need
    not be checked again and again.
    """
    found: dict[Hashable, cirq.Operation] = {}
    for op in unroll(circuit).all_operations():
        found.setdefault(_kind(op), op)
    return list(found.values())


# Gates are compared by identity, since a user's own gates may be equal and still not the same.
def _kind(op: cirq.Operation) -> Hashable:
    if type(op) in _OF_GATES:
        return id(op.gate)
    if type(op) is cirq.TaggedOperation:
        return (*map(id, op.tags), _kind(op.sub_operation))
    if type(op) is cirq.ControlledOperation:
        levels = tuple(q.dimension for q in op.controls)
        return levels, op.control_values, _kind(op.sub_operation)
    return id(op)


_OF_GATES = (cirq.GateOperation, type(cirq.X(cirq.LineQubit(0))))


class Length:
    """Counts the operations of circuits that may share subcircuits. Each is visited only once.

    Those of a subcircuit count as often as it is repeated.
    """

    def __init__(self) -> None:
        # The circuits are kept as well, so that Python does not give their ids to others.
        self._known: dict[int, tuple[cirq.AbstractCircuit, int]] = {}

    def check(self, circuit: cirq.AbstractCircuit, repetitions: int = 1) -> None:
        """Checks that a circuit, repeated, has no more operations than it may."""
        n_operations = abs(repetitions) * self._count(circuit)
        if n_operations > MAX_OPERATIONS:
            raise ValueError(
                f"QuanvCircuit: `circuit` may have at most {MAX_OPERATIONS} operations. Received "
                f"one whose subcircuits repeat to {n_operations}. Repeat them less often."
            )

    def _count(self, circuit: cirq.AbstractCircuit) -> int:
        if id(circuit) not in self._known:
            n_operations = sum(
                1 if sub is None else _repetitions(sub) * self._count(sub.circuit)
                for sub in map(subcircuit_in, circuit.all_operations())
            )
            self._known[id(circuit)] = circuit, n_operations
        return self._known[id(circuit)][1]


def _unrolled(circuit: cirq.AbstractCircuit) -> cirq.AbstractCircuit:
    if not any(map(subcircuit_in, circuit.all_operations())):
        return circuit
    moments: list[cirq.Moment] = []
    for moment in circuit:
        if any(map(subcircuit_in, moment)):
            moments += cirq.Circuit.zip(*map(_written_out, moment)).moments
        else:
            moments.append(moment)
    return cirq.Circuit(moments)


def _written_out(op: cirq.Operation) -> cirq.Circuit:
    own = op.untagged
    if subcircuit_in(own) is None:
        return cirq.Circuit(op)
    if isinstance(own, cirq.ControlledOperation):
        # A repeated operation is the same object each time, and so is what becomes of it.
        parts = list(_written_out(own.sub_operation).all_operations())
        moments: dict[int, cirq.Moment] = {}
        for part in parts:
            if id(part) not in moments:
                controlled = part.untagged.controlled_by(
                    *own.controls, control_values=own.control_values
                )
                moments[id(part)] = cirq.Moment(controlled.with_tags(*part.tags))
        circuit = cirq.Circuit(moments[id(part)] for part in parts)
    else:
        circuit = _unrolled(own.mapped_circuit()).unfreeze()
    if cirq.VirtualTag() in op.tags:
        circuit = circuit.map_operations(lambda part: part.with_tags(cirq.VirtualTag()))
    return circuit


def subcircuit_in(op: cirq.Operation) -> cirq.CircuitOperation | None:
    """Gives the subcircuit that an operation is, or that it controls; `None` if there is none."""
    op = op.untagged
    if isinstance(op, cirq.ControlledOperation):
        return subcircuit_in(op.sub_operation)
    return op if isinstance(op, cirq.CircuitOperation) else None


def _repetitions(sub: cirq.CircuitOperation) -> int:
    if sub.repeat_until is not None:
        raise ValueError(
            "QuanvCircuit: a subcircuit of `circuit` must not repeat until a measurement says "
            f"otherwise. Received a cirq.CircuitOperation with repeat_until={sub.repeat_until}. "
            "Use `repetitions`."
        )
    if isinstance(sub.repetitions, sympy.Basic):
        raise ValueError(
            "QuanvCircuit: a subcircuit of `circuit` must repeat a fixed number of times. Received "
            f"a cirq.CircuitOperation with repetitions={sub.repetitions}. Use an integer."
        )
    return abs(sub.repetitions)
