"""Finite shots against the binomial distribution, and against Cirq's own measurements."""

import subprocess
import sys

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tests.helpers.reference import expectations
from tfq_resqunn import Quanv2D, QuanvCircuit
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.simulation.plan import compile_circuit
from tfq_resqunn.simulation.shots import Sampled

Q = cirq.LineQubit.range(3)
X = sympy.symbols("x_0:2")
W = sympy.symbols("w_0:4")
ONE = QuanvCircuit(cirq.Circuit(cirq.ry(X[0])(Q[0]), cirq.rx(W[0])(Q[0])))
# Angles of data, of weights, of both; gates with two, three and more eigenvalues.
MIXED = QuanvCircuit(
    cirq.Circuit(
        cirq.ry(X[0])(Q[0]),
        cirq.rx(X[1] * W[0])(Q[1]),
        cirq.ISWAP(*Q[:2]) ** W[1],
        cirq.ry(W[2] + 0.3)(Q[2]).controlled_by(Q[0]),
        cirq.CX(Q[1], Q[2]) ** (X[0] * W[3]),
        cirq.H(Q[0]) ** W[0],
        cirq.FSimGate(0.4, W[1])(Q[0], Q[2]),
    ),
    # The terms of the first do not commute.
    [cirq.Z(Q[0]) + 0.5 * cirq.X(Q[0]) * cirq.Y(Q[1]) - 0.25, cirq.X(Q[2]) - cirq.Z(Q[2])],
)
ONLY_MIXED = QuanvCircuit(cirq.Circuit(cirq.rx(X[0] * W[0])(Q[0])))


def point(circuit, rng, filters=2, n=3):
    features = tf.constant(rng.random((len(circuit.inputs), n)))
    return features, tf.constant(rng.normal(size=(filters, len(circuit.weights))))


def exact_values(circuit, features, weights):
    """Cirq's, as `[filters * n_observables, n]`."""
    rows = [expectations(circuit, np.transpose(features), w).T for w in weights.numpy()]
    return np.concatenate(rows)


@pytest.mark.once
@pytest.mark.parametrize("noise", [None, {"depolarizing": 0.2}])
@pytest.mark.parametrize("shots", [1, 20])
def test_outcomes_are_binomial(shots, noise):
    n = 20000
    noise = Noise.of(noise)
    features, weights = (
        tf.fill([1, n], tf.constant(0.7, tf.float64)),
        tf.constant([[0.4]], tf.float64),
    )
    mean = np.cos(0.7) * np.cos(0.4)
    if noise is not None:
        mean *= (1 - 4 / 3 * 0.2) ** 2  # two gates, each followed by a channel
    found = Sampled(ONE, shots, noise)(features, weights).numpy()[0]
    counts = (1 + found) / 2 * shots
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-9)
    assert counts.min() >= 0 and counts.max() <= shots
    variance = (1 - mean**2) / shots
    assert abs(found.mean() - mean) <= 5 * np.sqrt(variance / n)
    p = (1 + mean) / 2
    kurtosis = 3 + (1 - 6 * p * (1 - p)) / (shots * p * (1 - p))
    assert abs(found.var() - variance) <= 5 * variance * np.sqrt((kurtosis - 1) / n)


@pytest.mark.once
def test_sums_that_do_not_commute_are_measured_term_by_term(rng):
    shots, n_draws = 400, 2000
    features, weights = point(MIXED, rng, filters=1, n=1)
    numbers = {s: float(v) for s, v in zip(MIXED.inputs, features[:, 0], strict=True)}
    numbers |= {s: float(v) for s, v in zip(MIXED.weights, weights[0], strict=True)}
    resolved = cirq.resolve_parameters(MIXED.circuit, numbers)
    simulator = cirq.Simulator(seed=2)
    draws = Sampled(MIXED, shots)(tf.tile(features, [1, n_draws]), weights).numpy().T
    for k, observable in enumerate(MIXED.observables):
        measured, variance = 0.0, 0.0
        for term in observable:
            coefficient = term.coefficient.real
            if not term.qubits:
                measured += coefficient
                continue
            ends = cirq.measure_single_paulistring(term / term.coefficient, key="m")
            bits = simulator.run(resolved + cirq.Circuit(ends), repetitions=shots)
            mean = 1 - 2 * bits.measurements["m"].mean()
            measured += coefficient * mean
            variance += coefficient**2 * (1 - mean**2) / shots
        assert abs(draws[0, k] - measured) <= 5 * np.sqrt(2 * variance)
        # Terms are drawn independently, so that their variances add.
        assert draws[:, k].var() == pytest.approx(variance, rel=5 * np.sqrt(2 / n_draws))


@pytest.mark.once
def test_filters_with_angles_of_data_and_weights(rng):
    features, weights = point(MIXED, rng)
    found = Sampled(MIXED, 10**10)(features, weights)
    np.testing.assert_allclose(found, exact_values(MIXED, features, weights), atol=2e-4)


def test_seeds_repeat(rng):
    features, weights = point(MIXED, rng)
    draw = Sampled(MIXED, 10)
    set_seed(7)
    first, second = draw(features, weights), draw(features, weights)
    set_seed(7)
    again = Sampled(MIXED, 10)(features, weights)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


def gradients(run, features, weights, mix):
    with tf.GradientTape() as tape:
        tape.watch([features, weights])
        total = tf.reduce_sum(run(features, weights) * mix)
    return tape.gradient(total, [features, weights])


