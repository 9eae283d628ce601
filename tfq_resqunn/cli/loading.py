"""TensorFlow, loaded by the commands that need it, without its chatter."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator

LOADING = "Loading TensorFlow ..."


def load_tensorflow() -> None:
    """Imports TensorFlow, and says so in a terminal, since that takes seconds.

    `TF_CPP_MIN_LOG_LEVEL=3` silences what TensorFlow logs, but for three lines that its library
    for CUDA writes by itself while the system loads it, before it has heard of any setting:

        WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
        E0000 ... cuda_dnn.cc:8310] Unable to register cuDNN factory: ...
        E0000 ... cuda_blas.cc:1418] Unable to register cuBLAS factory: ...

    They mean nothing, and no variable stops them, so standard error is turned away for as long as
    the import takes. Who sets `TF_CPP_MIN_LOG_LEVEL` sees what TensorFlow writes, these included.
    """
    if "tensorflow" in sys.modules:
        return
    is_seen = "TF_CPP_MIN_LOG_LEVEL" in os.environ or sys.stderr is None  # it may be closed
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _saying(LOADING), contextlib.nullcontext() if is_seen else _quiet():
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
    stderr = os.dup(2)
    try:
        with open(os.devnull, "w", encoding="utf-8") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
