"""Registers the package's classes with Keras, so that it finds them in saved models.

Keras reads a saved model by the names under which classes are registered, and a class is registered
when its module is imported. The modules below import TensorFlow, which takes seconds. So `import
tfq_resqunn` leaves them alone; they are imported as soon as TensorFlow and Keras are, whoever
imports these.

The order matters, since a module that is half imported has no names yet:

- TensorFlow imports Keras, and Keras TensorFlow. Both must be complete.
- A module of this package may be the first to import TensorFlow. The modules below must not need
  it in turn, while it is half imported. What they need lies in `layers`, `backends` and
  `simulation`, which import `keras` of this folder first; and that must be complete, too.
- Another thread may be importing the package meanwhile. Then `keras` is left to it: if two threads
  waited for each other's imports, Python would end both with an error.
"""

import contextlib
import importlib
import importlib.util
import sys
import threading
import warnings
from collections.abc import Callable, Iterable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Every module with a class under `@register`.
MODULES = (
    "tfq_resqunn.layers.initializers",
    "tfq_resqunn.layers.pooling",
    "tfq_resqunn.layers.pqc",
    "tfq_resqunn.layers.quanv",
    "tfq_resqunn.layers.residual",
    "tfq_resqunn.layers.twin",
)
_KERAS = "tfq_resqunn._utils.keras"
_complete: set[str] = set()


def register_when_keras_is_there() -> None:
    """Registers the classes now, if TensorFlow and Keras are imported, or as soon as they are."""
    after_import(_KERAS, lambda _: _try(MODULES))
    for name in ("tensorflow", "keras", "tf_keras"):
        after_import(name, _note)


def _note(name: str) -> None:
    _complete.add(name)
    if "tensorflow" in _complete and len(_complete) > 1 and _KERAS not in sys.modules:
        _try([_KERAS])


def _try(names: Iterable[str]) -> None:
    try:
        for name in names:
            importlib.import_module(name)
    except Exception as error:  # must not spoil the import of TensorFlow, during which we are
        warnings.warn(
            f"tfq_resqunn: models with its layers cannot be loaded, since these cannot be "
            f"imported: {error}",
            stacklevel=2,
        )


# --- calls after an import -------------------------------------------------------------------
# As `wrapt.when_imported` does. But wrapt takes 0.13 seconds to import, 40 times as long as all the
# rest of `import tfq_resqunn`.


def after_import(name: str, call: Callable[[str], None]) -> None:
    """Calls a function with a module's name when its import is complete, or at once if it is."""
    if name in sys.modules:
        call(name)
    else:
        sys.meta_path.insert(0, _Finder(name, call))


class _Finder:
    """Finds one module, as all the other finders do, and has its loader call a function at the end.

    It stays in the list of finders afterwards. If it left, another thread that is going through
    the list would miss the finder behind it.
    """

    def __init__(self, name: str, call: Callable[[str], None]):
        self._name, self._call = name, call
        self._is_done = False
        self._here = threading.local()

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname != self._name or self._is_done or getattr(self._here, "is_searching", False):
            return None
        self._here.is_searching = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._here.is_searching = False
        loader: Any = None if spec is None else spec.loader
        if loader is not None:
            # On this one object: a class of our own would lack what tools ask loaders for.
            with contextlib.suppress(AttributeError):  # some, not written in Python, take nothing
                loader.exec_module = self._executing(loader.exec_module)
        return spec

    def _executing(self, execute: Callable) -> Callable:
        def exec_module(module: ModuleType) -> None:
            execute(module)
            # A loader may be that of other modules, too.
            if module.__name__ == self._name and not self._is_done:
                self._is_done = True
                self._call(self._name)

        return exec_module
