"""TensorFlow, loaded by the commands that need it, without its chatter."""

import contextlib
import faulthandler
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator

LOADING = "Loading TensorFlow ..."
SILENT = "3"  # as a value of TF_CPP_MIN_LOG_LEVEL


def load_tensorflow() -> None:
    """Imports TensorFlow, and says so in a terminal, since that takes seconds.

    `TF_CPP_MIN_LOG_LEVEL=3` silences what it logs, but for some lines about CUDA, which its
    libraries write while the system loads them, before they have heard of any setting. They mean
    nothing, so standard error is kept back for as long as the import takes, and shown only where
    that fails. Who sets `TF_CPP_MIN_LOG_LEVEL` to less than 3 sees all that TensorFlow writes.
    """
    if "tensorflow" in sys.modules:
        return
    is_wanted = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", SILENT) != SILENT
    is_said = sys.stderr is not None and sys.stderr.isatty()
    if is_said:
        print(LOADING, end="\r", file=sys.stderr, flush=True)
    try:
        with contextlib.nullcontext() if is_wanted else _quiet():
            importlib.import_module("tensorflow")
    finally:
        if is_said:  # the next line is written over it
            print(" " * len(LOADING), end="\r", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps standard error back, and shows it after all if something fails meanwhile."""
    if sys.stderr is None:  # it is closed: there is nothing to keep back
        yield
        return
    stderr, was_enabled = os.dup(2), faulthandler.is_enabled()
    with open(stderr, "wb") as shown, tempfile.TemporaryFile() as kept:
        # An error that ends the process at once, such as a processor that TensorFlow is not made
        # for, is named nonetheless.
        faulthandler.enable(shown, all_threads=False)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except Exception:
            kept.seek(0)
            shown.write(kept.read())
            raise
        finally:
            os.dup2(stderr, 2)
            if was_enabled:
                faulthandler.enable()
            else:
                faulthandler.disable()
