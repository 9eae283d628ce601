"""Operators of all kinds as observables, against their matrices in Cirq's states."""

import cirq
import numpy as np
import pytest
import sympy

from tests.helpers.reference import EXACT
from tfq_resqunn import EncodedPQC, Quanv2D, QuanvCircuit
from tfq_resqunn.circuits import OBSERVABLES
from tfq_resqunn.circuits.observables.sums import as_pauli_sums

pytestmark = pytest.mark.once

A, B, C = Q = cirq.LineQubit.range(3)
X, W = sympy.Symbol("x_0"), sympy.Symbol("w_0")
CIRCUIT = cirq.Circuit(
    cirq.ry(X)(A), cirq.rx(W)(B), cirq.CX(A, B), cirq.T(B), cirq.ISWAP(B, C) ** 0.4, cirq.H(A)
)


def hermitian_unitary(n):
    u = cirq.testing.random_unitary(2**n, random_state=n)
    return cirq.MatrixGate(u @ np.diag((-1.0) ** np.arange(2**n)) @ u.conj().T)


OPERATORS = {
    "zz": cirq.ZZ(A, B),
    "xx": cirq.XX(C, A),
    "h": cirq.H(C),
    "cz": cirq.CZ(A, C),
    "cx_reversed": cirq.CX(C, A),
    "swap": cirq.SWAP(B, C),
    "ccx": cirq.CCX(C, A, B),
    "y": cirq.Y(B) ** 1.0,
    "y_power": cirq.YPowGate(exponent=3.0)(B),
    "tagged": cirq.Z(A).with_tags("tag"),
    "controlled": cirq.H(A).controlled_by(C, control_values=[0]),
    "matrix_1": hermitian_unitary(1)(B),
    "matrix_3": hermitian_unitary(3)(C, A, B),
    "subcircuit": cirq.CircuitOperation(
        cirq.FrozenCircuit(cirq.H(A), cirq.CZ(A, B), cirq.H(A)), use_repetition_ids=False
    ),
    "combination": cirq.LinearCombinationOfOperations({cirq.H(A): 0.5, cirq.CZ(A, B): -2.0}),
    "projector": cirq.ProjectorString({A: 0, C: 1}, coefficient=3.0),
    "projectors": cirq.ProjectorSum.from_projector_strings(
        [cirq.ProjectorString({A: 0}), cirq.ProjectorString({B: 1, C: 1}, coefficient=-0.5)]
    ),
}


def truth(operator, numbers):
    """<operator>, by Cirq's states and matrices, on all three qubits."""
    state = cirq.Simulator(dtype=np.complex128).simulate(
        CIRCUIT, numbers, qubit_order=Q
    ).final_state_vector  # fmt: skip
    if isinstance(operator, cirq.Operation):
        moved = cirq.Circuit(operator).final_state_vector(
            initial_state=state, qubit_order=Q, dtype=np.complex128
        )
        return np.vdot(state, moved).real
    if isinstance(operator, cirq.LinearCombinationOfOperations):
        return sum(factor.real * truth(op, numbers) for op, factor in operator.items())
    return operator.expectation_from_state_vector(state, {q: i for i, q in enumerate(Q)}).real


@pytest.mark.parametrize("backend", EXACT)
def test_any_hermitian_operator_is_measured(backend, rng):
    circuit = QuanvCircuit(CIRCUIT, list(OPERATORS.values()))
    layer, x = EncodedPQC(circuit, backend=backend), rng.random((3, 1))
    angle = float(layer.get_weights()[0][0, 0])
    expected = [
        [truth(operator, {"x_0": value, "w_0": angle}) for operator in OPERATORS.values()]
        for (value,) in x
    ]
    np.testing.assert_allclose(layer(x), expected, atol=2e-5)


@pytest.mark.parametrize("name", OPERATORS)
def test_each_alone_and_in_a_layer(name):
    operator = OPERATORS[name]
    (total,) = as_pauli_sums(operator, Q)
    assert as_pauli_sums([operator], Q) == (total,)
    assert QuanvCircuit(CIRCUIT, operator).observables == (total,)
    layer = Quanv2D(kernel_size=(1, 3), observables=operator)
    assert layer.compute_output_shape((None, 1, 3, 1))[-1] == 1
    again = Quanv2D.from_config(layer.get_config())
    assert again.observables == [total]


