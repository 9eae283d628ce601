"""What the commands share: how options are made, and how mistakes in them are shown."""

import warnings

import click

from tfq_resqunn.run_config import RunConfig

INTERRUPTED = 130  # what shells expect after Ctrl-C


class LibraryError(click.ClickException):
    """A mistake in the options that the library, not click, has found."""

    exit_code = 2


class CleanErrors(click.Group):
    """A group of commands that shows the library's errors and warnings without tracebacks."""

    def invoke(self, ctx: click.Context):
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning(warnings.showwarning)
                return super().invoke(ctx)
        except (ValueError, TypeError, OSError) as error:
            raise LibraryError(str(error)) from error


def _show_warning(otherwise):
    def show(message, category, *place):
        if category is UserWarning:
            click.echo(f"Warning: {message}", err=True)
        else:
            otherwise(message, category, *place)

    return show


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


def option(flag: str, help: str, field: str | None = None, **settings):
    """Make an option with the default that `RunConfig` has for it, or for another `field`."""
    name = field or flag.partition("/")[0].strip("-").replace("-", "_")
    default = getattr(RunConfig, name)
    shown = default is not None
    return click.option(flag, name, help=help, default=default, show_default=shown, **settings)
