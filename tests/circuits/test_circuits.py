import cirq
import numpy as np
import pytest
import sympy

from tests.helpers.reference import expectations
from tfq_resqunn import QuanvCircuit
from tfq_resqunn.circuits import (
    angle_encoder,
    basic_entangler,
    pauli_z,
    strongly_entangling,
)
from tfq_resqunn.circuits.checks import operations
from tfq_resqunn.circuits.checks.shown import shown
from tfq_resqunn.circuits.files.expressions import sample
from tfq_resqunn.circuits.files.srepr import parse_srepr
from tfq_resqunn.circuits.free_symbols import expressions_in

pytestmark = pytest.mark.once

Q = cirq.LineQubit.range(3)
X, W = sympy.Symbol("x_0"), sympy.Symbol("w_0")


def own_circuit(**kwargs):
    a, b = cirq.NamedQubit("a"), cirq.GridQubit(0, 1)
    circuit = cirq.Circuit(
        cirq.ry(sympy.sin(X) * 2 + W)(a), cirq.CX(a, b) ** (X * W), cirq.T(b), cirq.H(a)
    )
    return QuanvCircuit(circuit, [cirq.Z(a) * cirq.X(b) - 0.5 * cirq.Y(a), cirq.Z(b)], **kwargs)


NAMED = QuanvCircuit.from_parts(angle_encoder(4), basic_entangler(4, 2))


@pytest.mark.parametrize("circuit", [NAMED, own_circuit()], ids=["named", "own"])
def test_circuit_is_a_value(circuit):
    same = QuanvCircuit(circuit.circuit, list(circuit.observables), list(circuit.inputs))
    assert same == circuit
    assert hash(same) == hash(circuit)
    assert QuanvCircuit.from_json(circuit.to_json()) == circuit
    names = {"cirq": cirq, "sympy": sympy, "np": np, "QuanvCircuit": QuanvCircuit}
    assert eval(repr(circuit), names) == circuit


def test_circuits_differ_by_each_part():
    group = cirq.testing.EqualsTester()
    base = cirq.Circuit(cirq.rx(X)(Q[0]), cirq.ry(W)(Q[0]))
    group.add_equality_group(QuanvCircuit(base), QuanvCircuit(base.freeze(), [cirq.Z(Q[0])]))
    group.add_equality_group(QuanvCircuit(base, cirq.X(Q[0])))
    group.add_equality_group(QuanvCircuit(base, 2 * cirq.Z(Q[0])))
    group.add_equality_group(QuanvCircuit(base, inputs=["w_0"]))
    group.add_equality_group(QuanvCircuit(base + cirq.H(Q[0])))


def test_circuit_is_immutable():
    for name in ("circuit", "observables", "inputs", "weights", "qubits"):
        with pytest.raises(AttributeError):
            setattr(NAMED, name, None)
    circuit = cirq.Circuit(cirq.rx(X)(Q[0]))
    value = QuanvCircuit(circuit)
    circuit.append(cirq.X(Q[0]))
    assert len(value.circuit) == 1


def test_cirq_reads_and_writes_its_json():
    text = cirq.to_json(NAMED)
    resolvers = [{"tfq_resqunn.QuanvCircuit": QuanvCircuit}.get, *cirq.DEFAULT_RESOLVERS]
    assert cirq.read_json(json_text=text, resolvers=resolvers) == NAMED


def test_json_calls_nothing_but_sympy():
    for text in ("__import__('os').getcwd()", "Symbol.__init__", "print(1)", "[1 for _ in 'a']"):
        with pytest.raises(ValueError, match="srepr form"):
            parse_srepr(text)


def test_diagrams():
    assert "Ry(pi*x_000)" in NAMED.diagram()
    assert NAMED.diagram().endswith("observables: Z(q(0)), Z(q(1)), Z(q(2)), Z(q(3))")
    assert NAMED.diagram("svg").startswith("<svg")
    assert NAMED._repr_svg_() == NAMED.diagram("svg")
    with pytest.raises(ValueError, match="`form` must be one of 'text', 'svg'. Received 'png'"):
        NAMED.diagram("png")


def test_weights_are_sorted_as_tfq_sorts_them():
    assert [s.name for s in basic_weights(11)][:3] == ["w_000", "w_001", "w_002"]
    assert [s.name for s in basic_weights(11)] == sorted(s.name for s in basic_weights(11))


def basic_weights(n):
    return QuanvCircuit.from_parts(angle_encoder(n), basic_entangler(n)).weights


