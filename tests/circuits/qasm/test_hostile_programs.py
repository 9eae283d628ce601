"""Text that is no circuit for a layer, or is meant to take long: an error names line and remedy."""

import random
import re
import sys
import threading
import time

import pytest

import tfq_resqunn as rq

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\n'
HEAD2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\n'
HOLDS = (
    "a circuit for a layer holds gates, and measurements at its end. Received `{}`. Remove it, or "
)
HOLDS += "export the circuit without it."
UNKNOWN = (
    '{} is not a gate that is known here. Include "stdgates.inc" (OpenQASM 3) or "qelib1.inc" (2), '
    "or define it, before it is used."
)
INDEX = (
    "an index must be from 0 to {}, since {} are declared. Received {}. Declare more, or take "
    "another."
)
UNDECLARED = "{} is not declared here. Declare it, before it is used: `input float[64] name;`."
ANGLE = (
    "an angle may hold numbers, pi, tau, euler, inputs, constants, +, -, *, /, ** and the "
    "functions sin, cos, tan, exp, sign, asin, arcsin, acos, arccos, atan, arctan, ln, log, abs "
    "and sqrt. Received {}."
)
FRACTION = (
    "a power that is not whole can be taken of x, y, z, h, s, t, sx, swap, cx, cz, ccx, their "
    "inverses, and p, cp and gphase of a number. Received {}. Write the root as a gate of its own."
)
LONG = (
    "a circuit may have 100000 operations, once its gates are written out. This has more. Take "
    "fewer gates, or a smaller power."
)
AGAIN = (
    "a qubit is measured at its end only. Received `{}` after the measurement in line {}. Remove "
    "the measurement: a layer measures its observables."
)
FINITE = (
    "each part of an expression must be a finite number of moderate size. {} is not, for values of "
    "its symbols from 0.25 to 0.75."
)
OPAQUE = "an opaque gate has no definition, so that nothing can be computed. Define it as a `gate`."
PLACES = (
    "the operations of a circuit may act on 1000000 qubits together, counted for each operation "
    "and each modifier anew. These act on more. Take fewer modifiers or controls, or a "
    "smaller power."
)
NAMED = (
    "the statements of a program may name 1000000 qubits together. These name more. Write whole "
    "registers, without an index."
)
IN_3 = 'Begin the text with `OPENQASM 3.0; include "stdgates.inc";`, if that is meant.'
MODIFIERS = (
    "OpenQASM 2 has no modifiers, and leaves the phases open that a control makes seen. Received "
    "`{}`. " + IN_3
)
BITS = (
    "{} names no bits that are declared. Received `{}`. Declare them, before they are used: `{}`, "
    "say."
)

