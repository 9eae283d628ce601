"""Settings: the fields of a configuration, each declared once.

A field that is made by `setting` says what its values must be, and how the command line writes
them. The configuration checks itself by it, `cli/options.py` makes the options of a command, and
`option_words` writes the options that make a configuration again.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tfq_resqunn._utils.arguments import (
    Rule,
    check_count,
    check_flag,
    check_size,
    check_text,
    choice,
    received,
)


@dataclasses.dataclass(frozen=True)
class Form:
    """A kind of value: what it must be, and how it stands in one word of a command."""

    rule: Rule
    read: Callable[[str], Any]  # int, float and str stand for click's own types
    write: Callable[[Any], str] = str
    metavar: str | None = None  # what stands for the value in a command's help
    expected: str = ""  # what a word must be, where it cannot be read
    choices: tuple[str, ...] = ()  # all values that there are, if they are few


TEXT = Form(check_text, str)
COUNT = Form(check_count, int)
SIZE = Form(check_size, int)
SWITCH = Form(check_flag, bool)


def words(*choices: str) -> Form:
    """Makes the form of one of some words."""
    return Form(choice(*choices), str, choices=choices)


def list_of(read: Callable[[str], Any]) -> Callable[[str], tuple]:
    """Makes a reader of values with commas between them: (3, 8), of `3,8`."""
    return lambda text: tuple(map(read, text.split(",")))


def join(values: Iterable) -> str:
    """Writes values with commas between them."""
    return ",".join(map(str, values))


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a field of a configuration says of itself."""

    form: Form  # of its value; of each of them, where there may be several
    flags: str  # its option, such as "--shots", or that of a switch, "--quantum/--no-quantum"
    help: str  # what it decides, for a command's help
    several: bool = False  # whether it is a list, whose option may be repeated

    def words(self, value: Any) -> Iterator[str]:
        """Gives the words of a command that say a value."""
        on, _, off = self.flags.partition("/")
        for one in value if self.several else [value]:
            if off:
                yield on if one else off
            else:
                yield from (on, self.form.write(one))


def setting(default: Any, form: Form, flags: str, help: str, several: bool = False) -> Any:
    """Makes a field of a configuration from its default and what a `Setting` holds.

    If the default is `None`, the field may be `None`: then its option is left out.
    """
    metadata = {"setting": Setting(form, flags, help, several)}
    return dataclasses.field(default=default, metadata=metadata)


def settings_of(config: Any) -> dict[str, Setting]:
    """Gives the settings of a configuration, or of its class, by the names of their fields."""
    fields = dataclasses.fields(config)
    return {f.name: f.metadata["setting"] for f in fields if "setting" in f.metadata}


def check_settings(config: Any) -> None:
    """Checks each setting of a new configuration, and puts it into its usual form."""
    who = type(config).__name__
    for name, setting in settings_of(config).items():
        rule = setting.form.rule
        if getattr(type(config), name) is None:
            rule = rule.or_none()
        object.__setattr__(config, name, rule(getattr(config, name), name, who))


def option_words(config: Any, usual: Any, always: Iterable[str] = ()) -> Iterator[str]:
    """Yields the words of a command line for all settings in which `config` differs from `usual`.

    The settings named in `always` are there even if they do not differ.
    """
    for name, setting in settings_of(config).items():
        value = getattr(config, name)
        if name in always or value != getattr(usual, name):
            yield from setting.words(value)


def check_keys(values: object, known: Iterable[str], what: str) -> None:
    """Checks that what was read from a file is a mapping, with known names alone."""
    listed = list(known)
    if not isinstance(values, Mapping):
        raise TypeError(f"{what} must be among {', '.join(listed)}. Received {received(values)}.")
    if unknown := [str(name) for name in values if name not in listed]:
        raise ValueError(
            f"{what} must be among {', '.join(listed)}.\nReceived {', '.join(unknown)} as well.\n"
            "Remove what is not in that list."
        )
