"""What once went wrong without a word: angles, phases, names and numbers at their limits."""

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tests.helpers.reference import BACKENDS, expectations
from tfq_resqunn import EncodedPQC, Quanv2D, QuanvCircuit
from tfq_resqunn.circuits import OBSERVABLES, reupload
from tfq_resqunn.simulation.plan import compile_circuit
from tfq_resqunn.simulation.shifts import shift_rule

pytestmark = pytest.mark.once

A, B = cirq.LineQubit.range(2)
X, W = sympy.symbols("x_0 w_0")
STEPS = {
    "piecewise": sympy.pi * sympy.Piecewise((0, X < 0.5), (1, True)),
    "jump": sympy.Piecewise((X, X < 0.5), (X + 1, True)),
    "sign": sympy.sign(X - 0.5) + X,
    "floor": sympy.floor(3 * X),
    "arccos": 2 * sympy.acos(sympy.sqrt(X)),
    "arcsin": sympy.asin(X),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", STEPS)
def test_angles_with_steps_and_ends(name, backend):
    circuit = QuanvCircuit(cirq.Circuit(cirq.rx(STEPS[name])(A), cirq.rx(W)(A)))
    layer = EncodedPQC(circuit, backend=backend, initializer="ones")
    x = tf.constant([[0.0], [0.2], [0.8], [1.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    gradient = tape.gradient(y, x)
    np.testing.assert_allclose(y, expectations(circuit, x.numpy(), [1.0]), atol=1e-5)
    assert gradient is None or np.all(np.isfinite(gradient))


@pytest.mark.parametrize("size", [1e-30, 1e-22, 1e-10, 1e10])
def test_amplitudes_of_any_size_have_finite_gradients(size):
    x = size * tf.constant([[[[0.1], [0.7]], [[0.3], [0.5]]]])
    layer = Quanv2D(encoder="amplitude", n_layers=2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    assert np.all(np.isfinite(tape.gradient(y, x)))


@pytest.mark.parametrize(
    "gate", [cirq.global_phase_operation(sympy.exp(sympy.I * W)), cirq.global_phase_operation(1j)]
)
def test_a_phase_under_control_is_seen(gate):
    controlled = [cirq.H(A), gate.controlled_by(A), cirq.H(A), cirq.rx(X)(A), cirq.ry(W)(A)]
    circuit = QuanvCircuit(cirq.Circuit(controlled))
    _, run = compile_circuit(circuit)
    found = run(tf.constant([[0.3]]), tf.constant([[0.7]]))
    np.testing.assert_allclose(found.numpy().T, expectations(circuit, [[0.3]], [0.7]), atol=1e-6)


class FourLevels(cirq.EigenGate):
    """A gate whose eigenvalues' differences are 1, 4 and 5."""

    def _num_qubits_(self):
        return 2

    def _eigen_components(self):
        return [(e, np.diag(np.eye(4)[i])) for i, e in enumerate((0, 1, 5, 5))]


def test_the_shift_rule_is_well_conditioned():
    circuit = QuanvCircuit(
        cirq.Circuit(
            cirq.ry(X)(A), cirq.ry(0.4)(B), cirq.H.on_each(A, B), FourLevels(exponent=W)(A, B),
            cirq.H.on_each(A, B),
        )
    )  # fmt: skip
    exact = compile_circuit(circuit)[1]
    features, weights = tf.constant([[0.3]], tf.float64), tf.constant([[0.7]], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        outcome = tf.reduce_sum(exact(features, weights))
    expected = float(tape.gradient(outcome, weights)[0, 0])
    gate = next(g for g in _gates(circuit) if g.exponent is not None and len(g.qubits) == 2)
    by_shifts = sum(
        factor * float(tf.reduce_sum(exact(features, weights + shift)))
        for shift, factor in shift_rule(gate)
    )
    assert by_shifts == pytest.approx(expected, rel=1e-9)


def _gates(circuit):
    from tfq_resqunn.simulation.gates.spectral import gates_of

    return gates_of(circuit.circuit, circuit.qubits)


@pytest.fixture
def observables(monkeypatch):
    monkeypatch.setattr(OBSERVABLES, "_functions", dict(OBSERVABLES._functions))
    return OBSERVABLES


def test_a_registered_sum_is_one_observable(observables):
    observables.register("total", lambda qubits: sum(cirq.Z(q) for q in qubits))
    observables.register("first", lambda qubits: cirq.Z(qubits[0]))
    observables.register("nothing", lambda qubits: None)
    for name in ("total", "first"):
        layer = Quanv2D(observables=name)
        assert layer.compute_output_shape((None, 4, 4, 1))[-1] == 1
    with pytest.raises(TypeError, match="'nothing' must give a list of .* Received None"):
        Quanv2D(observables="nothing").compute_output_shape((None, 4, 4, 1))


ERRORS = {
    "infinite": (
        lambda: Quanv2D(observables="1e400*Z0").build((None, 4, 4, 1)), ValueError, "have finite",
    ),
    "nan": (lambda: Quanv2D(observables=float("nan") * cirq.Z(A)), ValueError, "must have finite"),
    "names": (
        lambda: reupload(
            cirq.Circuit(cirq.ry(sympy.Symbol("w_000"))(A)), cirq.Circuit(cirq.rx(W)(A)), 2
        ),
        ValueError, "the data must have other names. Received w_000 in the encoder",
    ),
    "assumptions": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(sympy.Symbol("a", real=True))(A))),
        ValueError, r"and a has assumptions \(real=True, say\). Use sympy.Symbol\('a'\)",
    ),
    "gate_list": (
        lambda: Quanv2D(observables=[cirq.Z]), TypeError, "a sequence of them. Received cirq.Z",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()


def test_a_gate_that_cirq_cannot_write_can_be_uploaded_twice():
    ansatz = cirq.Circuit(cirq.rx(W)(A), FourLevels(exponent=sympy.Symbol("w_1"))(A, B))
    circuit = reupload(cirq.Circuit(cirq.ry(X)(A), cirq.ry(X)(B)), ansatz, 2)
    assert sorted(cirq.parameter_names(circuit)) == ["w_000", "w_001", "w_002", "w_003", "x_0"]
