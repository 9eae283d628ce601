"""The compiled backend against Cirq, TensorFlow Quantum and finite differences."""

import contextlib
from unittest import mock

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.reference import expectations, needs_tfq
from tests.layers.test_pqc import CIRCUITS
from tfq_resqunn import EncodedPQC, QuanvCircuit
from tfq_resqunn.circuits import angle_encoder, basic_entangler, strongly_entangling
from tfq_resqunn.circuits.parts import Parts
from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.spectral import gates_of
from tfq_resqunn.simulation.pauli_strings import propagation
from tfq_resqunn.simulation.pauli_strings.method import PauliStrings
from tfq_resqunn.simulation.plan import Plan, compile_circuit, methods_for
from tfq_resqunn.simulation.protocols import NotOpen
from tfq_resqunn.simulation.state_vectors import method as state_vectors
from tfq_resqunn.simulation.tensors import linear_map, trigonometry
from tfq_resqunn.simulation.tensors.xla import in_xla

pytestmark = pytest.mark.once

X = sympy.symbols("x_0:3")
W = sympy.symbols("w_0:4")
ANGLES = [
    *X, *W, -X[0], 2 * W[0], X[0] / 3 + 0.2, X[0] + 2 * X[1], W[0] - W[1] + 0.5,
    X[0] * W[0], X[1] * X[2], W[1] * W[2], sympy.sin(X[0]), W[3] ** 2, X[2] + W[2],
]  # fmt: skip
POWERS = {
    1: [cirq.X, cirq.Y, cirq.Z, cirq.H],
    2: [cirq.CX, cirq.CZ, cirq.SWAP, cirq.ISWAP, cirq.XX, cirq.YY, cirq.ZZ],
    3: [cirq.CCX, cirq.CCZ],
}
CONSTANTS = {
    1: [cirq.T, cirq.S**-1, cirq.X**0.3, cirq.PhasedXZGate(
        x_exponent=0.2, z_exponent=0.3, axis_phase_exponent=0.4)],
    2: [cirq.CX, cirq.CZ, cirq.SWAP, cirq.ISWAP**0.5, cirq.MatrixGate(
        cirq.testing.random_unitary(4, random_state=3))],
    3: [cirq.CCX, cirq.CSWAP, cirq.QubitPermutationGate([1, 2, 0])],
}  # fmt: skip


def parametrised(gate_size, angle):
    """Operations of one angle on some qubits, one a kind of gate."""
    yield from (lambda *q, g=g: (g**angle).on(*q) for g in POWERS[gate_size])
    if gate_size == 1:
        yield from (lambda q, r=r: r(angle)(q) for r in (cirq.rx, cirq.ry, cirq.rz))
        yield lambda q: cirq.PhasedXPowGate(phase_exponent=0.3, exponent=angle)(q)
        yield lambda q: cirq.PhasedXPowGate(phase_exponent=angle, exponent=0.7)(q)
    if gate_size == 2:
        yield lambda a, b: cirq.FSimGate(angle, 0.4)(a, b)
        yield lambda a, b: cirq.PhasedISwapPowGate(phase_exponent=angle, exponent=0.3)(a, b)
        yield lambda a, b: cirq.DiagonalGate([0.1, angle, 0.2, 0.3])(a, b)
        yield lambda a, b: cirq.cphase(angle)(a, b)
        yield lambda a, b: cirq.givens(angle)(a, b)
        yield lambda a, b: cirq.ry(angle)(a).controlled_by(b)
        yield lambda a, b: cirq.ControlledOperation([a], cirq.H(b) ** angle, [0])
    if gate_size == 3:
        yield lambda a, b, c: (cirq.SWAP(a, b) ** angle).controlled_by(c)
        yield lambda a, b, c: cirq.ControlledOperation([a, b], cirq.rx(angle)(c), [0, 1])


