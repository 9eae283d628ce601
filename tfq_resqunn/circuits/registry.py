"""`Registry`: parts of one kind by name (encoders, ansatzes, sets of observables).

`names.py` lists the parts that come with the package. The module that makes a part, and Cirq with
it, is imported only when the part is asked for.
"""

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator

from tfq_resqunn._utils.names import closest

Identifier = str | dict | Callable  # a function's name, what `serialize` gave, or itself

IN_PYTHON = "A circuit of your own is for Python: rq.Quanv2D(circuit=...), see docs/own_circuit.md."


class Registry:
    """Functions of one kind, by name, as Keras has them for activations.

    Wherever a name is taken, so is the function itself, a `functools.partial` of it that sets some
    of its options, and what `serialize` gave.

    Example:
        >>> from tfq_resqunn.circuits import ENCODERS
        >>> half_turn = functools.partial(ENCODERS.get("angle"), scale=1.0)
        >>> ENCODERS.serialize(half_turn)
        {'name': 'angle', 'config': {'scale': 1.0}}
        >>> ENCODERS.get("angel")
        Traceback (most recent call last):
        ValueError: `encoder` must be one of ... Received 'angel'. Did you mean 'angle'?
    """

    def __init__(self, kind: str, *required: str, instead: str, built_in: dict[str, str]) -> None:
        self.kind = kind  # what the functions make: "encoder", "ansatz" or "observables"
        # Its own name in `tfq_resqunn.circuits`.
        self.constant = {"encoder": "ENCODERS", "ansatz": "ANSATZES"}.get(kind, "OBSERVABLES")
        self._instead = instead  # what may stand in the place of such a function, for messages
        self._required = required  # arguments that each function takes, in order, before options
        # Parts that come with the package: "package.module.function". Each module registers its own
        # when it is imported, which is when a part is asked for.
        self.built_in = dict(built_in)
        self._imported: dict[str, Callable] = {}
        self._functions: dict[str, Callable] = {}  # the user's own

    def register(self, name: str, function: Callable | None = None) -> Callable:
        """Enters a function under a name; also as a decorator, `@ENCODERS.register("mine")`.

        A saved layer keeps only the name. So enter your own part before you load a model with it.

        Args:
            name: The name. It may be one of your own, which then stands for the new function, but
                none that comes with the package.
            function: A function that makes the part. Beyond the arguments of its kind it may have
                options, each with a default.

        Returns:
            The function.

        Raises:
            TypeError: If `name` is no text, or `function` does not take the arguments of its kind.
            ValueError: If `name` is empty, or stands for a part that comes with the package.
        """
        if not isinstance(name, str):
            raise TypeError(f"register: `name` must be text. Received {name!r}.")
        # The name of a part belongs to the module that the table names.
        home = self.built_in.get(name, "").rpartition(".")[0]
        module = getattr(_unwrap(function)[0], "__module__", None)
        if not name or (function is not None and home and home != module):
            raise ValueError(
                f"register: `name` must not be empty, nor stand for an {self.kind} that comes "
                f"with the package. Received {name!r}. Choose another name."
            )
        if function is None:
            return functools.partial(self.register, name)
        try:
            inspect.signature(function).bind(*self._required)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"register: an {self.kind} must be a function of {', '.join(self._required)}, "
                f"and of options with defaults. Received {function!r}."
            ) from error
        entries = self._imported if name in self.built_in else self._functions
        entries[name] = function
        return function

    def get(self, identifier: Identifier) -> Callable:
        """Gives a function.

        Args:
            identifier: A name, a registered function, a `functools.partial` of one, or what
                `serialize` gave.

        Raises:
            TypeError: If `identifier` is none of these, or sets options that do not exist.
            ValueError: If there is no such name.
        """
        if isinstance(identifier, str):
            return self._find(identifier)
        if not isinstance(identifier, dict):
            self.serialize(identifier)
            return identifier
        options = identifier.get("config") or {}
        unknown = set(identifier) - {"name", "config"} or "name" not in identifier
        if unknown or not isinstance(options, dict):
            raise ValueError(
                f"`{self.kind}`, as a dict, must be {{'name': ..., 'config': {{...}}}}. "
                f"Received {identifier!r}."
            )
        function = self.get(identifier["name"])
        self._check_options(identifier["name"], options)
        return functools.partial(function, **options) if options else function

    def get_for(self, who: str, identifier: Identifier) -> Callable:
        """Does what `get` does, and says in errors who asks."""
        try:
            return self.get(identifier)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{who}: {error}") from None

    def serialize(self, function: Identifier) -> str | dict:
        """Describes what `get` takes so that JSON can hold it: a name, and a partial's options."""
        if isinstance(function, (str, dict)):
            function = self.get(function)
        base, options = _unwrap(function)
        # A built-in part that has not been imported yet cannot be `function`.
        entries = {k: _unwrap(f) for k, f in (self._imported | self._functions).items()}
        found = [
            (name, own)
            for name, (entry, own) in entries.items()
            if entry is base and own.items() <= options.items()
        ]
        if not found:
            raise TypeError(
                f"`{self.kind}` must be one of {self._choices()}. Received "
                f"{function!r}, which is not registered. Register it under a name, "
                f"{self.constant}.register('mine', function), so that layers that use it "
                "can be saved."
            )
        name, own = max(found, key=lambda pair: len(pair[1]))
        config = {k: v for k, v in options.items() if k not in own}
        self._check_options(name, config)
        return {"name": name, "config": config} if config else name

    def deserialize(self, config: str | dict) -> Callable:
        """Gives the function that `serialize` described."""
        return self.get(config)

    def unknown(self, name: str, *, is_text: bool = False) -> str:
        """Says that there is no such name, and which one may have been meant.

        Where `is_text`, as on a command line, nothing but a name can be passed.
        """
        longer = (known for known in self if name and known.startswith(name))
        close = closest(name, self) or next(longer, None)
        hint = f" Did you mean {close!r}?" if close else ""
        choices = self._choices()
        if is_text:
            choices, hint = ", ".join(map(repr, self)), hint or f" {IN_PYTHON}"
        return f"`{self.kind}` must be one of {choices}. Received {name!r}.{hint}"

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self.built_in or name in self._functions)

    def __iter__(self) -> Iterator[str]:
        return iter((*self.built_in, *self._functions))

    def __len__(self) -> int:
        return len(self.built_in) + len(self._functions)

    def __repr__(self) -> str:
        return f"<{self.constant}: {', '.join(self)}>"

    def _choices(self) -> str:
        return ", ".join([*map(repr, self), self._instead])

    def _find(self, name: str) -> Callable:
        if name not in self:
            raise ValueError(self.unknown(name))
        if name in self._functions:
            return self._functions[name]
        if name not in self._imported:
            importlib.import_module(self.built_in[name].rpartition(".")[0])
        return self._imported[name]

    def _check_options(self, name: str, options: dict) -> None:
        parameters = list(inspect.signature(self._find(name)).parameters.values())
        if any(p.kind is p.VAR_KEYWORD for p in parameters):
            return
        known = [p.name for p in parameters[len(self._required) :]]
        if unknown := [o for o in options if o not in known]:
            raise TypeError(
                f"`{self.kind}` {name!r} has the options {', '.join(known) or '(none)'}. "
                f"Received {', '.join(unknown)}."
            )


def _unwrap(function: Callable | None) -> tuple[Callable | None, dict]:
    if isinstance(function, functools.partial) and not function.args:
        return function.func, function.keywords
    return function, {}
