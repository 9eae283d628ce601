"""What tests need that not every system has; elsewhere they are skipped, and say why."""

import os
import shlex
import sys

import pytest

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which Linux has")
needs_posix = pytest.mark.skipif(
    sys.platform == "win32", reason="sends signals or runs shell scripts, as POSIX has them"
)


def words_of(command: str) -> list[str]:
    """Splits a command as a shell does; to those of Windows, backslashes are part of a path."""
    return shlex.split(command.replace("\\", "\\\\") if sys.platform == "win32" else command)


def link(path, target) -> None:
    """Makes a symbolic link; where one may not, the test is skipped."""
    try:
        os.symlink(target, path)
    except (OSError, NotImplementedError) as error:  # Windows asks for rights
        pytest.skip(f"no symbolic links: {error}")
