"""What is written comes back equal, or is refused when it is written; older files still load."""

import copy
import json
import pathlib
import pickle

import cirq
import numpy as np
import pytest
import sympy

import tfq_resqunn as rq
from tfq_resqunn.circuits import ANSATZES, ENCODERS, QuanvCircuit, amplitude_encoder
from tfq_resqunn.circuits.files.expression_kinds import CONSTANTS, KINDS
from tfq_resqunn.circuits.files.reader import TYPES, read_json
from tfq_resqunn.circuits.files.types import user_fields
from tfq_resqunn.circuits.files.writer import write_json
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.circuits.rewriting.renaming import renamer
from tfq_resqunn.models.placement import Placement

pytestmark = pytest.mark.once

A, B = cirq.LineQubit.range(2)
N, G = cirq.NamedQubit("a b"), cirq.GridQubit(1, -2)
X, Y, W, V = sympy.symbols("x_0 x_1 w_0 w_1")

EXPRESSIONS = {
    "Add": X + Y + 1, "Mul": 2 * X * Y, "Pow": X**Y,
    "UnevaluatedExpr": sympy.UnevaluatedExpr(X) + 1, "atan2": sympy.atan2(X, Y),
    "Mod": sympy.Mod(X, Y), "Max": sympy.Max(X, Y), "Min": sympy.Min(X, 1),
    "Piecewise": sympy.Piecewise((X, X > Y), (Y, True)),
    "ExprCondPair": sympy.Piecewise((1, X > 0), (Y, Y > 0), (X + Y, True)),
    "StrictGreaterThan": sympy.Piecewise((X, X > Y), (Y, True)),
    "GreaterThan": sympy.Piecewise((X, X >= Y), (Y, True)),
    "StrictLessThan": sympy.Piecewise((X, X < Y), (Y, True)),
    "LessThan": sympy.Piecewise((X, X <= Y), (Y, True)),
    "Equality": sympy.Piecewise((X, sympy.Eq(X, Y)), (Y, True)),
    "Unequality": sympy.Piecewise((X, sympy.Ne(X, Y)), (Y, True)),
    "And": sympy.Piecewise((X, (X > 0) & (Y > 0)), (Y, True)),
    "Or": sympy.Piecewise((X, (X > 0) | (Y > 0)), (Y, True)),
    "Not": sympy.Piecewise((X, ~((X > 0) & (Y > 0))), (Y, True)),
    "Xor": sympy.Piecewise((X, sympy.Xor(X > 0, Y > 0)), (Y, True)),
    "ITE": sympy.Piecewise((X, sympy.ITE(X > 0, Y > 0, Y < 1)), (Y, True)),
    "Implies": sympy.Piecewise((X, sympy.Implies(X > 0, Y > 0)), (Y, True)),
    **{name: CONSTANTS[name] * X for name in CONSTANTS if name not in ("I", "true", "false")},
    "unevaluated": sympy.Mul(2, X + 1, evaluate=False),
    "factored": sympy.factor(2 * X * Y + 2 * X),
    "inside": sympy.sin(sympy.Mul(2, X + 1, evaluate=False)) + Y,
    "precise": sympy.Float("0.1234567890123456789012345678901234567890", 40) * X,
    "real root": sympy.real_root(X, 3),
    "tiny": sympy.Float(1e-290) * X,
    "third": X / 3 + sympy.Rational(10**30, 7),
}  # fmt: skip
EXPRESSIONS |= {n: k.cls(X + Y) for n, k in KINDS.items() if n not in EXPRESSIONS}


def circuit_of(*operations, observables="z"):
    return QuanvCircuit(cirq.Circuit(*operations), observables)


