"""Errors that name a line of the text."""

import openqasm3
from openqasm3 import ast

IN_OPENQASM_3 = 'Begin the text with `OPENQASM 3.0; include "stdgates.inc";`, if that is meant.'


def error_at(node: ast.QASMNode, message: str) -> ValueError:
    """Makes the error of a node of the program."""
    return error_in_line(node.span.start_line if node.span else None, message)


def error_in_line(line: int | None, message: str) -> ValueError:
    """Makes the error of a line of the text."""
    where = "`text`" if line is None else f"line {line} of `text`"
    # What a stranger's text holds may be no text that a terminal or a file can take.
    message = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message)
    return ValueError(f"from_qasm: {where}: {message}")


def shown(node: ast.QASMNode) -> str:
    """Writes a node in one short line, for a message."""
    try:
        text = openqasm3.dumps(node)
    except Exception:  # the printer is made for whole programs
        text = f"a {type(node).__name__}"
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:60]} ..."