# What follows the head, which has three lines, and the message for a line.
REFUSED = {
    # not OpenQASM
    "x q[0]": (4, "it is not OpenQASM 2 or 3 at '<EOF>'. Received 'x q[0]'."),
    "x q[0];\nrx(1)(2) q[0];": (5, "it is not OpenQASM 2 or 3 at '('. Received 'rx(1)(2) q[0];'."),
    "x q[0]; $%": (4, "it is not OpenQASM 2 or 3: token recognition error at: '$%'"),
    "x q[0];\n\nopaque(1) f a;": (6, OPAQUE),
    "// two qubits\nopaque f a, b;": (5, OPAQUE),
    "x q[0]; \ud800\x85": (4, "it is not OpenQASM 2 or 3: token recognition error at: '\\ud800'"),
    'include "\ud800\x1b";': (
        4,
        'OpenQASM 3 includes "stdgates.inc" here. Received "\\ud800\\x1b". No other file is read: '
        "put its gates into the text.",
    ),
    # no circuit for a layer
    "reset q[0];": (4, HOLDS.format("reset q[0];")),
    "\nif (true) x q[0];": (5, HOLDS.format("if (true) { x q[0]; }")),
    "for int i in [0:2] x q[i];": (4, HOLDS.format("for int i in [0:2] { x q[i]; }")),
    "while (true) x q[0];": (4, HOLDS.format("while (true) { x q[0]; }")),
    "def f(int a) { }": (4, HOLDS.format("def f(int a) { }")),
    "delay[100ns] q[0];": (4, HOLDS.format("delay[100.0ns] q[0];")),
    "box { x q[0]; }": (4, HOLDS.format("box { x q[0]; }")),
    "pragma foo": (4, HOLDS.format("pragma foo")),
    "bit c;\nc = measure q[0];\nx q[0];": (6, AGAIN.format("x q[0];", 5)),
    "bit c = measure q[0];\ncx q[1], q[0];": (5, AGAIN.format("cx q[1], q[0];", 4)),
    "float a = 0.3;": (
        4,
        "variables are not read. Received `float a = 0.3;`. Use `const` for a number, and "
        "`input float[64]` for a parameter.",
    ),
    'include "other.inc";': (
        4,
        'OpenQASM 3 includes "stdgates.inc" here. Received "other.inc". No other file is read: put '
        "its gates into the text.",
    ),
    "x $0;": (
        4,
        "qubits of a device have no order here. Received $0. Export the circuit as it was before "
        "it was transpiled for the device.",
    ),
    # gates
    "foo q[0];": (4, UNKNOWN.format("foo")),
    "rx q[0];": (4, "rx takes 1 angle. Received 0."),
    "x(1) q[0];": (4, "x takes no angles. Received 1."),
    "cx q[0];": (4, "cx takes 2 qubits. Received 1."),
    "ctrl @ x q[0];": (4, "x takes 1 qubit after 1 control. Received 1."),
    "gphase(1) q[0];": (4, "gphase takes no qubits. Received 1."),
    "cx q[0], q[0];": (4, "a gate takes different qubits. Received `cx q[0], q[0];`."),
    "cx q, q[0];": (4, "a gate takes different qubits. Received `cx q, q[0];`."),
    "qubit[2] p;\ncx p, q;": (
        5,
        "registers that a gate acts on have one size. Received sizes 2, 3 in `cx p, q;`.",
    ),
    "ctrl(0) @ x q[0];": (4, "a number of controls must be positive. Received 0."),
    "ctrl(1.5) @ x q[0], q[1];": (4, "a number of controls must be a whole number. Received 1.5."),
    "pow(0.5) @ ry(0.3) q[0];": (4, FRACTION.format("pow(0.5) @ ry(0.3) q[0];")),
    "pow(0.5) @ inv @ rz(1) q[0];": (4, FRACTION.format("pow(0.5) @ inv @ rz(1) q[0];")),
    "pow(1000000) @ x q[0];": (4, LONG),
    "pow(a) @ x q[0];": (4, UNDECLARED.format("a")),
    # definitions
    "gate x a { }": (4, "each gate is defined once. Received x again. Rename it."),
    "gate g a {\ng a;\n}": (5, UNKNOWN.format("g")),
    "gate g(a) b {\nrx(c) b; }": (5, UNDECLARED.format("c")),
    "input float c; gate g(a) b { rx(c) b; }": (4, UNDECLARED.format("c")),
    "gate g a { x b; }": (4, "a gate acts on its own qubits, a. Received b."),
    "gate g a, b { cx a, a; }": (4, "a gate takes different qubits. Received `cx a, a;`."),
    "gate g a, a { }": (4, "gate g must name each angle and qubit once."),
    "gate g a { reset a; }": (
        4,
        "it is not OpenQASM 2 or 3: cannot have a non-unitary 'reset' instruction in a gate",
    ),
    "gate g a { for int i in [0:1] { x a; } }": (
        4,
        "a gate may hold gates only. Received `for int i in [0:1] { x a; }`.",
    ),
    # names and places
    "x r;": (4, "r names no qubits that are declared."),
    "barrier r;": (4, "r names no qubits that are declared."),
    "x q[3];": (4, INDEX.format(2, 3, 3)),
    "x q[0:5];": (4, INDEX.format(2, 3, 5)),
    "x q[0:0:1];": (4, "a step must not be 0. Received q[0:0:1]."),
    "let a = q ++ q[0];": (4, "a register has each qubit once. Received `q ++ q[0]`."),
    "c = measure q;": (4, BITS.format("c", "c = measure q;", "bit[2] c;")),
    "\nmeasure q[0] -> c[7];": (5, BITS.format("c", "c[7] = measure q[0];", "bit[2] c;")),
    "x q[0.5];": (4, "an index must be a whole number. Received 0.5."),
    "x q[0, 1];": (4, "a register has one index. Received q[0, 1]."),
    "qubit[2] q;": (4, "each name is declared once. Received q again."),
    "input float pi;": (4, "pi is a number. Rename what is declared."),
    "qubit[0] a;": (4, "a program may have 1 to 4096 qubits. Received 3 and then 0 more."),
    "qubit[4094] a;": (4, "a program may have 1 to 4096 qubits. Received 3 and then 4094 more."),
    "qubit[n] a;": (4, UNDECLARED.format("n")),
    # inputs and constants
    "input int n;": (
        4,
        "an input is a float, an angle, or an array of them. Received `input int n;`. Use "
        "`input float[64] n;`.",
    ),
    "output float a;": (
        4,
        "an input is a float, an angle, or an array of them. Received `output float a;`. Use "
        "`input float[64] a;`.",
    ),
    "input array[float, 100, 101] w;": (
        4,
        "an array has 1 to 10000 elements. Received `input array[float, 100, 101] w;`.",
    ),
    "input float x_0;\ninput float _x_0_;": (
        5,
        "_x_0_ and x_0 would both be the symbol x_0. Rename one of them.",
    ),
    "input float x_1; input array[float, 2] x;": (
        4,
        "x and x_1 would both be the symbol x_1. Rename one of them.",
    ),
    "input float a; const float b = a;": (4, UNDECLARED.format("a")),
    "const int n = 1.5;": (4, "n must be a whole number. Received 1.5."),
    "const uint n = -2;": (
        4,
        "a uint must not be negative. Received `const uint n = -2;`. Use `const int`.",
    ),
    "const bool b = true;": (4, ANGLE.format("true")),
    # expressions
    "rx(a) q[0];": (4, UNDECLARED.format("a")),
    "input array[float, 2] w; rx(w) q[0];": (
        4,
        "w is an array of inputs. Name one, such as w[0].",
    ),
    "input array[float, 2] w; rx(w[2]) q[0];": (4, INDEX.format(1, 2, 2)),
    "input array[float, 2] w; rx(w[0][0]) q[0];": (4, "w takes 1 indices. Received 2."),
    "rx(q[0]) q[0];": (4, "only arrays of inputs have elements. Received q[0]."),
    "rx(1/3) q[0];": (
        4,
        "a quotient of whole numbers must be whole. Received 1 / 3. Write one of them with a "
        "point, such as 1.0.",
    ),
    "rx(1/0) q[0];": (4, FINITE.format("Pow")),
    "rx(2**10000000) q[0];": (4, FINITE.format("Pow")),
    "rx(exp(exp(exp(10)))) q[0];": (4, FINITE.format("exp")),
    "rx(1e999) q[0];": (4, "a number must be below 2e+308."),
    "rx(sqrt(-1)) q[0];": (4, "an angle must be real. Received sqrt(-1), which is not."),
    "rx(gamma(2)) q[0];": (4, ANGLE.format("gamma(2)")),
    "rx(sin(1, 2)) q[0];": (4, "sin takes 1 arguments. Received 2."),
    "rx(1im) q[0];": (4, ANGLE.format("1.0im")),
    "rx(float(2)) q[0];": (4, ANGLE.format("float(2)")),
    "rx(1 == 1) q[0];": (4, ANGLE.format("1 == 1")),
    "rx(5 % 3) q[0];": (4, ANGLE.format("5 % 3")),
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text, capfd):
    line, message = REFUSED[text]
    with pytest.raises(ValueError) as error:
        rq.from_qasm(HEAD + text)
    assert str(error.value) == f"from_qasm: line {line} of `text`: {message}"
    assert capfd.readouterr() == ("", "")


