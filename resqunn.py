"""Starts the command `resqunn` (also as `python -m resqunn`), with a sure Ctrl-C."""

import sys

from tfq_resqunn.interrupts import INTERRUPTED, heeded


def main() -> None:
    """Imports the commands, and runs the one that is asked for."""
    try:
        with heeded():
            from tfq_resqunn.cli import main as command

            command(prog_name="resqunn")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
