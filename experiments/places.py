"""Where the data sets are, as options of commands."""

from collections.abc import Callable

import click

# By the experiment's name: what Keras downloads, and what a path must lead to.
DATA_SETS = {
    "mnist": ("mnist", "An .npz file."),
    "fashion": ("fashion_mnist", "A folder of IDX files."),
    "cifar10": ("cifar10", "A folder of pictures by class."),
}


def with_places(command: Callable) -> Callable:
    """Gives a command the options `--mnist`, `--fashion` and `--cifar10`."""
    for name, (default, what) in reversed(DATA_SETS.items()):
        command = click.option(f"--{name}", default=default, show_default=True, help=what)(command)
    return command
