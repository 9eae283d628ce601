"""The options of a command, made of the settings of a configuration."""

from collections.abc import Callable, Collection
from typing import Any

import click

from tfq_resqunn.runs.settings import Setting, settings_of


class Written(click.ParamType):
    """A value in one word, which `read` reads; `expected` says what the word must be."""

    def __init__(self, read: Callable[[str], Any], expected: str) -> None:
        self.read, self.expected, self.name = read, expected, "value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value  # a default
        try:
            return self.read(value)
        except ValueError:
            self.fail(f"{value!r} must be {self.expected}.")


def add_settings(config: Any, only: Collection[str] = (), but: Collection[str] = ()) -> Callable:
    """Makes a decorator that gives a command an option for each setting, with its default.

    `config` is a configuration or its class; of its settings, `only` some become options, or all.
    """
    names = [name for name in settings_of(config) if name in (only or [name]) and name not in but]

    def decorate(command: Callable) -> Callable:
        for name in reversed(names):  # click shows the last one first
            command = _option(name, settings_of(config)[name], getattr(config, name))(command)
        return command

    return decorate


def _option(name: str, setting: Setting, default: Any) -> Callable:
    form = setting.form
    kind: click.ParamType | Callable
    if "/" in setting.flags:
        kind = click.BOOL
    elif form.choices:
        kind = click.Choice(form.choices)
    else:
        kind = Written(form.read, form.expected) if form.expected else form.read
    return click.option(
        *(setting.flags, name),
        type=kind,
        metavar=None if form.choices else form.metavar,
        help=setting.help,
        multiple=setting.several,
        default=None if setting.several else default,
    )
