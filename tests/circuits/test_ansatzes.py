import functools
import itertools
import json

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

import tfq_resqunn as rq
from tests.helpers.reference import expectations, needs_tfq
from tfq_resqunn import EncodedPQC, IdentityBlocks, Quanv2D, QuanvCircuit
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import (
    ANSATZES,
    angle_encoder,
    brick,
    identity_blocks,
    qcnn,
    random_ansatz,
    sim_circuit,
    simplified_two_design,
)

pytestmark = pytest.mark.once

# The number of weights with n qubits, two at least, and L layers.
COUNTS = {
    "basic_entangler": lambda n, L: n * L,
    "strongly_entangling": lambda n, L: 3 * n * L,
    "brick": lambda n, L: 2 * n * (L + 1),
    "simplified_two_design": lambda n, L: n + 2 * (n - 1) * L,
    "identity_blocks": lambda n, L: 6 * n * L,
    "qcnn": lambda n, L: 15 * L,
    "random": lambda n, L: n * L,
    "sim_1": lambda n, L: 2 * n * L,
    "sim_2": lambda n, L: 2 * n * L,
    "sim_3": lambda n, L: (3 * n - 1) * L,
    "sim_4": lambda n, L: (3 * n - 1) * L,
    "sim_5": lambda n, L: (n * n + 3 * n) * L,
    "sim_6": lambda n, L: (n * n + 3 * n) * L,
    "sim_7": lambda n, L: (5 * n - 1) * L,
    "sim_8": lambda n, L: (5 * n - 1) * L,
    "sim_9": lambda n, L: n * L,
    "sim_10": lambda n, L: n + n * L,
    "sim_11": lambda n, L: (4 * n - 4) * L,
    "sim_12": lambda n, L: (4 * n - 4) * L,
    "sim_13": lambda n, L: 4 * n * L,
    "sim_14": lambda n, L: 4 * n * L,
    "sim_15": lambda n, L: 2 * n * L,
    "sim_16": lambda n, L: (3 * n - 1) * L,
    "sim_17": lambda n, L: (3 * n - 1) * L,
    "sim_18": lambda n, L: 3 * n * L,
    "sim_19": lambda n, L: 3 * n * L,
}
ON_ONE_QUBIT = {
    "basic_entangler": 1, "strongly_entangling": 3, "brick": 4, "simplified_two_design": 1,
    "identity_blocks": 6, "random": 1, "sim_1": 2, "sim_2": 2, "sim_3": 2, "sim_4": 2, "sim_5": 4,
    "sim_6": 4, "sim_7": 4, "sim_8": 4, "sim_9": 1, "sim_10": 2, "sim_11": 2, "sim_12": 2,
    "sim_13": 2, "sim_14": 2, "sim_15": 2, "sim_16": 2, "sim_17": 2, "sim_18": 2, "sim_19": 2,
}  # fmt: skip

# (control, target), in the order of figure 2 of the paper.
LINE = [(3, 2), (2, 1), (1, 0)]
RING = [(3, 0), (2, 3), (1, 2), (0, 1)]
COUNTER_RING = [(3, 2), (0, 3), (1, 0), (2, 1)]
TURNS = [(1, 0), (3, 2), (2, 1)]
ALL = [(3, 2), (3, 1), (3, 0), (2, 3), (2, 1), (2, 0)]
ALL += [(1, 3), (1, 2), (1, 0), (0, 3), (0, 2), (0, 1)]
RX, RZ = "Rx", "Rz"
SIM_PAIRS = {
    1: (None, []), 2: (cirq.CNOT, LINE), 3: (RZ, LINE), 4: (RX, LINE), 5: (RZ, ALL), 6: (RX, ALL),
    7: (RZ, TURNS), 8: (RX, TURNS), 9: (cirq.CZ, LINE), 10: (cirq.CZ, [*LINE, (3, 0)]),
    11: (cirq.CNOT, TURNS), 12: (cirq.CZ, TURNS), 13: (RZ, RING + COUNTER_RING),
    14: (RX, RING + COUNTER_RING), 15: (cirq.CNOT, RING + COUNTER_RING), 16: (RZ, TURNS),
    17: (RX, TURNS), 18: (RZ, RING), 19: (RX, RING),
}  # fmt: skip


def n_weights(circuit):
    return len(cirq.parameter_symbols(circuit))


def pairs_of(circuit):
    return [tuple(q.x for q in op.qubits) for op in circuit.all_operations() if len(op.qubits) == 2]


