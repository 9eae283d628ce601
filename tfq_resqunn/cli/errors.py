"""How the commands show mistakes: one message, in the words of their options."""

import ast
import os
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

import click

from tfq_resqunn._utils.interrupts import INTERRUPTED
from tfq_resqunn._utils.shell import command_text
from tfq_resqunn.circuits.registry import IN_PYTHON
from tfq_resqunn.cli.plain_output import allow_plain_output

MISTAKES = (ValueError, TypeError, OSError, ImportError)
# What the library calls otherwise than the option it comes from.
OTHER_NAMES = {
    "backends": "backend",
    "client": "scheduler",
    "folder": "out",
    "images_path": "images",
    "model_path": "model",
    "n_jobs": "jobs",
    "name": "dataset",
    "path": "images",
    "repetitions": "shots",
}
MAX_LENGTH = 2000  # TensorFlow's errors may list all that a graph has


class Mistake(click.ClickException):
    """A mistake in the options that the library, not click, has found."""

    exit_code = 2


class CleanErrors(click.Group):
    """A group of commands that shows the library's errors and warnings without tracebacks.

    Mistakes end with exit code 2, as click's own do, Ctrl-C with 130, whatever else goes wrong with
    1. `RESQUNN_TRACEBACK=1` shows the traceback instead.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:
        allow_plain_output()
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning(warnings.showwarning)
                return super().invoke(ctx)
        except click.NoSuchOption as error:
            if error.option_name == "--circuit":
                raise click.UsageError(f"{error.message} {IN_PYTHON}", error.ctx) from None
            raise
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click knows what to do
        except KeyboardInterrupt:
            click.echo("\nStopped.", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if os.environ.get("RESQUNN_TRACEBACK"):
                raise
            text = _text_of(error, self.commands[str(ctx.invoked_subcommand)])
            shown = Mistake if isinstance(error, MISTAKES) else click.ClickException
            raise shown(text) from error


def _text_of(error: Exception, command: click.Command) -> str:
    text = str(error)
    tf = sys.modules.get("tensorflow")  # to load it takes seconds, and it has raised nothing then
    if tf is not None and isinstance(error, tf.errors.OpError):
        text = re.sub(r"\{\{.*?\}\} | \[Op:\w*\]", "", error.message)  # names in the graph
    text = text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]} ..."
    if isinstance(error, OSError) and error.errno is not None:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part)
    text = in_options(text, command)
    if isinstance(error, MISTAKES) and text:
        return text
    return f"{type(error).__name__}: {text}\nTo see where this happened, set RESQUNN_TRACEBACK=1."


def _show_warning(otherwise: Callable[..., None]) -> Callable[..., None]:
    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if category is UserWarning:
            click.echo(f"Warning: {message}", err=True)
        else:
            otherwise(message, category, *place)

    return show


# --- arguments of Python as options ----------------------------------------------------------


def in_options(text: str, command: click.Command) -> str:
    """Writes what an error of the library says in the words of a command.

    An argument of Python becomes the option it came from, with its value in a remedy: `n_layers`
    becomes --n-layers, and readout='channels' becomes --readout channels. Which function or class
    complains, in front of the message, is left out.

    Example:
        >>> from tfq_resqunn.cli.draw import draw
        >>> print(in_options("Quanv2D: `n_layers` must be at least 1. Use n_layers=1.", draw))
        --n-layers must be at least 1. Use --n-layers 1.
    """
    parameters = {parameter.name: parameter for parameter in command.params}
    others = {name: parameters[own] for name, own in OTHER_NAMES.items() if own in parameters}
    parameters = others | parameters
    names = "|".join(sorted(map(re.escape, parameters), key=len, reverse=True))

    if "placement" in parameters:  # whose parser speaks of itself
        text = re.sub(r"^Placement: ", "--placement: ", text)
    text = re.sub(r"^[A-Za-z_]\w*: ", "", text)
    text = re.sub(rf"`({names})`", lambda match: _flag(parameters[match[1]]), text)
    return re.sub(
        rf"(?<![\w.`-])({names})=({VALUE})",
        lambda match: _setting(parameters[match[1]], match[2]) or match[0],
        text,
    )


VALUE = (
    r"""'[^'\n]*'|"[^"\n]*"|\[[^]\n]*\]|\{[^}\n]*\}|\([^()\n]*\)|True|False|None"""
    r"""|-?\d[\d.e+-]*(?<![.,])"""
)


def _flag(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        return parameter.human_readable_name.strip("[].")  # [NAME]... may be repeated
    return parameter.opts[0]


def _setting(parameter: click.Parameter, value_text: str) -> str | None:
    """Gives an option with its value; `None` where it takes no such value."""
    if isinstance(parameter, click.Argument):
        return None
    try:
        value = ast.literal_eval(value_text)
    except (ValueError, SyntaxError):  # text of the user's that only looks like a setting
        return None
    if value is None:
        return f"no {_flag(parameter)}"
    if value == [...]:
        return f"{_flag(parameter)} ..."
    if isinstance(parameter, click.Option) and parameter.is_flag:
        flags = parameter.opts if value else parameter.secondary_opts
        return flags[0] if flags and isinstance(value, bool) else None
    if parameter.multiple and isinstance(value, list | tuple):
        return " ".join(command_text([_flag(parameter), str(one)]) for one in value)
    if isinstance(value, dict):
        value = ",".join(f"{name}={number}" for name, number in value.items())
    elif isinstance(value, list | tuple):
        value = ",".join(map(str, value))
    return command_text([_flag(parameter), str(value)])