def test_the_table_is_covered():
    assert set(EXPRESSIONS) >= set(KINDS) - {"And", "Or"}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions(name):
    e = EXPRESSIONS[name]
    circuit = circuit_of(cirq.rx(e)(A), cirq.CZ(A, B) ** (e / 2), cirq.ry(Y)(B))
    read = QuanvCircuit.from_json(circuit.to_json())
    assert read == circuit
    assert next(read.circuit.all_operations()).gate._rads == e
    renamed = renamer(circuit.circuit)({"x_0": "x_9", "x_1": "x_0"})
    back = renamer(renamed)({"x_9": "x_0", "x_0": "x_1"})
    assert cirq.parameter_names(renamed) <= {"x_9", "x_0"} and back == circuit.circuit


@pytest.mark.parametrize(
    "expression", [sympy.gamma(X), sympy.Heaviside(X), sympy.sec(X), sympy.Function("f")(X),
                   sympy.Sum(X, (Y, 0, 3)), sympy.Indexed("x", 0), sympy.oo * X, sympy.zeta(X)],
)  # fmt: skip
def test_what_no_backend_computes_is_said_at_once(expression):
    name = type(expression).__name__
    with pytest.raises(ValueError, match="^QuanvCircuit: .*may hold .*sin, .*stands in") as error:
        circuit_of(cirq.rx(expression)(A))
    assert name in str(error.value) or expression.is_infinite is not False
    assert "strict" not in str(error.value)


# --- gates, against Cirq's own files of each ---------------------------------------------------

DATA = pathlib.Path(cirq.__file__).parent / "protocols" / "json_test_data"
CIRQS_OWN = sorted(p.name for p in DATA.iterdir() if p.stem in TYPES and "json" in p.suffix)


@pytest.mark.parametrize("name", CIRQS_OWN)
@pytest.mark.filterwarnings("ignore:.*use_repetition_ids:FutureWarning")
def test_what_cirq_has_written_is_read(name):
    text = (DATA / name).read_text()
    if any(word in text for word in ('"KeyCondition"', '"NoIdentifierQubit"', '"c"')):
        with pytest.raises(ValueError, match="none of these|must be a finite number"):
            read_json(text)
        return
    read = read_json(text)
    truth = cirq.read_json(json_text=text)
    assert read == truth or repr(read) == repr(truth)


GATES = {
    "interaction": cirq.PauliInteractionGate(cirq.X, False, cirq.Z, True, exponent=X)(A, B),
    "interaction half": cirq.PauliInteractionGate(cirq.X, True, cirq.Y, False, exponent=0.3)(A, B),
    "matrix": cirq.MatrixGate(cirq.testing.random_unitary(4, random_state=1), name="mine")(A, B),
    "matrix of numpy": cirq.MatrixGate(np.array([[0, 1], [1, 0]], dtype=np.complex64))(A),
    "tagged": cirq.X(A).with_tags("t", 3, 0.5, True, None, cirq.VirtualTag()),
    "phased": cirq.PhasedXPowGate(phase_exponent=X, exponent=W)(A),
    "phased fsim": cirq.PhasedFSimGate(0.1, 0.2, 0.3, 0.4, 0.5)(A, B),
    "shifted": cirq.XPowGate(exponent=W, global_shift=0.25)(A),
    "periods": cirq.XPowGate(exponent=2.5)(A),
    "dense": cirq.DensePauliString("XZ", coefficient=-1)(A, B),
    "phasor": cirq.PauliStringPhasor(cirq.X(A) * cirq.Z(B), exponent_neg=W, exponent_pos=0.2),
    "diagonal": cirq.DiagonalGate([0.1, W, 0.2, 0.3])(A, B),
    "fourier": cirq.QuantumFourierTransformGate(2, without_reverse=True)(A, B),
    "inverse": (cirq.QuantumFourierTransformGate(2) ** -1)(A, B),
    "clifford": cirq.CliffordGate.from_op_list([cirq.H(A), cirq.CX(A, B)], [A, B])(A, B),
    "sum of products": cirq.ControlledGate(
        cirq.Y**W, control_values=cirq.SumOfProducts([[0, 1], [1, 0]], name="either")
    )(A, B, N),
    "wait": cirq.WaitGate(cirq.Duration(nanos=3))(A),
    "phase": cirq.global_phase_operation(1j),
    "symbolic phase": cirq.GlobalPhaseGate(sympy.exp(sympy.I * X))(),
    "boolean": cirq.BooleanHamiltonianGate(["a", "b"], ["a ^ ~b"], 0.3)(A, B),
    "subcircuit": cirq.CircuitOperation(
        cirq.FrozenCircuit(cirq.X(A) ** W, cirq.CX(A, B)), use_repetition_ids=False, repetitions=3
    ).with_params({"w_0": 2 * V}).with_qubit_mapping({A: B, B: A}),
    "negative repetitions": cirq.CircuitOperation(
        cirq.FrozenCircuit(cirq.X(A) ** W), use_repetition_ids=False, repetitions=-2
    ),
    "two-level qudit": cirq.X(cirq.LineQid(5, 2)),
    "numpy": cirq.rx(np.float32(0.1))(A),
}  # fmt: skip