def resolved(circuit, values):
    names = sorted(cirq.parameter_names(circuit))
    return cirq.resolve_parameters(circuit, dict(zip(names, map(float, values), strict=True)))


def entangler(gate):
    """A gate of two qubits; of a controlled rotation, the rotation's name."""
    return type(gate.sub_gate).__name__ if isinstance(gate, cirq.ControlledGate) else gate


def z_values(circuit, values, n):
    """The expectation of Pauli Z on each of n qubits."""
    found = cirq.Simulator(dtype=np.complex128).simulate_expectation_values(
        resolved(circuit, values), [cirq.Z(q) for q in cirq.LineQubit.range(n)]
    )
    return np.real(found)


def test_all_ansatzes_are_tested():
    assert set(COUNTS) == set(ANSATZES.built_in)
    assert set(ON_ONE_QUBIT) == set(COUNTS) - {"qcnn"}


@pytest.mark.parametrize("name", COUNTS)
def test_weights_are_counted_and_named(name):
    for n, n_layers in itertools.product((2, 3, 4, 5), (1, 2)):
        circuit = ANSATZES.get(name)(n, n_layers)
        count = COUNTS[name](n, n_layers)
        expected = {f"w_{i:03d}" for i in range(count)}
        assert cirq.parameter_names(circuit) == expected, (n, n_layers)
        assert circuit.all_qubits() == set(cirq.LineQubit.range(n))


@pytest.mark.parametrize("name", ON_ONE_QUBIT)
def test_one_qubit(name):
    circuit = ANSATZES.get(name)(1, 1)
    assert n_weights(circuit) == ON_ONE_QUBIT[name]
    assert circuit.all_qubits() == {cirq.LineQubit(0)}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_checked(name):
    function = ANSATZES.get(name)
    who = getattr(function, "func", function).__name__
    with pytest.raises(ValueError, match=f"^{who}: `n_qubits` must be at least 1. Received 0.$"):
        function(0, 1)
    with pytest.raises(TypeError, match=f"^{who}: `n_layers` must be an integer. Received 1.5.$"):
        function(2, 1.5)


# --- the circuits of Sim et al. --------------------------------------------------------------


@pytest.mark.parametrize("number", SIM_PAIRS)
def test_sim_circuits_entangle_as_drawn(number):
    gate, pairs = SIM_PAIRS[number]
    circuit = sim_circuit(4, circuit=number)
    assert pairs_of(circuit) == pairs
    for op in circuit.all_operations():
        if len(op.qubits) == 2:
            assert entangler(op.gate) == gate


def test_sim_circuits_turn_qubits_as_drawn():
    def gates(number, qubit):
        on = [op.gate for op in sim_circuit(4, circuit=number).all_operations()
              if op.qubits == (cirq.LineQubit(qubit),)]  # fmt: skip
        return "".join("h" if g == cirq.H else type(g).__name__[-1] for g in on)

    for number in (1, 2, 3, 4, 16, 17, 18, 19):
        assert {gates(number, q) for q in range(4)} == {"xz"}
    for number in (5, 6, 7, 8):
        assert {gates(number, q) for q in range(4)} == {"xzxz"}
    for number in (10, 13, 14, 15):
        assert {gates(number, q) for q in range(4)} == {"yy"}
    for number in (11, 12):
        assert [gates(number, q) for q in range(4)] == ["yz", "yzyz", "yzyz", "yz"]
    assert {gates(9, q) for q in range(4)} == {"hx"}


def test_sim_circuits_on_other_registers():
    assert pairs_of(sim_circuit(2, circuit=10)) == [(1, 0)]
    assert pairs_of(sim_circuit(3, circuit=10)) == [(2, 1), (1, 0), (2, 0)]
    assert pairs_of(sim_circuit(2, circuit=15)) == [(1, 0), (0, 1)] * 2
    assert pairs_of(sim_circuit(5, circuit=11)) == [(1, 0), (3, 2), (2, 1), (4, 3)]
    assert pairs_of(sim_circuit(3, 2, circuit=19)) == [(2, 0), (1, 2), (0, 1)] * 2


def test_sim_circuit_10_rotates_once_before_its_layers():
    circuit = sim_circuit(3, 2, circuit=10)
    rotations = [op for op in circuit.all_operations() if len(op.qubits) == 1]
    assert len(rotations) == 9
    assert len(pairs_of(circuit)) == 6