@pytest.mark.parametrize("rotation", ["rx", "ry", "rz"])
def test_angle_encoder_by_hand(rotation):
    # A quarter turn (x = 1/2): where <X>, <Y>, <Z> point after it.
    circuit = angle_encoder(1, rotation=rotation) + cirq.rx(W)(Q[0])
    observables = [cirq.X(Q[0]), cirq.Y(Q[0]), cirq.Z(Q[0])]
    circuit = QuanvCircuit(circuit, observables, ["x_000"])
    expected = {"rx": [0, -1, 0], "ry": [1, 0, 0], "rz": [0, 1, 0]}[rotation]
    np.testing.assert_allclose(expectations(circuit, [[0.5]], [0.0]), [expected], atol=1e-12)


def test_angle_encoder_scale_is_in_radians_per_unit():
    for scale in (1.0, np.pi / 2, 0.3):
        circuit = QuanvCircuit.from_parts(angle_encoder(1, scale=scale), basic_entangler(1))
        found = expectations(circuit, [[0.7]], [0.0])
        np.testing.assert_allclose(found, [[np.cos(0.7 * scale)]], atol=1e-12)


@pytest.mark.parametrize("n_layers", [1, 3])
@pytest.mark.parametrize("n_qubits", [1, 2, 3, 5])
def test_ansatz_counts(n_qubits, n_layers):
    n_cnots = n_layers * {1: 0, 2: 1}.get(n_qubits, n_qubits)
    for ansatz, per_qubit in ((basic_entangler, 1), (strongly_entangling, 3)):
        circuit = ansatz(n_qubits, n_layers)
        assert len(cirq.parameter_names(circuit)) == per_qubit * n_qubits * n_layers
        operations = list(circuit.all_operations())
        assert len([op for op in operations if op.gate == cirq.CNOT]) == n_cnots
        assert sorted(circuit.all_qubits()) == cirq.LineQubit.range(n_qubits)


def test_basic_entangler_by_hand():
    # Rotations by pi flip all three qubits; the ring 0>1, 1>2, 2>0 turns 111 into 001.
    circuit = QuanvCircuit.from_parts(angle_encoder(3), basic_entangler(3))
    found = expectations(circuit, [[0, 0, 0]], [np.pi] * 3)
    np.testing.assert_allclose(found, [[1, 1, -1]], atol=1e-12)


def test_strongly_entangling_reaches_further_each_layer():
    circuit = strongly_entangling(4, 3)
    cnots = [op.qubits for op in circuit.all_operations() if op.gate == cirq.CNOT]
    reach = [(b.x - a.x) % 4 for a, b in cnots]
    assert reach == [1] * 4 + [2] * 4 + [3] * 4


