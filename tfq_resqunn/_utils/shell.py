"""Commands as text, to be pasted into a shell."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterable

# Commas make lists in PowerShell, and parentheses, blanks and quotes mean something to every shell.
PLAIN = re.compile(r"[\w+=:./-]+")
PATH = re.compile(r"[\w+=:./\\-]+")  # plain on Windows
SPECIAL = frozenset('"$`\\!%')  # within double quotes, to one shell or another


def command_text(words: Iterable[str]) -> str:
    """Writes a command so that it can be pasted into sh, cmd and PowerShell alike.

    A word that needs quotes gets double ones, which all of them know. Only if it holds a character
    that means something to one of them even there, it is quoted as this system's shell wants it.

    Example:
        >>> print(command_text(["resqunn", "study", "--placement", "(X+O1)+O2", "--seeds", "2,5"]))
        resqunn study --placement "(X+O1)+O2" --seeds "2,5"
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    is_windows = sys.platform == "win32"
    if (PATH if is_windows else PLAIN).fullmatch(word):
        return word
    if not SPECIAL & set(word):
        return f'"{word}"'
    if not is_windows:
        return shlex.quote(word)
    # The blank has it quoted, which it may need for what is no blank: `&` in cmd, a comma.
    return subprocess.list2cmdline([f" {word}"]).replace(" ", "", 1)