@pytest.mark.once
@pytest.mark.parametrize(
    ("circuit", "noise"),
    [(MIXED, None), (ONLY_MIXED, {"amplitude_damping": 0.1})],
    ids=["mixed", "only_mixed"],
)
def test_the_shift_rule_is_exact(circuit, noise, rng):
    # With so many shots that they do not matter.
    noise = Noise.of(noise)
    features, weights = point(circuit, rng, filters=1, n=2)
    mix = rng.normal(size=(len(circuit.observables), 2))
    sampled = Sampled(circuit, 10**12, noise)
    found = tf.function(lambda: gradients(sampled, features, weights, mix))()
    _, exact = compile_circuit(circuit, noise)

    @tf.function
    def total(features, weights):
        return tf.reduce_sum(exact(features, weights) * mix)

    for which, gradient in enumerate(found):
        for index in np.ndindex(*gradient.shape):
            step = np.zeros(gradient.shape)
            step[index] = 1e-5
            ends = []
            for sign in (1, -1):
                at = [features, weights]
                at[which] = at[which] + sign * step
                ends.append(float(total(*at)))
            assert gradient[index].numpy() == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=2e-4)


@pytest.mark.once
def test_gradients_scatter_around_the_exact_ones(rng):
    n_draws = 100
    features, weights = point(MIXED, rng, filters=1, n=2)
    mix = rng.normal(size=(2, 2))
    run = tf.function(lambda: gradients(Sampled(MIXED, 20), features, weights, mix))
    draws = [run() for _ in range(n_draws)]
    exact = gradients(compile_circuit(MIXED)[1], features, weights, mix)
    for which, expected in enumerate(exact):
        own = np.array([draw[which] for draw in draws])
        errors = np.abs(own.mean(axis=0) - expected)
        assert np.all(errors <= 5 * own.std(axis=0) / np.sqrt(n_draws) + 1e-9)
        assert np.all(own.std(axis=0).max() > 0.01)


# Circuits of several methods: Pauli strings, state vectors, channels, a loop over filters.
SEEDED = {
    "strings": {},
    "noise": {"noise": {"depolarizing": 0.1}},
    "states": {"encoder": "iqp"},
    "channels": {"encoder": "iqp", "noise": {"depolarizing": 0.1}},
    "groups": {"filters": 2, "groups": 2, "kernel_size": (1, 2), "observables": ["Z0", "X0 + Z1"]},
    "mixed": {"filters": 2, "circuit": ONLY_MIXED, "groups": 2},
}


def seeded(how, **arguments):
    """Values and gradients, twice in a row, or what a training leaves."""
    set_seed(7)
    shape = (2, 2, 2)
    images = np.random.default_rng(1).random((4, *shape)).astype("float32")
    layer = Quanv2D(repetitions=5, **{"kernel_size": 1, **arguments})
    model = keras.Sequential([keras.Input(shape), layer, keras.layers.Flatten()])
    if how == "fit":
        model.compile("sgd", "mse")
        targets = np.zeros(model(images).shape)
        history = model.fit(images, targets, batch_size=2, epochs=2, verbose=0)
        return [history.history["loss"], *model.get_weights(), model.predict(images, verbose=0)]

    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            values = model(x)
        return [values, *tape.gradient(values, [x, *model.trainable_weights])]

    if how == "function":
        step = tf.function(step)
    x = tf.constant(images)
    return [*step(x), *step(x)]


# All of them are slow together; of these each case and each way of running has one.
QUICK = {
    ("strings", "eager"), ("strings", "fit"), ("noise", "function"), ("states", "function"),
    ("channels", "function"), ("groups", "eager"), ("mixed", "fit"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "how"),
    [
        pytest.param(name, how, marks=[] if (name, how) in QUICK else pytest.mark.slow)
        for name in SEEDED
        for how in ("eager", "function", "fit")
    ],
)
def test_the_same_seed_gives_the_same_numbers(name, how):
    first, again = seeded(how, **SEEDED[name]), seeded(how, **SEEDED[name])
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    if how != "fit":
        values, slopes = first[: len(first) // 2], first[len(first) // 2 :]
        for one, other in zip(values, slopes, strict=True):
            assert np.any(np.array(one) != other), "each call draws anew"


@pytest.mark.slow
@pytest.mark.parametrize("how", ["function", "fit"])
def test_the_same_seed_gives_the_same_numbers_where_operations_are_deterministic(how):
    program = (
        "import tensorflow as tf, numpy as np\n"
        "tf.config.experimental.enable_op_determinism()\n"
        "from tests.simulation.test_shots import SEEDED, seeded\n"
        f"for name in SEEDED:\n    first, again = (seeded({how!r}, **SEEDED[name]) for _ in '12')\n"
        "    for one, other in zip(first, again, strict=True):\n"
        "        np.testing.assert_array_equal(one, other)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)


@pytest.mark.once
def test_moves_of_a_gradient_are_drawn_independently(rng):
    # In the middle of the slope, all outcomes are coins: the variances of all moves add.
    features = tf.constant(np.full((1, 4000), np.pi / 2))
    weights = tf.constant([[0.0]], tf.float64)
    by_features, _ = gradients(Sampled(ONE, 1), features, weights, 1.0)
    # (f(t + pi/2) - f(t - pi/2)) / 2 is -1 for certain here; where both are coins, it is
    # -1, 0, 0 or 1.
    np.testing.assert_allclose(by_features, -1.0, atol=1e-9)
    by_features, _ = gradients(Sampled(ONE, 1), features - np.pi / 2, weights, 1.0)
    assert np.array(by_features).var() == pytest.approx(0.5, abs=0.06)