OF_QASM2 = {
    "if (c == 1) x q[0];": HOLDS.format("if (c == 1) { x q[0]; }"),
    'include "stdgates.inc";': (
        'OpenQASM 2 includes "qelib1.inc" here. Received "stdgates.inc". No other file is read: '
        "put its gates into the text."
    ),
    "rx(x_0) q[0];": (
        "x_0 is not declared here. OpenQASM 2 declares none: name it in `parameters`, or write its "
        "value."
    ),
    "rzx(1) q[0], q[1];": UNKNOWN.format("rzx").replace("Include", "Did you mean rz? Include"),
    "opaque f(a) b, c;": OPAQUE,
    "measure q -> c;": BITS.format("c", "c = measure q;", "creg c[2];"),
    **{
        f"{modifier} @ x q[0], q[1];": MODIFIERS.format(f"{modifier} @ x q[0], q[1];")
        for modifier in ("ctrl", "negctrl", "inv", "pow(2)")
    },
    "gate g a, b { ctrl @ x a, b; }": MODIFIERS.format("ctrl @ x a, b;"),
    "input float a;": (
        f"OpenQASM 2 declares no inputs and outputs. Received `input float a;`. {IN_3}"
    ),
}


@pytest.mark.parametrize("text", OF_QASM2)
def test_refused_in_openqasm_2(text):
    with pytest.raises(ValueError) as error:
        rq.from_qasm(HEAD2 + text)
    assert str(error.value) == f"from_qasm: line 4 of `text`: {OF_QASM2[text]}"


