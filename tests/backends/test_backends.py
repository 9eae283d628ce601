"""All backends against each other, against Cirq, and what they refuse."""

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tests.circuits.noise.test_noise import truth as noisy_truth
from tests.helpers.reference import HAS_TFQ, expectations, needs_tfq, tfq
from tfq_resqunn import EncodedPQC, QuanvCircuit
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import angle_encoder, basic_entangler
from tfq_resqunn.circuits.observables.measurements import Measurements

Q = cirq.GridQubit.rect(1, 3)
X = sympy.symbols("x_0:2")
W = sympy.symbols("w_0:3")
CIRCUIT = QuanvCircuit(
    cirq.Circuit(
        cirq.ry(X[0])(Q[0]),
        cirq.rx(X[1] * W[0])(Q[1]),
        cirq.CZ(*Q[:2]) ** W[1],
        cirq.ry(sympy.sin(X[0]) + W[2])(Q[0]),
        cirq.CCX(*Q),
        cirq.H(Q[2]) ** (X[1] * X[0]),
        cirq.ISWAP(Q[1], Q[2]) ** 0.4,
    ),
    # Strings that share shots, and strings that cannot.
    [
        cirq.Z(Q[0]) * cirq.X(Q[1]) + 0.5 * cirq.Y(Q[2]) - 0.25,
        cirq.Z(Q[2]),
        cirq.X(Q[1]) - cirq.Z(Q[0]),
    ],
)
PLAIN = QuanvCircuit.from_parts(angle_encoder(2), basic_entangler(2, 2))
NOISE = {"depolarizing": 0.05, "amplitude_damping": 0.1, "readout_error": 0.03}
SHOTS = 3000
DENSITY = cirq.DensityMatrixSimulator
EXACT = {
    "compiled": lambda: {"backend": "compiled"},
    "cirq": lambda: {"backend": cirq.Simulator()},
    "density": lambda: {"backend": DENSITY()},
    "compiled_noisy": lambda: {"backend": "compiled", "noise": NOISE},
    "density_noisy": lambda: {"backend": DENSITY(), "noise": NOISE},
}
SAMPLED = {
    "compiled": lambda: {"backend": "compiled"},
    "cirq": lambda: {"backend": cirq.Simulator(seed=1)},
    "compiled_noisy": lambda: {"backend": "compiled", "noise": NOISE},
    "cirq_noisy": lambda: {"backend": DENSITY(seed=1), "noise": NOISE},
}
if HAS_TFQ:
    EXACT["noiseless"] = SAMPLED["noiseless"] = lambda: {"backend": "noiseless"}
    SAMPLED["noisy"] = lambda: {"backend": "noisy", "noise": NOISE}


def layer_of(arguments, circuit=CIRCUIT, filters=2, **kwargs):
    """All layers have the same weights."""
    layer = EncodedPQC(circuit, filters=filters, **arguments, **kwargs)
    weights = np.random.default_rng(3).normal(size=(filters, len(circuit.weights)))
    layer.set_weights([weights])
    return layer


def true_values(layer, x, observables=None):
    """The exact values, from Cirq alone: `[n, filters, observables]`."""
    circuit = layer.circuit
    if observables is not None:
        circuit = QuanvCircuit(circuit.circuit, observables, circuit.inputs)
    weights = layer.get_weights()[0]
    if layer.noise is None:
        return np.stack([expectations(circuit, x, w) for w in weights], axis=1)
    values = noisy_truth(circuit, layer.noise, np.transpose(x), weights)
    return values.reshape(len(weights), -1, len(x)).transpose(2, 0, 1)


def standard_errors(layer, x):
    """Bounds for each output, whether or not its strings share shots."""
    measurements = Measurements.of(layer.circuit.observables)
    means = true_values(layer, x, list(measurements.strings))
    deviations = np.sqrt(np.clip(1 - means**2, 0, None) / layer.repetitions)
    return (deviations @ np.abs(measurements.mix).T).reshape(len(x), -1)


@pytest.mark.parametrize("name", EXACT)
def test_exact_values_agree(name, rng):
    layer = layer_of(EXACT[name]())
    x = rng.random((3, 2)).astype("float32")
    np.testing.assert_allclose(layer(x), true_values(layer, x).reshape(3, -1), atol=1e-5)


