"""All gates of both standard libraries, and modifiers, against Qiskit, NumPy and the libraries."""

import functools
import re
from pathlib import Path

import cirq
import numpy as np
import pytest
import scipy.linalg
import sympy

import tfq_resqunn as rq
from tfq_resqunn.circuits.qasm.gates import BUILT_IN, LIBRARIES

HEADS = {
    2: 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[{}];\n',
    3: 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{}] q;\n',
}
GATES = [
    (version, name)
    for version, libraries in LIBRARIES.items()
    for library in libraries.values()
    for name in (library | BUILT_IN[version])
]


def gate_of(version, name):
    (library,) = LIBRARIES[version].values()
    return (library | BUILT_IN[version])[name]


def program(version, name, angles, places, modifiers="", n_qubits=None):
    written = f"({', '.join(map(str, angles))})" if len(angles) else ""
    qubits = ", ".join(f"q[{i}]" for i in places)
    head = HEADS[version].format(n_qubits or len(places))
    return f"{head}{modifiers}{name}{written} {qubits};\n"


def unitary(text, values=None):
    """The first qubit is the most significant one."""
    return cirq.unitary(cirq.resolve_parameters(rq.from_qasm(text), values or {}))


def by_qiskit(version, text):
    from qiskit.quantum_info import Operator

    if version == 2:
        qasm2 = pytest.importorskip("qiskit.qasm2")
        own = qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    else:
        own = pytest.importorskip("qiskit_qasm3_import").parse(text)
    return Operator(own.reverse_bits()).data


