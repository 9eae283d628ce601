"""Drawings of circuits in which no angle is longer than its gate.

Encoders compute angles from several values. Written out in its gate, such an expression would push
everything else off the page; here it is named `f1`, `f2`, ... and stands below the drawing.
"""

import dataclasses
import re

import cirq
import sympy

from tfq_resqunn.circuits.svg import to_svg

# Letters of an angle that stands in its gate.
MAX_ANGLE = 24


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A circuit's drawing.

    Attributes:
        picture: Text, or the source of an SVG picture.
        names: For each name that stands for an angle in it (`f1`, ...) that angle.
    """

    picture: str
    names: dict[str, str]

    @property
    def legend(self) -> str:
        """The names, a line for each; empty where there are none."""
        return "\n".join(f"{name} = {angle}" for name, angle in self.names.items())


def draw_text(circuit: cirq.AbstractCircuit) -> Drawing:
    """Draws a circuit as text.

    Example:
        >>> from tfq_resqunn.circuits import amplitude_encoder
        >>> drawing = draw_text(amplitude_encoder(4))
        >>> print(drawing.picture)
        0: ───Ry(f1)────────────@────────────@───
                                │            │
        1: ────────────Ry(f2)───X───Ry(f3)───X───
        >>> drawing.names["f1"]
        '2*atan2(sqrt(x_002**2 + x_003**2), sqrt(x_000**2 + x_001**2))'
    """
    drawer, names = _drawer(circuit)
    return Drawing(drawer.render(horizontal_spacing=3), names)


def draw_svg(circuit: cirq.AbstractCircuit) -> Drawing:
    """Draws a circuit as an SVG picture, which can be scaled."""
    drawer, names = _drawer(circuit)
    svg = to_svg(drawer)
    # Cirq writes a font that no browser knows, and no viewBox.
    svg = re.sub(r'font-family="[^"]*"', 'font-family="sans-serif"', svg)
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    assert size is not None  # Cirq has written it
    box = f'viewBox="0 0 {size[1]} {size[2]}" {size[0]}'
    return Drawing(svg.replace(size[0], box, 1), names)


def _drawer(circuit: cirq.AbstractCircuit) -> tuple[cirq.TextDiagramDrawer, dict[str, str]]:
    namer = _Namer()
    drawer = circuit.to_text_diagram_drawer(
        get_circuit_diagram_info=namer.info, draw_moment_groups=False
    )
    return drawer, namer.names


class _Namer:
    """Gives Cirq what it draws of an operation, with names for long angles."""

    def __init__(self):
        self._by_angle: dict[str, str] = {}

    @property
    def names(self) -> dict[str, str]:
        return {name: angle for angle, name in self._by_angle.items()}

    def info(self, op: cirq.Operation, args) -> cirq.CircuitDiagramInfo:
        info = cirq.circuit_diagram_info(op, args, None)
        if info is None:  # a gate that does not say how it is drawn
            label = str(op.gate or op)
            places = (f"#{i + 1}" for i in range(1, len(op.qubits)))
            info = cirq.CircuitDiagramInfo((label, *places))
        exponent = info.exponent
        if isinstance(exponent, sympy.Basic) and len(str(exponent)) > MAX_ANGLE:
            exponent = sympy.Symbol(self._name(str(exponent)))
        symbols = tuple(map(self._shorten, info.wire_symbols))
        return (
            info.with_wire_symbols(symbols)
            if exponent is info.exponent
            else (
                cirq.CircuitDiagramInfo(
                    symbols,
                    exponent,
                    info.connected,
                    info.exponent_qubit_index,
                    info.auto_exponent_parens,
                )
            )
        )

    def _shorten(self, label: str) -> str:
        gate = re.fullmatch(r"([^()]*)\((.*)\)", label)
        if gate is None or len(gate[2]) <= MAX_ANGLE:
            return label
        return f"{gate[1]}({self._name(gate[2])})"

    def _name(self, angle: str) -> str:
        return self._by_angle.setdefault(angle, f"f{len(self._by_angle) + 1}")
