"""Starts the command `resqunn` (also as `python -m resqunn`), and makes Ctrl-C arrive."""

import sys

from tfq_resqunn._utils.interrupts import INTERRUPTED, sure_interrupts


def main() -> None:
    """Imports the commands, and runs the one that is asked for."""
    try:
        with sure_interrupts():
            from tfq_resqunn.cli import main as command

            command(prog_name="resqunn")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
