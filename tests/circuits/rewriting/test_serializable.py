import cirq
import numpy as np
import pytest
import sympy

from tests.helpers.reference import needs_tfq, tfq
from tfq_resqunn.circuits.rewriting.serializable import serializable

pytestmark = pytest.mark.once

Q = cirq.LineQubit.range(4)
A, B, C = sympy.symbols("a b c")
VALUES = {A: 0.3, B: 0.7, C: 0.2}

OPERATIONS = {
    "power": cirq.X(Q[0]) ** A,
    "rotation": cirq.ry(2 * A)(Q[0]),
    "linear": cirq.Y(Q[0]) ** (A + 2 * B + 0.1),
    "product": cirq.Z(Q[0]) ** (A * B),
    "function": cirq.rx(sympy.sin(A) / (1 + B**2))(Q[0]),
    "constant": cirq.rx(sympy.pi / 3)(Q[0]),
    "float_times_pi": cirq.ms(A)(Q[0], Q[1]),
    "ccx": cirq.CCX(*Q[:3]) ** A,
    "ccz": cirq.CCZ(*Q[:3]) ** (A * B),
    "cswap": cirq.CSWAP(*Q[:3]),
    "phased_xz": cirq.PhasedXZGate(x_exponent=A, z_exponent=B, axis_phase_exponent=0.1)(Q[0]),
    "phased_x": cirq.PhasedXPowGate(phase_exponent=A, exponent=B)(Q[1]),
    "fsim": cirq.FSimGate(A, B * C)(Q[0], Q[2]),
    "phased_iswap": cirq.PhasedISwapPowGate(phase_exponent=A, exponent=0.3)(Q[0], Q[1]),
    "partly_idle": cirq.IdentityGate(2)(Q[0], Q[1]),
    "givens": cirq.givens(A)(Q[0], Q[1]),
    "identity": cirq.IdentityGate(2)(*Q[:2]),
    "controlled": cirq.ry(A)(Q[0]).controlled_by(Q[1]),
    "controlled_gate": cirq.rx(A * B).controlled(2)(*Q[:3]),
    "control_values": cirq.ControlledOperation([Q[1], Q[2]], cirq.Y(Q[0]) ** A, [0, 1]),
    "rotation_by_control_values": cirq.ControlledOperation([Q[1], Q[2]], cirq.rx(A)(Q[0]), [1, 0]),
    "rotation_by_zero": cirq.ControlledOperation([Q[1]], cirq.rz(A * B)(Q[0]), [0]),
    "two_control_values": cirq.ControlledOperation([Q[1]], cirq.Y(Q[0]) ** A, [(0, 1)]),
    "sum_of_products": cirq.ControlledGate(
        cirq.Y**A, control_values=cirq.SumOfProducts([[0, 1], [1, 0]])
    )(*Q[:3]),
    "controlled_identity": cirq.ControlledOperation([Q[1]], cirq.I(Q[0])),
    "controlled_swap": cirq.ControlledOperation([Q[3]], cirq.SWAP(Q[0], Q[1]) ** A),
    "cphase": cirq.cphase(A)(Q[0], Q[1]),
    "matrix_1": cirq.MatrixGate(cirq.testing.random_unitary(2, random_state=1))(Q[0]),
    "matrix_4": cirq.MatrixGate(cirq.testing.random_unitary(16, random_state=1))(*Q),
    "permutation": cirq.QubitPermutationGate([1, 2, 0])(*Q[:3]),
    "fourier": cirq.QuantumFourierTransformGate(3)(*Q[:3]),
    "pauli_phasor": cirq.PauliStringPhasor(
        cirq.PauliString({Q[0]: cirq.X, Q[1]: cirq.Z}), exponent_neg=A
    ),
    "interaction": cirq.PauliInteractionGate(cirq.X, False, cirq.Z, True, exponent=A)(*Q[:2]),
    "diagonal": cirq.TwoQubitDiagonalGate([0.1, A, 0.2, 0.3])(*Q[:2]),
    "parallel": cirq.ParallelGate(cirq.X**A, 2)(*Q[:2]),
    "tagged": cirq.X(Q[0]).with_tags("tag"),
    "global_phase": cirq.global_phase_operation(1j),
    "subcircuit": cirq.CircuitOperation(
        cirq.FrozenCircuit(cirq.X(Q[0]) ** A, cirq.CX(*Q[:2])), use_repetition_ids=False
    ),
}