def test_sim_circuits_by_hand():
    # Line of CNOTs 2 -> 1 -> 0 after a half turn of qubit 2: all are turned.
    half_turn = [0, 0, np.pi, 0, 0, 0]
    assert np.allclose(z_values(sim_circuit(3, circuit=2), half_turn, 3), [-1, -1, -1])
    # A controlled rotation by t, where the control is |1>: <Z> = cos t.
    weights = [0, np.pi, 0, 0, 0.7]
    assert np.allclose(z_values(sim_circuit(2, circuit=4), weights, 2), [np.cos(0.7), -1])
    # ... and where it is |0>: nothing.
    assert np.allclose(z_values(sim_circuit(2, circuit=4), [0, 0, 0, 0, 0.7], 2), [1, 1])
    # A cluster state has no preferred direction in any qubit.
    assert np.allclose(z_values(sim_circuit(4, circuit=9), [0, 0, 0, 0], 4), 0)


@pytest.mark.parametrize("number", [0, 20, "1", True, None])
def test_unknown_sim_circuit(number):
    with pytest.raises(ValueError) as error:
        sim_circuit(4, circuit=number)
    assert str(error.value) == (
        "sim_circuit: `circuit` must be a number from 1 to 19, as in the paper's figure 2. "
        f"Received {number!r}."
    )


def test_sim_circuits_are_named():
    assert ANSATZES.serialize(ANSATZES.get("sim_7")) == "sim_7"
    layer = Quanv2D(kernel_size=2, ansatz="sim_14", n_layers=2)
    layer.build((None, 4, 4, 1))
    assert layer.pqcs[0].get_weights()[0].shape == (1, 32)


# --- brick, two-design, convolution ----------------------------------------------------------


def test_brick_by_hand():
    assert pairs_of(brick(5, 2)) == [(0, 1), (2, 3), (1, 2), (3, 4)] * 2
    # ry by pi/2 on both, CZ, ry by -pi/2 on the second: a Bell pair; qubit 0 turned first: CNOT.
    weights = np.zeros(8)
    weights[[0, 1, 5]] = np.pi, np.pi / 2, -np.pi / 2
    assert np.allclose(z_values(brick(2), weights, 2), [-1, -1])
    # Without angles all is the identity up to the CZs, which |00...> does not see.
    assert np.allclose(z_values(brick(4, 3), np.zeros(32), 4), 1)


def test_two_design_by_hand():
    assert pairs_of(simplified_two_design(4, 2)) == [(0, 1), (2, 3), (1, 2)] * 2
    # As for the bricks, a CNOT from 0 to 1 between two quarter turns.
    weights = [np.pi, np.pi / 2, 0, -np.pi / 2]
    assert np.allclose(z_values(simplified_two_design(2), weights, 2), [-1, -1])


def test_convolution_shares_its_weights():
    circuit = qcnn(5, 2, block="ry_cnot")
    assert pairs_of(circuit) == [(0, 1), (2, 3), (1, 2), (3, 4)] * 2
    assert n_weights(circuit) == 4
    # The second qubit of each pair is turned, and CNOTs run upwards: w1 = pi, by hand.
    assert np.allclose(z_values(qcnn(3, block="ry_cnot"), [0, np.pi], 3), [1, -1, 1])


def test_general_block_reaches_every_direction(rng):
    # The 15 derivatives of U^dagger dU span su(4).
    circuit, point, step = qcnn(2), rng.uniform(0, 2 * np.pi, 15), 1e-6

    def unitary(shift):
        return cirq.unitary(resolved(circuit, point + shift))

    rows = []
    for direction in np.eye(15):
        slope = (unitary(step * direction) - unitary(-step * direction)) / (2 * step)
        generator = unitary(0).conj().T @ slope
        rows.append(np.concatenate([generator.real.ravel(), generator.imag.ravel()]))
    assert np.linalg.matrix_rank(rows, tol=1e-4) == 15


def test_convolution_needs_neighbours():
    with pytest.raises(ValueError) as error:
        qcnn(1)
    assert str(error.value) == (
        "qcnn: `n_qubits` must be at least 2, since its blocks stand on pairs of neighbours. "
        "Received 1."
    )
    with pytest.raises(ValueError) as error:
        qcnn(2, block="su2")
    assert str(error.value) == "qcnn: `block` must be one of 'su4', 'ry_cnot'. Received 'su2'."


# --- random ----------------------------------------------------------------------------------


