"""The statements of a program, one after the other -> a circuit."""

import math
import re
from collections.abc import Callable, Sequence

import cirq
from openqasm3 import ast

from tfq_resqunn._utils.arguments import MAX_SIZE
from tfq_resqunn.circuits.qasm.calls import Call, check_distinct, check_length, defined_gate
from tfq_resqunn.circuits.qasm.errors import IN_OPENQASM_3, error_at, error_in_line, shown
from tfq_resqunn.circuits.qasm.expressions import CONSTANTS, Array, Evaluator, Value, named, place
from tfq_resqunn.circuits.qasm.gates import BUILT_IN, LIBRARIES
from tfq_resqunn.circuits.qasm.sequences import Phase
from tfq_resqunn.circuits.qasm.source import parse

MAX_ELEMENTS = 10_000  # of an array of inputs
MAX_NAMED = 1_000_000  # qubits that all statements name together
_FROM_QISKIT = re.compile(r"_(.+_[0-9]+)_")  # x[1], without what no name may hold


def read_program(text: str, parameters: Sequence[str]) -> cirq.Circuit:
    """Reads a program; `parameters` are names that it does not declare."""
    program, version = parse(text)
    reader = _Reader(version, parameters)
    for statement in program.statements:
        reader.read(statement)
    return reader.circuit()


