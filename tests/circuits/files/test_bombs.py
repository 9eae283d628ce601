"""Small files that would stand for enormous things: refused before anything is computed."""

import json

import cirq
import pytest
import sympy

import tfq_resqunn as rq
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.checks import operations
from tfq_resqunn.circuits.files.expressions import MAX_DEPTH, check_expression
from tfq_resqunn.circuits.files.srepr import parse_srepr
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.circuits.rewriting import unrolling
from tfq_resqunn.simulation.gates import spectral

pytestmark = pytest.mark.once

Q = cirq.LineQubit.range(2)
X, Y = "Symbol('x_0')", "Symbol('y')"


def nested(name: str, depth: int, inner: str = X) -> str:
    return f"{name}(" * depth + inner + ")" * depth


def squared(name: str, depth: int) -> str:
    text = X
    for _ in range(depth):
        text = f"{name}(Pow({text}, Integer(2)))"
    return f"Add({X}, {text})"


def call(name: str, parts) -> str:
    return f"{name}({', '.join(parts)})"


def symbols(n: int) -> list[str]:
    return [f"Symbol('x_{i}')" for i in range(n)]


def doubled(depth: int) -> str:
    text = X
    for i in range(depth):
        pair = f"ExprCondPair({text}, StrictGreaterThan({text}, Symbol('y_{i}')))"
        text = f"Piecewise({pair}, ExprCondPair(Symbol('z'), true))"
    return text


ROOTS = [f"Pow(Integer({p}), Rational(1, 2))" for p in (2, 3, 5, 7, 11, 13, 17, 19)]
FRACTION = f"Rational({3**2000 + 2}, {5**1500 + 2})"
EXPRESSIONS = {
    "root_of_a_large_fraction": f"Pow({FRACTION}, Rational(1, 3))",
    "two_roots": f"Add(Pow({FRACTION}, Rational(1, 2)), Pow({FRACTION}, Rational(-7, 5)))",
    **{f"{name} of {name}s": squared(name, 12) for name in ("tanh", "sinh", "cosh")},
    "tower": "Pow(Integer(9), Pow(Integer(9), Integer(9)))",
    "tower of a symbol": f"Pow(Integer(9), Mul(Pow(Integer(9), Integer(9)), {X}))",
    "tower that cancels": f"Pow(Integer(9), Add({X}, Mul(Integer(-1), {X}), Integer(100000000)))",
    "power of a logarithm": "exp(Mul(log(Integer(3)), Integer(100000)))",
    "many powers": call("Add", [f"Pow(Integer(3), Integer({9000 + i}))" for i in range(2000)]),
    "rational of text": "Rational('1e999999999')",
    "digits": f"Integer({'9' * 4000})",
    "more digits": f"Integer('{'9' * 100_000}')",
    "float": "Float('1e999999999')",
    "float's precision": "Float('1.0', precision=1000000000)",
    "float's digits": f"Float('{'1' * 100_000}')",
    "factorial": "factorial(Integer(1000000000))",
    "logarithm of a factorial": "loggamma(Integer(1000000000))",
    "the same, that cancels": f"loggamma(Add({X}, Mul(Integer(-1), {X}), Integer(1000000000)))",
    "nesting": nested("sin", 5000),
    "brackets": "(" * 100_000,
    "exponentials": nested("exp", 10),
    "sine of an exponential": f"sin(exp({nested('exp', 4)}))",
    "reciprocal of nothing": "sin(Pow(exp(Mul(Integer(-1), exp(Integer(50)))), Integer(-1)))",
    "sine of what cancels": (
        "sin(exp(Pow(Add(Integer(100000000000000000000), "
        "Integer(-100000000000000000000), Rational(1, 1000000000000)), Integer(-1))))"
    ),
    "terms": call("Add", [X] * 100_000),
    "fractions": call("Add", [f"Rational(1, {10**17 + i})" for i in range(9000)]),
    "power of a sum": f"Pow({call('Add', symbols(20))}, Integer(50))",
    "power of a constant": f"Abs(Pow({call('Add', [*ROOTS, 'I'])}, Integer(40)))",
    "product of sums": call("Mul", [f"Add({s}, {Y})" for s in symbols(40)]),
    "real part": f"re(Pow({call('Add', [X, f'Mul(I, {Y})'])}, Integer(3000)))",
    "argument": "arg(Pow(Add(I, Symbol('x_0')), Integer(3000)))",
    "absolute value": f"Abs(Pow({call('Mul', symbols(30))}, Integer(90)))",
    "maximum": call("Max", symbols(64)),
    "remainder": f"Mod({call('Add', symbols(64))}, Add({X}, {Y}))",
    "floor": f"floor({call('Add', [f'Mul(I, {s}, exp({Y}))' for s in symbols(500)])})",
    "conditions": doubled(11),
    "infinite": "Pow(Integer(0), Integer(-1))",
    "no number": "nan",
}  # fmt: skip


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_that_would_grow(name):
    with pytest.raises(ValueError, match="an expression|srepr form|finite|precision|real numbers"):
        parse_srepr(EXPRESSIONS[name])


