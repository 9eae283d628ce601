"""What layers show of themselves: circuit, plan and angles by name, and a text."""

import cirq
import numpy as np
import pytest
import sympy

from tests.helpers.layer_kinds import CIRCUIT
from tfq_resqunn import EncodedPQC, Quanv1D, Quanv2D, QuanvCircuit
from tfq_resqunn.circuits import angle_encoder, basic_entangler

SHAPE = (None, 4, 4, 2)


def built(**arguments):
    layer = Quanv2D(**{"kernel_size": (1, 2), "groups": 2, "filters": 4, **arguments})
    layer.build(SHAPE)
    return layer


def test_angles_are_those_of_the_filters_by_name():
    layer = built()
    rows = np.concatenate(layer.get_weights())
    assert list(layer.angles) == ["w_000", "w_001"]
    np.testing.assert_array_equal(layer.angles["w_001"], rows[:, 1])
    alone = EncodedPQC(CIRCUIT, initializer="zeros")
    assert alone.angles == {"w_000": 0.0, "w_001": 0.0}


@pytest.mark.parametrize("layer", [built(), EncodedPQC(CIRCUIT, filters=4)], ids=type)
def test_angles_are_set_by_name(layer):
    before = layer.angles
    layer.set_angles({"w_001": 0.5})
    np.testing.assert_array_equal(layer.angles["w_001"], [0.5] * 4)
    np.testing.assert_array_equal(layer.angles["w_000"], before["w_000"])
    layer.set_angles({sympy.Symbol("w_000"): [1, 2, 3, 4]})
    np.testing.assert_array_equal(layer.angles["w_000"], [1, 2, 3, 4])
    layer.set_angles(layer.angles)
    np.testing.assert_array_equal(layer.angles["w_000"], [1, 2, 3, 4])


WRONG = {
    "no dict": (0.3, TypeError, r"must be a dict from names of weights to angles, .*'w_000': 0.3"),
    "name": ({"w_00": 1}, ValueError, r"\(w_000, w_001\). Received 'w_00'. Did you mean 'w_00"),
    "data": ({"x_000": 1}, ValueError, "must name weights of the circuit"),
    "shape": ({"w_000": [1, 2]}, ValueError, r"an array of 4, one a filter. Received .*\(2,\)"),
    "text": ({"w_000": "a"}, TypeError, "give 'w_000' one number.* Received 'a'"),
    "nan": ({"w_000": np.nan}, ValueError, "all finite"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_angles_change_nothing(name):
    angles, kind, message = WRONG[name]
    for layer in (built(), EncodedPQC(CIRCUIT, filters=4)):
        before = layer.get_weights()
        with pytest.raises(kind, match=f"{type(layer).__name__}: `angles` .*{message}"):
            layer.set_angles({"w_001": 1.0, **angles} if isinstance(angles, dict) else angles)
        for one, other in zip(before, layer.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("what", ["circuit", "plan", "angles"])
def test_before_the_build_an_error_says_how_to_build(what):
    layer = Quanv1D(name="mine", data_format="channels_first")
    rule = rf"Quanv1D: `{what}` .* Received 'mine'.* layer.build\(\(None, channels, steps\)\)"
    with pytest.raises(AttributeError, match=rule):
        getattr(layer, what)
    with pytest.raises(AttributeError, match="`set_angles` is there once the layer is built"):
        layer.set_angles({})


def test_a_layer_holds_its_circuit_and_saves_names():
    layer = built()
    circuit = QuanvCircuit.from_parts(angle_encoder(2), basic_entangler(2))
    assert layer.circuit == circuit
    config = layer.get_config()
    assert (config["circuit"], config["encoder"]) == (None, "angle")
    whole = Quanv2D(kernel_size=(1, 2), circuit=circuit)
    assert whole.circuit is circuit
    assert whole.get_config()["circuit"] == circuit.to_json()
    assert "Pauli strings" in str(layer.plan)
    assert built(backend=cirq.Simulator()).plan is None


def test_texts():
    q = cirq.LineQubit.range(2)
    ansatz = cirq.Circuit(cirq.CX(*q), cirq.rx(sympy.Symbol("w"))(q[0]))
    assert repr(Quanv2D(2, ansatz=basic_entangler(4), name="quanv")) == (
        "<Quanv2D name=quanv, filters=2, kernel_size=(2, 2), encoder='angle', ansatz=<circuit on 4 "
        "qubits>, n_layers=None, n_uploads=1, observables='z', readout='channels', "
        "backend='compiled', built=False>"
    )
    assert "observables=['Z0', 1.000*Z(q(1))]" in repr(Quanv1D(observables=["Z0", cirq.Z(q[1])]))
    whole = QuanvCircuit.from_parts(angle_encoder(2), ansatz)
    assert "circuit=<circuit on 2 qubits>" in repr(Quanv1D(circuit=whole))
    assert "circuit of 2 qubits, 2 data symbols, 2 weights" in repr(EncodedPQC(CIRCUIT))
