"""Circuits on Cirq's simulators and devices: gradients of every named pair, seeds, batches."""

import itertools

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tests.helpers.reference import HAS_TFQ, expectations, tfq
from tfq_resqunn import EncodedPQC, Quanv2D, QuanvCircuit
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.backends.separation import separate
from tfq_resqunn.circuits import ANSATZES, ENCODERS
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.circuits.parts import Parts
from tfq_resqunn.simulation.shifts import shift_rule
from tfq_resqunn.simulation.tensors.exponents import Exponents

# As many values as two qubits take.
N_VALUES = {**dict.fromkeys(ENCODERS, 2), "amplitude": 3, "dense_angle": 3}
SHOTS = 200
# All encoders with all ansatzes; by default 30, among which is each encoder and each ansatz, and
# each on one of the three ways in which a simulator of Cirq's is used.
ALL = list(itertools.product(ENCODERS, ANSATZES))
SPREAD = [
    *zip(itertools.cycle(ENCODERS), ANSATZES, strict=False),
    *[
        ("iqp", "qcnn"),
        ("zz_feature_map", "sim_6"),
        ("amplitude", "brick"),
        ("angle_rz", "sim_9"),
    ],
]
WAYS = ("simulator", "density", "sampled")
BY_DEFAULT = {  # in each round through the encoders, every one goes another way
    (*pair, WAYS[(i + i // len(ENCODERS)) % len(WAYS)]) for i, pair in enumerate(SPREAD)
}
CASES = [
    pytest.param(*case, marks=() if case in BY_DEFAULT else pytest.mark.slow, id="-".join(case))
    for case in ((*pair, way) for pair in ALL for way in WAYS)
]


def test_the_spread_reaches_everything():
    assert len(set(SPREAD)) == 30 and set(SPREAD) <= set(ALL)
    assert {e for e, _ in SPREAD} == set(ENCODERS) and {a for _, a in SPREAD} == set(ANSATZES)
    assert {e for e, _, way in BY_DEFAULT if way == "sampled"} == set(ENCODERS)


def layer_of(circuit, filters=1, **arguments):
    """All layers have the same weights."""
    layer = EncodedPQC(circuit, filters=filters, **arguments)
    layer.set_weights([np.random.default_rng(3).normal(size=(filters, len(circuit.weights)))])
    return layer


def point(circuit, rng, layer, n=1):
    dtype = layer.parameters.dtype
    shape = layer.filters * len(circuit.observables)
    return tf.constant(rng.random((n, len(circuit.inputs))), dtype), tf.constant(
        rng.normal(size=(n, shape)), dtype
    )


def gradients(layer, x, mix):
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x) * mix)
    # Where no outcome depends on the data, the compiled backend has no gradient by it.
    found = tape.gradient(loss, [x, layer.trainable_weights[0]], unconnected_gradients="zero")
    return [np.array(g) for g in found]


def agree(found, expected, atol):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=atol)


def standard_errors(layer, x, mix):
    """Bounds for one row and one filter: as if the errors of all gates had one sign."""
    separated = separate(layer.circuit.circuit)
    symbols = [*layer.circuit.inputs, *layer.circuit.weights]
    values = tf.concat([x[0], layer.parameters[0]], axis=0)[:, None]
    with tf.GradientTape() as tape:
        tape.watch(values)
        angles = Exponents(separated.expressions, symbols)(values)[:, 0]
    slopes = np.abs(tape.jacobian(angles, values)[:, :, 0])
    of_gates = [np.sqrt(sum(d**2 for _, d in shift_rule(g))) for g in separated.gates]
    of_symbols = slopes.T @ of_gates * np.abs(mix).sum() / np.sqrt(layer.repetitions)
    return np.split(of_symbols[None], [len(layer.circuit.inputs)], axis=1)


@pytest.mark.once
@pytest.mark.parametrize(("encoder", "ansatz", "way"), CASES)
def test_gradients_of_named_pairs(encoder, ansatz, way, rng):
    circuit = Parts(encoder, ansatz).build(N_VALUES[encoder])
    compiled = layer_of(circuit)
    x, mix = point(circuit, rng, compiled)
    expected = gradients(compiled, x, mix)
    if way != "sampled":
        agree(gradients(layer_of(circuit, backend=EXACT[way]["backend"]), x, mix), expected, 1e-4)
        return
    sampled = layer_of(circuit, backend=cirq.Simulator(seed=1), repetitions=SHOTS)
    found = gradients(sampled, x, mix)
    for one, other, bound in zip(found, expected, standard_errors(sampled, x, mix), strict=True):
        assert np.all(np.abs(one - other) <= 5 * bound + 1e-4)


