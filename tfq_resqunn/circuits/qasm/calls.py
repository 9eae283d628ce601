"""Calls of gates, with their modifiers, and gates that a program defines by such calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openqasm3 import ast

from tfq_resqunn._utils.names import closest
from tfq_resqunn.circuits.files.expressions import Measured
from tfq_resqunn.circuits.qasm.errors import IN_OPENQASM_3, error_at, shown
from tfq_resqunn.circuits.qasm.expressions import Evaluator, Scope, Value, angle_of, named
from tfq_resqunn.circuits.qasm.gates import Gate, Qubits, half_turns
from tfq_resqunn.circuits.qasm.sequences import Parts, Phase, controlled, inverse, power
from tfq_resqunn.circuits.rewriting.unrolling import MAX_OPERATIONS

MAX_DEPTH = 80  # of gates within gates
MAX_PLACES = 1_000_000  # qubits of all operations together
_CONTROLS = {ast.GateModifierName.ctrl: 1, ast.GateModifierName.negctrl: 0}


def _phase(angles: Sequence[Measured], qubits: Qubits) -> Parts:
    return [Phase(half_turns(angle_of(angles[0])))]


_GPHASE = Gate(1, 0, _phase)


@dataclass(frozen=True)
class Modifier:
    """`ctrl`, `negctrl`, `inv` or `pow`."""

    name: ast.GateModifierName
    number: float = 1  # of controls, or the exponent


@dataclass(frozen=True)
class Call:
    """A gate with its modifiers, and the expressions of its angles."""

    node: ast.QuantumGate | ast.QuantumPhase
    gate: Gate
    modifiers: tuple[Modifier, ...]
    angles: tuple[ast.Expression, ...]
    n_operations: int
    n_places: int

    @classmethod
    def of(
        cls,
        node: ast.QuantumGate | ast.QuantumPhase,
        gates: Mapping[str, Gate],
        evaluator: Evaluator,
        constants: Scope,
    ) -> "Call":
        """Reads a call, and checks that all its numbers fit."""
        angles: tuple[ast.Expression, ...]
        if isinstance(node, ast.QuantumPhase):
            name, gate, angles = "gphase", _GPHASE, (node.argument,)
        else:
            name, gate, angles = node.name.name, _known(node, gates), tuple(node.arguments)
            if node.duration is not None:
                raise error_at(node, f"a gate has no duration here. Received {shown(node)}.")
        if node.modifiers and evaluator.version == 2:
            raise error_at(
                node,
                "OpenQASM 2 has no modifiers, and leaves the phases open that a control makes "
                f"seen. Received `{shown(node)}`. {IN_OPENQASM_3}",
            )
        modifiers = tuple(_modifier(m, evaluator, constants) for m in node.modifiers)
        if len(angles) != gate.n_angles:
            raise error_at(
                node, f"{name} takes {_several(gate.n_angles, 'angle')}. Received {len(angles)}."
            )
        n_controls = sum(int(m.number) for m in modifiers if m.name in _CONTROLS)
        # OpenQASM 2 has no gphase, but PennyLane writes it there, with qubits, as one of its gates.
        is_free = gate is _GPHASE and evaluator.version == 2
        if len(node.qubits) != n_controls + gate.n_qubits and not is_free:
            and_controls = f" after {_several(n_controls, 'control')}" * bool(n_controls)
            raise error_at(
                node,
                f"{name} takes {_several(gate.n_qubits, 'qubit')}{and_controls}. "
                f"Received {len(node.qubits)}.",
            )
        n_operations = gate.n_operations
        for modifier in modifiers:
            if modifier.name == ast.GateModifierName.pow:
                n_operations *= int(abs(modifier.number)) or 1
        n_places = n_operations // gate.n_operations * gate.n_places
        for modifier in modifiers:  # each makes all operations anew
            is_control = modifier.name in _CONTROLS
            n_places += n_operations * (gate.n_qubits + n_controls if is_control else 1)
        check_length(node, n_operations, n_places)
        return cls(node, gate, modifiers, angles, n_operations, n_places)

    def parts(self, evaluator: Evaluator, scope: Scope, qubits: Qubits) -> Parts:
        """Gives the operations of the gate with all its modifiers."""
        angles = [evaluator.angle(a, scope) for a in self.angles]
        controls = []
        for modifier in self.modifiers:  # the first one has the first qubits
            n = int(modifier.number) if modifier.name in _CONTROLS else 0
            controls.append(qubits[:n])
            qubits = qubits[n:]
        parts = self.gate.parts(angles, qubits)
        for modifier, own in zip(reversed(self.modifiers), reversed(controls), strict=True):
            if modifier.name in _CONTROLS:
                parts = controlled(parts, own, _CONTROLS[modifier.name])
            elif modifier.name == ast.GateModifierName.inv:
                parts = inverse(parts)
            else:
                parts = self._power(parts, modifier.number)
        return parts

    def _power(self, parts: Parts, exponent: float) -> Parts:
        raised = power(parts, exponent)
        if raised is None:
            raise error_at(
                self.node,
                "a power that is not whole can be taken of x, y, z, h, s, t, sx, swap, cx, cz, "
                "ccx, their inverses, and p, cp and gphase of a number. "
                f"Received {shown(self.node)}. Write the root as a gate of its own.",
            )
        return raised


def defined_gate(
    node: ast.QuantumGateDefinition,
    gates: Mapping[str, Gate],
    evaluator: Evaluator,
    constants: Scope,
) -> Gate:
    """Makes a gate of a definition, which may use the gates before it only."""
    angles = [i.name for i in node.arguments]
    places = {i.name: k for k, i in enumerate(node.qubits)}
    if len({*angles, *places}) < len(node.arguments) + len(node.qubits):
        raise error_at(node, f"gate {node.name.name} must name each angle and qubit once.")
    body: list[tuple[Call, list[int]]] = []
    for statement in node.body:
        if isinstance(statement, ast.QuantumBarrier):
            continue
        if not isinstance(statement, (ast.QuantumGate, ast.QuantumPhase)):
            raise error_at(statement, f"a gate may hold gates only. Received `{shown(statement)}`.")
        call = Call.of(statement, gates, evaluator, constants)
        body.append((call, [_formal(q, places) for q in statement.qubits]))
        check_distinct(statement, body[-1][1])
    n_operations = sum(call.n_operations for call, _ in body) or 1
    n_places = max(sum(call.n_places for call, _ in body), len(places))
    depth = 1 + max((call.gate.depth for call, _ in body), default=0)
    check_length(node, n_operations, n_places)
    if depth > MAX_DEPTH:
        raise error_at(node, f"gates may be nested {MAX_DEPTH} deep. {node.name.name} is deeper.")

    def parts(values: Sequence[Measured], qubits: Qubits) -> Parts:
        scope = {**constants, **dict(zip(angles, map(Value, values), strict=True))}
        return [
            part
            for call, own in body
            for part in call.parts(evaluator, scope, [qubits[i] for i in own])
        ]

    _try_out([call for call, _ in body], angles, evaluator, constants)
    return Gate(len(angles), len(places), parts, n_operations, depth, n_places)


def _try_out(calls: list[Call], angles: list[str], evaluator: Evaluator, constants: Scope) -> None:
    """Finds names that are not there, whether the gate is called or not."""
    scope = {**constants, **{a: named(a) for a in angles}}
    for call in calls:
        for angle in call.angles:
            evaluator.evaluate(angle, scope)


def check_length(node: ast.QASMNode, n_operations: int, n_places: int) -> None:
    """Checks that a circuit is not too long, nor its operations too wide."""
    if n_operations > MAX_OPERATIONS:
        raise too_long(node)
    if n_places > MAX_PLACES:
        raise error_at(
            node,
            f"the operations of a circuit may act on {MAX_PLACES} qubits together, "
            "counted for each operation and each modifier anew. These act on more. Take fewer "
            "modifiers or controls, or a smaller power.",
        )


def too_long(node: ast.QASMNode) -> ValueError:
    """Makes the error where a circuit grows too long."""
    return error_at(
        node,
        f"a circuit may have {MAX_OPERATIONS} operations, once its gates are written out. This "
        "has more. Take fewer gates, or a smaller power.",
    )


def check_distinct(node: ast.QASMNode, qubits: Sequence[object]) -> None:
    """Checks that a gate is given no qubit twice."""
    if len(set(qubits)) < len(qubits):
        raise error_at(node, f"a gate takes different qubits. Received `{shown(node)}`.")


def _known(node: ast.QuantumGate, gates: Mapping[str, Gate]) -> Gate:
    name = node.name.name
    if name not in gates:
        close = closest(name, gates)
        hint = f"Did you mean {close}? " if close else ""
        raise error_at(
            node,
            f'{name} is not a gate that is known here. {hint}Include "stdgates.inc" '
            '(OpenQASM 3) or "qelib1.inc" (2), or define it, before it is used.',
        )
    return gates[name]


def _modifier(node: ast.QuantumGateModifier, evaluator: Evaluator, constants: Scope) -> Modifier:
    if node.argument is None:
        return Modifier(node.modifier)
    if node.modifier in _CONTROLS:
        n_controls = evaluator.whole(node.argument, constants, "a number of controls")
        if not 1 <= n_controls <= MAX_OPERATIONS:
            raise error_at(node, f"a number of controls must be positive. Received {n_controls}.")
        return Modifier(node.modifier, n_controls)
    exponent = angle_of(evaluator.angle(node.argument, constants))
    if abs(exponent) > MAX_OPERATIONS:
        raise too_long(node)
    return Modifier(node.modifier, exponent)


def _formal(node: ast.QASMNode, places: Mapping[str, int]) -> int:
    if not isinstance(node, ast.Identifier) or node.name not in places:
        raise error_at(
            node, f"a gate acts on its own qubits, {', '.join(places)}. Received {shown(node)}."
        )
    return places[node.name]


def _several(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'s' * (number != 1)}"