ERRORS = {
    "no_circuit": (
        lambda: QuanvCircuit("x"),
        TypeError,
        "`circuit` must be a cirq.Circuit or cirq.F",
    ),
    "empty": (lambda: QuanvCircuit(cirq.Circuit()), ValueError, "Received an empty circuit"),
    "measurement": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0]), cirq.measure(Q[0]))),
        ValueError,
        "must not measure",
    ),
    "channel": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0]), cirq.depolarize(0.1)(Q[0]))),
        ValueError,
        "which has no unitary",
    ),
    "qutrit": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.IdentityGate(1, (3,))(cirq.LineQid(0, 3)))),
        ValueError,
        "on qudits",
    ),
    "unknown_qubit": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0])), cirq.Z(Q[2])),
        ValueError,
        r"may only act on qubits of the circuit \(q\(0\)\). Received Z\(q\(2\)\), which acts on "
        r"q\(2\)",
    ),
    "complex": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0])), 1j * cirq.Z(Q[0])),
        ValueError,
        "must be Hermitian",
    ),
    "no_observable": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0])), []),
        ValueError,
        "must hold at least one",
    ),
    "observable_name": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0])), "zz"),
        ValueError,
        "must be one of 'z', 'x', .*, text such as 'Z0', .* Received 'zz'. Did you mean 'z'",
    ),
    "observable_type": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0])), [3]),
        TypeError,
        "Received 3 of type int",
    ),
    "unknown_input": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0])), inputs=["y"]),
        ValueError,
        "must be symbols of the circuit, which has x_0. Received y",
    ),
    "input_twice": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0])), inputs=["x_0", "x_0"]),
        ValueError,
        "must name each symbol once",
    ),
    "input_string": (
        lambda: QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0])), inputs="x_0"),
        TypeError,
        r"Use \['x_0'\]",
    ),
    "shared_symbol": (
        lambda: QuanvCircuit.from_parts(
            angle_encoder(1), cirq.Circuit(cirq.rx(sympy.Symbol("x_000"))(Q[0]))
        ),
        ValueError,
        "Received x_000 in both",
    ),
    "n_features": (lambda: angle_encoder(0), ValueError, "`n_features` must be at least 1"),
    "n_qubits": (lambda: basic_entangler(2.0), TypeError, "`n_qubits` must be an integer"),
    "n_layers": (lambda: strongly_entangling(2, 0), ValueError, "`n_layers` must be at least 1"),
    "rotation": (
        lambda: angle_encoder(2, rotation="u"),
        ValueError,
        "angle_encoder: `rotation` must be one of 'rx', 'ry', 'rz'. Received 'u'",
    ),
    "scale": (lambda: angle_encoder(2, scale=0), ValueError, "`scale` must be a finite number"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()


TEXTS = {
    "power": (
        lambda: cirq.X(Q[0]) ** "w_0",
        r"text 'w_0' in X\*\*w_0\(q\(0\)\)\. Use .*Symbol\('w_0'",
    ),
    "shift": (lambda: cirq.XPowGate(exponent=W, global_shift="w_0")(Q[0]), "'w_0' in XPowGate"),
    "phased": (
        lambda: cirq.PhasedXPowGate(phase_exponent=0.2, exponent="w_0")(Q[0]),
        "in a PhasedXPow",
    ),
    "phased_xz": (
        lambda: cirq.PhasedXZGate(x_exponent="w_0", z_exponent=0.1, axis_phase_exponent=0)(Q[0]),
        "in a PhasedXZGate",
    ),
    "phased_iswap": (lambda: cirq.PhasedISwapPowGate(exponent="w_0")(*Q[:2]), "in PhasedISWAP"),
    "diagonal": (lambda: cirq.DiagonalGate(["w_0", 0])(Q[0]), "in cirq.DiagonalGate"),
    "gradient": (lambda: cirq.PhaseGradientGate(num_qubits=2, exponent="w_0")(*Q[:2]), "in Grad"),
    "controlled": (lambda: cirq.ControlledGate(cirq.X ** "w_0")(*Q[:2]), "in CX"),
    "tagged": (lambda: (cirq.X(Q[0]) ** "w_0").with_tags("tag"), "Received the text 'w_0' in X"),
    "beside names": (
        lambda: cirq.BooleanHamiltonianGate(["a", "b"], ["a ^ b"], "w_0")(*Q[:2]),
        r"Received the text 'w_0' in .* Use sympy.Symbol\('w_0'\)",
    ),
    "subcircuit": (
        lambda: cirq.CircuitOperation(
            cirq.FrozenCircuit(cirq.X(Q[0]) ** "w_0"), use_repetition_ids=False
        ),
        "in X",
    ),
    "number": (lambda: cirq.X(Q[0]) ** "0.5", "'0.5' in .* Use 0.5."),
    "expression": (lambda: cirq.X(Q[0]) ** "2*w_0", "Use an expression of sympy's symbols"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_no_parameter(name):
    make, message = TEXTS[name]
    try:
        op = make()
    except TypeError as error:  # newer versions of Cirq refuse some themselves
        assert "must be a number or sympy expression" in str(error)
        return
    rule = "QuanvCircuit: `circuit` must have numbers or symbols as parameters of gates. "
    with pytest.raises(TypeError, match=f"{rule}.*{message}"):
        QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0]), cirq.rx(W)(Q[0]), op))


IX = sympy.I * X
COMPLEX = {
    "rotation": (cirq.ry(IX)(Q[0]), r"Received I\*x_0,.* in Ry\(I\*x_0\)\(q\(0\)\)\. Leave out"),
    "sum": (cirq.ry(W + IX)(Q[0]), r"in Ry\(w_0 \+ I\*x_0\)|in Ry\(I\*x_0 \+ w_0\)"),
    "power": (cirq.X(Q[0]) ** IX, "in X"),
    "phase": (cirq.PhasedXPowGate(phase_exponent=IX)(Q[0]), "in PhX"),
    "fsim": (cirq.FSimGate(IX, 0.1)(*Q[:2]), "in cirq.FSimGate"),
    "diagonal": (cirq.DiagonalGate([IX, 0])(Q[0]), "in cirq.DiagonalGate"),
    "controlled": (cirq.ry(IX)(Q[0]).controlled_by(Q[1]), r"in CRy\(I\*x_0\)"),
    "tagged": (cirq.ry(IX)(Q[0]).with_tags("tag"), "in Ry"),
    "iswap": (cirq.ISWAP(*Q[:2]) ** IX, "in ISWAP"),
    "givens": (cirq.givens(IX)(*Q[:2]), "in PhasedISWAP"),
    "boolean": (cirq.BooleanHamiltonianGate(["a"], ["a"], IX)(Q[0]), "in cirq.Boolean"),
    "pauli_phasor": (
        cirq.PauliStringPhasor(cirq.Z(Q[0]) * cirq.X(Q[1]), exponent_neg=IX),
        r"in \(Z\(q\(0\)\)\*X\(q\(1\)\)\)",
    ),
    "subcircuit": (
        cirq.CircuitOperation(
            cirq.FrozenCircuit(cirq.X(Q[0]) ** W),
            param_resolver={"w_0": IX},
            use_repetition_ids=False,
        ),
        "in X",
    ),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_angles_are_real(name):
    op, message = COMPLEX[name]
    with pytest.raises(ValueError, match=f"`circuit` must have real angles. .*{message}"):
        QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0]), cirq.rx(W)(Q[0]), op))


