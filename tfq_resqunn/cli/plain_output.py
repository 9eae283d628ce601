"""Output that has no character for what is written gets a plain one in its place."""

import codecs
import sys
import unicodedata

HANDLER = "tfq_resqunn.plain"


def allow_plain_output() -> None:
    """Let standard output write what its encoding lacks: lines of diagrams as `-`, `|` and `+`.

    On Windows, output to a file or a pipe is in an old encoding of 256 characters, in which a
    circuit's lines are not. Whoever has chosen what becomes of such characters keeps that choice.
    """
    if getattr(sys.stdout, "errors", None) == "strict" and hasattr(sys.stdout, "reconfigure"):
        codecs.register_error(HANDLER, _replace)
        sys.stdout.reconfigure(errors=HANDLER)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    name = unicodedata.name(character, "")
    if not name.startswith("BOX DRAWINGS"):
        return "?"
    if " AND " in name:
        return "+"
    return "-" if name.endswith("HORIZONTAL") else "|"