class _Reader:
    def __init__(self, version: int, parameters: Sequence[str]) -> None:
        self._version = version
        self._evaluator = Evaluator(version)
        self._gates = dict(BUILT_IN[version])
        self._constants: dict[str, Value | Array] = {}
        self._scope: dict[str, Value | Array] = {}  # constants and inputs
        self._symbols: dict[str, str] = {}  # the inputs' names, by those of their symbols
        self._registers: dict[str, list[cirq.LineQubit]] = {}
        self._bits: set[str] = set()
        self._n_qubits = 0
        self._operations: list[cirq.Operation] = []
        self._n_operations = self._n_places = self._n_named = 0
        self._measured: dict[cirq.Qid, int] = {}  # lines of the text
        for name in _checked(parameters):
            self._scope[name] = named(name)
            self._symbols[name] = name

    def circuit(self) -> cirq.Circuit:
        qubits = cirq.LineQubit.range(self._n_qubits)
        if not qubits:
            raise error_in_line(None, "it must declare qubits, such as `qubit[2] q;`. It does not.")
        circuit = cirq.Circuit(self._operations)
        idle = sorted(set(qubits) - circuit.all_qubits())
        return cirq.Circuit(*map(cirq.I, idle), *self._operations) if idle else circuit

    def read(self, statement: ast.Statement | ast.Pragma) -> None:
        method = self._METHODS.get(type(statement))
        if method is None:
            raise error_at(
                statement,
                "a circuit for a layer holds gates, and measurements at its end. "
                f"Received `{shown(statement)}`. Remove it, or export the circuit without it.",
            )
        method(self, statement)

    # --- declarations ------------------------------------------------------------------------

    def _include(self, node: ast.Include) -> None:
        libraries = LIBRARIES[self._version]
        if node.filename not in libraries:
            (own,) = libraries
            raise error_at(
                node,
                f'OpenQASM {self._version} includes "{own}" here. Received "{node.filename}". No '
                "other file is read: put its gates into the text.",
            )
        library = libraries[node.filename]
        for name, gate in library.items():
            if self._gates.get(name, gate) is not gate:
                raise _defined_again(node, name)
        self._gates.update(library)

    def _declare(self, node: ast.QASMNode, name: str) -> None:
        if name in self._scope or name in self._registers or name in self._bits:
            raise error_at(node, f"each name is declared once. Received {name} again.")
        if name in CONSTANTS:
            raise error_at(node, f"{name} is a number. Rename what is declared.")

    def _qubit(self, node: ast.QubitDeclaration) -> None:
        name = node.qubit.name
        self._declare(node, name)
        size = 1 if node.size is None else self._whole(node.size, "a number of qubits")
        if size < 1 or self._n_qubits + size > MAX_SIZE:
            raise error_at(
                node,
                f"a program may have 1 to {MAX_SIZE} qubits. Received "
                f"{self._n_qubits} and then {size} more.",
            )
        self._registers[name] = cirq.LineQubit.range(self._n_qubits, self._n_qubits + size)
        self._n_qubits += size

    def _classical(self, node: ast.ClassicalDeclaration) -> None:
        self._declare(node, node.identifier.name)
        if not isinstance(node.type, ast.BitType):
            raise error_at(
                node,
                f"variables are not read. Received `{shown(node)}`. Use `const` for a number, and "
                "`input float[64]` for a parameter.",
            )
        if isinstance(node.init_expression, ast.QuantumMeasurement):
            self._measure_qubits(node, node.init_expression.qubit)
        self._bits.add(node.identifier.name)

    def _io(self, node: ast.IODeclaration) -> None:
        name, kind = node.identifier.name, node.type
        self._declare(node, name)
        if self._version == 2:
            raise error_at(
                node,
                f"OpenQASM 2 declares no inputs and outputs. Received `{shown(node)}`. "
                f"{IN_OPENQASM_3}",
            )
        if node.io_identifier == ast.IOKeyword.output and isinstance(kind, ast.BitType):
            self._bits.add(name)
            return
        own = found.group(1) if (found := _FROM_QISKIT.fullmatch(name)) else name
        shape: tuple[int, ...] = ()
        if is_array := isinstance(kind, ast.ArrayType):
            shape = tuple(self._whole(n, "a size") for n in kind.dimensions)
            kind = kind.base_type
        is_real = isinstance(kind, (ast.FloatType, ast.AngleType))
        if node.io_identifier != ast.IOKeyword.input or not is_real:
            raise error_at(
                node,
                "an input is a float, an angle, or an array of them. "
                f"Received `{shown(node)}`. Use `input float[64] {name};`.",
            )
        if is_array and not (min(shape) >= 1 and math.prod(shape) <= MAX_ELEMENTS):
            raise error_at(
                node, f"an array has 1 to {MAX_ELEMENTS} elements. Received `{shown(node)}`."
            )
        symbols = {own} if not is_array else _elements(name, shape)
        if shared := sorted(symbols & self._symbols.keys()):
            raise error_at(
                node,
                f"{name} and {self._symbols[shared[0]]} would both be the symbol {shared[0]}. "
                "Rename one of them.",
            )
        self._symbols.update(dict.fromkeys(symbols, name))
        self._scope[name] = Array(name, shape) if is_array else named(own)

    def _constant(self, node: ast.ConstantDeclaration) -> None:
        name = node.identifier.name
        self._declare(node, name)
        value = self._evaluator.evaluate(node.init_expression, self._constants)
        if isinstance(node.type, (ast.IntType, ast.UintType)):
            number = self._whole(node.init_expression, name)
            if number < 0 and isinstance(node.type, ast.UintType):
                raise error_at(
                    node, f"a uint must not be negative. Received `{shown(node)}`. Use `const int`."
                )
        elif isinstance(node.type, (ast.FloatType, ast.AngleType)):
            value = Value(value.measured)
        else:
            raise error_at(node, f"a constant is a number. Received `{shown(node)}`.")
        self._constants[name] = self._scope[name] = value

    def _alias(self, node: ast.AliasStatement) -> None:
        self._declare(node, node.target.name)
        self._registers[node.target.name] = self._qubits(node.value)

    def _gate(self, node: ast.QuantumGateDefinition) -> None:
        name = node.name.name
        if name in self._gates:
            raise _defined_again(node, name)
        self._gates[name] = defined_gate(node, self._gates, self._evaluator, self._constants)

    # --- what acts on qubits -----------------------------------------------------------------

    def _call(self, node: ast.QuantumGate | ast.QuantumPhase) -> None:
        call = Call.of(node, self._gates, self._evaluator, self._constants)
        operands = [self._qubits(q) for q in node.qubits]
        sizes = {len(o) for o in operands if len(o) != 1}
        if len(sizes) > 1:
            raise error_at(
                node,
                "registers that a gate acts on have one size. Received sizes "
                f"{', '.join(map(str, sorted(sizes)))} in `{shown(node)}`.",
            )
        (n_times,) = sizes or {1}
        self._n_operations += n_times * call.n_operations
        self._n_places += n_times * call.n_places
        check_length(node, self._n_operations, self._n_places)
        for i in range(n_times):
            qubits = [o[i] if len(o) > 1 else o[0] for o in operands]
            check_distinct(node, qubits)
            for qubit in qubits:
                self._check_not_measured(node, qubit)
            parts = call.parts(self._evaluator, self._scope, qubits)
            self._operations += [part for part in parts if not isinstance(part, Phase)]

    def _check_not_measured(self, node: ast.QASMNode, qubit: cirq.Qid) -> None:
        if qubit in self._measured:
            raise error_at(
                node,
                f"a qubit is measured at its end only. Received `{shown(node)}` after the "
                f"measurement in line {self._measured[qubit]}. Remove the measurement: a layer "
                "measures its observables.",
            )

    def _measure(self, node: ast.QuantumMeasurementStatement) -> None:
        self._measure_qubits(node, node.measure.qubit)
        bits = node.target.name if isinstance(node.target, ast.IndexedIdentifier) else node.target
        if bits is not None and bits.name not in self._bits:
            declared = "creg c[2];" if self._version == 2 else "bit[2] c;"
            raise error_at(
                node,
                f"{bits.name} names no bits that are declared. Received `{shown(node)}`. Declare "
                f"them, before they are used: `{declared}`, say.",
            )

    def _measure_qubits(self, node: ast.Statement, qubits: ast.QASMNode) -> None:
        line = node.span.start_line if node.span else 0
        for qubit in self._named(node, self._qubits(qubits)):
            self._measured.setdefault(qubit, line)

    def _barrier(self, node: ast.QuantumBarrier) -> None:
        for operand in node.qubits:
            self._qubits(operand)

    def _qubits(self, node: ast.QASMNode) -> list[cirq.LineQubit]:
        match node:
            case ast.Identifier(name=name) if name in self._registers:
                return self._registers[name]
            case ast.Identifier(name=name) if name.startswith("$"):
                raise error_at(
                    node,
                    f"qubits of a device have no order here. Received {name}. Export the circuit "
                    "as it was before it was transpiled for the device.",
                )
            case ast.IndexedIdentifier(name=inner, indices=[index]):
                return self._indexed(node, self._qubits(inner), index)
            case ast.IndexExpression(collection=inner, index=index):
                return self._indexed(node, self._qubits(inner), index)
            case ast.Concatenation(lhs=left, rhs=right):
                qubits = self._named(node, [*self._qubits(left), *self._qubits(right)])
                if len(set(qubits)) < len(qubits):
                    raise error_at(
                        node, f"a register has each qubit once. Received `{shown(node)}`."
                    )
                return qubits
        raise error_at(node, f"{shown(node)} names no qubits that are declared.")

    def _indexed(
        self, node: ast.QASMNode, qubits: list[cirq.LineQubit], index: ast.IndexElement
    ) -> list[cirq.LineQubit]:
        size = len(qubits)
        if isinstance(index, ast.DiscreteSet):
            numbers = [self._whole(i, "an index") for i in index.values]
        elif len(index) == 1 and isinstance(index[0], ast.RangeDefinition):
            numbers = self._range(node, index[0], size)
        elif len(index) == 1 and isinstance(index[0], ast.Expression):
            numbers = [self._whole(index[0], "an index")]
        else:
            raise error_at(node, f"a register has one index. Received {shown(node)}.")
        return [qubits[place(node, i, size)] for i in self._named(node, numbers)]

    def _named(self, node: ast.QASMNode, items: list) -> list:
        """Counts what a statement names, which takes time whether gates act on it or not."""
        self._n_named += len(items)
        if self._n_named > MAX_NAMED:
            raise error_at(
                node,
                f"the statements of a program may name {MAX_NAMED} qubits together. These name "
                "more. Write whole registers, without an index.",
            )
        return items

    def _range(self, node: ast.QASMNode, given: ast.RangeDefinition, size: int) -> list[int]:
        step = 1 if given.step is None else self._whole(given.step, "a step")
        if step == 0:
            raise error_at(node, f"a step must not be 0. Received {shown(node)}.")
        ends = (0, size - 1) if step > 0 else (size - 1, 0)
        start, end = (
            default if i is None else place(node, self._whole(i, "an index"), size)
            for i, default in zip((given.start, given.end), ends, strict=True)
        )
        return list(range(start, end + (1 if step > 0 else -1), step))  # with its end

    def _whole(self, node: ast.Expression, what: str) -> int:
        return self._evaluator.whole(node, self._constants, what)

    _METHODS: dict[type, Callable] = {
        ast.Include: _include,
        ast.QubitDeclaration: _qubit,
        ast.ClassicalDeclaration: _classical,
        ast.IODeclaration: _io,
        ast.ConstantDeclaration: _constant,
        ast.AliasStatement: _alias,
        ast.QuantumGateDefinition: _gate,
        ast.QuantumGate: _call,
        ast.QuantumPhase: _call,
        ast.QuantumMeasurementStatement: _measure,
        ast.QuantumBarrier: _barrier,
    }


def _checked(parameters: Sequence[str]) -> list[str]:
    for name in parameters:
        if name in CONSTANTS or not name.isidentifier():
            what = "is a number" if name in CONSTANTS else "is none"
            raise ValueError(
                "from_qasm: `parameters` must be names that OpenQASM can use for parameters. "
                f"Received {ascii(name)}, which {what}. Rename the symbol, and its name in `text`."
            )
    return list(dict.fromkeys(parameters))


def _defined_again(node: ast.QASMNode, name: str) -> ValueError:
    return error_at(node, f"each gate is defined once. Received {name} again. Rename it.")


def _elements(name: str, shape: tuple[int, ...]) -> set[str]:
    names = {name}
    for size in shape:
        names = {f"{n}_{i}" for n in names for i in range(size)}
    return names