@st.composite
def circuits(draw, product=False):
    """Random circuits; with `product`, encoders act qubit by qubit before the weights."""
    n = draw(st.integers(1, 6))
    qubits = cirq.LineQubit.range(n)
    symbols = [a for a in ANGLES if not product or not (a.free_symbols & set(X))]
    operations = []
    if product:
        for q in qubits:
            gate = draw(st.sampled_from([cirq.rx, cirq.ry, cirq.rz]))
            operations.append(cirq.X(q) ** 0.2)
            operations.append(
                gate(draw(st.sampled_from([*X, X[0] + 2 * X[1], sympy.sin(X[0])])))(q)
            )
    for _ in range(draw(st.integers(2, 12))):
        size = draw(st.integers(1, min(n, 3)))
        on = draw(st.permutations(qubits))[:size]
        if draw(st.integers(0, 3)):
            angle = draw(st.sampled_from(symbols))
            operations.append(draw(st.sampled_from(list(parametrised(size, angle))))(*on))
        else:
            operations.append(draw(st.sampled_from(CONSTANTS[size]))(*on))
    operations += [cirq.ry(W[0])(qubits[0]), cirq.rx(X[0])(qubits[-1])][: 1 if product else 2]
    operations += [cirq.I(q) for q in qubits]
    observables = draw(st.lists(pauli_sums(qubits), min_size=1, max_size=3))
    return QuanvCircuit(cirq.Circuit(operations), observables)


@st.composite
def pauli_sums(draw, qubits):
    total = cirq.PauliSum()
    for _ in range(draw(st.integers(1, 3))):
        letters = draw(
            st.lists(st.sampled_from("IXYZZ"), min_size=len(qubits), max_size=len(qubits))
        )
        paulis = {q: getattr(cirq, a) for q, a in zip(qubits, letters, strict=True) if a != "I"}
        total += cirq.PauliString(paulis, coefficient=draw(st.sampled_from([1.0, -0.5, 2.0])))
    return total if total.qubits else total + cirq.Z(qubits[0])


def slope_along(f, point, which, direction, step=1e-5):
    """The slope of a function along one direction: it depends on every partial derivative."""
    ends = []
    for sign in (1, -1):
        moved = list(point)
        moved[which] = moved[which] + sign * step * direction
        ends.append(f(*moved))
    return (ends[0] - ends[1]) / (2 * step)


def check(circuit, seed, filters, merged=True):
    """All methods that can compute a circuit: values and gradients."""
    if not merged:
        with mock.patch.object(propagation, "merge", lambda stages, trig: stages):
            return check(circuit, seed, filters)
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (2, len(circuit.inputs)))
    w = rng.uniform(-3, 3, (filters, len(circuit.weights)))
    truth = np.concatenate([expectations(circuit, x, row) for row in w], axis=1)
    mix = rng.normal(size=truth.shape)

    def loss(x, w):
        return np.sum(mix * np.concatenate([expectations(circuit, x, row) for row in w], axis=1))

    along = [rng.normal(size=x.shape), rng.normal(size=w.shape)]
    steps = [slope_along(loss, [x, w], i, direction) for i, direction in enumerate(along)]
    n_methods = 0
    for name, method in methods_of(circuit):
        n_methods += 1
        for dtype, tolerance in ((tf.float64, 1e-10), (tf.float32, 1e-5)):
            features, weights = tf.constant(x.T, dtype), tf.constant(w, dtype)
            with tf.GradientTape() as tape:
                tape.watch([features, weights])
                found = method(features, weights)
                total = tf.reduce_sum(found * tf.constant(mix.T, dtype))
            scale = max(1.0, np.abs(truth).max())
            np.testing.assert_allclose(found.numpy().T, truth, atol=tolerance * scale, err_msg=name)
            gradients = tape.gradient(total, [features, weights], unconnected_gradients="zero")
            allowed = 1e-6 if dtype == tf.float64 else 1e-4
            by_x, by_w = gradients[0].numpy().T, gradients[1].numpy()
            size = max(1.0, np.abs(by_x).max(), np.abs(by_w).max())
            slopes_found = [np.sum(by_x * along[0]), np.sum(by_w * along[1])]
            np.testing.assert_allclose(slopes_found, steps, atol=allowed * size, err_msg=name)
    assert n_methods


ANY = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@settings(ANY, max_examples=8)
@given(circuits(), st.integers(0, 10**6), st.sampled_from([1, 2]))
def test_random_circuits(circuit, seed, filters):
    check(circuit, seed, filters)