@pytest.mark.parametrize("head", [HEAD, HEAD2], ids=["3", "2"])
def test_a_gate_of_the_library_is_defined_once(head):
    version, include, _ = head.splitlines()
    with pytest.raises(ValueError) as error:
        rq.from_qasm(f"{version}\ngate x a {{ U(0.1, 0, 0) a; }}\n{include}\nqreg q[1]; x q[0];")
    assert str(error.value) == (
        "from_qasm: line 3 of `text`: each gate is defined once. Received x again. Rename it."
    )


WHOLE = {
    "": "from_qasm: `text` must be text that is not empty. Received ''.",
    "OPENQASM 3.0;": "it must declare qubits, such as `qubit[2] q;`. It does not.",
    "circuit.qasm": (
        "from_qasm: `text` must be a program. Received 'circuit.qasm'. If that is the name of a "
        "file, give what is in it: pathlib.Path(name).read_text()."
    ),
    "// no\n// thing": (
        "it is empty, or not OpenQASM 2 or 3 (AttributeError: 'NoneType' object has no attribute "
        "'line')."
    ),
    "OPENQASM 4.0; qubit q;": "the version must be one of 2.0, 2, 3.0, 3.1, 3. Received 4.0.",
    HEAD + "rx(" + "(" * 300 + "1" + ")" * 300 + ") q;": (
        "it is nested too deeply, or holds a sum of hundreds of terms. Define a `gate` or a "
        "`const` for its parts."
    ),
}


@pytest.mark.parametrize(
    "text", WHOLE, ids=["empty", "no qubits", "file", "comment", "version", "brackets"]
)
def test_refused_as_a_whole(text):
    with pytest.raises(ValueError) as error:
        rq.from_qasm(text)
    assert str(error.value) in (WHOLE[text], f"from_qasm: `text`: {WHOLE[text]}")


def test_too_much_text():
    with pytest.raises(ValueError) as error:
        rq.from_qasm(HEAD + " " * 500_000)
    assert str(error.value) == (
        f"from_qasm: `text` may have 500000 characters. Received {500_000 + len(HEAD)}. Define a "
        "`gate` for what is repeated."
    )


