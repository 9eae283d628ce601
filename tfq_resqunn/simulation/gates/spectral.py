"""One operation -> gates in spectral form: matrices as functions of their exponent.

Any `cirq.EigenGate` with exponent t is `sum_k exp(i pi t f_k) P_k` with constant frequencies f_k
(Cirq's eigenvalue exponents plus the global shift) and constant projectors P_k. So is a
controlled one. A constant gate is its unitary. A channel is the matrix by which it changes Pauli
operators. Everything else is decomposed until it is one of these.
"""

import dataclasses
from collections.abc import Sequence

import cirq
import numpy as np
import sympy

from tfq_resqunn.circuits.checks.shown import shown
from tfq_resqunn.circuits.free_symbols import symbols_in
from tfq_resqunn.circuits.rewriting.decomposing import (
    by_its_unitary,
    controls_of,
    decomposed,
    is_power,
)
from tfq_resqunn.circuits.rewriting.phases import angle_of
from tfq_resqunn.circuits.rewriting.unrolling import unroll
from tfq_resqunn.simulation.gates.gate import Channel, Gate, Operation, as_gates
from tfq_resqunn.simulation.gates.operators import coefficients_in, pauli_basis

MAX_CONTROLLED = 12  # qubits of a controlled gate
MAX_ENTRIES = 2**27  # of all matrices together: 2 GiB


def gates_of(circuit: cirq.AbstractCircuit, qubits: Sequence[cirq.Qid]) -> list[Operation]:
    """Gives the gates and channels of a circuit, in order; they know a qubit by its index.

    Raises a `ValueError` if an operation is neither of spectral form nor decomposed by Cirq, or
    its matrix is too large.

    >>> q = cirq.LineQubit(0)
    >>> gates = gates_of(cirq.FrozenCircuit(cirq.rx(sympy.Symbol("a"))(q), cirq.H(q)), [q])
    >>> [(g.exponent, g.frequencies.tolist()) for g in gates]
    [(a/pi, [-0.5, 0.5]), (None, [0.0])]
    """
    index = {q: i for i, q in enumerate(qubits)}
    gates, entries = [], 0
    for op in unroll(circuit).all_operations():
        for gate in _gates(op):
            if isinstance(gate, Gate):
                entries += gate.projectors.size
            if entries > MAX_ENTRIES:
                raise ValueError(
                    "backend='compiled' takes gates whose matrices have up to "
                    f"{MAX_ENTRIES} entries in all. Received more, up to {shown(op)}. Write "
                    "large gates with smaller ones, or use backend='noiseless'."
                )
            if gate.qubits:
                gates.append(dataclasses.replace(gate, qubits=tuple(index[q] for q in gate.qubits)))
    return gates


_ANY = cirq.ParamResolver({"any": 0.0})  # Cirq leaves everything as it is with an empty one


def _gates(op: cirq.Operation) -> Sequence[Operation]:
    # Here a gate's `qubits` are still Cirq's.
    op = op.untagged
    if isinstance(op.gate, cirq.GlobalPhaseGate):
        return [_phase(op)]  # on no qubits: only a control sees it
    is_constant = not symbols_in(op)
    if is_constant and cirq.is_parameterized(op):  # by numbers of sympy's, such as pi/4
        op = cirq.resolve_parameters(op, _ANY)
    if is_constant and not cirq.has_unitary(op) and cirq.has_kraus(op):
        return [_channel(op)]
    if is_constant and (len(op.qubits) <= 4 or decomposed(op) is None):
        return [Gate(tuple(op.qubits), None, np.zeros(1), cirq.unitary(op)[None])]
    if is_power(op.gate):
        return [_eigen_gate(op)]
    if controlled := controls_of(op):
        return _controlled(*controlled)
    parts = decomposed(op)
    if parts is None:
        parts = by_its_unitary(op)
    if parts is None:
        raise ValueError(
            f"backend='compiled' has no matrix for {shown(op)}: its gate is no cirq.EigenGate, and "
            "Cirq cannot decompose it. Give its gate a _decompose_ method, or write it with gates "
            "that have one."
        )
    return [gate for part in parts for gate in _gates(part)]


def _phase(op: cirq.Operation) -> Gate:
    coefficient, one = sympy.sympify(op.gate.coefficient), np.ones((1, 1, 1))
    if coefficient.is_number:  # one of sympy's perhaps, of which Cirq knows no unitary
        return Gate((), None, np.zeros(1), complex(coefficient) * one)
    angle = angle_of(coefficient)
    if angle is None:
        raise ValueError(
            "backend='compiled' takes a phase as a number of modulus 1, as exp(I*angle), as such a "
            f"number to a power, or as a product of these. Received {shown(op)}."
        )
    return Gate((), angle / sympy.pi, np.ones(1), one)


def _channel(op: cirq.Operation) -> Channel:
    basis = pauli_basis(len(op.qubits))
    pulled = sum(k.conj().T @ basis @ k for k in cirq.kraus(op))
    return Channel(tuple(op.qubits), coefficients_in(basis, pulled))


def _eigen_gate(op: cirq.Operation) -> Gate:
    thetas, projectors = zip(*op.gate._eigen_components(), strict=True)
    frequencies = np.array([float(theta) + op.gate.global_shift for theta in thetas])
    exponent = sympy.sympify(op.gate.exponent)
    return Gate(tuple(op.qubits), exponent, frequencies, np.array(projectors, dtype=complex))


def _controlled(
    controls: Sequence[cirq.Qid], values: cirq.ops.AbstractControlValues, sub: cirq.Operation
) -> Sequence[Gate]:
    n_qubits = len(controls) + len(sub.qubits)
    if n_qubits > MAX_CONTROLLED:
        raise ValueError(
            f"backend='compiled' takes controlled gates on up to {MAX_CONTROLLED} qubits in all, "
            f"as matrices of 2**{MAX_CONTROLLED} rows. Received {str(sub)[:100]} with "
            f"{len(controls)} controls: {n_qubits} qubits. Write it with smaller gates, such as "
            "cirq.decompose(operation), or use backend='noiseless'."
        )
    # The projector on the control values, and the identity where they do not hold.
    holds = np.zeros(2 ** len(controls))
    for product in values.expand():
        holds[int("".join(map(str, product)), 2)] = 1
    gates = []
    for gate in as_gates(_gates(sub)):
        idle = np.kron(np.diag(1 - holds), np.eye(gate.projectors.shape[-1]))
        active = [np.kron(np.diag(holds), p) for p in gate.projectors]
        if gate.exponent is None:
            frequencies, projectors = [0.0], [idle + active[0]]
        else:
            frequencies, projectors = [0.0, *gate.frequencies], [idle, *active]
        numbers = np.array(frequencies), np.array(projectors)
        gates.append(Gate((*controls, *gate.qubits), gate.exponent, *numbers))
    return gates