@pytest.mark.parametrize("name", SAMPLED)
def test_sampled_values_agree(name, rng):
    layer = layer_of(SAMPLED[name](), repetitions=SHOTS)
    x = rng.random((3, 2)).astype("float32")
    found = np.array(layer(x))
    errors = found - true_values(layer, x).reshape(3, -1)
    bounds = standard_errors(layer, x)
    assert np.all(np.abs(errors) <= 5 * bounds + 1e-5)
    assert np.any(np.abs(errors) > 1e-4), "these are no estimates"
    assert not np.array_equal(found, layer(x)), "each call draws anew"


@pytest.mark.parametrize("name", ["cirq", "density_noisy"])
def test_exact_gradients_agree(name, rng):
    arguments = EXACT[name]()
    x = tf.constant(rng.random((3, 2)), tf.float32)
    mix = tf.constant(rng.normal(size=(3, 6)), tf.float32)
    found = gradients(layer_of(arguments), x, mix)
    expected = gradients(layer_of({**arguments, "backend": "compiled"}), x, mix)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("name", SAMPLED)
def test_sampled_gradients_agree(name, rng):
    # Every symbol is the angle of one rotation: f' = (f(t + pi/2) - f(t - pi/2)) / 2, and the
    # standard error of a row's slope is at most 1 / sqrt(2 shots); of data, pi times an angle.
    x = tf.constant(rng.random((2, 2)), tf.float32)
    mix = tf.constant(rng.normal(size=(2, 4)), tf.float32)
    shots = 1000
    found = gradients(layer_of(SAMPLED[name](), PLAIN, repetitions=shots), x, mix)
    exact = {**SAMPLED[name](), "backend": "compiled"}
    expected = gradients(layer_of(exact, PLAIN), x, mix)
    by_filter = mix.numpy().reshape(2, 2, 2)
    # Observables that are measured together are not independent; rows and filters are.
    of_rows = np.abs(by_filter).sum(axis=2)
    bounds = [
        np.pi * np.sqrt((of_rows**2).sum(axis=1))[:, None],
        np.sqrt((of_rows**2).sum(axis=0))[:, None],
    ]
    for one, other, bound in zip(found, expected, bounds, strict=True):
        errors = np.abs(one - other)
        assert np.all(errors <= 5 * bound / np.sqrt(2 * shots) + 1e-4)
        assert np.any(errors > 1e-4)


def gradients(layer, x, mix):
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x) * mix)
    return tape.gradient(loss, [x, layer.trainable_weights[0]])


@needs_tfq
@pytest.mark.parametrize("kind", ["central_difference", "ParameterShift"])
def test_differentiators_of_sampled_values(kind, rng):
    differentiator = kind if kind.islower() else tfq.differentiators.ParameterShift()
    layer = layer_of({"backend": "noiseless"}, PLAIN, repetitions=10, differentiator=differentiator)
    x = tf.constant(rng.random((2, 2)), tf.float32)
    by_inputs, by_weights = gradients(layer, x, tf.ones([2, 4]))
    assert np.all(np.isfinite(by_inputs)) and np.any(by_weights.numpy())


class Device(cirq.Sampler):
    """Takes circuits on its own qubits, at most so many at once, and counts them."""

    def __init__(self, qubits, most):
        self.qubits, self.most = set(qubits), most
        self.batches = []
        self._simulator = cirq.Simulator(seed=1)

    def run_batch(self, programs, params_list=None, repetitions=1):
        size = sum(map(len, params_list))
        assert size <= self.most, "too many circuits at once"
        self.batches.append(size)
        return super().run_batch(programs, params_list, repetitions)

    def run_sweep(self, program, params, repetitions=1):
        assert program.all_qubits() <= self.qubits, "no such qubits"
        return self._simulator.run_sweep(program, params, repetitions)