ARGUMENTS = {
    "name": (
        "x_0",
        "from_qasm: `parameters` must be a sequence of symbols or names. Received 'x_0'.",
    ),
    "set": ({"x_0"}, "from_qasm: `parameters` must be a sequence of symbols or names. Received "),
    "number": ([1], "from_qasm: `parameters` must hold symbols or names. Received 1."),
    "nested": (
        [["x_0"]],
        "from_qasm: `parameters` must hold symbols or names. Received ['x_0'] of",
    ),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_parameters_are_names(name):
    parameters, message = ARGUMENTS[name]
    with pytest.raises(TypeError, match=f"^{re.escape(message)}"):
        rq.from_qasm("qubit q;", parameters=parameters)


NAMES = {
    "pi": "'pi', which is a number",
    "τ": r"'\u03c4', which is a number",
    "b c": "'b c', which is none",
    "x;": "'x;', which is none",
    "": "'', which is none",
}


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_names_of_openqasm(name):
    with pytest.raises(ValueError) as error:
        rq.from_qasm(HEAD2 + "rx(pi) q[0];", parameters=["a", name])
    assert str(error.value) == (
        "from_qasm: `parameters` must be names that OpenQASM can use for parameters. "
        f"Received {NAMES[name]}. Rename the symbol, and its name in `text`."
    )


def test_standard_error_stays_that_of_other_threads():
    reader = threading.Thread(target=rq.from_qasm, args=[HEAD + "x q;\n" * 2000])
    before, seen = sys.stderr, set()
    reader.start()
    while reader.is_alive():
        seen.add(id(sys.stderr))
    assert seen == {id(before)}


# --- bombs ---------------------------------------------------------------------------------------


def chain(first, each, n, last):
    """Gates g0, g1, ... of which each calls the one before."""
    return "\n".join([first, *(each.format(i, i - 1) for i in range(1, n)), last])


SUM = " + ".join(["sin(t) * t"] * 40)
WIDE = ", ".join(f"a{i}" for i in range(999))
CONTROLLED = [(i, ", ".join(f"a{k}" for k in range(i + 1))) for i in range(1, 70)]
BOMBS = {
    "doubling": (
        chain("gate g0 a { x a; }", "gate g{0} a {{ g{1} a; g{1} a; }}", 60, "g59 q;"), LONG,
    ),
    "doubling of nothing": (
        chain("gate g0 a { }", "gate g{0} a {{ g{1} a; g{1} a; }}", 60, "g59 q;"), LONG,
    ),
    "doubling of identities": (
        chain("gate g0 a { id a; }", "gate g{0} a {{ g{1} a; g{1} a; }}", 60, "g59 q;"), LONG,
    ),
    "wide and empty": (
        f"qubit[999] r; gate e {WIDE} {{ }} gate g {WIDE} {{ e {WIDE}; e {WIDE}; }}"
        f"pow(1000) @ g {', '.join(f'r[{i}]' for i in range(999))};", PLACES,
    ),
    "identities on a register": ("qubit[4090] r;\n" + "id r;\n" * 8_000, LONG),
    "wide gates": (
        "qubit[1001] r; pow(8000) @ ctrl(1000) @ x "
        + ", ".join(f"r[{i}]" for i in range(1001)) + ";", PLACES,
    ),
    "wide gates in a gate": (
        f"gate g {WIDE} {{ ctrl(998) @ x {WIDE}; }}"
        + f"gate wide {WIDE} {{ pow(8000) @ g {WIDE}; }}", PLACES,
    ),
    "modifiers": ("inv @ " * 200 + "pow(90000) @ x q[0];", PLACES),
    "powers of one": ("pow(-1) @ " * 200 + "pow(90000) @ x q[0];", PLACES),
    "inverses of inverses": (
        chain("gate g0 a { pow(90000) @ x a; }", "gate g{0} a {{ inv @ g{1} a; }}", 60, "g59 q;"),
        PLACES,
    ),
    "controls of controls": (
        "gate g0 a0 { pow(14000) @ x a0; }"
        + "".join(f"gate g{i} {w} {{ ctrl @ g{i - 1} {w}; }}\n" for i, w in CONTROLLED), PLACES,
    ),
    "aliases": (
        "let a0 = q ++ q;\n" + "".join(f"let a{i} = a{i-1} ++ a{i-1};\n" for i in range(1, 30)),
        "a register has each qubit once. Received `q ++ q`.",
    ),
    "many aliases": (
        "qubit[4090] r; let a0 = r ++ q;\n"
        + "".join(f"let a{i} = a{i-1}[:];\n" for i in range(1, 300)), NAMED,
    ),
    "barriers": ("qubit[4090] r;\n" + "barrier r[:];\n" * 2_000, NAMED),
    "measurements": ("qubit[4090] r;\n" + "measure r;\n" * 2_000, NAMED),
    "powers": (
        chain("gate g0 a { x a; }", "gate g{0} a {{ pow(99) @ g{1} a; }}", 60, "g59 q;"), LONG,
    ),
    "powers of powers": ("pow(99) @ pow(99) @ pow(99) @ x q;", LONG),
    "registers": ("gate g a { pow(50000) @ x a; } g q;", LONG),
    "deep": (
        chain("gate g0 a { x a; }", "gate g{0} a {{ g{1} a; }}", 100, "g99 q;"),
        "gates may be nested 80 deep. g79 is deeper.",
    ),
    "squares": (
        chain("gate g0(t) a { rx(t) a; }", "gate g{0}(t) a {{ g{1}(t*t) a; }}", 60, "g59(w) q;"),
        "an expression may have",
    ),
    "sums": (
        chain(
            "gate g0(t) a { rx(t) a; }", "gate g{0}(t) a {{ g{1}(t + sin(t)) a; }}", 60, "g59(w) q;"
        ),
        "an expression may have",
    ),
    "exponents": (
        chain("gate g0(t) a { rx(t) a; }", "gate g{0}(t) a {{ g{1}(3**t) a; }}", 60, "g59(2) q;"),
        FINITE.format("Pow"),
    ),
    "work": (
        f"gate g(t) a {{ rx({SUM}) a; }}\n"
        + "gate sums(t) a {" + "".join(f"g(t + {i}) a;" for i in range(300)) + "}\n"
        + "".join(f"sums(w * {i}) q;" for i in range(300)),
        "the expressions of a program may have 2000000 parts together",
    ),
    "controls": ("ctrl(100000) @ x q;", "x takes 1 qubit after 100000 controls. Received 1."),
    "many controls": ("ctrl(99999999999) @ x q;", "a number of controls must be positive."),
    "range": ("x q[0:1:99999999999];", "an index must be from 0 to 2, since 3 are declared."),
    "elements": ("input array[float, 99999, 99999, 99999] v;", "an array has 1 to 10000 elements."),
    "digits": ("rx(" + "9" * 4000 + ") q;", FINITE.format("number")),
    "digits of an index": ("x q[" + "9" * 5000 + "];", "it is empty, or not OpenQASM 2 or 3"),
    "signs": ("rx(" + "-" * 5000 + "1) q;", "it is nested too deeply"),
    "powers of numbers": ("rx(" + "9**" * 60 + "9) q;", FINITE.format("Pow")),
    "blocks": ("box {" * 5000 + "}" * 5000, "it is nested too deeply"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name):
    text, message = BOMBS[name]
    start = time.process_time()
    with pytest.raises(ValueError, match=re.escape(message)):
        rq.from_qasm(f"{HEAD}input float w;\n{text}")
    assert time.process_time() - start < 20


# --- fuzz ----------------------------------------------------------------------------------------

SEEDS = [
    HEAD
    + """input float[64] _x_0_;
input array[float[64], 2] w;
const float k = pi / 2.0;
gate g(a, b) p, r { rx(a * k) p; ctrl @ ry(-b**2) p, r; barrier p; inv @ u2(0, sin(a)) r; }
let both = q[0:1] ++ q[2];
g(_x_0_, w[1] + 1) q[1], q[0];
negctrl(2) @ pow(-2) @ x q[0], both[1], q[2];
bit[3] c;
c = measure q;
""",
    HEAD2
    + """creg c[3];
gate g(a,b) p,r { rx(a*pi/2) p; cx p,r; u3(a,-b^2,sin(a)) r; }
g(0.5,-1e-3) q[1],q[0]; h q; barrier q[0],q[1];
cu1(pi/4) q[0],q[2]; rccx q[0],q[1],q[2];
measure q[0] -> c[0];
""",
]
PIECES = [
    *"()[]{};,@*/^-+=$\"'\\\0\n\t é",
    "**",
    "9" * 30,
    "pow(",
    "ctrl @ ",
    "gate ",
    "input ",
    "U",
]


def changed(text, random):
    for _ in range(random.randint(1, 2)):
        i, j = sorted(random.randint(0, len(text)) for _ in range(2))
        kind = random.randrange(5)
        if kind == 0:  # cut off
            text = text[:i]
        elif kind == 1:  # cut out
            text = text[:i] + text[min(j, i + random.randint(1, 20)) :]
        elif kind == 2:  # repeat
            text = text[:j] + text[i : i + 40] + text[j:]
        elif kind == 3:  # put in
            text = text[:i] + random.choice(PIECES) + text[i:]
        elif text:  # flip a bit of a character
            i = min(i, len(text) - 1)
            text = text[:i] + chr(ord(text[i]) ^ (1 << random.randrange(7))) + text[i + 1 :]
    return text


@pytest.mark.parametrize("seed", range(4))
def test_changed_text_is_read_or_refused(seed, capfd):
    chance = random.Random(seed)
    refused = 0
    for _ in range(100):
        try:
            rq.from_qasm(changed(chance.choice(SEEDS), chance) or "x")
        except ValueError as error:
            assert str(error).startswith("from_qasm: "), error
            refused += 1
    assert refused >= 40
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", SEEDS)
def test_what_is_changed_can_be_read(text):
    assert len(rq.from_qasm(text).all_qubits()) == 3
