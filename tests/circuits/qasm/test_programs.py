"""What a program may say: registers, inputs, expressions, definitions, measurements at the end."""

import math
import sys

import cirq
import numpy as np
import pytest
import sympy

import tfq_resqunn as rq

QASM2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
QASM3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
Q = cirq.LineQubit.range(6)
A, B, X0 = sympy.symbols("a b x_0")


def read(text, head=QASM3, **arguments):
    return rq.from_qasm(head + text, **arguments)


def same(found, *operations):
    assert found == cirq.Circuit(*operations)


# --- qubits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", [QASM2, QASM3], ids=["2", "3"])
def test_registers_follow_each_other(head):
    found = read("qreg a[2]; qreg b[1]; x b[0]; y a[1]; h a[0];", head)
    same(found, cirq.X(Q[2]), cirq.Y(Q[1]), cirq.H(Q[0]))


OPERANDS = {
    "a": [0, 1, 2],
    "a[0]": [0],
    "a[-1]": [2],
    "a[1:2]": [1, 2],
    "a[:]": [0, 1, 2],
    "a[0:2:2]": [0, 2],
    "a[2:-1:0]": [2, 1, 0],
    "a[{2, 0}]": [2, 0],
    "b": [3],
    "both": [3, 1, 2],
    "both[0]": [3],
    "a[n]": [2],
}


@pytest.mark.parametrize("operand", OPERANDS)
def test_gates_act_on_registers_and_parts_of_them(operand):
    head = "qubit[3] a; qubit b; const int n = 1 + 1; let both = b ++ a[1:2];"
    found = read(f"{head} x {operand};")
    touched = [q for q in Q[:4] if cirq.X(q) in found.all_operations()]
    assert touched == [Q[i] for i in sorted(OPERANDS[operand])]


def test_registers_of_one_size_go_in_pairs():
    found = read("qubit[2] a; qubit[2] b; qubit c; cx a, b; cz a, c; cx a[0:1], b[1:-1:0];")
    cx = [(0, 2), (1, 3)]
    same(
        found,
        [cirq.CX(Q[i], Q[j]) for i, j in cx],
        [cirq.CZ(Q[i], Q[4]) for i in (0, 1)],
        cirq.CX(Q[0], Q[3]),
        cirq.CX(Q[1], Q[2]),
    )


def test_a_qubit_without_gates_is_measured_too():
    circuit = read("qubit[3] q; x q[1]; id q[2];")
    assert rq.QuanvCircuit(circuit).qubits == tuple(Q[:3])
    assert len(rq.QuanvCircuit(circuit).observables) == 3


# --- inputs --------------------------------------------------------------------------------------


def test_inputs_are_symbols():
    text = "input float[64] a; input angle θ; input float b; qubit q; rx(a) q; ry(θ) q; rz(b) q;"
    theta = sympy.Symbol("θ")
    same(read(text), cirq.rx(A)(Q[0]), cirq.ry(theta)(Q[0]), cirq.rz(B)(Q[0]))


def test_elements_of_arrays_are_symbols():
    text = "input array[float[64], 2, 3] w; qubit q; rx(w[1][2]) q; ry(w[0, -1]) q;"
    w = sympy.symbols("w_1_2 w_0_2")
    same(read(text), cirq.rx(w[0])(Q[0]), cirq.ry(w[1])(Q[0]))


def test_elements_of_qiskits_vectors_have_their_own_names():
    text = "input float _x_0_; input float _my_w_12_; input float _a; qubit q;"
    text += "rx(_x_0_) q; ry(_my_w_12_) q; rz(_a) q;"
    assert cirq.parameter_names(read(text)) == {"x_0", "my_w_12", "_a"}


def test_parameters_need_no_declaration():
    found = read("qreg q[1]; rx(2*a + b) q;", QASM2, parameters=[A, "b", sympy.Symbol("c")])
    same(found, cirq.rx(2 * A + B)(Q[0]))


def test_a_layer_is_two_lines_away():
    circuit = rq.QuanvCircuit(
        read("input array[float, 4] x; input float w; qubit[4] q;")
        + read("input array[float, 4] x; input float w; qubit[4] q; rx(x[3] * w) q[0];")
    )
    assert list(map(str, circuit.inputs)) == ["x_3"]
    assert list(map(str, circuit.weights)) == ["w"]
    assert rq.Quanv2D(kernel_size=1, circuit=circuit)(np.ones((1, 2, 2, 1))).shape == (1, 2, 2, 4)