@pytest.mark.parametrize(("most", "batches"), [(5, [5, 5, 2]), (100, [12]), (1, [1] * 12)])
def test_devices_get_each_circuit_once_and_no_more_than_they_take(most, batches, rng):
    device = Device(Q, most)
    layer = layer_of({"backend": device, "repetitions": SHOTS, "max_circuits": most})
    distinct = rng.random((3, 2)).astype("float32")
    found = np.array(layer(distinct[[0, 1, 0, 2, 2, 0, 1]]))
    # 3 distinct rows, 2 filters, and 2 settings: Z X Z, and Y on the last qubit.
    assert device.batches == batches
    np.testing.assert_array_equal(found[[0, 1, 3]], found[[2, 6, 4]])
    errors = np.abs(found[[0, 1, 3]] - true_values(layer, distinct).reshape(3, -1))
    assert np.all(errors <= 5 * standard_errors(layer, distinct) + 1e-5)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # Google's, of the version of Python
def test_engines_of_cirq_google_pass_through(rng):
    # It refuses qubits and gates that the processor does not have.
    engine = pytest.importorskip("cirq_google.engine")
    processor = engine.create_noiseless_virtual_engine_from_latest_templates().list_processors()[0]
    one, other = sorted(next(iter(processor.get_device().metadata.nx_graph.edges)))
    circuit = QuanvCircuit(
        cirq.Circuit(
            [cirq.X(q) ** s for q, s in zip((one, other), X, strict=True)],
            [cirq.Y(q) ** s for q, s in zip((one, other), W[:2], strict=True)],
            cirq.CZ(one, other),
            cirq.Y(one) ** 0.5,
        ),
        [cirq.Z(one), cirq.X(other)],
    )
    layer = layer_of({"backend": processor.get_sampler()}, circuit, repetitions=SHOTS)
    x = rng.random((3, 2)).astype("float32")
    errors = np.abs(np.array(layer(x)) - true_values(layer, x).reshape(3, -1))
    assert np.all(errors <= 5 * standard_errors(layer, x) + 1e-5)


def test_repeated_rows_get_their_own_gradients(rng):
    x = tf.constant(rng.random((2, 2))[[0, 1, 0]], tf.float32)
    mix = tf.constant(rng.normal(size=(3, 6)), tf.float32)
    found = gradients(layer_of({"backend": cirq.Simulator()}), x, mix)
    expected = gradients(layer_of({}), x, mix)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


@pytest.mark.parametrize(
    "arguments",
    [
        {"backend": cirq.Simulator(seed=1), "repetitions": 50},
        {"backend": DENSITY(), "noise": NOISE},
        pytest.param({"backend": "noisy", "noise": NOISE, "repetitions": 20}, marks=needs_tfq),
        {"backend": "compiled", "noise": NOISE, "repetitions": 20},
    ],
    ids=["sampler", "simulator", "noisy", "sampled"],
)
def test_models_train(arguments, rng):
    layer = EncodedPQC(PLAIN, **arguments)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), layer])
    model.compile("sgd", "mse")
    before = [w.copy() for w in model.get_weights()]
    model.fit(rng.random((4, 2)), np.zeros((4, 2)), batch_size=2, verbose=0)
    for one, other in zip(before[::2], model.get_weights()[::2], strict=True):
        assert np.any(one != other)
    assert model.predict(rng.random((3, 2)), verbose=0).shape == (3, 2)


TOO_MANY = [{"backend": "noiseless"}, {"backend": "noisy", "noise": NOISE, "repetitions": 10}]


@needs_tfq
@pytest.mark.parametrize("arguments", TOO_MANY, ids=["noiseless", "noisy"])
def test_what_tfq_has_no_memory_for_is_refused(arguments):
    circuit = QuanvCircuit.from_parts(angle_encoder(31), basic_entangler(31))
    with pytest.raises(ValueError, match="takes circuits of up to 30 qubits.* Received one of 31"):
        EncodedPQC(circuit, **arguments)


def test_no_rows():
    layer = layer_of({"backend": cirq.Simulator()}, repetitions=5)
    assert layer(np.zeros((0, 2))).shape == (0, 6)
    assert layer_of({"backend": cirq.Simulator()})(np.zeros((0, 2))).shape == (0, 6)


@pytest.mark.parametrize(
    "arguments",
    [
        {"noise": NOISE, "repetitions": 5},
        {"noise": cirq.ConstantQubitNoiseModel(cirq.bit_flip(0.1))},
        pytest.param(
            {
                "backend": "noisy",
                "noise": NOISE,
                "repetitions": 5,
                "differentiator": "parameter_shift",
            },
            marks=needs_tfq,
        ),
    ],
)
def test_config_goes_round(arguments):
    layer = EncodedPQC(PLAIN, **arguments)
    again = EncodedPQC.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert (again.noise, again.repetitions) == (layer.noise, layer.repetitions)