@pytest.mark.parametrize("name", GATES)
def test_gates(name):
    circuit = circuit_of(GATES[name], cirq.ry(X)(A), cirq.rx(W)(B))
    read = QuanvCircuit.from_json(circuit.to_json())
    if name == "numpy":  # a number of less than double precision, written as a double
        assert read.circuit != circuit.circuit
        assert cirq.approx_eq(read.circuit, circuit.circuit, atol=1e-8)
        return
    assert read == circuit
    assert repr(read.circuit) == repr(circuit.circuit) or name == "matrix of numpy"
    assert QuanvCircuit.from_json(read.to_json()) == circuit


class Forgetful(cirq.Gate):
    """A gate of somebody's own, whose JSON leaves out what it is."""

    def __init__(self, angle=0.0):
        self.angle = angle

    def _num_qubits_(self):
        return 1

    def _unitary_(self):
        return cirq.unitary(cirq.rx(self.angle))

    def __eq__(self, other):
        return isinstance(other, Forgetful) and other.angle == self.angle

    def __hash__(self):
        return hash(self.angle)

    def _json_dict_(self):
        return {}

    @classmethod
    def _json_namespace_(cls):
        return "mine"


class Mindful(Forgetful):
    """The same, complete."""

    def _json_dict_(self):
        return {"angle": self.angle}


@pytest.fixture
def resolvers(monkeypatch):
    """What a program has told Cirq of its own gates."""
    mine = {"mine.Forgetful": Forgetful, "mine.Mindful": Mindful}
    monkeypatch.setattr(cirq, "DEFAULT_RESOLVERS", cirq.DEFAULT_RESOLVERS)
    cirq.DEFAULT_RESOLVERS.append(mine.get)
    yield
    cirq.DEFAULT_RESOLVERS.remove(mine.get)


def test_gates_of_the_users_own(resolvers):
    circuit = circuit_of(Mindful(0.3)(A), cirq.rx(X)(A))
    assert QuanvCircuit.from_json(circuit.to_json()) == circuit
    numbers = ("1e999999999", "1.e9999", "1e9_999", "9**9", "9^9^9^9", "1<<9", "1,2", "~1", "%")
    for text in (*numbers, "__import__(chr(111))", "a" * 2000, "a\\nb"):
        bad = circuit.to_json().replace("0.3", f'"{text}"')
        with pytest.raises(ValueError, match="no text that could be code"):
            QuanvCircuit.from_json(bad)
    for text in ("a label", "https://a.b/c-d_e@1", "Größe", ""):
        assert user_fields(text) == text
    incomplete = circuit_of(Forgetful(0.3)(A), cirq.rx(X)(A))
    message = (
        r"^QuanvCircuit: what is written must be .* Cirq's JSON of a Forgetful leaves .*MatrixGate"
    )
    with pytest.raises(ValueError, match=message):
        incomplete.to_json()
    with pytest.raises(ValueError, match=message):
        rq.EncodedPQC(circuit_of(Forgetful(0.3)(A), cirq.rx(X)(A), cirq.ry(W)(A))).get_config()
    assert "Forgetful" in repr(incomplete)