@needs_tfq
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.filterwarnings("ignore:In cirq 1.6 the default value:FutureWarning")
def test_tfq_simulates_what_cirq_does(name, rng):
    before = [
        cirq.PhasedXZGate(x_exponent=x, z_exponent=z, axis_phase_exponent=a)(q)
        for q, (x, z, a) in zip(Q, rng.random((4, 3)), strict=True)
    ]
    after = [cirq.X(q) ** 0.3 for q in Q] + [cirq.Y(Q[1]) ** sympy.Symbol("c")]
    circuit = cirq.Circuit(before, OPERATIONS[name], after)
    observables = [*map(cirq.PauliString, map(cirq.Z, Q)), cirq.X(Q[0]) * cirq.Y(Q[1])]
    sums = [cirq.PauliSum.from_pauli_strings([o]) for o in observables]
    truth = cirq.Simulator(dtype=np.complex128).simulate_expectation_values(
        cirq.resolve_parameters(circuit, VALUES), observables
    )
    rewritten = serializable(circuit.freeze())
    symbols = list(rewritten.expressions)
    values = [float(e.subs(VALUES)) for e in rewritten.expressions.values()]
    found = tfq.layers.Expectation()(
        tfq.convert_to_tensor([rewritten.circuit]),
        symbol_names=[s.name for s in symbols],
        symbol_values=np.array([values], dtype=np.float32),
        operators=[rewritten.rename(s) for s in sums],
    )
    np.testing.assert_allclose(found[0], np.real(truth), atol=1e-5)


def test_simple_angles_stay_as_they_are():
    circuit = cirq.FrozenCircuit(cirq.X(Q[0]) ** A, cirq.Y(Q[0]) ** (-0.5 * B))
    rewritten = serializable(circuit)
    assert rewritten.expressions == {A: A, B: B}
    assert rewritten.circuit == circuit.unfreeze()


def test_fresh_symbols_avoid_taken_names():
    taken = sympy.Symbol("e_000")
    rewritten = serializable(cirq.FrozenCircuit(cirq.X(Q[0]) ** taken, cirq.X(Q[0]) ** (A * B)))
    assert rewritten.expressions == {taken: taken, sympy.Symbol("e_001"): A * B}


def test_equal_expressions_share_a_symbol():
    rewritten = serializable(cirq.FrozenCircuit(cirq.X(q) ** (A * B) for q in Q))
    assert len(rewritten.expressions) == 1


CHANNELS = [
    cirq.depolarize(0.1),
    cirq.asymmetric_depolarize(0.1, 0.2, 0.3),
    cirq.amplitude_damp(0.1),
    cirq.generalized_amplitude_damp(0.3, 0.1),
    cirq.phase_damp(0.1),
    cirq.bit_flip(0.1),
    cirq.phase_flip(0.1),
    cirq.ResetChannel(),
]


@needs_tfq
@pytest.mark.parametrize("channel", CHANNELS, ids=str)
def test_channels_stay_as_they_are(channel):
    circuit = cirq.FrozenCircuit(cirq.X(Q[0]) ** A, channel(Q[0]).with_tags("tag"))
    rewritten = serializable(circuit).circuit
    assert rewritten == cirq.Circuit(cirq.X(Q[0]) ** A, channel(Q[0]))
    read = tfq.from_tensor(tfq.convert_to_tensor([rewritten]))[0]
    found, expected = (
        cirq.final_density_matrix(cirq.resolve_parameters(c, VALUES)) for c in (read, circuit)
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    "channel",
    [
        cirq.depolarize(0.1, n_qubits=2)(*Q[:2]),
        cirq.KrausChannel(cirq.kraus(cirq.bit_flip(0.1)))(Q[0]),
        cirq.X(Q[0]).with_probability(0.5),
    ],
    ids=str,
)
def test_other_channels_are_named(channel):
    with pytest.raises(ValueError, match="(?s)no channel for .* or backend='compiled'"):
        serializable(cirq.FrozenCircuit(cirq.H(Q[0]), channel))


class Opaque(cirq.Gate):
    """A parametrised gate that knows its unitary but no decomposition."""

    def __init__(self, angle):
        self.angle = angle

    def _num_qubits_(self):
        return 1

    def _is_parameterized_(self):
        return cirq.is_parameterized(self.angle)

    def __repr__(self):
        return "Opaque"


def test_what_cannot_be_rewritten_is_named():
    with pytest.raises(ValueError, match="TensorFlow Quantum has no gate for Opaque"):
        serializable(cirq.FrozenCircuit(Opaque(A)(Q[0])))