def test_objects_of_cirq_are_not_saved(tmp_path):
    layer = EncodedPQC(PLAIN, backend=cirq.Simulator())
    model = keras.Sequential([keras.Input((2,)), layer])
    with pytest.raises(ValueError, match=r"`backend`.*no file can hold.*with_backend\(model, 'com"):
        model.save(tmp_path / "model.keras")


class OnlySampler(cirq.Sampler):
    def run_sweep(self, program, params, repetitions=1):
        raise AssertionError("not run in these tests")


class OnlyValues(cirq.SimulatesExpectationValues):
    def simulate_expectation_values_sweep(self, *args, **kwargs):
        raise AssertionError("not run in these tests")


ADJOINT = {"differentiator": "adjoint"}
KRAUS = cirq.ConstantQubitNoiseModel(cirq.KrausChannel(cirq.kraus(cirq.bit_flip(0.1))))
ERRORS = {
    "name": ({"backend": "cirq"}, ValueError, "one of 'compiled', .* Received 'cirq'"),
    "kind": ({"backend": 3}, TypeError, "`backend` must be .* a cirq.Sampler .* Received 3"),
    "class": ({"backend": cirq.Simulator}, TypeError, r"Use Simulator\(\)"),
    "repetitions": ({"repetitions": 0}, ValueError, "`repetitions` must be at least 1"),
    "repetitions_kind": ({"repetitions": 1.5}, TypeError, "`repetitions` must be an integer"),
    "noiseless": (
        {"backend": "noiseless", "noise": NOISE},
        ValueError,
        "'noiseless' has no noise. Received noise='depolarizing 0.05.* Use backend='compiled'",
    ),
    "noisy_without": (
        {"backend": "noisy", "repetitions": 5},
        ValueError,
        "'noisy' needs `noise` and `repetitions`.* Received noise=None",
    ),
    "noisy_exact": (
        {"backend": "noisy", "noise": NOISE},
        ValueError,
        "Received repetitions=None.* use backend='compiled'",
    ),
    "sampler": (
        {"backend": OnlySampler()},
        ValueError,
        "`repetitions` must say how many shots a cirq.Sampler takes.* use backend='compiled'",
    ),
    "values": (
        {"backend": OnlyValues(), "repetitions": 5},
        ValueError,
        "`repetitions` is for a cirq.Sampler. .* takes no shots. Drop it, or use",
    ),
    "pure": (
        {"backend": cirq.Simulator(), "noise": NOISE},
        ValueError,
        r"Simulator holds state vectors.* Use cirq.DensityMatrixSimulator\(\) or backend='comp",
    ),
    "own_noise": (
        {"backend": cirq.Simulator(noise=cirq.depolarize(0.1))},
        ValueError,
        "one random trajectory",
    ),
    "adjoint_sampled": (
        {"backend": "noiseless", "repetitions": 5, **ADJOINT},
        ValueError,
        "'adjoint' is for exact values .* outcomes are drawn.* Use differentiator='parameter_sh",
    ),
    "adjoint_noisy": (
        {"backend": "noisy", "repetitions": 5, "noise": NOISE, **ADJOINT},
        ValueError,
        "'adjoint' is for exact .* trajectories are drawn",
    ),
    "adjoint_cirq": (
        {"backend": cirq.Simulator(), **ADJOINT},
        ValueError,
        "'adjoint' is for exact",
    ),
    "max_circuits": (
        {"max_circuits": 5},
        ValueError,
        "`max_circuits` .* for a cirq.Sampler .* Received max_circuits=5 for backend='compiled'",
    ),
    "channel": (
        {"backend": "noisy", "repetitions": 5, "noise": KRAUS},
        ValueError if HAS_TFQ else ImportError,
        "(?s)no channel for .* depolarizing .* Use one of these, or backend='compiled'"
        if HAS_TFQ
        else "which is not installed here",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    arguments, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        EncodedPQC(PLAIN, **arguments)