def test_gates_that_nobody_registered():
    with pytest.raises(ValueError, match="cannot be read again.*'mine.Mindful'.*none of these"):
        circuit_of(Mindful(0.3)(A), cirq.rx(X)(A)).to_json()


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("ansatz", ["basic_entangler", "sim_14", "qcnn"])
def test_named_circuits(encoder, ansatz):
    first = ENCODERS.get(encoder)(4)
    n = len(first.all_qubits())
    circuit = QuanvCircuit.from_parts(first, ANSATZES.get(ansatz)(n, 1))
    assert QuanvCircuit.from_json(circuit.to_json()) == circuit


@pytest.mark.parametrize("ansatz", ANSATZES)
def test_named_ansatzes(ansatz):
    circuit = QuanvCircuit(ANSATZES.get(ansatz)(4, 2))
    assert QuanvCircuit.from_json(circuit.to_json()) == circuit


MODELS = {
    "none": cirq.NO_NOISE,
    "constant": cirq.ConstantQubitNoiseModel(cirq.depolarize(0.05)),
    "prepended": cirq.ConstantQubitNoiseModel(cirq.amplitude_damp(0.1), prepend=True),
    "inserted": cirq.devices.InsertionNoiseModel(
        {
            cirq.OpIdentifier(cirq.XPowGate): cirq.bit_flip(0.1)(A),
            cirq.OpIdentifier(cirq.ZPowGate, B): cirq.phase_damp(0.2)(B),
        },
        require_physical_tag=False,
    ),
    "asymmetric": cirq.ConstantQubitNoiseModel(cirq.asymmetric_depolarize(0.1, 0.2, 0.3)),
    "kraus": cirq.ConstantQubitNoiseModel(
        cirq.KrausChannel([np.diag([1, 0.8]), np.array([[0, 0.6], [0, 0]])])
    ),
    "mixture": cirq.ConstantQubitNoiseModel(
        cirq.MixedUnitaryChannel([(0.5, np.eye(2)), (0.5, np.diag([1, -1]))])
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_noise(name):
    noise = Noise.of(MODELS[name]) or Noise(model=MODELS[name])
    circuit = cirq.Circuit(cirq.X(A) ** 0.3, cirq.Z(B))
    read = Noise.of(noise.get_config()) or noise
    assert read.apply(circuit) == noise.apply(circuit)


# --- files of earlier versions -------------------------------------------------------------------

OLDER = json.loads((pathlib.Path(__file__).parents[1] / "data" / "circuits_0_1_0.json").read_text())
SUB = cirq.FrozenCircuit(cirq.rx(W)(A), cirq.CX(A, B))
OF_OLDER = {
    "expressions": lambda: circuit_of(
        cirq.rx(sympy.sin(X) + W)(A), cirq.ry(sympy.pi * X * W / 3)(A),
        cirq.rz(sympy.atan2(X, Y) ** 2)(B),
        cirq.X(A) ** sympy.Piecewise((X, X > 0.5), (Y + W, True)),
        cirq.Y(B) ** sympy.sqrt(X**2 + Y**2), cirq.Z(B) ** (2.5 * X + sympy.Rational(1, 3)),
        cirq.H(A) ** sympy.Max(X, V), cirq.CX(A, B) ** sympy.Abs(X - 1),
        cirq.rx(sympy.exp(-X) + sympy.E * V)(A),
        cirq.rx(sympy.Piecewise((X, (X > 0) & (Y <= 1)), (W, sympy.Ne(X, V)), (V, True)))(B),
    ),
    "gates": lambda: QuanvCircuit(
        cirq.Circuit(
            cirq.ry(X)(A), cirq.rx(W)(N), cirq.CZ(A, N) ** Y, cirq.FSimGate(W, V)(A, G),
            cirq.MatrixGate(cirq.testing.random_unitary(4, random_state=1))(N, G),
            cirq.ControlledGate(cirq.ry(W), control_values=[(0, 1)])(G, A),
            cirq.X(A).controlled_by(N, control_values=[0]),
            cirq.QubitPermutationGate([1, 2, 0])(A, N, G),
            cirq.PhasedXZGate(x_exponent=X, z_exponent=0.25, axis_phase_exponent=V)(A),
            cirq.DensePauliString("XYZ", coefficient=1)(A, N, G),
            cirq.PauliStringPhasor(cirq.X(A) * cirq.Z(N), exponent_neg=W),
            cirq.SingleQubitCliffordGate.H(A), cirq.QuantumFourierTransformGate(2)(A, N),
            cirq.ms(0.3)(A, N), cirq.TwoQubitDiagonalGate([0.1, W, 0.2, 0.3])(A, N),
            cirq.X(A).with_tags("t", cirq.VirtualTag(), 3),
        ),
        [cirq.Z(A) * cirq.X(N) - 0.5 * cirq.Y(G), 2.0 * cirq.Z(A)], inputs=["x_0", "x_1"],
    ),
    "subcircuits": lambda: circuit_of(
        cirq.rx(X)(A), cirq.CircuitOperation(SUB, repetitions=3, use_repetition_ids=True),
        cirq.CircuitOperation(SUB, use_repetition_ids=False).with_params({"w_0": V})
        .with_qubit_mapping({A: B, B: A}),
    ),
    "named": lambda: QuanvCircuit.from_parts(
        amplitude_encoder(4), rq.circuits.strongly_entangling(2, 2), "xyz"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_OLDER)
def test_circuits_of_earlier_versions(name):
    read, made = QuanvCircuit.from_json(OLDER["circuits"][name]), OF_OLDER[name]()
    # Libraries of linear algebra differ in the last digits of a random matrix.
    assert cirq.approx_eq(read.circuit, made.circuit, atol=1e-12)
    assert (read.observables, read.inputs) == (made.observables, made.inputs)


def test_layers_and_noise_of_earlier_versions():
    layer = rq.Quanv2D.from_config(OLDER["layer"])
    assert layer.noise.model.noisy_operation(cirq.X(A)) is not None
    layer.build((None, 2, 2, 1))
    assert layer(np.zeros((1, 2, 2, 1), "float32")).shape == (1, 2, 2, 1)
    (op,) = Noise.of(OLDER["noise"]["insertion"]).model.ops_added.values()
    assert op == cirq.bit_flip(0.1)(A)


# --- other ways to copy --------------------------------------------------------------------------

VALUES = {
    "circuit": QuanvCircuit.from_parts(rq.circuits.angle_encoder(3), rq.circuits.brick(3, 2)),
    "observables": circuit_of(
        cirq.rx(X)(A), cirq.ry(sympy.sin(W))(B), observables=[cirq.Z(A) - 0.5 * cirq.X(B)]
    ),
    "noise": Noise.of({"depolarizing": 0.1}),
    "placement": Placement.parse("(X+O1)+O2", 2),
}
COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {p}": lambda v, p=p: pickle.loads(pickle.dumps(v, p)) for p in range(2, 6)},
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("name", VALUES)
def test_copies_are_equal(name, how):
    value = VALUES[name]
    copied = COPIES[how](value)
    assert copied == value and hash(copied) == hash(value) and str(copied) == str(value)


def test_models_of_cirqs_are_pickled():
    noise = Noise.of(cirq.ConstantQubitNoiseModel(cirq.depolarize(0.1)))
    circuit = cirq.Circuit(cirq.X(A))
    assert pickle.loads(pickle.dumps(noise)).apply(circuit) == noise.apply(circuit)
    assert write_json(circuit) == write_json(copy.deepcopy(circuit))