def test_numbers_that_cirq_would_take():
    gate = {"cirq_type": "Rx", "rads": None}
    for rads in (
        '{"cirq_type": "sympy.Pow", "args": [{"cirq_type": "sympy.Integer", "i": 9}, '
        '{"cirq_type": "sympy.Integer", "i": 99999999}]}',
        '{"cirq_type": "sympy.Float", "approx": 1e999}',
        '{"cirq_type": "sympy.Rational", "p": 1, "q": 0}',
        '{"cirq_type": "sympy.Integer", "i": true}',
        '{"cirq_type": "sympy.Integer", "i": 1.5}',
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "1" * 400,
        "1" * 5000,
    ):
        text = json.dumps(gate).replace("null", rads)
        with pytest.raises(ValueError, match="finite number|expression|cannot be|digits"):
            QuanvCircuit.from_json(text)


def circuit_of(*operations) -> str:
    moments = [{"cirq_type": "Moment", "operations": [op]} for op in operations]
    circuit = {"cirq_type": "FrozenCircuit", "moments": moments}
    value = {"cirq_type": "VAL", "key": 0, "val": circuit}
    return {"cirq_type": "tfq_resqunn.QuanvCircuit", "circuit": value, "observables": [],
            "inputs": []}  # fmt: skip


def on_qubits(gate: dict, n: int = 1) -> dict:
    qubits = [{"cirq_type": "LineQubit", "x": i} for i in range(n)]
    return {"cirq_type": "GateOperation", "gate": gate, "qubits": qubits}


def repeated(circuit: dict, n: int) -> dict:
    return {
        "cirq_type": "CircuitOperation", "circuit": circuit, "repetitions": n, "qubit_map": [],
        "measurement_key_map": {}, "param_resolver": {"cirq_type": "ParamResolver",
        "param_dict": []}, "repetition_ids": None, "parent_path": [],
        "use_repetition_ids": False,
    }  # fmt: skip


def shared(depth: int) -> dict:
    """Circuits that each hold the one before it ten times."""
    pauli = {"cirq_type": "_PauliX", "exponent": 1.0, "global_shift": 0.0}
    value = None
    for key in range(1, depth + 1):
        if value is None:
            inner = [on_qubits(pauli), on_qubits(pauli)]
        else:
            again = repeated({"cirq_type": "REF", "key": key - 1}, 1)
            inner = [repeated(value, 1), *[again] * 9]
        moments = [{"cirq_type": "Moment", "operations": [op]} for op in inner]
        circuit = {"cirq_type": "FrozenCircuit", "moments": moments}
        value = {"cirq_type": "VAL", "key": key, "val": circuit}
    return repeated(value, 1)


X_GATE = {"cirq_type": "XPowGate", "exponent": 1.0, "global_shift": 0.0}
ONE = {"cirq_type": "VAL", "key": 1, "val": {"cirq_type": "FrozenCircuit", "moments": [
    {"cirq_type": "Moment", "operations": [on_qubits(X_GATE)]}]}}  # fmt: skip
DEEP: dict = X_GATE
for _ in range(400):
    DEEP = {"cirq_type": "ControlledGate", "sub_gate": DEEP, "num_controls": 1}