@settings(ANY, max_examples=8)
@given(circuits(product=True), st.integers(0, 10**6), st.sampled_from([1, 2]), st.booleans())
def test_random_circuits_on_product_states(circuit, seed, filters, merged):
    check(circuit, seed, filters, merged)


@pytest.mark.slow
@settings(ANY, max_examples=1000)
@given(circuits(), st.integers(0, 10**6), st.sampled_from([1, 2]))
def test_a_thousand_random_circuits(circuit, seed, filters):
    check(circuit, seed, filters)


@pytest.mark.slow
@settings(ANY, max_examples=1000)
@given(circuits(product=True), st.integers(0, 10**6), st.sampled_from([1, 2]), st.booleans())
def test_a_thousand_random_circuits_on_product_states(circuit, seed, filters, merged):
    check(circuit, seed, filters, merged)


NAMED = {
    f"{rotation}_{ansatz.__name__}_{n}_{n_layers}": QuanvCircuit.from_parts(
        angle_encoder(n, rotation=rotation), ansatz(n, n_layers)
    )
    for n in (1, 2, 4, 5)
    for rotation in ("rx", "ry", "rz")
    for ansatz in (basic_entangler, strongly_entangling)
    for n_layers in (1, 2, 3)
}


def by_default(name):
    """A third of them, with each two of rotation, qubits and layers; the others are slow."""
    rotation, *_, n, n_layers = name.split("_")
    return ("rx", "ry", "rz").index(rotation) + int(n) + int(n_layers) in (3, 6, 9)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if by_default(n) else pytest.mark.slow) for n in NAMED]
)
def test_named_circuits(name, rng):
    circuit = NAMED[name]
    x, w = rng.random((3, len(circuit.inputs))), rng.uniform(0, 6, (1, len(circuit.weights)))
    for _, method in methods_of(circuit):
        found = method(tf.constant(x.T), tf.constant(w)).numpy().T
        np.testing.assert_allclose(found, expectations(circuit, x, w[0]), atol=1e-10)


@pytest.mark.parametrize(
    ("n_qubits", "n_layers"), [(4, 12), (9, 3), pytest.param(12, 3, id="patches of 2x2, RGB")]
)
def test_sums_of_many_paths(n_qubits, n_layers, rng):
    circuit = QuanvCircuit.from_parts(angle_encoder(n_qubits), basic_entangler(n_qubits, n_layers))
    method = PauliStrings(GateCircuit.of(circuit))
    x, w = rng.random((2, n_qubits)), rng.uniform(0, 6, (1, len(circuit.weights)))
    direction = rng.normal(size=w.shape)
    weights = tf.constant(w)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        found = method(tf.constant(x.T), weights)
        total = tf.reduce_sum(found)
    np.testing.assert_allclose(found.numpy().T, expectations(circuit, x, w[0]), atol=1e-10)
    ahead, behind = (
        expectations(circuit, x, (w + step * direction)[0]).sum() for step in (1e-5, -1e-5)
    )
    slope = np.sum(tape.gradient(total, weights) * direction)
    np.testing.assert_allclose(slope, (ahead - behind) / 2e-5, atol=1e-7)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("dense_entries", [0, 2**20])
def test_constant_matrices_of_any_pattern(jit_compile, dense_entries, monkeypatch, rng):
    # Rows of no entry, of one, of some, and of more than are gathered at once; columns likewise.
    monkeypatch.setattr(linear_map, "_DENSE_ENTRIES", dense_entries)
    counts = [0, 1, 1, 3, 4, 5, 16, 17, 64, 65, 300, 5000]
    rows = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    columns = np.minimum(rng.geometric(0.02, len(rows)), 900)
    values = rng.normal(size=len(rows))
    matrix = np.zeros((len(counts), 901))
    np.add.at(matrix, (rows, columns), values)
    linear = linear_map.LinearMap(matrix.shape, rows, columns, values)
    x, mix = rng.normal(size=(901, 2)), rng.normal(size=(len(counts), 2))

    @tf.function(jit_compile=jit_compile)
    def both(x, mix):
        with tf.GradientTape() as outer:
            outer.watch(mix)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = linear(x)
                total = tf.reduce_sum(y * mix)
            slope = tape.gradient(total, x)
            twice = tf.reduce_sum(slope**2)
        return y, slope, outer.gradient(twice, mix)

    y, slope, second = both(tf.constant(x), tf.constant(mix))
    np.testing.assert_allclose(y, matrix @ x, atol=1e-10)
    np.testing.assert_allclose(slope, matrix.T @ mix, atol=1e-10)
    np.testing.assert_allclose(second, 2 * matrix @ matrix.T @ mix, rtol=1e-8, atol=1e-8)


