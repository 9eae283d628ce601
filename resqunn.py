"""Starts the command `resqunn` (also as `python -m resqunn`): a clean terminal, a sure Ctrl-C."""

import os
import signal
import sys

LOADING = "Loading TensorFlow ..."
INTERRUPTED = 130  # what shells expect after Ctrl-C
SECONDS_TO_REPEAT = 0.2


def main() -> None:
    """Imports the package without the lines that TensorFlow logs meanwhile, and runs it.

    Some of them come before TensorFlow has read `TF_CPP_MIN_LOG_LEVEL`, so standard error is
    turned away while it loads. Who has set that variable wants to see them, and does.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
        signal.signal(signal.SIGALRM, _interrupt_again)
    try:
        if "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
            _import_quietly()
        from tfq_resqunn.cli import main as command

        command(prog_name="resqunn")
    except KeyboardInterrupt:  # TensorFlow takes seconds to load
        sys.exit(INTERRUPTED)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


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


# --- Ctrl-C ----------------------------------------------------------------------------------
# Python drops an exception that is raised while it runs a finaliser or the callback of a weak
# reference. TensorFlow has thousands of these run while it traces a function, so that now and then
# a KeyboardInterrupt is lost. Therefore it is raised again until it has arrived.


def _interrupt(*_) -> None:
    signal.setitimer(signal.ITIMER_REAL, SECONDS_TO_REPEAT, SECONDS_TO_REPEAT)
    raise KeyboardInterrupt


def _interrupt_again(*_) -> None:
    error = sys.exc_info()[1]
    while error is not None:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            return  # it has arrived, and things are being put in order
        error = error.__context__
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