def test_random_circuits_follow_their_seed():
    assert random_ansatz(4, 2, seed=3) == random_ansatz(4, 2, seed=np.int64(3))
    assert len({str(random_ansatz(4, 2, seed=s)) for s in range(20)}) == 20
    long = list(random_ansatz(4, 3, seed=5).all_operations())
    short = list(random_ansatz(4, 1, seed=5).all_operations())
    assert set(short) <= set(long)


def test_random_circuit_is_the_same_everywhere():
    # Written down once. Another draw here would give saved layers other circuits.
    gates = [(str(op.gate), *(q.x for q in op.qubits))
             for op in random_ansatz(2, seed=1).all_operations()]  # fmt: skip
    assert gates == [
        ("Rz(w_000/piπ)", 1),
        ("H", 0),
        ("SWAP**0.5", 0, 1),
        ("CZ", 1, 0),
        ("Rx(w_001/piπ)", 0),
        ("T", 0),
    ]


def test_random_circuits_hold_what_is_promised():
    kinds = set()
    for seed in range(20):
        ops = list(random_ansatz(3, 2, seed=seed).all_operations())
        turned = [op.qubits[0].x for op in ops if cirq.is_parameterized(op)]
        assert sorted(turned) == [0, 0, 1, 1, 2, 2]
        assert len([op for op in ops if len(op.qubits) == 2]) == 6
        assert len(ops) == 18
        kinds |= {
            type(op.gate).__name__ if cirq.is_parameterized(op) else str(op.gate) for op in ops
        }
    fixed = {"CNOT", "CZ", "SWAP", "SWAP**0.5", "H", "S", "T"}
    assert kinds == {"Rx", "Ry", "Rz"} | fixed


def test_random_seed_is_checked():
    with pytest.raises(ValueError) as error:
        random_ansatz(2, seed=-1)
    assert str(error.value) == "random_ansatz: `seed` must be at least 0. Received -1."
    with pytest.raises(TypeError) as error:
        random_ansatz(2, seed=None)
    assert str(error.value) == "random_ansatz: `seed` must be an integer. Received None."


# --- identity blocks -------------------------------------------------------------------------


@pytest.mark.parametrize("ansatz", ["strongly_entangling", "sim_6", "random", "brick", "qcnn"])
def test_identity_blocks_are_the_identity(ansatz):
    circuit = identity_blocks(3, 2, ansatz=ansatz, layers_per_block=2)
    half = COUNTS[ansatz](3, 2)
    assert n_weights(circuit) == 4 * half
    angles = np.array(IdentityBlocks(2, seed=1)((1, 4 * half)))[0]
    blocks = angles.reshape(2, 2, half)
    assert np.array_equal(blocks[:, 0], blocks[:, 1])
    assert not np.array_equal(blocks[0], blocks[1])
    unitary = cirq.unitary(resolved(circuit, angles))
    assert np.allclose(unitary, np.eye(8), atol=1e-5)
    angles[0] += 1
    assert not np.allclose(cirq.unitary(resolved(circuit, angles)), np.eye(8), atol=0.1)


def test_identity_blocks_learn(rng):
    circuit = QuanvCircuit.from_parts(angle_encoder(3), identity_blocks(3, 4, ansatz="sim_14"))
    layer = EncodedPQC(circuit, filters=2, initializer=IdentityBlocks(4, seed=0), dtype="float64")
    data = rng.random((5, 3))
    assert np.allclose(layer(data), np.tile(np.cos(np.pi * data), 2))
    gradient = gradient_by_weights(layer, data, rng).reshape(2, 4, 2, 12)
    assert np.allclose(gradient[:, :, 0], -gradient[:, :, 1])
    assert (abs(gradient).max(axis=(2, 3)) > 0.1).all()


def gradient_by_weights(layer, data, rng):
    factors = rng.normal(size=(len(data), layer.compute_output_shape(data.shape)[1]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.cast(factors, layer.compute_dtype) * layer(data))
    return tape.gradient(loss, layer.trainable_variables[0]).numpy()


def test_identity_blocks_initializer_is_an_initializer():
    def draw(initializer):
        return np.asarray(initializer((3, 8), dtype="float64"))

    angles = draw(IdentityBlocks(2, seed=7))
    assert np.array_equal(angles, draw(IdentityBlocks(2, seed=7)))
    assert not np.array_equal(angles, draw(IdentityBlocks(2, seed=8)))
    assert len(np.unique(angles)) == 12  # each filter and each block has its own
    assert angles.min() >= 0
    assert angles.max() < 2 * np.pi
    config = keras.initializers.serialize(IdentityBlocks(2, seed=7))
    copy = keras.initializers.deserialize(config)
    assert type(copy) is rq.IdentityBlocks
    assert np.array_equal(draw(copy), angles)


def test_identity_blocks_in_a_saved_model(tmp_path, rng):
    layer = Quanv2D(
        filters=2, groups=2, kernel_size=2, ansatz="identity_blocks", n_layers=3,
        initializer=IdentityBlocks(3),
    )  # fmt: skip
    model = keras.Sequential([keras.Input((4, 4, 2)), layer])
    images = rng.random((2, 4, 4, 2)).astype("float32")
    seen = model.predict(images, verbose=0)
    assert np.allclose(seen[0, 0, 0, :4], np.cos(np.pi * images[0, :2, :2, 0]).ravel(), atol=1e-5)
    first, second = (pqc.get_weights()[0] for pqc in layer.pqcs)
    assert not np.allclose(first, second)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.layers[-1].initializer, IdentityBlocks)
    assert np.allclose(loaded.predict(images, verbose=0), seen)


