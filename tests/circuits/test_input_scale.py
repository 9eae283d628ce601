"""How large the values are that circuits can tell apart, against what Cirq says of their states."""

import functools

import cirq
import numpy as np
import pytest
import sympy

from tfq_resqunn import QuanvCircuit
from tfq_resqunn.circuits import ENCODERS, basic_entangler
from tfq_resqunn.circuits.input_scale import FAR, InputScale
from tfq_resqunn.circuits.parts import Parts

pytestmark = pytest.mark.once

TURNS = InputScale(2.0, None)
OF_ENCODERS = {
    "angle": TURNS,
    "angle_rx": TURNS,
    "angle_ry": TURNS,
    "angle_rz": TURNS,
    "dense_angle": TURNS,
    "iqp": TURNS,
    "zz_feature_map": InputScale(1.0, None),
    "threshold": InputScale(None, 0.5),
    "amplitude": InputScale(None, None),
}
X, Y, W = sympy.symbols("x_0 x_1 w_0")
Q, R = cirq.LineQubit.range(2)


def with_encoder(encoder):
    n_qubits = len(encoder.all_qubits())
    return QuanvCircuit.from_parts(encoder, basic_entangler(n_qubits))


def test_each_encoder_has_a_row():
    assert set(OF_ENCODERS) == set(ENCODERS.built_in)


@pytest.mark.parametrize("n_features", [1, 4])
@pytest.mark.parametrize("name", OF_ENCODERS)
def test_scales_of_encoders(name, n_features):
    assert InputScale.of(with_encoder(ENCODERS.get(name)(n_features))) == OF_ENCODERS[name]


OF_OPERATIONS = {
    "radians": (cirq.rx(X)(Q), 2 * np.pi),
    "scaled": (cirq.ry(X * np.pi / 255)(Q), 510),
    "negative": (cirq.rz(-3 * X + 1)(Q), 2 * np.pi / 3),
    "half turns": (cirq.Z(Q) ** X, 2),
    "iswap": (cirq.ISWAP(Q, R) ** X, 4),
    "controlled": (cirq.rx(X)(Q).controlled_by(R), 4 * np.pi),
    "controlled power": (cirq.CZ(Q, R) ** X, 2),
    "tagged": (cirq.rx(X)(Q).with_tags("data"), 2 * np.pi),
}


@pytest.mark.parametrize("name", OF_OPERATIONS)
def test_periods_are_those_of_unitaries(name):
    op, period = OF_OPERATIONS[name]
    circuit = QuanvCircuit(cirq.Circuit(op, cirq.rx(W)(Q), cirq.I(R)))
    scale = InputScale.of(circuit)
    assert scale.period == pytest.approx(period)

    def unitary(x):
        return cirq.unitary(cirq.resolve_parameters(op, {X: x}))

    start = unitary(0.3)
    dimension = len(start)
    overlaps = [abs(np.vdot(start, unitary(0.3 + step * scale.period))) for step in (1, 0.5)]
    assert overlaps[0] == pytest.approx(dimension)
    assert overlaps[1] < dimension - 0.1


NOT_KNOWN = {
    "weights too": cirq.rx(W * X)(Q),
    "two values": cirq.rx(X * Y)(Q),
    "a square": cirq.rx(X**2)(Q),
    "a sine": cirq.rx(sympy.sin(X))(Q),
    "no exponent": cirq.FSimGate(X, Y)(Q, R),
}


@pytest.mark.parametrize("name", NOT_KNOWN)
def test_scales_that_are_not_known_are_far_from_nothing(name):
    circuit = cirq.Circuit(NOT_KNOWN[name], cirq.rx(W)(Q), cirq.ry(0 * Y + W)(R))
    scale = InputScale.of(QuanvCircuit(circuit))
    assert (scale, scale.white, scale.far) == (InputScale(None, None), None, np.inf)


def test_the_longest_period_of_a_value_and_the_shortest_of_all_count():
    circuit = cirq.Circuit(cirq.rx(X)(Q), cirq.rx(9 * X)(Q), cirq.rx(3 * Y)(R), cirq.rx(W)(R))
    assert InputScale.of(QuanvCircuit(circuit)).period == pytest.approx(2 * np.pi / 3)


@pytest.mark.parametrize("n_uploads", [1, 3])
def test_uploads_change_nothing(n_uploads):
    assert InputScale.of(Parts("angle", n_uploads=n_uploads).build(4)) == TURNS


@pytest.mark.parametrize(
    ("scale", "white", "far"),
    [
        (InputScale(2.0, None), 1, FAR),
        (InputScale(1.0, None), 1, FAR),
        (InputScale(2 * np.pi, None), np.pi, FAR * np.pi),
        (InputScale(510.0, None), 255, FAR * 255),
        (InputScale(0.02, None), 0.01, FAR),
        (InputScale(None, 0.5), 1, FAR),
        (InputScale(None, -100.0), 200, FAR * 200),
        (InputScale(None, 0.0), None, np.inf),
    ],
)
def test_what_is_white_and_what_is_far(scale, white, far):
    assert scale.white == white
    assert scale.far == far


def test_options_of_encoders_count():
    threshold = functools.partial(ENCODERS.get("threshold"), threshold=-20.0)
    assert InputScale.of(with_encoder(threshold(2))) == InputScale(None, -20.0)