@needs_tfq
@pytest.mark.parametrize("name", ["ry_basic_entangler_4_2", "rz_strongly_entangling_4_3"])
def test_gradients_are_tfqs_adjoint(name, rng):
    circuit = NAMED[name]
    x = tf.constant(rng.random((5, 4)), tf.float32)
    layers = [EncodedPQC(circuit, filters=2, backend=b) for b in ("compiled", "noiseless")]
    layers[1].set_weights(layers[0].get_weights())
    mix = tf.constant(rng.normal(size=(5, 8)), tf.float32)
    found = []
    for layer in layers:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_mean(layer(x) * mix)
        found.append(tape.gradient(loss, [x, layer.trainable_weights[0]]))
    np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-4)
    np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-4)


def plan(circuit):
    return compile_circuit(circuit)[0]


def methods_of(circuit, but=NotOpen):
    """Yields all methods that can compute a circuit; none may fail `but` for this reason."""
    gates = GateCircuit.of(circuit)
    for name, make in methods_for(gates):
        with contextlib.suppress(but):
            yield name, make(gates)


@pytest.mark.parametrize(
    ("name", "jit_compile"),
    [
        ("product", True),
        ("stages", False),
        ("reuploading", True),
        pytest.param("product", False, marks=pytest.mark.slow),
        pytest.param("stages", True, marks=pytest.mark.slow),
        pytest.param("reuploading", False, marks=pytest.mark.slow),
    ],
)
def test_graphs_and_xla_give_the_same(name, jit_compile, rng):
    circuit = {
        "product": NAMED["ry_strongly_entangling_2_1"],
        "stages": NAMED["rz_strongly_entangling_2_3"],
        **CIRCUITS,
    }[name]
    x = tf.constant(rng.random((len(circuit.inputs), 7)), tf.float32)
    w = tf.constant(rng.uniform(0, 6, (2, len(circuit.weights))), tf.float32)

    def value_and_gradient(method, x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = method(x, w)
            loss = tf.reduce_sum(y**2)
        return y, *tape.gradient(loss, [x, w])

    for name, method in methods_of(circuit):
        function = tf.function(value_and_gradient, jit_compile=jit_compile)
        for found, expected in zip(
            function(method, x, w), value_and_gradient(method, x, w), strict=True
        ):
            np.testing.assert_allclose(found, expected, atol=5e-5, err_msg=name)


@pytest.mark.parametrize(
    ("name", "jit_compile"),
    [
        ("product", False),
        ("product", True),
        ("reuploading", False),
        ("reuploading", True),
        ("wide product", False),
        ("wide reuploading", False),
        pytest.param("wide product", True, marks=pytest.mark.slow),
        pytest.param("wide reuploading", True, marks=pytest.mark.slow),
    ],
)
def test_batches_of_unknown_size(name, jit_compile, rng):
    """Values and gradients, as `model.fit` computes them: it gives no size to the graph."""
    circuit = {
        "product": NAMED["ry_basic_entangler_4_2"],
        "wide product": QuanvCircuit.from_parts(angle_encoder(6), basic_entangler(6, 2)),
        "wide reuploading": Parts("iqp", "basic_entangler", 1).build(6),
        **CIRCUITS,
    }[name]
    n = len(circuit.inputs)
    w = tf.constant(rng.uniform(0, 6, (1, len(circuit.weights))))

    def value_and_gradients(method, x):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = method(x, w)
            loss = tf.reduce_sum(y**2)
        return y, *tape.gradient(loss, [x, w])

    for name, method in methods_of(circuit):
        signature = [tf.TensorSpec([n, None], tf.float64)]
        function = tf.function(
            lambda x, f=method: value_and_gradients(f, x),
            input_signature=signature,
            jit_compile=jit_compile,
        )
        for size in (1, 8):
            x = tf.constant(rng.random((n, size)))
            truth = expectations(circuit, x.numpy().T, w[0].numpy()).T
            found, expected = function(x), value_and_gradients(method, x)
            np.testing.assert_allclose(found[0], truth, atol=1e-10, err_msg=name)
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-8, err_msg=name)