def test_identity_blocks_errors():
    with pytest.raises(ValueError) as error:
        IdentityBlocks(4)((1, 12))
    assert str(error.value) == (
        "IdentityBlocks: `n_blocks` must be the number of blocks of the ansatz "
        "'identity_blocks', each with two equal halves. Received n_blocks=4, and 12 weights a "
        "filter, which is no multiple of 2 * 4. Use ansatz='identity_blocks' with n_layers=4."
    )
    with pytest.raises(ValueError, match="^IdentityBlocks: `n_blocks` must be at least 1. Rec"):
        IdentityBlocks(0)
    with pytest.raises(ValueError, match="`layers_per_block` must be at least 1. Received 0.$"):
        identity_blocks(2, layers_per_block=0)
    with pytest.raises(
        ValueError, match="^identity_blocks: .* Received 'brik'. Did you mean 'brick'"
    ):
        identity_blocks(2, ansatz="brik")
    with pytest.raises(TypeError) as error:
        identity_blocks(2, ansatz=3)
    assert str(error.value) == (
        "identity_blocks: `ansatz` must be a name, or a dict of name and config, so that layers "
        "can be saved. Received 3. Pass ANSATZES.serialize(...) of a function or a "
        "functools.partial."
    )


def test_identity_blocks_of_an_ansatz_with_options():
    options = ANSATZES.serialize(functools.partial(qcnn, block="ry_cnot"))
    assert n_weights(identity_blocks(3, ansatz=options)) == 4
    layer = Quanv2D(kernel_size=2, ansatz=functools.partial(identity_blocks, ansatz=options))
    copy = Quanv2D.from_config(json.loads(json.dumps(layer.get_config())))
    copy.build((None, 4, 4, 1))
    assert copy.pqcs[0].get_weights()[0].shape == (1, 4)


# --- all of them, run ------------------------------------------------------------------------

RUN = ["brick", "simplified_two_design", "qcnn", "random", "identity_blocks", "sim_5", "sim_10",
       "sim_11", "sim_14", "sim_15"]  # fmt: skip


@pytest.mark.parametrize("name", RUN)
def test_layers_compute_what_cirq_does(name, rng):
    circuit = QuanvCircuit.from_parts(angle_encoder(3), ANSATZES.get(name)(3, 2))
    layer = EncodedPQC(circuit, dtype="float64")
    data, weights = rng.random((2, 3)), layer.get_weights()[0]
    assert np.allclose(layer(data), expectations(circuit, data, weights[0]), atol=1e-8)


@needs_tfq
def test_parameter_shift_of_controlled_rotations(rng):
    # Their three eigenvalues would mislead TensorFlow Quantum's rule for two.
    a, b, c = cirq.LineQubit.range(3)
    own = cirq.ry(sympy.Symbol("v")).controlled(2, control_values=[1, 0])(a, b, c)
    ansatz = sim_circuit(3, circuit=5) + own + cirq.Circuit(cirq.rx(sympy.Symbol("u"))(b))
    circuit = QuanvCircuit.from_parts(angle_encoder(3), ansatz)
    exact = EncodedPQC(circuit, dtype="float64")
    shifted = EncodedPQC(circuit, backend="noiseless", differentiator="parameter_shift")
    shifted.set_weights(exact.get_weights())
    data = rng.random((2, 3))
    truth = gradient_by_weights(exact, data, np.random.default_rng(5))
    assert abs(truth).max() > 0.5
    found = gradient_by_weights(shifted, data, np.random.default_rng(5))
    assert np.allclose(found, truth, atol=1e-4)
