"""Text -> syntax tree, with the parser of OpenQASM's reference implementation."""

import re
import threading
from typing import Any

from antlr4 import CommonTokenStream, InputStream, RecognitionException
from antlr4.error.ErrorListener import ErrorListener
from antlr4.error.Errors import ParseCancellationException
from antlr4.error.ErrorStrategy import BailErrorStrategy
from openqasm3 import ast
from openqasm3.parser import QASM3ParsingError, QASMNodeVisitor, qasm3Lexer, qasm3Parser

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
    text = text.removeprefix("\ufeff")  # the mark with which some editors begin a file
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


class _Raise(ErrorListener):
    def syntaxError(self, *error: Any) -> None:
        _, _, line, column, message, cause = error
        raise QASM3ParsingError(f"L{line}:C{column}: {message}") from cause


def _tree(text: str) -> ast.Program:
    """Parses as `openqasm3.parse` does, which prints the errors, too, to standard error."""
    lexer = qasm3Lexer(InputStream(text))
    lexer.removeErrorListeners()
    lexer.addErrorListener(_Raise())
    parser = qasm3Parser(CommonTokenStream(lexer))
    parser.removeErrorListeners()
    parser._errHandler = BailErrorStrategy()  # ANTLR has no other way to set it in Python
    try:
        tree = parser.program()
    except (RecognitionException, ParseCancellationException) as error:
        raise QASM3ParsingError() from error
    return QASMNodeVisitor().visitProgram(tree)


def _parsed(text: str) -> ast.Program:
    try:
        with _ONE_AT_A_TIME:
            return _tree(text)
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
_OPAQUE = re.compile(r"^\s*opaque\b", re.MULTILINE)
_ONE_AT_A_TIME = threading.Lock()  # all of ANTLR's parsers fill the same tables


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
    if _OPAQUE.search(re.split("[;}]", text[: token.start])[-1]):
        return error_in_line(
            token.line,
            "an opaque gate has no definition, so that nothing can be computed. Define it as a "
            "`gate`.",
        )
    lines = text.split("\n")
    shown = lines[token.line - 1].strip() if token.line <= len(lines) else ""
    return error_in_line(
        token.line, f"it is not OpenQASM 2 or 3 at {token.text[:40]!r}. Received {shown[:80]!r}."
    )
