"""TensorFlow, loaded by the commands that need it, without its chatter."""

import contextlib
import importlib
import os
import sys
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

    They mean nothing, and no variable stops them, so standard error is turned away for as long as
    the import takes.

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
    if sys.stderr is None:  # it is closed: there is nothing to turn away
        yield
        return
    stderr = os.dup(2)
    try:
        with open(os.devnull, "w", encoding="utf-8") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
