"""Whole circuits: what Qiskit and PennyLane compute, layers compute on every backend."""

import json

import cirq
import numpy as np
import pytest
import tensorflow as tf

import tfq_resqunn as rq
from tests.helpers import pennylane_circuits
from tests.helpers.reference import EXACT

STORED = json.loads(pennylane_circuits.STORED.read_text(encoding="utf-8"))["circuits"]
# TensorFlow Quantum computes in float32 and rounds gates' coefficients.
VALUES, GRADIENTS = 2e-5, 2e-4


def from_layer(circuit, values, backend):
    """Expectation values of Z on all qubits, and the derivatives by the symbols in `values`."""
    layer = rq.EncodedPQC(circuit, backend=backend)
    x = tf.constant([[values[s.name] for s in circuit.inputs]], tf.float32)
    layer(x)
    layer.set_weights([np.array([[values[s.name] for s in circuit.weights]])])
    (weights,) = layer.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        outcomes = tf.unstack(layer(x)[0])
    columns = [s.name for s in (*circuit.inputs, *circuit.weights)]
    rows = []
    for outcome in outcomes:
        parts = tape.gradient(outcome, [x, weights], unconnected_gradients="zero")
        rows.append(np.concatenate([np.ravel(part) for part in parts]))
    order = [columns.index(name) for name in values]
    return np.array(outcomes), np.array(rows)[:, order]


def assert_same(circuit, values, expectations, gradients, backend):
    found = from_layer(rq.QuanvCircuit(circuit), values, backend)
    np.testing.assert_allclose(found[0], expectations, atol=VALUES)
    np.testing.assert_allclose(found[1], gradients, atol=GRADIENTS)


# --- Qiskit --------------------------------------------------------------------------------------


def feature_map_and_ansatz():
    from qiskit.circuit import library

    # The one was made for data, the other's parameters are θ[0], θ[1], ...
    circuit = library.zz_feature_map(3, reps=2)
    return circuit.compose(library.real_amplitudes(3, reps=2))


def own_gates():
    from qiskit import QuantumCircuit
    from qiskit.circuit import Parameter, ParameterVector

    x, theta, w = ParameterVector("x", 3), Parameter("θ"), Parameter("w")
    inner = QuantumCircuit(2, name="inner")
    inner.ryy(theta / 3, 0, 1)
    inner.rzx(w * theta, 1, 0)
    circuit = QuantumCircuit(3, 2, global_phase=0.3)
    for i in range(3):
        circuit.ry(3 * x[i], i)
    circuit.barrier()
    circuit.append(inner.to_gate(), [2, 0])
    circuit.append(inner.to_gate().inverse(), [0, 1])
    circuit.rxx(x[0] * x[1] - x[2] ** 2, 1, 2)
    circuit.cu(theta, w, 0.3, 0.4, 0, 1)
    circuit.crx(w.sin() + theta.exp(), 1, 2)
    circuit.mcx([0, 1], 2)
    circuit.csx(0, 1)
    circuit.r(theta, w, 0)
    circuit.iswap(1, 2)
    circuit.ecr(0, 1)
    circuit.u(theta, w, x[0], 0)
    circuit.measure([0, 1], [0, 1])
    return circuit


def rewritten():
    from qiskit import transpile

    return transpile(own_gates(), basis_gates=["rz", "sx", "x", "cx"])


QISKIT = {f.__name__: f for f in (feature_map_and_ansatz, own_gates, rewritten)}


def by_qiskit(circuit, values):
    from qiskit.quantum_info import SparsePauliOp, Statevector

    bare = circuit.remove_final_measurements(inplace=False)
    n = bare.num_qubits
    state = Statevector(bare.assign_parameters(values))
    z = [SparsePauliOp.from_sparse_list([("Z", [i], 1)], n) for i in range(n)]
    return np.array([state.expectation_value(o).real for o in z])


@pytest.mark.parametrize("backend", EXACT)
@pytest.mark.parametrize("name", QISKIT)
def test_qiskits_numbers(name, backend, rng):
    qasm3 = pytest.importorskip("qiskit.qasm3")
    theirs = QISKIT[name]()
    numbers = dict(zip(theirs.parameters, rng.uniform(0.2, 1, len(theirs.parameters)), strict=True))
    step, gradients = 1e-5, []
    for p in numbers:
        ends = [by_qiskit(theirs, {**numbers, p: numbers[p] + s}) for s in (step, -step)]
        gradients.append((ends[0] - ends[1]) / (2 * step))
    values = {p.name.replace("[", "_").rstrip("]"): v for p, v in numbers.items()}
    circuit = rq.from_qasm(qasm3.dumps(theirs))
    assert_same(circuit, values, by_qiskit(theirs, numbers), np.transpose(gradients), backend)


@pytest.mark.parametrize("name", QISKIT)
def test_qiskits_numbers_in_openqasm_2(name, rng):
    qasm2 = pytest.importorskip("qiskit.qasm2")
    theirs = QISKIT[name]()
    numbers = dict(zip(theirs.parameters, rng.uniform(0.2, 1, len(theirs.parameters)), strict=True))
    circuit = rq.QuanvCircuit(rq.from_qasm(qasm2.dumps(theirs.assign_parameters(numbers))))
    found = cirq.Simulator(dtype=np.complex128).simulate_expectation_values(
        circuit.circuit, list(circuit.observables)
    )
    np.testing.assert_allclose(np.real(found), by_qiskit(theirs, numbers), atol=1e-9)


# --- PennyLane -----------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", EXACT)
@pytest.mark.parametrize("name", STORED)
def test_pennylanes_numbers(name, backend):
    of = STORED[name]
    circuit = rq.from_qasm(of["text"], parameters=of["parameters"])
    values = dict(zip(of["parameters"], of["values"], strict=True))
    assert_same(circuit, values, of["expectations"], of["gradients"], backend)


@pytest.mark.parametrize("name", STORED)
def test_pennylane_still_writes_what_is_stored(name):
    qml = pytest.importorskip("pennylane")
    found = pennylane_circuits.computed(qml, name)
    assert found["parameters"] == STORED[name]["parameters"]
    for key in ("values", "expectations", "gradients"):
        np.testing.assert_allclose(found[key], STORED[name][key], atol=1e-12)
    texts = (rq.from_qasm(of["text"], of["parameters"]) for of in (found, STORED[name]))
    assert next(texts) == next(texts)
