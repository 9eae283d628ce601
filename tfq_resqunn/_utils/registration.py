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
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Every module with a class under `@register`.
MODULES = (
    "tfq_resqunn.layers.initializers",
    "tfq_resqunn.layers.pooling",
    "tfq_resqunn.layers.pqc",
    "tfq_resqunn.layers.quanv",
    "tfq_resqunn.layers.merging",
    "tfq_resqunn.layers.residual",
    "tfq_resqunn.layers.surrogate",
    "tfq_resqunn.layers.twin",
    "tfq_resqunn.runs.optimizer",
)
_KERAS = "tfq_resqunn._utils.keras"
_complete: set[str] = set()
_n_postponed = 0


def register_when_keras_is_there() -> None:
    """Registers the classes now, if TensorFlow and Keras are imported, or as soon as they are."""
    after_import(_KERAS, lambda _: _try(MODULES))
    for name in ("tensorflow", "keras", "tf_keras"):
        after_import(name, _note)


@contextlib.contextmanager
def postponed() -> Iterator[None]:
    """Within it, TensorFlow can be imported and set up; the classes are registered at its end.

    Registering them imports TensorFlow Quantum, which starts TensorFlow.
    """
    global _n_postponed
    _n_postponed += 1
    try:
        yield
    finally:
        _n_postponed -= 1
        _register_if_due()


def _note(name: str) -> None:
    _complete.add(name)
    _register_if_due()


def _register_if_due() -> None:
    is_due = "tensorflow" in _complete and len(_complete) > 1 and not _n_postponed
    if is_due and _KERAS not in sys.modules:
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
    """Finds one module, once, as all the other finders do, and has it loaded by a `_Loader`.

    It stays in the list of finders afterwards. If it left, another thread that is going through
    the list would miss the finder behind it.
    """

    def __init__(self, name: str, call: Callable[[str], None]) -> None:
        self._name, self._call = name, call
        self._is_done = False
        self._here = threading.local()

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname != self._name or self._is_done or getattr(self._here, "is_searching", False):
            return None
        self._here.is_searching = True
        try:
            spec: Any = importlib.util.find_spec(fullname)
        finally:
            self._here.is_searching = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._end)
        return spec

    def _end(self) -> None:
        if not self._is_done:
            self._is_done = True
            self._call(self._name)


class _Loader:
    """Loads a module as its own loader does, and calls a function then."""

    def __init__(self, loader: Any, call: Callable[[], None]) -> None:
        self._loader, self._call = loader, call

    def __getattr__(self, name: str) -> Any:
        # Tools ask loaders for more than modules, such as `pkgutil.get_data` for a file.
        if name == "_loader":  # not there yet, in a copy
            raise AttributeError(name)
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._call()
