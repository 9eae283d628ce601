"""Control networks: the shapes of `resqunn`'s, and what each kind leaves out."""

import cirq
import numpy as np
import pytest
import sympy

import tfq_resqunn as rq
from tfq_resqunn import Quanv2D, QuanvCircuit
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import ANSATZES
from tfq_resqunn.circuits.rewriting.unentangling import without_entanglement
from tfq_resqunn.models import control
from tfq_resqunn.models.names import CONTROLS

SHAPE = (8, 8, 1)
NETWORKS = {
    "default": {},
    "stack": {"placement": "none", "input_gradient": False},
    "three layers": {"depth": 3, "placement": "(X+O1)+O2"},
    "channels": {"readout": "channels", "depth": 1},
    "same": {"padding": "same", "kernel_size": (1, 3), "observables": "Z0"},
    "filters": {"filters": 2, "depth": 1},
    "uploads": {"n_uploads": 2, "kernel_size": (1, 2)},
    "no head": {"head": "none"},
    "average": {"merge": "average"},
}


def outputs_of(model, prefixes):
    return [
        tuple(layer.output.shape)
        for layer in model.layers
        if layer.name.startswith(prefixes) and layer.name[-1].isdigit()
    ]


@pytest.mark.parametrize("kind", CONTROLS)
@pytest.mark.parametrize("network", NETWORKS)
def test_shapes_are_those_of_resqunn(network, kind):
    arguments = NETWORKS[network]
    model = control(kind, SHAPE, 4, **arguments)
    quantum = rq.resqunn(SHAPE, 4, **arguments)
    assert model.name == kind
    assert model.output_shape == quantum.output_shape
    if kind != "pixels" and not (kind == "small" and network in ("channels", "filters")):
        names = ("quanv", "surrogate", "conv", "zeros")
        assert outputs_of(model, names) == outputs_of(quantum, names)


@pytest.mark.parametrize("kind", CONTROLS)
@pytest.mark.parametrize("network", ["default", "channels"])
def test_controls_are_saved(network, kind, rng, tmp_path):
    model = control(kind, SHAPE, 4, **NETWORKS[network])
    x = rng.random((2, *SHAPE)).astype("float32")
    y = model.predict(x, verbose=0)
    assert y.shape == (2, 4)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), y)


def test_shortcuts_alone_give_what_the_residuals_carry(rng):
    model = control("shortcuts", SHAPE, 4)
    features = keras.Model(model.input, model.get_layer("flatten").output)
    x = rng.random((2, *SHAPE)).astype("float32")
    np.testing.assert_array_equal(features.predict(x, verbose=0), x.reshape(2, -1))
    assert [w.shape for w in model.trainable_weights] == [(64, 4), (4,)]
    cut = control("shortcuts", SHAPE, 4, placement="none")
    features = keras.Model(cut.input, cut.get_layer("flatten").output)
    assert not features.predict(x, verbose=0).any()


def test_pixels_are_what_the_head_sees(rng):
    model = control("pixels", SHAPE, 4)
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Flatten", "Dense"]


def test_a_small_convolution_has_as_many_weights_as_the_circuit():
    small, quantum = control("small", SHAPE, 4), rq.resqunn(SHAPE, 4)
    assert small.count_params() == quantum.count_params()


def test_small_convolutions_put_one_value_on_all_pixels_of_a_patch(rng):
    model = control("small", SHAPE, 4, depth=1, placement="none")
    features = keras.Model(model.input, model.get_layer("conv_1").output)
    x = rng.random((3, *SHAPE)).astype("float32")
    y = features.predict(x, verbose=0)
    patches = y.reshape(3, 4, 2, 4, 2)
    np.testing.assert_array_equal(patches, np.broadcast_to(patches[:, :, :1, :, :1], patches.shape))
    kernel = model.get_layer("conv_1").get_weights()[0][..., 0, 0]
    np.testing.assert_allclose(y[0, 0, 0, 0], (x[0, :2, :2, 0] * kernel).sum(), rtol=1e-5)


@pytest.mark.parametrize("kind", [None, "frozen", 3, "Classical"])
def test_unknown_controls(kind):
    with pytest.raises(ValueError, match="control: `kind` must be one of 'unentangled', 'surrogat"):
        control(kind, SHAPE, 4)


@pytest.mark.parametrize("kind", CONTROLS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"head": "quadratic"}, "`head` must be one of 'linear', 'none'"),
        ({"n_classes": 1}, "`n_classes` must be at least 2"),
        ({"shortcut": "longcut"}, "`shortcut` must be one of"),
    ],
)
def test_wrong_arguments_of_every_kind(kind, arguments, message):
    with pytest.raises(ValueError, match=message):
        control(kind, **{"input_shape": SHAPE, "n_classes": 4, **arguments})


# --- without entanglement ----------------------------------------------------------------------


@pytest.mark.parametrize("ansatz", ANSATZES.built_in)
def test_each_ansatz_without_entanglement_is_a_product(ansatz, rng):
    """Outcomes of one qubit do not change with another's data; cirq.Simulator gives the same."""
    layer = Quanv2D(kernel_size=(1, 3), ansatz=ansatz, n_layers=2)
    layer.build((None, 1, 3, 1))
    try:
        circuit = without_entanglement(layer.circuit)
    except ValueError as error:
        assert "in entangling gates alone" in str(error)
        return
    assert all(len(op.qubits) == 1 for op in circuit.circuit.all_operations())
    alone = Quanv2D(kernel_size=(1, 3), circuit=circuit)
    x = rng.random((2, 1, 3, 1)).astype("float32")
    x[1, 0, :2] = x[0, 0, :2]
    first, second = np.asarray(alone(x))[:, 0, 0]
    np.testing.assert_allclose(first[:2], second[:2], atol=1e-6)
    values = dict(zip(map(str, circuit.inputs), x[0].ravel().tolist(), strict=True))
    values |= {name: float(angle) for name, angle in alone.angles.items()}
    expected = cirq.Simulator().simulate_expectation_values(
        circuit.circuit, list(circuit.observables), values
    )
    np.testing.assert_allclose(first, np.real(expected), atol=1e-5)


def test_what_cannot_do_without_entanglement():
    a, b = cirq.LineQubit.range(2)
    x, w = sympy.symbols("x_0 w_0")
    data = QuanvCircuit(cirq.Circuit(cirq.CZ(a, b) ** x, cirq.rx(w)(a)))
    with pytest.raises(ValueError, match="the data symbols x_0 in entangling gates alone"):
        without_entanglement(data)
    weights = QuanvCircuit(cirq.Circuit(cirq.rx(x)(a), cirq.CZ(a, b) ** w))
    with pytest.raises(ValueError, match="every weight in entangling gates alone"):
        without_entanglement(weights)


def test_idle_qubits_stay():
    a, b = cirq.LineQubit.range(2)
    x, w = sympy.symbols("x_0 w_0")
    circuit = QuanvCircuit(cirq.Circuit(cirq.rx(x)(a), cirq.rx(w)(a), cirq.CZ(a, b)))
    assert without_entanglement(circuit).qubits == (a, b)
