"""Text -> syntax tree, with the parser of OpenQASM's reference implementation."""

import contextlib
import io
import re
import threading

import openqasm3
from openqasm3 import ast
from openqasm3.parser import QASM3ParsingError

from tfq_resqunn.circuits.qasm.errors import error_in_line

MAX_LENGTH = 500_000  # characters: up to twenty seconds of the parser's time
VERSIONS = ("2.0", "2", "3.0", "3.1", "3")


def parse(text: str) -> tuple[ast.Program, int]:
    """Parses a program, and tells whether it is OpenQASM 2 or 3."""
    if len(text) > MAX_LENGTH:
        raise ValueError(
            f"from_qasm: `text` may have {MAX_LENGTH} characters. Received {len(text)}. Define a "
            "`gate` for what is repeated."
        )
    program = _parsed(text)
    version = program.version or "3.0"
    if version not in VERSIONS:
        raise error_in_line(
            None, f"the version must be one of {', '.join(VERSIONS)}. Received {version}."
        )
    number = int(version[0])
    if number == 2 and "^" in text:
        # A power in OpenQASM 2. The parser takes it for OpenQASM 3's "exclusive or", which binds
        # less than a sum.
        program = _parsed(text.replace("^", "**"))
    return program, number


def _parsed(text: str) -> ast.Program:
    try:
        with _SILENCE, contextlib.redirect_stderr(io.StringIO()):  # ANTLR prints errors, too
            return openqasm3.parse(text)
    except RecursionError:
        raise error_in_line(
            None,
            "it is nested too deeply, or holds a sum of hundreds of terms. Define a `gate` or a "
            "`const` for its parts.",
        ) from None
    except QASM3ParsingError as error:
        raise _syntax_error(text, error) from None
    except Exception as error:  # the parser checks some rules only while it builds the tree
        raise error_in_line(
            None,
            f"it is empty, or not OpenQASM 2 or 3 ({type(error).__name__}: {str(error)[:100]}).",
        ) from error


_IN_LINE = re.compile(r"L([0-9]+):(?:C[0-9]+: )?(.*)", re.DOTALL)  # as the parser writes it
_SILENCE = threading.Lock()  # standard error belongs to the whole process


def _syntax_error(text: str, error: QASM3ParsingError) -> ValueError:
    # ANTLR's own error is the argument of the error that the parser wraps.
    cause = error.__cause__
    inner = cause.args[0] if cause is not None and cause.args else None
    token = getattr(inner, "offendingToken", None)
    if token is None:
        found = _IN_LINE.fullmatch(str(error))
        what = found.group(2) if found else str(error)
        return error_in_line(
            int(found.group(1)) if found else None, f"it is not OpenQASM 2 or 3: {what[:100]}"
        )
    lines = text.splitlines()
    shown = lines[token.line - 1].strip() if token.line <= len(lines) else ""
    return error_in_line(
        token.line, f"it is not OpenQASM 2 or 3 at {token.text[:40]!r}. Received {shown[:80]!r}."
    )