@pytest.mark.parametrize(
    ("name", "graph"),
    [
        ("product", False),
        ("reuploading", True),
        pytest.param("product", True, marks=pytest.mark.slow),
        pytest.param("reuploading", False, marks=pytest.mark.slow),
    ],
)
def test_second_derivatives(name, graph, rng):
    circuit = {"product": NAMED["ry_basic_entangler_4_2"], **CIRCUITS}[name]
    x = rng.random((2, len(circuit.inputs)))
    w = rng.uniform(0, 6, (1, len(circuit.weights)))
    direction = tf.constant(rng.normal(size=w.shape))
    along_x = tf.constant(rng.normal(size=x.T.shape))

    def slope(method, x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            loss = tf.reduce_sum(method(x, w) ** 2)
        by_x, by_w = tape.gradient(loss, [x, w])
        return tf.reduce_sum(by_w * direction) + tf.reduce_sum(by_x * along_x)

    def curvature(method, x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            value = slope(method, x, w)
        return tape.gradient(value, [x, w])

    methods = dict(methods_of(circuit))
    _, any_method = compile_circuit(circuit)  # first derivatives of all are tested above

    def f(*moved):
        return float(slope(any_method, *map(tf.constant, moved)))

    toward = [rng.normal(size=point.shape) for point in (x.T, w)]
    expected = [slope_along(f, [x.T, w], i, direction) for i, direction in enumerate(toward)]
    for name, method in methods.items():
        run = tf.function(curvature) if graph else curvature
        found = run(method, tf.constant(x.T), tf.constant(w))
        along = [
            np.sum(by_one * direction) for by_one, direction in zip(found, toward, strict=True)
        ]
        np.testing.assert_allclose(along, expected, atol=1e-5, err_msg=name)


def test_states_are_simulated_in_chunks(monkeypatch, rng):
    circuit = CIRCUITS["reuploading"]
    method = dict(methods_of(circuit))["state vectors"]
    x, w = rng.random((2, 7)), tf.constant(rng.uniform(0, 6, (2, 3)))

    def value_and_gradient():
        features = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch([features, w])
            y = method(features, w)
            loss = tf.reduce_sum(y**2)
        return y, *tape.gradient(loss, [features, w])

    whole = value_and_gradient()
    monkeypatch.setattr(state_vectors, "CHUNK_AMPLITUDES", 2**3 * 2 * 4)  # four patches at a time
    for found in (value_and_gradient(), tf.function(value_and_gradient)()):
        for part, expected in zip(found, whole, strict=True):
            np.testing.assert_allclose(part, expected, atol=1e-12)


def test_polynomials_are_cosine_and_sine():
    t = tf.constant(np.linspace(-7, 7, 10001), tf.float32)
    exact = np.pi * t.numpy().astype("float64")
    np.testing.assert_allclose(trigonometry._cosine(t), np.cos(exact), atol=1e-6)
    np.testing.assert_allclose(trigonometry._sine(t), np.sin(exact), atol=1e-6)


def test_xla_is_seen_while_tracing():
    seen = []

    def probe(x):
        seen.append(in_xla())
        return x + 1

    tf.function(probe)(tf.constant(1.0))
    tf.function(probe, jit_compile=True)(tf.constant(1.0))
    tf.function(lambda x: tf.function(probe)(x), jit_compile=True)(tf.constant(1.0))
    assert seen == [False, True, True]


def test_plan_is_a_small_printable_value():
    circuit = NAMED["ry_basic_entangler_4_1"]
    assert isinstance(plan(circuit), Plan)
    assert plan(circuit) == compile_circuit(circuit)[0]
    assert eval(
        repr(plan(circuit)),
        {**globals(), **vars(__import__("tfq_resqunn.simulation.plan", fromlist=["Candidate"]))},
    ) == plan(circuit)
    assert "* Pauli strings " in str(plan(circuit))


def test_cost_chooses():
    def chosen(encoder, ansatz):
        return plan(QuanvCircuit.from_parts(encoder, ansatz)).chosen

    assert chosen(angle_encoder(9), basic_entangler(9)) == "Pauli strings"
    assert chosen(angle_encoder(9), strongly_entangling(9)) == "Pauli strings, late split"
    assert chosen(angle_encoder(4), basic_entangler(4, 3)) == "Pauli strings"
    assert chosen(angle_encoder(4), strongly_entangling(4, 6)) == "state vectors, by phases"
    assert chosen(angle_encoder(9), strongly_entangling(9, 2)) == "matrix products"
    assert chosen(angle_encoder(9), basic_entangler(9, 3, rotation="ry")) == "two halves"
    assert chosen(angle_encoder(16), basic_entangler(16, 3, rotation="ry")) == "matrix products"
    assert chosen(angle_encoder(9), strongly_entangling(9, 3)) == "state vectors, by phases"
    assert plan(CIRCUITS["reuploading"]).chosen == "state vectors, by phases"


@pytest.mark.parametrize("encoder", ["angle", "iqp"])
def test_weights_that_change_nothing_have_a_gradient(encoder):
    turns = [cirq.rz(w)(q) for w, q in zip(W[:2], cirq.LineQubit.range(2), strict=True)]
    circuit = Parts(encoder, cirq.Circuit(turns)).build(2)
    layer = EncodedPQC(circuit)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(tf.ones([3, 2])))
    assert np.array_equal(tape.gradient(loss, layer.trainable_weights)[0], [[0.0, 0.0]])


def test_wide_circuits_are_not_simulated_to_be_weighed():
    circuit = QuanvCircuit.from_parts(angle_encoder(36), basic_entangler(36))
    assert plan(circuit).chosen == "Pauli strings"
    with pytest.raises(ValueError, match="(?s)no method to compute .* of 25 qubits.*too many"):
        plan(QuanvCircuit.from_parts(angle_encoder(25), basic_entangler(25, 5)))


def test_what_has_no_matrix_is_named():
    from tests.circuits.rewriting.test_serializable import Opaque

    circuit = cirq.FrozenCircuit(Opaque(X[0])(cirq.LineQubit(0)))
    with pytest.raises(ValueError, match="backend='compiled' has no matrix for Opaque"):
        gates_of(circuit, sorted(circuit.all_qubits()))


@pytest.mark.parametrize(
    "phase",
    [
        sympy.exp(sympy.I * (2 * sympy.Symbol("x_0") + 1)),
        sympy.I ** (0.3 * sympy.Symbol("x_0") + 0.2),
        (1 + sympy.I) / sympy.sqrt(2) * sympy.exp(sympy.I * sympy.Symbol("x_0")),
        1.0j * sympy.exp(sympy.I * sympy.Symbol("w_0")) * sympy.exp(-0.5j * sympy.Symbol("x_0")),
    ],
)
def test_phases_under_control(phase):
    a, b = cirq.LineQubit.range(2)
    rotations = [cirq.ry(sympy.Symbol("w_0"))(a), cirq.rx(sympy.Symbol("x_0"))(b)]
    controlled = cirq.GlobalPhaseGate(phase).on().controlled_by(a)
    circuit = cirq.Circuit(cirq.H(a), rotations, controlled, cirq.CNOT(a, b), cirq.H(a))
    check(QuanvCircuit(circuit, [cirq.Z(a), cirq.X(b) * cirq.Y(a)]), 0, 2)


def test_a_phase_that_cannot_be_read_is_refused():
    a, b = cirq.LineQubit.range(2)
    x = sympy.Symbol("x_0")
    controlled = cirq.GlobalPhaseGate(sympy.cos(x) + sympy.I * sympy.sin(x)).on().controlled_by(a)
    circuit = cirq.Circuit(cirq.ry(sympy.Symbol("w_0"))(b), controlled)
    with pytest.raises(ValueError, match="takes a phase as a number of modulus 1"):
        plan(QuanvCircuit(circuit, [cirq.Z(b)]))
