"""Circuits as SVG, by Cirq; names in them stay text in a browser, too."""

import html

import cirq
from cirq.contrib.svg.svg import tdd_to_svg


def draw_svg(circuit: cirq.AbstractCircuit) -> str:
    """Draws a circuit.

    >>> q = cirq.NamedQubit("<b>")
    >>> "&lt;b&gt;" in draw_svg(cirq.Circuit(cirq.X(q)))
    True
    """
    drawer = circuit.to_text_diagram_drawer(transpose=False)
    if not drawer.horizontal_lines:
        return "<svg></svg>"
    # Cirq puts what stands in a box into the SVG as it is.
    drawer.entries = {
        place: entry._replace(text=html.escape(entry.text))
        for place, entry in drawer.entries.items()
    }
    return tdd_to_svg(drawer)