TAKEN = {
    "name of a matrix": cirq.MatrixGate(cirq.unitary(cirq.H), name="w_0")(Q[0]),
    "name of a bit": cirq.BooleanHamiltonianGate(["a", "b"], ["a ^ b"], W)(*Q[:2]),
    "tag": cirq.X(Q[0]).with_tags("w_0"),
    "name of a symbol": cirq.CircuitOperation(
        cirq.FrozenCircuit(cirq.X(Q[0]) ** W),
        param_resolver={"w_0": "w_1"},
        use_repetition_ids=False,
    ),
    "pauli interaction": cirq.PauliInteractionGate(cirq.Z, False, cirq.X, True, exponent=W)(*Q[:2]),
    "phase": cirq.GlobalPhaseGate(sympy.exp(IX)).controlled(1)(Q[0]),
    "square of I": cirq.ry(sympy.I * IX)(Q[0]),
    "modulus": cirq.ry(sympy.Abs(IX))(Q[0]),
}


@pytest.mark.parametrize("name", TAKEN)
def test_texts_and_complex_numbers_have_their_place(name):
    circuit = QuanvCircuit(cirq.Circuit(cirq.rx(X)(Q[0]), cirq.rx(W)(Q[0]), TAKEN[name]))
    assert W in circuit.weights


SHOWN = {
    "Ry(2*x_0)(q(0))": cirq.ry(2 * X)(Q[0]),
    "Rx(w_0 + x_0)(q(0))": cirq.rx(X + W)(Q[0]),
    "Rz(pi*x_0)(q(0))": cirq.rz(sympy.pi * X)(Q[0]),
    "Rz(pi/4)(q(0))": cirq.rz(sympy.pi / 4)(Q[0]),
    "CRy(x_0)(q(1), q(0))": cirq.ry(X)(Q[0]).controlled_by(Q[1]),
    "Ry(0.5π)(q(0))": cirq.ry(np.pi / 2)(Q[0]),
    "X**x_0(q(0))": cirq.X(Q[0]) ** X,
}


@pytest.mark.parametrize("text", SHOWN)
def test_angles_are_shown_in_radians(text):
    assert shown(SHOWN[text]) == text


def test_pauli_z_keeps_the_order():
    assert pauli_z([Q[2], Q[0]]) == [cirq.Z(Q[2]), cirq.Z(Q[0])]


def test_each_symbol_gets_its_number_once(monkeypatch):
    asked = []
    monkeypatch.setattr(operations, "sample", lambda name: asked.append(name) or sample(name))
    circuit = QuanvCircuit.from_parts(angle_encoder(4), strongly_entangling(4, 5))
    assert len(asked) == len(circuit.inputs) + len(circuit.weights)


def test_expressions_of_a_gate_are_the_same_once_it_was_compared():
    gate = cirq.rx(sympy.sin(X))
    before = expressions_in(gate)
    assert hash(gate) == hash(cirq.rx(sympy.sin(X))) and len(gate.__dict__) > 4
    assert expressions_in(gate) == before == {sympy.sin(X), sympy.sin(X) / sympy.pi}


@pytest.mark.parametrize("angle", [sympy.acos(5 * X), sympy.asin(3 + X)])
def test_angles_that_are_not_real_everywhere(angle):
    for op in (
        cirq.ry(angle)(Q[0]),
        cirq.ry(angle)(Q[0]).controlled_by(Q[1]),
        cirq.ry(angle).controlled(1)(Q[1], Q[0]).controlled_by(Q[2]),
        cirq.ry(angle)(Q[0]).with_tags("t").controlled_by(Q[1]).with_tags("t"),
    ):
        assert QuanvCircuit(cirq.Circuit(op)).inputs == (X,)