A, B, C = cirq.LineQubit.range(3)
X = sympy.symbols("x_0:2")
W = sympy.symbols("w_0:3")
# Symbols in unequal numbers of gates and in expressions; gates that are decomposed, of several
# frequencies, and with controls; observables with constants and several strings.
UNEQUAL = QuanvCircuit(
    cirq.Circuit(
        cirq.ry(X[0])(A),
        cirq.rx(X[0] * W[0])(B),
        cirq.ry(sympy.sin(X[1]) + W[1])(B).controlled_by(A, control_values=[0]),
        cirq.ControlledGate(cirq.FSimGate(W[0], 0.3 * X[0]))(C, A, B),
        cirq.PhasedXPowGate(exponent=W[2], phase_exponent=X[1])(C),
        cirq.ISWAP(A, C) ** W[2],
        cirq.PhasedXZGate(x_exponent=W[1], z_exponent=0.2, axis_phase_exponent=X[0])(A),
        cirq.CCX(A, B, C).with_tags("mine"),
        cirq.H(A) ** W[0],
        cirq.global_phase_operation(sympy.exp(sympy.I * W[2])),
    ),
    [cirq.Z(A) * cirq.X(B) + 0.5 * cirq.Y(C) - 0.25, cirq.Z(C), cirq.X(B) - cirq.Z(A)],
)
NOISE = {"depolarizing": 0.02, "amplitude_damping": 0.05, "readout_error": 0.03}
EXACT = {
    "simulator": {"backend": cirq.Simulator()},
    "density": {"backend": cirq.DensityMatrixSimulator()},
    "density_noisy": {"backend": cirq.DensityMatrixSimulator(), "noise": NOISE},
}
CIRCUITS = {
    "unequal": UNEQUAL,
    "uploads": Parts("angle", "basic_entangler", n_uploads=2).build(2),
    "uploads_iqp": Parts("iqp", "sim_2", n_uploads=2, observables=["Z0*Z1 - 2", "X0"]).build(2),
}


