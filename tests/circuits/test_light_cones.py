"""Light cones: what is done outside changes no expectation value, by `cirq.Simulator`."""

import cirq
import numpy as np
import pytest

from tfq_resqunn.circuits.light_cones import light_cone

pytestmark = pytest.mark.once

QUBITS = cirq.LineQubit.range(6)


def outcome(circuit, qubit, before=None):
    """Z of a qubit; with something done first, on another one."""
    whole = cirq.Circuit([cirq.I.on_each(*QUBITS), *(() if before is None else (before,))])
    whole += circuit
    simulator = cirq.Simulator(dtype=np.complex128)
    (value,) = simulator.simulate_expectation_values(whole, cirq.Z(qubit))
    return value.real


def differences(circuit, qubit):
    turn = cirq.PhasedXZGate(x_exponent=0.3, z_exponent=0.4, axis_phase_exponent=0.2)
    plain = outcome(circuit, qubit)
    return {q: abs(outcome(circuit, qubit, turn(q)) - plain) for q in QUBITS}


@pytest.mark.parametrize("seed", range(8))
def test_outside_nothing_counts(seed):
    gates = {cirq.CNOT: 2, cirq.CZ**0.3: 2, cirq.ISWAP**0.4: 2, cirq.Y**0.7: 1, cirq.X**0.2: 1}
    circuit = cirq.testing.random_circuit(QUBITS, 4, 0.4, gates, random_state=seed)
    n_outside = 0
    for qubit in QUBITS:
        cone = light_cone(circuit, [qubit])
        found = differences(circuit, qubit)
        assert all(found[q] < 1e-12 for q in QUBITS if q not in cone)
        n_outside += len(QUBITS) - len(cone)
    assert n_outside > 0


def test_inside_all_counts():
    a, b, c, d, e, _ = QUBITS
    swap = cirq.ISWAP**0.4
    turns = cirq.Moment((cirq.X**0.3).on_each(*QUBITS))
    circuit = cirq.Circuit(swap(a, b), swap(c, d), turns, swap(b, c), swap(d, e), turns)
    for qubit, cone in ((a, {a, b}), (b, {a, b, c, d}), (d, {c, d, e}), (e, {c, d, e})):
        assert light_cone(circuit, [qubit]) == cone
        found = differences(circuit, qubit)
        assert {q for q in QUBITS if found[q] > 1e-6} == cone


def test_subcircuits_count_as_their_qubits():
    gates = cirq.FrozenCircuit(cirq.CX(*QUBITS[:2]), cirq.CX(*QUBITS[1:3]))
    inner = cirq.CircuitOperation(gates, use_repetition_ids=False)
    assert light_cone(cirq.Circuit(inner), [QUBITS[0]]) == set(QUBITS[:3])
    assert light_cone(cirq.Circuit(), QUBITS[:1]) == set(QUBITS[:1])
