"""The command `resqunn`: options in, calls to the package, results printed; a file a command."""

import click

from tfq_resqunn._version import __version__
from tfq_resqunn.cli.circuits import circuits
from tfq_resqunn.cli.data import data
from tfq_resqunn.cli.draw import draw
from tfq_resqunn.cli.errors import CleanErrors
from tfq_resqunn.cli.evaluate import evaluate
from tfq_resqunn.cli.leaderboard import leaderboard
from tfq_resqunn.cli.predict import predict
from tfq_resqunn.cli.study import study
from tfq_resqunn.cli.train import train

SETTINGS = {"help_option_names": ["-h", "--help"], "show_default": True}


@click.group(cls=CleanErrors, context_settings=SETTINGS)
@click.version_option(__version__, prog_name="resqunn")
def main() -> None:
    """Train residual quanvolutional networks (ResQuNNs), and label images with them."""


for command in (data, train, predict, evaluate, study, leaderboard, draw, circuits):
    main.add_command(command)
