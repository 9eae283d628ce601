"""Unitaries of blocks of gates, against Cirq, with gradients against finite differences."""

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tfq_resqunn.simulation.gates.gate import as_gates
from tfq_resqunn.simulation.gates.spectral import gates_of
from tfq_resqunn.simulation.gates.unitaries import Unitaries

pytestmark = pytest.mark.once

Q = cirq.LineQubit.range(3)
W = sympy.symbols("w_0:12")

BLOCKS = {
    "no gates": [],
    "constants alone": [cirq.H(Q[1]), cirq.CNOT(Q[2], Q[0]), cirq.T(Q[0])],
    "one rotation": [cirq.ry(W[0])(Q[1])],
    "many rotations of one qubit": [
        (cirq.rx if i % 2 else cirq.rz)(W[i])(Q[2]) for i in range(12)
    ],
    "an exponent again": [cirq.rx(W[0])(Q[0]), cirq.ry(W[0])(Q[0]), cirq.rx(W[0])(Q[2])],
    "layers and rings": [
        [cirq.rz(W[3 * k])(q), cirq.ry(W[3 * k + 1])(q), cirq.CNOT(Q[k], Q[(k + 1) % 3])]
        for k, q in enumerate(Q)
    ],
    "a constant between qubits first": [cirq.ISWAP(Q[0], Q[2]), cirq.rx(W[5])(Q[1])],
    "rotations past an entangler of others": [
        cirq.rx(W[0])(Q[0]), cirq.CZ(Q[1], Q[2]), cirq.ry(W[1])(Q[0]), cirq.CNOT(Q[0], Q[1]),
    ],
    "weights between qubits": [
        cirq.CNOT(Q[0], Q[1]) ** W[0], cirq.ry(W[1])(Q[2]), cirq.ZZ(Q[2], Q[0]) ** W[2],
        cirq.XX(Q[1], Q[0]) ** W[3], cirq.rz(W[4])(Q[1]),
    ],
    "many weights between qubits": [
        gate(Q[i % 3], Q[(i + 1) % 3]) ** W[i]
        for i, gate in enumerate([cirq.ZZ, cirq.XX, cirq.CNOT, cirq.SWAP, cirq.ISWAP, cirq.CZ])
    ],
    "three qubits": [cirq.H(Q[0]), cirq.CCX(*Q) ** W[0], cirq.CSWAP(*Q), cirq.rx(W[1])(Q[1])],
    "products of weights": [cirq.rx(W[0] * W[1])(Q[0]), cirq.CZ(Q[0], Q[1]) ** (W[0] ** 2)],
}  # fmt: skip


def blocks_of(names):
    return [as_gates(gates_of(cirq.Circuit(BLOCKS[name]), Q)) for name in names]


def expected(name, weights):
    resolved = cirq.resolve_parameters(
        cirq.Circuit(BLOCKS[name]), dict(zip(W, weights, strict=True))
    )
    return resolved.unitary(qubit_order=Q, qubits_that_should_be_present=Q)


@pytest.mark.parametrize("filters", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("names", [*([name] for name in BLOCKS), list(BLOCKS)], ids="+".join)
def test_unitaries(names, dtype, filters, rng):
    weights = rng.uniform(-3, 3, (len(W), filters))
    found = Unitaries(blocks_of(names), len(Q), W)(tf.constant(weights, dtype))
    assert found.dtype == ("complex128" if dtype == "float64" else "complex64")
    truth = [[expected(name, column) for column in weights.T] for name in names]
    tolerance = 1e-12 if dtype == "float64" else 3e-6
    np.testing.assert_allclose(found, truth, rtol=0, atol=tolerance)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients(jit_compile, rng):
    names = list(BLOCKS)
    unitaries = Unitaries(blocks_of(names), len(Q), W)
    weights = rng.uniform(-3, 3, (len(W), 2))
    mix = rng.normal(size=(len(names), 2, 8, 8)) + 1j * rng.normal(size=(len(names), 2, 8, 8))

    def total(weights):
        truth = [[expected(name, column) for column in weights.T] for name in names]
        return np.sum(mix * truth).real

    @tf.function(jit_compile=jit_compile)
    def gradient(weights):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = tf.reduce_sum(tf.math.real(mix * unitaries(weights)))
        return tape.gradient(value, weights)

    found = gradient(tf.constant(weights)).numpy()
    for place in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[place] = 1e-5
        slope = (total(weights + step) - total(weights - step)) / 2e-5
        assert found[place] == pytest.approx(slope, abs=1e-6), place


def test_deep_blocks_take_few_operations():
    """Twenty layers have as many operations as two, but for their logarithm."""

    def n_operations(n_layers):
        weights = sympy.symbols(f"v_0:{3 * n_layers}")
        circuit = [
            [[cirq.ry(v)(q) for v, q in zip(weights[3 * k : 3 * k + 3], Q, strict=True)],
             cirq.CNOT(Q[0], Q[1]), cirq.CNOT(Q[1], Q[2])]
            for k in range(n_layers)
        ]  # fmt: skip
        unitaries = Unitaries([as_gates(gates_of(cirq.Circuit(circuit), Q))], 3, weights)
        traced = tf.function(unitaries).get_concrete_function(tf.zeros([len(weights), 1]))
        return len(traced.graph.get_operations())

    assert n_operations(20) < 2 * n_operations(2)
