"""Drawings of circuits in which no angle is longer than its gate.

Encoders compute angles from several values. Written out in its gate, such an expression would push
everything else off the page; here it is named `f1`, `f2`, ... and explained in a legend.
"""

import re

import cirq
import sympy

from tfq_resqunn.circuits.svg import to_svg

MAX_ANGLE = 24  # letters of an angle that stands in its gate


def draw_text(circuit: cirq.AbstractCircuit) -> tuple[str, str]:
    """Draws a circuit as text; gives the drawing and its legend, a line for each name.

    Example:
        >>> from tfq_resqunn.circuits import amplitude_encoder
        >>> drawing, legend = draw_text(amplitude_encoder(4))
        >>> print(drawing)
        0: ───Ry(f1)────────────@────────────@───
                                │            │
        1: ────────────Ry(f2)───X───Ry(f3)───X───
        >>> legend.splitlines()[0]
        'f1 = 2*atan2(sqrt(x_002**2 + x_003**2), sqrt(x_000**2 + x_001**2))'
    """
    drawer, legend = _drawn(circuit)
    return drawer.render(horizontal_spacing=3), legend


def draw_svg(circuit: cirq.AbstractCircuit) -> tuple[str, str]:
    """Draws a circuit as an SVG picture, which can be scaled; gives it and its legend."""
    drawer, legend = _drawn(circuit)
    svg = to_svg(drawer)
    # Cirq writes a font that no browser knows, and no viewBox.
    svg = re.sub(r'font-family="[^"]*"', 'font-family="sans-serif"', svg)
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    assert size is not None  # Cirq has written it
    box = f'viewBox="0 0 {size[1]} {size[2]}" {size[0]}'
    return svg.replace(size[0], box, 1), legend


def _drawn(circuit: cirq.AbstractCircuit) -> tuple[cirq.TextDiagramDrawer, str]:
    names: dict[str, str] = {}

    def named(angle: str) -> str:
        is_short = len(angle) <= MAX_ANGLE
        return angle if is_short else names.setdefault(angle, f"f{len(names) + 1}")

    def info_of(op: cirq.Operation, args: cirq.CircuitDiagramInfoArgs) -> cirq.CircuitDiagramInfo:
        info = cirq.circuit_diagram_info(op, args, None)
        if info is None:  # a gate that does not say how it is drawn
            places = (f"#{i + 1}" for i in range(1, len(op.qubits)))
            info = cirq.CircuitDiagramInfo((str(op.gate or op), *places))
        exponent = info.exponent
        if isinstance(exponent, sympy.Basic) and len(str(exponent)) > MAX_ANGLE:
            exponent = sympy.Symbol(named(str(exponent)))
        symbols = [
            re.sub(r"\A([^()]*)\((.*)\)\Z", lambda found: f"{found[1]}({named(found[2])})", symbol)
            for symbol in info.wire_symbols
        ]
        return cirq.CircuitDiagramInfo(
            symbols, exponent, info.connected, info.exponent_qubit_index, info.auto_exponent_parens
        )

    drawer = circuit.to_text_diagram_drawer(
        get_circuit_diagram_info=info_of, draw_moment_groups=False
    )
    return drawer, "\n".join(f"{name} = {angle}" for angle, name in names.items())