# --- expressions ---------------------------------------------------------------------------------

NUMBERS = {
    "1": 1,
    ".5": 0.5,
    "1e-3": 1e-3,
    "0x1F": 31,
    "1_000": 1000,
    "-2": -2,
    "pi": math.pi,
    "π/2": math.pi / 2,
    "tau": 2 * math.pi,
    "euler": math.e,
    "-pi/4 + 2*0.5 - 1": -math.pi / 4,
    "2*(1 + 3)": 8,
    "7 - 2 - 1": 4,
    "8/4/2": 1,
    "1/2.0": 0.5,
    "-2**2": -4,
    "2**3**2 - 512": 0,
    "2.0**-1": 0.5,
    "sqrt(2)": math.sqrt(2),
    "sin(0.3) + cos(0.3) + tan(0.3)": math.sin(0.3) + math.cos(0.3) + math.tan(0.3),
    "arcsin(0.3) + arccos(0.3)": math.pi / 2,
    "asin(0.3) - acos(0.3)": math.asin(0.3) - math.acos(0.3),
    "arctan(2) - atan(2)": 0,
    "exp(0.3) + ln(3) - log(2)": math.exp(0.3) + math.log(1.5),
    "abs(-3) + sign(-3)": 2,
    "half * n": 1,
}


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers(text):
    found = read(f"const float half = 1/2.0; const int n = 2; qubit q; p({text}) q;")
    (op,) = found.all_operations()
    assert isinstance(op.gate.exponent, float)
    np.testing.assert_allclose(op.gate.exponent * math.pi, NUMBERS[text], rtol=1e-14, atol=1e-14)


SYMBOLIC = {
    "a": A,
    "-a": -A,
    "a*b + x_0/2 - 1": A * B + X0 / 2 - 1,
    "a**2": A**2,
    "sqrt(a)": sympy.sqrt(A),
    "sin(a) + cos(b)*tan(x_0)": sympy.sin(A) + sympy.cos(B) * sympy.tan(X0),
    "exp(-a) + ln(b) + arctan(x_0)": sympy.exp(-A) + sympy.log(B) + sympy.atan(X0),
    "2*(pi - a)*(pi - b)": 2 * (sympy.pi - A) * (sympy.pi - B),
    "abs(a)": sympy.Abs(A),
}


@pytest.mark.parametrize("text", SYMBOLIC)
@pytest.mark.parametrize("head", [QASM2, QASM3], ids=["2", "3"])
def test_symbols(head, text):
    found = read(f"qreg q[1]; rx({text}) q;", head, parameters=["a", "b", "x_0"])
    (op,) = found.all_operations()
    assert sympy.expand(op.gate.exponent - SYMBOLIC[text] / sympy.pi) == 0


OF_QASM2 = {"1/2": 0.5, "2^3": 8, "-2^2": -4, "2*3^2": 18, "2^3^2 - 512": 0, "ln(2)*sqrt(4)": 0}


@pytest.mark.parametrize("text", OF_QASM2)
def test_expressions_of_openqasm_2_are_those_of_qiskit(text):
    qasm2 = pytest.importorskip("qiskit.qasm2")
    program = f"{QASM2}qreg q[1]; u1({text}) q[0];"
    (op,) = rq.from_qasm(program).all_operations()
    (expected,) = qasm2.loads(program).data[0].operation.params
    np.testing.assert_allclose(op.gate.exponent * math.pi, expected, rtol=1e-14)
    if OF_QASM2[text]:
        assert expected == OF_QASM2[text]


def test_angles_of_a_gate_are_no_whole_numbers():
    found = read("gate half(a) q { p(a / 2) q; } qubit q; half(1) q;")
    same(found, cirq.ZPowGate(exponent=0.5 / math.pi)(Q[0]))


# --- definitions, and what is left out -----------------------------------------------------------


