"""Circuits as SVG, by Cirq; names in them stay text in a browser, too."""

import cirq
from cirq.contrib.svg.svg import tdd_to_svg

# Cirq escapes text from version 1.6 on. Before, it wrote it as it was. So text is drawn with these
# characters of private use in the place of those that mean something in SVG.
_TO_MARKS = str.maketrans("&<>", "\ue000\ue001\ue002")
_FROM_MARKS = str.maketrans({"\ue000": "&amp;", "\ue001": "&lt;", "\ue002": "&gt;"})


def to_svg(drawer: cirq.TextDiagramDrawer) -> str:
    """Writes what Cirq would draw as text."""
    if not drawer.horizontal_lines:
        return "<svg></svg>"
    drawer.entries = {
        place: entry._replace(text=entry.text.translate(_TO_MARKS))
        for place, entry in drawer.entries.items()
    }
    return tdd_to_svg(drawer).translate(_FROM_MARKS)
