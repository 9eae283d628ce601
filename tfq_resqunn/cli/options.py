"""What the commands share: how options are made, and the values that several of them take."""

import click

from tfq_resqunn.runs.config import RunConfig


class Labels(click.ParamType):
    """Integers with commas between them."""

    name = "LABELS"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(label) for label in value.split(","))
        except ValueError:
            self.fail(f"{value!r} must be integers with commas between them, such as 3,8.")


class Strengths(click.ParamType):
    """Names with numbers, with commas between them."""

    name = "NAME=STRENGTH"

    def convert(self, value, param, ctx):
        if isinstance(value, dict):
            return value
        try:
            pairs = (part.split("=") for part in value.split(","))
            return {name.strip(): float(strength) for name, strength in pairs}
        except ValueError:
            self.fail(f"{value!r} must be names with strengths, such as depolarizing=0.01.")


def option(field: str, help: str, otherwise: str = "", **settings):
    """Make an option with the name and the default that `RunConfig` has for it.

    Args:
        field: Of a `RunConfig`.
        help: What it decides.
        otherwise: The flag that switches it off, for a switch.
        **settings: As for `click.option`.
    """
    flag, default = RunConfig.flag(field), getattr(RunConfig, field)
    flags = f"{flag}/{otherwise}" if otherwise else flag
    shown = default is not None
    return click.option(flags, field, help=help, default=default, show_default=shown, **settings)