@functools.cache
def library_text(version):
    qiskit = pytest.importorskip("qiskit")
    (name,) = LIBRARIES[version]
    return (Path(qiskit.__file__).parent / "qasm" / "libs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("version", [2, 3])
def test_the_table_is_the_library(version):
    (library,) = LIBRARIES[version].values()
    assert set(library) == set(re.findall(r"^gate (\w+)", library_text(version), re.MULTILINE))


@pytest.mark.parametrize(("version", "name"), GATES)
def test_gates_are_those_of_qiskit(version, name, rng):
    gate = gate_of(version, name)
    angles = [1] if name == "u0" else rng.uniform(-6, 6, gate.n_angles).tolist()
    text = program(version, name, angles, rng.permutation(gate.n_qubits))
    cirq.testing.assert_allclose_up_to_global_phase(
        unitary(text), by_qiskit(version, text), atol=1e-9
    )


@pytest.mark.parametrize(("version", "name"), [g for g in GATES if gate_of(*g).n_angles])
def test_gates_take_symbols(version, name, rng):
    gate = gate_of(version, name)
    angles = rng.uniform(-6, 6, gate.n_angles).tolist()
    names = [f"a_{i}" for i in range(gate.n_angles)]
    numbers = program(version, name, angles, range(gate.n_qubits))
    symbols = program(version, name, names, range(gate.n_qubits))
    circuit = rq.from_qasm(symbols, parameters=names)
    assert cirq.parameter_names(circuit) == (set() if name == "u0" else set(names))
    found = cirq.resolve_parameters(circuit, dict(zip(names, angles, strict=True)))
    np.testing.assert_allclose(cirq.unitary(found), unitary(numbers), atol=1e-9)


@pytest.mark.parametrize("version", [2, 3])
def test_the_library_defines_the_same_gates(version, rng):
    """The library's own text, read as definitions of the user's, gates that are built in apart."""
    own = library_text(version)
    if version == 3:
        # CX there is the control of a U with a phase, which is no CNOT. The root in sx is of a
        # sequence of gates.
        own = re.sub(r"^gate (CX|sx) .*$", "", own, flags=re.MULTILINE)
    for name in re.findall(r"^gate (\w+)", own, re.MULTILINE):
        gate = gate_of(version, name)
        angles = rng.uniform(-3, 3, gate.n_angles).tolist()
        control = "ctrl @ " if version == 3 else ""
        places = range(gate.n_qubits + bool(control))
        text = program(version, name, angles, places, control)
        defined = text.replace(re.search("include.*;", text).group(), own)
        found = unitary(text)
        if version == 3:
            np.testing.assert_allclose(unitary(defined), found, atol=1e-9, err_msg=name)
        else:
            cirq.testing.assert_allclose_up_to_global_phase(unitary(defined), found, atol=1e-9)


# --- modifiers -----------------------------------------------------------------------------------

X = np.array([[0, 1], [1, 0]])


def u_of_the_specification(theta, phi, lam):
    """The matrix in the section "Built-in gates" of the specification of OpenQASM 3."""
    e = np.exp
    return 0.5 * np.array(
        [
            [1 + e(1j * theta), -1j * e(1j * lam) * (1 - e(1j * theta))],
            [1j * e(1j * phi) * (1 - e(1j * theta)), e(1j * (phi + lam)) * (1 + e(1j * theta))],
        ]
    )


def controlled(matrix, n_controls=1, value=1):
    size, n = len(matrix), 2**n_controls
    blocks = [np.eye(size)] * n
    blocks[-1 if value else 0] = matrix
    return scipy.linalg.block_diag(*blocks)


def rx(angle):
    return scipy.linalg.expm(-0.5j * angle * X)


U = u_of_the_specification(0.3, 1.1, -0.7)
SX = scipy.linalg.sqrtm(X.astype(complex))
MODIFIED = {
    "ctrl @ U(0.3, 1.1, -0.7) q[0], q[1];": controlled(U),
    "negctrl @ U(0.3, 1.1, -0.7) q[0], q[1];": controlled(U, value=0),
    "ctrl(2) @ U(0.3, 1.1, -0.7) q[0], q[1], q[2];": controlled(U, 2),
    "negctrl @ ctrl @ x q[0], q[1], q[2];": controlled(controlled(X), value=0),
    "ctrl @ negctrl @ x q[0], q[1], q[2];": controlled(controlled(X, value=0)),
    "ctrl @ gphase(0.4) q[0];": np.diag([1, np.exp(0.4j)]),
    "negctrl @ gphase(0.4) q[0];": np.diag([np.exp(0.4j), 1]),
    "negctrl(2) @ gphase(0.4) q[0], q[1];": np.diag([np.exp(0.4j), 1, 1, 1]),
    "ctrl @ inv @ gphase(0.4) q[0];": np.diag([1, np.exp(-0.4j)]),
    "ctrl @ pow(3) @ gphase(0.4) q[0];": np.diag([1, np.exp(1.2j)]),
    "inv @ U(0.3, 1.1, -0.7) q[0];": U.conj().T,
    "ctrl @ inv @ U(0.3, 1.1, -0.7) q[0], q[1];": controlled(U.conj().T),
    "ctrl @ pow(-2) @ U(0.3, 1.1, -0.7) q[0], q[1];": controlled(np.linalg.inv(U @ U)),
    "pow(2) @ ctrl @ U(0.3, 1.1, -0.7) q[0], q[1];": controlled(U @ U),
    "pow(0) @ x q[0];": np.eye(2),
    "pow(1/2.0) @ x q[0];": SX,
    "sx q[0];": SX,
    "ctrl @ sx q[0], q[1];": controlled(SX),
    "pow(0.5) @ sx q[0];": scipy.linalg.sqrtm(SX),
    "ctrl @ pow(0.5) @ s q[0], q[1];": np.diag([1, 1, 1, np.exp(0.25j * np.pi)]),
    "pow(0.5) @ ctrl @ x q[0], q[1];": controlled(SX),
    "pow(-0.25) @ swap q[0], q[1];": scipy.linalg.fractional_matrix_power(
        np.eye(4)[[0, 2, 1, 3]].astype(complex), -0.25
    ),
    "pow(0.5) @ inv @ x q[0];": SX,
    "pow(0.5) @ inv @ sx q[0];": scipy.linalg.sqrtm(SX.conj().T),
    "ctrl @ pow(0.5) @ gphase(0.4) q[0];": np.diag([1, np.exp(0.2j)]),
    "ctrl @ pow(0.5) @ gphase(4) q[0];": np.diag([1, np.sqrt(np.exp(4j))]),
    "ctrl @ pow(-0.5) @ inv @ gphase(pi) q[0];": np.diag([1, -1j]),
    "pow(0.5) @ p(3.2) q[0];": np.diag([1, np.sqrt(np.exp(3.2j))]),
    "pow(0.5) @ p(0) q[0];": np.eye(2),
    "ctrl @ pow(0.3) @ p(-9) q[0], q[1];": np.diag([1, 1, 1, np.exp(-9j) ** 0.3]),
    "pow(1.5) @ cp(4) q[0], q[1];": np.diag([1, 1, 1, np.exp(4j) ** 1.5]),
    "ctrl @ rx(0.6) q[0], q[1];": controlled(rx(0.6)),
    "pow(3) @ inv @ rx(0.6) q[0];": rx(-1.8),
    "gate two(a) b, c { rx(a) b; gphase(a); rx(2 * a) c; } ctrl @ two(0.3) q[0], q[1], q[2];": (
        controlled(np.exp(0.3j) * np.kron(rx(0.3), rx(0.6)))
    ),
    "gate two(a) b, c { cx c, b; rx(a) b; } inv @ two(0.3) q[1], q[0];": (
        controlled(X) @ np.kron(np.eye(2), rx(-0.3))
    ),
    "CX q[0], q[1];": controlled(X),
    "cu(0.3, 1.1, -0.7, 0.2) q[0], q[1];": controlled(np.exp(0.05j) * U),
}


@pytest.mark.parametrize("statement", MODIFIED)
def test_modifiers(statement):
    expected = MODIFIED[statement]
    n_qubits = int(np.log2(len(expected)))
    found = unitary(HEADS[3].format(n_qubits) + statement)
    # A global phase is left out, but none that a control makes seen.
    cirq.testing.assert_allclose_up_to_global_phase(found, expected, atol=1e-9)


def test_modifiers_of_gates_with_symbols():
    text = HEADS[3].format(2) + "input float a;\nctrl @ pow(2) @ inv @ U(a, 2 * a, 0.3) q[0], q[1];"
    found = unitary(text, {sympy.Symbol("a"): 0.4})
    u = np.linalg.inv(u_of_the_specification(0.4, 0.8, 0.3))
    np.testing.assert_allclose(found, controlled(u @ u), atol=1e-9)
