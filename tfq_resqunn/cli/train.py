"""`resqunn train`: a network, trained, in a folder of its own."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from tfq_resqunn._utils.interrupts import INTERRUPTED
from tfq_resqunn._utils.notes import notes_of
from tfq_resqunn._utils.shell import command_text
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.cli.options import add_settings
from tfq_resqunn.runs.beforehand import check_run
from tfq_resqunn.runs.cluster import STRATEGIES, check_strategy
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import (
    check_run_folder,
    epochs_done,
    how_to_compare,
    how_to_go_on,
    is_unfinished,
    options_of,
    run_folder,
)

EXAMPLES = """\b
Examples:
  resqunn train
  resqunn train --classes 3,8 --n-train 200 --epochs 5
  resqunn train --placement none --no-input-gradient
  resqunn train --head none --control classical
  resqunn train --encoder dense_angle --ansatz sim_14 --observables xyz
  resqunn train --noise depolarizing=0.01 --shots 1000
  resqunn train --dataset mnist --n-train 2000 --n-test 500 --image-size 14
  resqunn train --dataset my_images.npz --depth 3 --placement "X+O1, O2+O3"
  resqunn train --strategy mirrored --batch-size 64
\b
The same command goes on where it was stopped: in the folder --out, or else in the newest one below
runs/ in which the same run is not finished and nobody is training.
"""


@click.command(epilog=EXAMPLES)
@add_settings(RunConfig)
@click.option(
    "--out",
    type=click.Path(),
    help="Folder to make for the run, or to go on in.  [default: the next free of "
    "runs/<dataset>-001, ...]",
)
@click.option(
    "--checkpoint-every",
    default=1,
    type=click.IntRange(min=0),
    help="Epochs after which the run is kept, to go on from there; 0 is never.",
)
@click.option(
    "--strategy",
    type=click.Choice(STRATEGIES),
    help="Devices that share each batch: all GPUs of this machine (mirrored), or those of all "
    "machines in TF_CONFIG (multi-worker), each of which runs this command; the first of them "
    "writes the folder.  [default: one device]",
)
@click.option("--quiet", is_flag=True, help="No progress bar, nor what there is to wait for.")
def train(
    out: str | None, checkpoint_every: int, strategy: str | None, quiet: bool, **settings: Any
) -> None:
    """Train a network, and write it and everything about the run into a new folder."""
    config = RunConfig(**settings)
    cluster = check_strategy(strategy)
    is_writer = cluster is None or cluster.is_chief
    folder = Path(out or run_folder(config))
    if is_writer:
        check_run_folder(config, folder)
    check_run(config)
    if cluster is not None:
        click.echo(f"Waiting for {len(cluster.addresses)} workers ...", err=True)
    elif is_unfinished(folder):
        click.echo(f"Going on in {folder}: {epochs_done(folder)}.", err=True)
    load_tensorflow()
    from tfq_resqunn.runs import training

    verbose = 0 if quiet else 1
    options = options_of(verbose, checkpoint_every, strategy)
    try:
        result = training.train(
            config, folder, verbose, checkpoint_every=checkpoint_every, strategy=strategy
        )
    except KeyboardInterrupt:
        left = _what_is_left(folder, options) if is_writer else ""
        click.echo(f"\nStopped. {left}", err=True)
        sys.exit(INTERRUPTED)
    except Exception as error:
        for note in notes_of(error):
            click.echo(f"\n{note}", err=True)
        raise
    click.echo(f"\n{result.gradients}\n")
    if config.patience is not None:
        click.echo(f"epoch kept         {result.epoch} of {len(result.history['val_loss'])}")
    click.echo(f"training accuracy  {result.train_accuracy:.4f}")
    click.echo(f"test accuracy      {result.test_accuracy:.4f} (guessing: {result.chance:.4f})")
    click.echo(f"balanced accuracy  {result.test_balanced_accuracy:.4f}")
    click.echo(f"AUC                {result.test_auc:.4f}\n")
    for name, path in result.paths.items():
        click.echo(f"{name:<10} {path}")
    if not result.is_finite:
        click.echo(
            f"\nThe training has failed: {result.divergence} The files above are there to see "
            "where it went wrong; their model is of no use. Try a smaller --learning-rate.",
            err=True,
        )
        sys.exit(1)
    if result.divergence is not None:
        click.echo(
            f"\n{result.divergence} The model is that of epoch {result.epoch}, before that. With a "
            "smaller --learning-rate it may learn more.",
            err=True,
        )
    if not is_writer:
        click.echo("The files of the run are where the first worker has written them.")
        return
    click.echo("\nGo on with:")
    for words in (
        ["tensorboard", "--logdir", str(result.paths["logs"])],
        ["resqunn", "predict", str(result.paths["model"]), "IMAGES"],
    ):
        click.echo(f"  {command_text(words)}")
    click.echo(f"  {how_to_compare(config, *options)}")


def _what_is_left(folder: Path, options: Iterable[str]) -> str:
    if is_unfinished(folder):
        return how_to_go_on(folder, *options)
    if folder.is_dir():
        return f"The run in {folder} is finished."
    return "Nothing was written."
