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

    `TF_CPP_MIN_LOG_LEVEL=3` silences what TensorFlow logs, but for a few lines that its libraries
    write by themselves while the system loads them, before they have heard of any setting:

        WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
        E0000 ... cuda_dnn.cc:8310] Unable to register cuDNN factory: ...
        E0000 ... cuda_blas.cc:1418] Unable to register cuBLAS factory: ...

    and since version 2.20, twice:

        I0000 ... cudart_stub.cc:31] Could not find cuda drivers on your machine, ...

    They mean nothing, and no variable stops them, so standard error is kept back for as long as
    the import takes, and shown only where that fails.

    Who sets `TF_CPP_MIN_LOG_LEVEL` to less than 3 sees all that TensorFlow writes.
    """
    if "tensorflow" in sys.modules:
        return
    is_wanted = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", SILENT) != SILENT
    with _saying(LOADING), contextlib.nullcontext() if is_wanted else _quiet():
        importlib.import_module("tensorflow")


@contextlib.contextmanager
def _saying(line: str) -> Iterator[None]:
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    print(line, end="\r", file=sys.stderr, flush=True)
    try:
        yield
    finally:  # the next line is written over it
        print(" " * len(line), end="\r", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps standard error back; whoever fails meanwhile has it shown after all."""
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
