"""Symbols are sorted by the numbers in their names; files of earlier versions keep their order."""

import functools
import itertools
from pathlib import Path

import cirq
import numpy as np
import pytest
import sympy

from tests.helpers.reference import EXACT, expectations
from tfq_resqunn import EncodedPQC, Quanv2D, QuanvCircuit
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.circuits import ANSATZES, ENCODERS, identity_blocks, reupload
from tfq_resqunn.circuits.symbols import in_order, sorted_by

OLD = Path(__file__).parents[1] / "data" / "string_order"
KERAS = "keras3" if IS_KERAS_3 else "keras2"
Q = cirq.LineQubit.range(4)
X, W = sympy.symbols("x_0:12"), sympy.symbols("w_0:12")


def rotations(symbols):
    gates = [cirq.rx, cirq.ry, cirq.rz]
    return cirq.Circuit(gates[i // 4](s)(Q[i % 4]) for i, s in enumerate(symbols))


def encoder(n_features=12):
    return rotations(X)


def ansatz(n_qubits=4, n_layers=1):
    return rotations(W) + cirq.Circuit(cirq.CX(Q[i], Q[(i + 1) % 4]) for i in range(4))


@pytest.fixture
def registered(monkeypatch):
    for registry in (ENCODERS, ANSATZES):
        monkeypatch.setattr(registry, "_functions", dict(registry._functions))
    ENCODERS.register("twelve_values", encoder)
    ANSATZES.register("twelve_weights", ansatz)


BLOCKS = functools.partial(identity_blocks, ansatz="twelve_weights")
LAYERS = {
    "parts": dict(encoder=encoder(), ansatz=ansatz()),
    "uploads": dict(encoder=encoder(), ansatz=ansatz(), n_uploads=2),
    "whole": dict(circuit=QuanvCircuit(encoder() + ansatz())),
    "named": dict(encoder="twelve_values", ansatz="twelve_weights"),
    "blocks": dict(encoder="twelve_values", ansatz=BLOCKS),
}


@pytest.mark.once
def test_numbers_in_names_are_numbers():
    names = ["a", "b", "w", "w1", "w_2", "w_10", "w_010", "w_2_1", "w_2_10", "w_10_1", "9" * 5000]
    expected = [
        "9" * 5000,
        "a",
        "b",
        "w",
        "w1",
        "w_2",
        "w_2_1",
        "w_2_10",
        "w_010",
        "w_10",
        "w_10_1",
    ]
    for order in itertools.islice(itertools.permutations(names), 0, 10**6, 9973):
        assert in_order(order) == tuple(expected)
    padded = [f"w_{i:03d}" for i in range(1000)]
    assert in_order(reversed(padded)) == tuple(sorted(padded))


MADE = {
    "circuit": lambda: QuanvCircuit(encoder() + ansatz()),
    "from_parts": lambda: QuanvCircuit.from_parts(encoder(), ansatz()),
    "frozen": lambda: QuanvCircuit.from_parts(encoder().freeze(), ansatz().freeze()),
}


@pytest.mark.once
@pytest.mark.parametrize("name", MADE)
def test_circuits_are_wired_in_the_order_of_numbers(name):
    circuit = MADE[name]()
    assert circuit.inputs == X
    assert circuit.weights == W
    again = QuanvCircuit.from_json(circuit.to_json())
    assert (again, again.inputs, again.weights) == (circuit, X, W)
    names = {"cirq": cirq, "sympy": sympy, "np": np, "QuanvCircuit": QuanvCircuit}
    assert eval(repr(circuit), names) == circuit


@pytest.mark.once
def test_other_parts_follow():
    first, second = np.split(np.array([f"w_{i:03d}" for i in range(24)]), 2)
    for circuit in (reupload(encoder(), ansatz(), 2), identity_blocks_of(ansatz)):
        turns = [op for op in circuit.all_operations() if len(op.qubits) == 1]
        found = [n for op in turns for n in cirq.parameter_names(op) if n.startswith("w")]
        assert found[:12] == list(first)
        assert set(found[12:]) == set(second)


def identity_blocks_of(function):
    ANSATZES.register("for_a_test", function)
    try:
        return identity_blocks(4, ansatz="for_a_test")
    finally:
        del ANSATZES._functions["for_a_test"]


@pytest.mark.parametrize("backend", EXACT)
@pytest.mark.parametrize("name", LAYERS)
def test_layers_give_each_value_to_its_symbol(name, backend, registered, rng):
    layer = Quanv2D(kernel_size=2, backend=backend, **LAYERS[name])
    image = rng.random((1, 2, 2, 3)).astype("float32")
    found = layer(image)
    (pqc,) = layer.pqcs
    assert pqc.symbols == list(pqc.circuit.weights)
    assert pqc.circuit.inputs == X
    by_name = dict(zip(map(str, X), image.ravel(), strict=True))
    values = {str(s): float(v) for s, v in pqc.symbol_values().items()}
    assert list(values) == [f"w_{i}" if len(values) == 12 and name != "uploads" else f"w_{i:03d}"
                            for i in range(len(values))]  # fmt: skip
    resolved = cirq.resolve_parameters(pqc.circuit.circuit, {**by_name, **values})
    truth = cirq.Simulator(dtype=np.complex128).simulate_expectation_values(
        resolved, list(pqc.circuit.observables)
    )
    np.testing.assert_allclose(np.ravel(found), np.real(truth), atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_files_in_string_order_keep_it(name, registered, tmp_path):
    before = np.load(OLD / f"predictions.{KERAS}.npz")
    model = keras.models.load_model(OLD / f"{name}.{KERAS}.keras")
    np.testing.assert_allclose(model(before["images"]), before[name], atol=1e-6)
    model.save(tmp_path / "again.keras")
    again = keras.models.load_model(tmp_path / "again.keras")
    np.testing.assert_allclose(again(before["images"]), before[name], atol=1e-6)
    assert again.layers[-1].get_config() == model.layers[-1].get_config()
    # A layer of today means something else.
    other = keras.Sequential([keras.Input((2, 4, 3)), Quanv2D(kernel_size=2, **LAYERS[name])])
    other.set_weights(model.get_weights())
    assert np.abs(other(before["images"]) - before[name]).max() > 1e-2


@pytest.mark.once
@pytest.mark.parametrize("name", ["parts", "named"])
def test_weights_of_their_own_go_into_a_layer_in_string_order(name, registered):
    before = np.load(OLD / f"predictions.{KERAS}.npz")
    model = keras.models.load_model(OLD / f"{name}.{KERAS}.keras")
    layer = Quanv2D(kernel_size=2, symbol_order="string", **LAYERS[name])
    layer.build((None, 2, 4, 3))
    layer.set_weights(model.get_weights())
    np.testing.assert_allclose(layer(before["images"]), before[name], atol=1e-6)


@pytest.mark.once
def test_json_in_string_order_keeps_it(rng):
    circuit = QuanvCircuit.from_json((OLD / "circuit.json").read_text())
    assert circuit.inputs == tuple(sorted(X, key=str))
    assert circuit.weights == tuple(sorted(W, key=str))
    assert circuit != MADE["circuit"]()
    again = QuanvCircuit.from_json(circuit.to_json())
    assert (again.inputs, again.weights) == (circuit.inputs, circuit.weights)
    names = {"cirq": cirq, "sympy": sympy, "np": np, "QuanvCircuit": QuanvCircuit}
    assert eval(repr(circuit), names) == circuit
    layer, x = EncodedPQC(circuit), rng.random((2, 12))
    truth = expectations(circuit, x, layer.get_weights()[0][0])
    np.testing.assert_allclose(layer(x), truth, atol=1e-5)
    with sorted_by("string"):
        assert circuit == MADE["circuit"]()


@pytest.mark.once
def test_weights_can_be_put_in_any_order(rng):
    order = [W[i] for i in rng.permutation(12)]
    circuit = QuanvCircuit(encoder() + ansatz(), weights=order)
    assert circuit.weights == tuple(order)
    assert EncodedPQC(circuit).symbols == order
    assert QuanvCircuit(circuit.circuit, weights=map(str, order)) == circuit


MANY = cirq.Circuit(
    cirq.rx(sympy.Symbol(f"{letter}_{i}"))(Q[0]) for letter in "xw" for i in range(20)
)
ERRORS = {
    "input_like_another": (
        lambda: QuanvCircuit(MANY, inputs=["x_00", "x_3"]),
        ValueError,
        r"the circuit, which has w_0, w_1, w_2, w_3, ..., x_19\. Received x_00, not among them\. "
        "Did you mean 'x_0'\\?$",
    ),
    "weight_like_another": (
        lambda: QuanvCircuit(MANY, weights=["w0"]),
        ValueError,
        r"`inputs`: w_0, w_1, w_2, w_3, ..., w_19\. Received w0, .* Did you mean 'w_0'\?$",
    ),
    "many_wrong": (
        lambda: QuanvCircuit(MANY, inputs=[f"data{i}" for i in range(20)]),
        ValueError,
        r"Received data0, data1, data2, data3, ..., data19, not among them\.$",
    ),
    "many_left_out": (
        lambda: QuanvCircuit(MANY, weights=W[:10]),
        ValueError,
        r"w_0, w_1, w_2, w_3, ..., w_19\. Received w_0, .*, w_9, without w_10, .*, ..., w_19\. ",
    ),
    "one_of_many_twice": (
        lambda: QuanvCircuit(MANY, inputs=[f"x_{i}" for i in (*range(20), 3, 3, 5)]),
        ValueError,
        r"must name each symbol once\. Received x_3, x_5 more than once\.$",
    ),
    "weights_left_out": (
        lambda: QuanvCircuit(encoder() + ansatz(), weights=W[:10]),
        ValueError,
        "`weights` must name all symbols of the circuit that are not `inputs`: w_0, w_1, .* "
        "without w_10, w_11. Add these, or drop `weights`",
    ),
    "weights_that_are_inputs": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X[0] + W[0])(Q[0])), weights=[W[0], X[0]]),
        ValueError,
        "`weights` must be symbols of the circuit that are not `inputs`: w_0. Received x_0",
    ),
    "weights_twice": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(W[0])(Q[0])), weights=[W[0], W[0]]),
        ValueError,
        "`weights` must name each symbol once",
    ),
    "weights_as_text": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(W[0])(Q[0])), weights="w_0"),
        TypeError,
        r"`weights` must be a sequence of symbols or names. .* Use \['w_0'\]",
    ),
    "order": (
        lambda: Quanv2D(symbol_order="random"),
        ValueError,
        "Quanv2D: `symbol_order` must be 'natural' .* Received 'random'",
    ),
    "order_beside_circuit": (
        lambda: Quanv2D(circuit=MADE["circuit"](), symbol_order="string"),
        ValueError,
        "Received `symbol_order` beside it",
    ),
}


@pytest.mark.once
@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()