# Each circuit, and each simulator, at least once; all pairs are slow.
QUICK = {
    ("unequal", "simulator"), ("unequal", "density_noisy"), ("uploads", "density_noisy"),
    ("uploads_iqp", "density"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("which", "name"),
    [
        pytest.param(*pair, marks=[] if pair in QUICK else pytest.mark.slow)
        for pair in itertools.product(CIRCUITS, EXACT)
    ],
)
def test_exact_gradients(which, name, rng):
    circuit, arguments = CIRCUITS[which], EXACT[name]
    layer = layer_of(circuit, 2, **arguments)
    compiled = layer_of(circuit, 2, noise=arguments.get("noise"))
    x, mix = point(circuit, rng, layer)
    np.testing.assert_allclose(layer(x), compiled(x), atol=1e-5)
    agree(gradients(layer, x, mix), gradients(compiled, x, mix), 2e-4)


def test_a_simulators_own_noise_acts_as_it_would_on_the_users_circuit(rng):
    circuit, channel = CIRCUITS["uploads"], cirq.depolarize(0.02)
    layer = layer_of(circuit, backend=cirq.DensityMatrixSimulator(noise=channel))
    compiled = layer_of(circuit, noise=cirq.ConstantQubitNoiseModel(channel))
    x, mix = point(circuit, rng, layer)
    np.testing.assert_allclose(layer(x), compiled(x), atol=1e-5)
    agree(gradients(layer, x, mix), gradients(compiled, x, mix), 2e-4)


def test_double_precision(rng):
    arguments = {"backend": cirq.Simulator(dtype=np.complex128), "dtype": "float64"}
    layer, compiled = layer_of(UNEQUAL, 2, **arguments), layer_of(UNEQUAL, 2, dtype="float64")
    x, mix = point(UNEQUAL, rng, layer, n=2)
    assert layer(x).dtype == tf.float64
    np.testing.assert_allclose(layer(x), compiled(x), atol=1e-12)
    agree(gradients(layer, x, mix), gradients(compiled, x, mix), 1e-12)


def test_second_derivatives(rng):
    found = []
    for backend in (cirq.Simulator(dtype=np.complex128), "compiled"):
        layer = layer_of(CIRCUITS["uploads"], backend=backend, dtype="float64")
        x = tf.constant([[0.3, 0.8]], tf.float64)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                total = tf.reduce_sum(layer(x))
            slope = tf.reduce_sum(inner.gradient(total, x) ** 2)
        found.append(outer.gradient(slope, [x, layer.trainable_weights[0]]))
    agree(*found, 1e-9)


DIFFERENTIATORS = {
    "parameter_shift": 1e-4,
    "central_difference": 1e-3,
    "forward_difference": 2e-2,
}
if HAS_TFQ:
    DIFFERENTIATORS |= {
        tfq.differentiators.ParameterShift(): 1e-4,
        tfq.differentiators.CentralDifference(error_order=4, grid_spacing=0.1): 2e-3,
    }


@pytest.mark.parametrize(
    "differentiator", DIFFERENTIATORS, ids=lambda d: d if isinstance(d, str) else type(d).__name__
)
@pytest.mark.filterwarnings("ignore:.*__array__:DeprecationWarning")
def test_differentiators(differentiator, rng):
    simulator = cirq.Simulator(dtype=np.complex128)
    kwargs = {"backend": simulator, "differentiator": differentiator, "dtype": "float64"}
    layer, compiled = layer_of(UNEQUAL, **kwargs), layer_of(UNEQUAL, dtype="float64")
    x, mix = point(UNEQUAL, rng, layer)
    found, expected = gradients(layer, x, mix), gradients(compiled, x, mix)
    agree(found, expected, DIFFERENTIATORS[differentiator])


@pytest.mark.parametrize("observables", ["z", ["X0*Y1", "Z0 - 1"]])
def test_density_matrices_in_single_precision_pass(observables, rng):
    # Rounding gives such a matrix eigenvalues below zero, which Cirq's own check refuses.
    circuit = Parts("angle", "qcnn", observables=observables).build(4)
    layer = layer_of(circuit, backend=cirq.DensityMatrixSimulator())
    x = rng.random((12, 4)).astype("float32")
    expected = expectations(circuit, x, layer.get_weights()[0][0])
    np.testing.assert_allclose(layer(x), expected, atol=2e-6)


class Recorder(cirq.Sampler):
    """Takes at most so many circuits at once, and keeps them."""

    def __init__(self, most=100, seed=1):
        self.most, self.batches, self.circuits = most, [], []
        self._simulator = cirq.Simulator(seed=seed)

    def run_batch(self, programs, params_list=None, repetitions=1):
        self.batches.append(sum(map(len, params_list)))
        self.circuits += programs
        return super().run_batch(programs, params_list, repetitions)

    def run_sweep(self, program, params, repetitions=1):
        return self._simulator.run_sweep(program, params, repetitions)


@pytest.mark.parametrize("most", [1, 7, 1000])
def test_gradients_go_out_in_batches(most, rng):
    device = Recorder()
    circuit = CIRCUITS["uploads"]
    layer = layer_of(circuit, backend=device, repetitions=10, max_circuits=most)
    x, mix = point(circuit, rng, layer, n=2)
    gradients(layer, tf.repeat(x, 2, axis=0), tf.repeat(mix, 2, axis=0))
    # Two distinct rows of eight angles: their values, then each angle shifted to both sides.
    full, rest = divmod(2 * 8 * 2, most)
    assert device.batches == [*[most] * (2 // most), *[2 % most] * (2 % most > 0)] + [
        *[most] * full, *[rest] * (rest > 0)
    ]  # fmt: skip


def test_devices_get_the_gates_that_the_user_wrote():
    device = Recorder()
    layer_of(UNEQUAL, backend=device, repetitions=10)(np.zeros((1, 2)))
    gates = [op.gate for c in device.circuits for op in c.all_operations()]
    assert cirq.CCX in gates and cirq.MatrixGate not in map(type, gates)
    assert any("mine" in op.tags for op in device.circuits[0].all_operations())
    assert all(c.all_qubits() <= {A, B, C} for c in device.circuits)


def test_a_circuit_keeps_its_moments_and_what_it_means(rng):
    circuit = UNEQUAL.circuit
    separated = separate(circuit)
    names = [*UNEQUAL.inputs, *UNEQUAL.weights]
    numbers = dict(zip(names, rng.random(5), strict=True))
    own = {
        s: float(e.subs(numbers))
        for s, e in zip(separated.symbols, separated.expressions, strict=True)
    }
    cirq.testing.assert_allclose_up_to_global_phase(
        cirq.resolve_parameters(separated.circuit, own).unitary([A, B, C]),
        cirq.resolve_parameters(circuit, numbers).unitary([A, B, C]),
        atol=1e-9,
    )
    plain = Parts("angle", "basic_entangler").build(4).circuit
    noisy = Noise.of(NOISE).apply(plain)
    assert len(separate(plain).circuit) == len(plain)
    assert len(separate(noisy).circuit) == len(noisy)


def test_gates_that_nobody_can_turn_are_named():
    class Mystery(cirq.Gate):
        def __init__(self, angle):
            self.angle = angle

        def _num_qubits_(self):
            return 1

        def _is_parameterized_(self):
            return True

    with pytest.raises(ValueError, match=r"trained by shifts .* Received .*Mystery.*_decompose_"):
        separate(cirq.Circuit(Mystery(X[0])(A)))


@pytest.mark.parametrize("how", ["eager", "function", "fit"])
def test_seeded_simulators_repeat(how, rng):
    images = rng.random((2, 2, 2, 1)).astype("float32")

    def run():
        backend = cirq.Simulator(seed=5)
        layers = [
            Quanv2D(
                readout="pixels", backend=backend, repetitions=5,
                initializer=keras.initializers.RandomNormal(seed=i),
            )
            for i in range(2)
        ]  # fmt: skip
        model = keras.Sequential([keras.Input((2, 2, 1)), *layers, keras.layers.Flatten()])
        if how == "fit":
            model.compile("sgd", "mse")
            history = model.fit(
                images, np.zeros((2, 4)), batch_size=1, epochs=2, verbose=0, shuffle=False
            )
            return [history.history["loss"], *model.get_weights()]

        def step(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_sum(model(x) ** 2)
            return [loss, *tape.gradient(loss, [x, *model.trainable_weights])]

        return (step if how == "eager" else tf.function(step))(tf.constant(images))

    for one, other in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(one, other)
