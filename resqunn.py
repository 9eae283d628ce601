"""Starts the command `resqunn` (also as `python -m resqunn`) with a clean terminal."""

import os
import sys

LOADING = "Loading TensorFlow ..."


def main() -> None:
    """Imports the package without the lines that TensorFlow logs meanwhile, and runs it.

    Some of them come before TensorFlow has read `TF_CPP_MIN_LOG_LEVEL`, so standard error is
    turned away while it loads. Who has set that variable wants to see them, and does.
    """
    try:
        if "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
            _import_quietly()
        from tfq_resqunn.cli import main as command
    except KeyboardInterrupt:  # TensorFlow takes seconds to load
        sys.exit(130)
    command(prog_name="resqunn")


def _import_quietly() -> None:
    _say(LOADING)
    stderr = os.dup(2)
    try:
        with open(os.devnull, "w") as nothing:
            os.dup2(nothing.fileno(), 2)
        import tfq_resqunn.cli  # noqa: F401
    except ImportError:
        pass  # comes again, and is then seen
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        _say(" " * len(LOADING))


def _say(line: str) -> None:
    if sys.stderr.isatty():  # where the next line is written over it
        print(line, end="\r", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