def test_definitions_are_written_out():
    text = """
    const float k = 0.5;
    gate inner(a, b) p, q { barrier p; rx(a * k) p; cz q, p; ry(-b) q; }
    gate outer(a) p, q, r { inner(a, 2 * a) r, p; gphase(a); h q; }
    input float a;
    qubit[3] q;
    outer(a + 1) q[1], q[2], q[0];
    """
    same(
        read(text),
        cirq.rx(0.5 * (A + 1))(Q[0]),
        cirq.CZ(Q[1], Q[0]),
        cirq.ry(-2 * (A + 1))(Q[1]),
        cirq.H(Q[2]),
    )


def test_names_within_a_gate_are_its_own():
    same(
        read("input float a; gate g(a) a0 { rx(a) a0; } qubit a0; g(2*a) a0;"), cirq.rx(2 * A)(Q[0])
    )


def test_a_gate_of_openqasm_2_may_have_no_angles_in_brackets():
    same(read("gate g() a { x a; } qreg q[1]; g() q[0];", QASM2), cirq.X(Q[0]))


def test_a_gate_may_have_the_name_of_one_that_is_not_included():
    same(rq.from_qasm("gate x a { U(0, 0, pi) a; } qubit q; ctrl @ gphase(pi) q;"), cirq.Z(Q[0]))


ENDS = {
    "2": (QASM2, "qreg q[2]; creg c[2]; x q; barrier q; measure q -> c;"),
    "2, one by one": (QASM2, "qreg q[2]; creg c[2]; x q[0]; measure q[0] -> c[0]; x q[1];"),
    "3": (QASM3, "bit[2] c; qubit[2] q; x q; c = measure q;"),
    "3, declared": (QASM3, "qubit[2] q; x q; bit[2] c = measure q; barrier q;"),
    "3, output": (QASM3, "output bit[2] c; qubit[2] q; x q; c[0] = measure q[0];"),
}


@pytest.mark.parametrize("name", ENDS)
def test_measurements_at_the_end_are_left_out(name):
    head, text = ENDS[name]
    same(read(text, head), [cirq.X(q) for q in Q[:2]])


def test_the_mark_at_the_beginning_of_a_file_is_left_out():
    same(read("qubit q; x q;", "\ufeff" + QASM3), cirq.X(Q[0]))


def test_a_library_may_be_included_twice():
    same(read('include "stdgates.inc"; qubit q; x q;'), cirq.X(Q[0]))


def test_phases_of_pennylane_are_left_out():
    text = "qreg q[2]; x q[0]; gphase(-0.5) q[0]; gphase(a) q[0],q[1]; gphase(1);"
    same(read(text, QASM2, parameters=["a"]), cirq.I(Q[1]), cirq.X(Q[0]))


def test_comments_and_annotations_are_left_out():
    same(read("// x q;\n/* y q;\n */ qubit q;\n@mine whatever\nx q;"), cirq.X(Q[0]))


# --- Cirq's own writer ---------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2.0", "3.0"])
@pytest.mark.parametrize("seed", range(8))
def test_what_cirq_writes_is_read_back(version, seed):
    gates = {g: g.num_qubits() for g in (cirq.X, cirq.Y, cirq.Z, cirq.H, cirq.S, cirq.T, cirq.CX)}
    gates |= {cirq.CZ: 2, cirq.SWAP: 2, cirq.CCX: 3, cirq.CSWAP: 3, cirq.rx(0.3): 1}
    gates |= {cirq.ry(-0.7): 1, cirq.rz(2.1): 1, cirq.X**0.3: 1, cirq.CZ**0.4: 2, cirq.ZZ**0.7: 2}
    if version == "2.0":
        gates |= {cirq.ISWAP: 2, cirq.CCZ: 3}
    circuit = cirq.testing.random_circuit(Q[:4], 12, 0.8, gate_domain=gates, random_state=seed)
    circuit += cirq.Circuit(cirq.I.on_each(Q[:4]))
    text = circuit.to_qasm(precision=15, version=version)
    # Cirq writes the gate sxdg, which OpenQASM 3 does not have.
    text = text.replace('"stdgates.inc";', '"stdgates.inc"; gate sxdg a { inv @ sx a; }')
    found = rq.from_qasm(text).unitary()
    cirq.testing.assert_allclose_up_to_global_phase(found, circuit.unitary(), atol=1e-8)


def test_without_the_parser_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tfq_resqunn.circuits.qasm.program", None)
    with pytest.raises(ImportError, match=r'Install it: pip install "openqasm3\[parser\]"\.$'):
        rq.from_qasm("qubit q;")
