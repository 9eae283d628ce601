"""Packages whose names are imported when they are first asked for (PEP 562).

Cirq takes one to two seconds to import, and TensorFlow several. So a package that offers names of
modules that need these says where each name is made, and imports that module on first use.
"""

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping


def attach(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Makes a package's `__getattr__`, its `__dir__` and its `__all__`.

    `homes` has the names that each module makes, and submodules under the package's own name. A
    submodule that nobody has imported yet is an attribute too, as if the package had imported it.
    """
    places = {name: home for home, names in homes.items() for name in names}

    def __getattr__(name: str) -> object:
        if places.get(name, package) != package:
            value = getattr(importlib.import_module(places[name]), name)
            setattr(sys.modules[package], name, value)  # the next time it is simply there
            return value
        submodule = f"{package}.{name}"
        try:
            return importlib.import_module(submodule)
        except ModuleNotFoundError as error:
            if error.name != submodule:
                raise
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places})

    return __getattr__, __dir__, sorted(places)