def test_dense_strings_count_qubits():
    for coefficient in (1, -1, 0.25, -1e-7):
        string = cirq.DensePauliString("XIZ", coefficient=coefficient)
        expected = as_pauli_sums(coefficient * cirq.X(A) * cirq.Z(C), Q)
        assert as_pauli_sums(string, Q) == as_pauli_sums([string], Q) == expected
        layer = Quanv2D(kernel_size=(1, 3), observables=string)
        layer.build((None, 1, 3, 1))
        assert layer.pqcs[0].circuit.observables == expected
        assert Quanv2D.from_config(layer.get_config()).observables == layer.observables


def test_a_registered_operator(monkeypatch):
    monkeypatch.setattr(OBSERVABLES, "_functions", dict(OBSERVABLES._functions))
    OBSERVABLES.register("swap", lambda qubits: cirq.SWAP(*qubits[:2]))
    assert as_pauli_sums("swap", Q) == as_pauli_sums(cirq.SWAP(A, B), Q)


ERRORS = {
    "s": (cirq.S(A), ValueError, r"must be Hermitian: .* Received S\(q\(0\)\)"),
    "iswap": (cirq.ISWAP(A, B), ValueError, "must be Hermitian"),
    "product": (cirq.X(A) * cirq.Y(A), ValueError, "must be Hermitian"),
    "symbol": (cirq.X(A) ** X, ValueError, r"without symbols. Received X\*\*x_0\(q\(0\)\)"),
    "measurement": (cirq.measure(A), ValueError, "which has no constant matrix"),
    "channel": (cirq.bit_flip(0.1)(A), ValueError, "which has no constant matrix"),
    "control": (cirq.X(A).with_classical_controls("m"), ValueError, "no constant matrix"),
    "combination": (
        cirq.LinearCombinationOfOperations({cirq.H(A): 0.5j}), ValueError, "must be Hermitian",
    ),
    "gate": (cirq.Z, TypeError, "a Hermitian operation, or a sequence of them. Received cirq.Z"),
    "matrix": (np.eye(2), TypeError, "or a Hermitian operation. Received"),
    "dense_complex": (cirq.DensePauliString("X", coefficient=1j), ValueError, "Hermitian"),
    "dense_symbol": (cirq.DensePauliString("X", coefficient=X), ValueError, "real numbers"),
    "dense_wide": (cirq.DensePauliString("IIIX"), ValueError, "from 0 to 2"),
    "dense_identity": (cirq.DensePauliString("II"), ValueError, "must measure a qubit"),
    "elsewhere": (cirq.CZ(A, cirq.LineQubit(7)), ValueError, r"acts on q\(7\)"),
    "twice": ("Z0*Z0", ValueError, "may name a qubit once, .* 'Z0\\*Z0', which names qubit 0"),
    "twice_mixed": ("X1 + Z0*Y1*X1", ValueError, "names qubit 1 twice"),
    "times_zero": ("0*Z0", ValueError, "must measure a qubit. Received one that is 0 whatever"),
    "cancelled": ("Z0 - Z0", ValueError, "must measure a qubit"),
    "number": ("3", ValueError, "must measure a qubit. Received one that is 3 whatever"),
    "empty_sum": (cirq.PauliSum(), ValueError, "must measure a qubit"),
    "empty_string": (cirq.PauliString(coefficient=2), ValueError, "must measure a qubit"),
    "identity": (cirq.I(A), ValueError, "must measure a qubit. Received one that is 1 whatever"),
    "among_others": (["Z0", "Z1 - Z1"], ValueError, "must measure a qubit"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    observables, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        QuanvCircuit(CIRCUIT, observables)
    with pytest.raises(kind, match=message):
        Quanv2D(kernel_size=(1, 3), observables=observables).build((None, 1, 3, 1))