OPERATIONS = {
    "repetitions": repeated(ONE, 10**9),
    "repetitions of repetitions": repeated(ONE, 10**5 + 1),
    "sharing": shared(7),
    "identity": on_qubits({"cirq_type": "IdentityGate", "num_qubits": 10**9}),
    "controls": on_qubits({"cirq_type": "ControlledGate", "sub_gate": X_GATE,
                           "num_controls": 10**9}),
    "copies": on_qubits({"cirq_type": "ParallelGate", "sub_gate": X_GATE, "num_copies": 10**9}),
    "copies of copies": on_qubits({"cirq_type": "ParallelGate", "num_copies": 32, "sub_gate": {
        "cirq_type": "ParallelGate", "num_copies": 32, "sub_gate": X_GATE}}, 1024),
    "fourier": on_qubits({"cirq_type": "QuantumFourierTransformGate", "num_qubits": 10**9,
                          "without_reverse": False}),
    "gradient": on_qubits({"cirq_type": "PhaseGradientGate", "num_qubits": 10**9,
                           "exponent": 0.5}),
    "depolarizing": on_qubits({"cirq_type": "DepolarizingChannel", "p": 0.1, "n_qubits": 40}),
    "levels": on_qubits({"cirq_type": "IdentityGate", "num_qubits": 1, "qid_shape": [10**9]}),
    "matrix": on_qubits({"cirq_type": "MatrixGate", "matrix": [[1]], "qid_shape": [2] * 60}, 60),
    "alternatives": on_qubits({"cirq_type": "ControlledGate", "sub_gate": X_GATE,
                               "control_values": [[0, 1]] * 30}, 31),
    "depth": on_qubits(DEEP, 401),
    "nothing to refer to": repeated({"cirq_type": "REF", "key": 7}, 1),
    "itself": repeated({"cirq_type": "REF", "key": 0}, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_that_would_grow(name):
    with pytest.raises(ValueError, match="^QuanvCircuit: ") as error:
        QuanvCircuit.from_json(json.dumps(circuit_of(OPERATIONS[name])))
    assert len(str(error.value)) < 1000
    assert "measured" not in str(error.value) and "observables" not in str(error.value)


@pytest.mark.parametrize("depth", [200, 10_000, 1_000_000])
def test_json_that_is_deep(depth):
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        text = opening * depth + "1" + closing * depth
        with pytest.raises(ValueError, match="nested|JSON"):
            QuanvCircuit.from_json(text)


NO_JSON = ["", "{", "nonsense", "[1,", "\x00", "{'a': 1}", "PK\x03\x04", "null", "[]", "3", '"a"']


@pytest.mark.parametrize("text", NO_JSON)
def test_text_that_is_no_circuit(text):
    with pytest.raises(ValueError, match="QuanvCircuit: .*JSON"):
        QuanvCircuit.from_json(text)
    with pytest.raises(ValueError, match="Noise: .*JSON"):
        Noise.of({"cirq": text})


@pytest.mark.parametrize("value", [None, 3, b"{}", ["{}"], {}])
def test_no_text_at_all(value):
    with pytest.raises(TypeError, match="JSON must be text"):
        QuanvCircuit.from_json(value)


def test_a_value_put_into_a_subcircuit_is_counted_in():
    # What looks small by itself would not be, in the place of a symbol.
    a, b = sympy.symbols("a b")
    inner = cirq.FrozenCircuit(cirq.rx(sympy.sin(sympy.exp(sympy.exp(a))))(Q[0]))
    for value in (1e300, sympy.exp(100 * b)):
        op = cirq.CircuitOperation(inner, use_repetition_ids=False).with_params({a: value})
        with pytest.raises(ValueError, match="finite number of moderate size"):
            QuanvCircuit(cirq.Circuit(op, cirq.rx(b)(Q[0])))


def test_a_controlled_gate_of_many_qubits_is_refused_by_the_layer(monkeypatch):
    qubits = cirq.LineQubit.range(20)
    x, w = sympy.symbols("x_0 w_0")
    large = cirq.rx(w)(qubits[0]).controlled_by(*qubits[1:])
    circuit = QuanvCircuit(cirq.Circuit(cirq.rx(x)(qubits[0]), large), cirq.Z(qubits[0]))
    with pytest.raises(ValueError, match="controlled gates on up to 12 qubits .* 20 qubits"):
        rq.EncodedPQC(circuit)
    many = cirq.Circuit(cirq.rx(w)(qubits[0]).controlled_by(*qubits[1:5]))
    monkeypatch.setattr(spectral, "MAX_ENTRIES", 1000)
    circuit = QuanvCircuit(cirq.Circuit(cirq.rx(x)(qubits[0]), many), cirq.Z(qubits[0]))
    with pytest.raises(ValueError, match="up to 1000 entries in all"):
        rq.EncodedPQC(circuit)


def test_real_circuits_are_far_from_the_limits():
    n = 49
    encoder = rq.circuits.angle_encoder(n)
    ansatz = rq.circuits.strongly_entangling(n, 3)
    circuit = QuanvCircuit.from_parts(encoder, ansatz)
    assert QuanvCircuit.from_json(circuit.to_json()) == circuit
    wide = rq.circuits.amplitude_encoder(64)
    circuit = QuanvCircuit.from_parts(wide, rq.circuits.basic_entangler(6))
    assert QuanvCircuit.from_json(circuit.to_json()) == circuit


def test_each_gate_is_checked_once(monkeypatch):
    asked = []
    was = operations.can_be_run
    monkeypatch.setattr(operations, "can_be_run", lambda op: asked.append(op) or was(op))
    gate = cirq.rx(sympy.Symbol("x_0"))
    pair = cirq.FrozenCircuit(gate(Q[0]), cirq.CX(*Q))
    again = cirq.CircuitOperation(pair, repetitions=200, use_repetition_ids=False)
    swapped = again.with_qubit_mapping({Q[0]: Q[1], Q[1]: Q[0]})
    controlled = again.controlled_by(cirq.LineQubit(2))
    QuanvCircuit(cirq.Circuit(again, swapped, controlled))
    assert len(asked) == 4


@pytest.mark.parametrize("repetitions", [49_999, 60_000])
def test_what_may_be_built_may_be_saved(repetitions, monkeypatch):
    monkeypatch.setattr(unrolling, "MAX_OPERATIONS", 1000)  # so that it takes no time
    repetitions //= 100
    pair = cirq.FrozenCircuit(cirq.rx(sympy.Symbol("x_0"))(Q[0]), cirq.CX(*Q))
    circuit = cirq.Circuit(
        cirq.CircuitOperation(pair, repetitions=repetitions, use_repetition_ids=False)
    )
    if 2 * repetitions > 1000:
        with pytest.raises(ValueError, match="at most 1000 operations.* 1200"):
            QuanvCircuit(circuit)
        text = json.dumps(circuit_of(json.loads(cirq.to_json(circuit[0].operations[0]))))
        with pytest.raises(ValueError, match="at most 1000 operations.* 1200"):
            QuanvCircuit.from_json(text)
    else:
        built = QuanvCircuit(circuit)
        assert QuanvCircuit.from_json(built.to_json()) == built


def test_deep_expressions_that_may_be_built_may_be_saved():
    deep = sympy.Symbol("x_0")
    for _ in range(39):
        deep = 1 / (1 + deep)
    assert check_expression(deep).depth == MAX_DEPTH - 1
    inner = cirq.FrozenCircuit(cirq.rz(deep)(Q[0]).controlled_by(Q[1]))
    for _ in range(10):
        inner = cirq.FrozenCircuit(cirq.CircuitOperation(inner, use_repetition_ids=False))
    circuit = QuanvCircuit(inner)
    assert QuanvCircuit.from_json(circuit.to_json()) == circuit


def test_a_tag_that_could_not_be_written_is_not_read():
    a_sum = json.loads(cirq.to_json(cirq.Z(Q[0]) + cirq.X(Q[0])))
    plain = on_qubits(X_GATE)
    tagged = {"cirq_type": "TaggedOperation", "sub_operation": plain, "tags": [a_sum]}
    with pytest.raises(ValueError, match="a label: text, a number or a tag of Cirq's"):
        QuanvCircuit.from_json(json.dumps(circuit_of(tagged)))
