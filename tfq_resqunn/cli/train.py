"""`resqunn train`: a network, trained, in a folder of its own."""

import os
import sys
from pathlib import Path

import click

from tfq_resqunn._utils.interrupts import INTERRUPTED
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.cli.options import Labels, Strengths, option
from tfq_resqunn.runs.beforehand import check_run
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import check_new_folder, next_run_folder

EXAMPLES = """\b
Examples:
  resqunn train
  resqunn train --classes 3,8 --n-train 200 --epochs 5
  resqunn train --placement none --no-input-gradient
  resqunn train --head none --classical
  resqunn train --encoder dense_angle --ansatz sim_14 --observables xyz
  resqunn train --noise depolarizing=0.01 --shots 1000
  resqunn train --dataset mnist --n-train 2000 --n-test 500 --image-size 14
  resqunn train --dataset my_images.npz --depth 3 --placement "X+O1, O2+O3"
"""


@click.command(epilog=EXAMPLES)
@option(
    "dataset",
    "digits, mnist, fashion_mnist, or an .npz file with x and y, or with x_train, y_train, x_test "
    "and y_test.",
    metavar="NAME|FILE",
)
@option("classes", "Labels to keep, such as 3,8.  [default: all]", type=Labels())
@option("n_train", "Number of training images to draw.  [default: all]", type=int)
@option("n_test", "Number of test images to draw.  [default: all]", type=int)
@option("image_size", "Pixels to resize to in each direction.  [default: the data's own]", type=int)
@option("depth", "Number of quanvolutional layers.")
@option(
    "placement",
    'Where the skip connections are, such as "(X+O1)+O2": X is the image, O1 '
    'the first layer\'s output; "none" for a plain stack.  [default: around every layer]',
    type=str,
)
@option(
    "head",
    "What follows the layers: linear is a trained Dense layer; none averages the features of each "
    "class, so that only the layers before it can learn.",
    type=click.Choice(["linear", "none"]),
)
@option(
    "shortcut",
    "What brings the terms of a sum to one shape, where they differ: pool averages and repeats, "
    "without weights; conv is a trained 1x1 convolution; none refuses such sums.",
    type=click.Choice(["pool", "conv", "none"]),
)
@option(
    "classical",
    "Whether convolutions stand in the place of the circuits (the classical twin, a control).",
    otherwise="--quantum",
)
@option(
    "kernel_size",
    "Pixels of a patch in each direction; the square of it is the number of "
    "values a circuit takes.",
    type=int,
)
@option(
    "padding",
    "valid leaves out what a last, incomplete patch would hold; same adds zeros.",
    type=click.Choice(["valid", "same"]),
)
@option("filters", "Number of circuits in each layer.")
@option("encoder", "How pixels enter a circuit, by name; `resqunn circuits` lists all.")
@option("ansatz", "The circuits' trainable block, by name; `resqunn circuits` lists all.")
@option("n_layers", "Number of layers of the ansatz in each circuit.")
@option("n_uploads", "How often encoder and ansatz are repeated (data re-uploading).")
@option(
    "observables",
    "What is measured: a name that `resqunn circuits` lists, or a sum such as Z0*Z1.",
)
@option(
    "readout",
    "Where a patch's outcomes go: to its own pixels, or to channels.  [default: to pixels where "
    "they are as many, or a multiple]",
    type=click.Choice(["pixels", "channels"]),
)
@option(
    "input_gradient",
    "Whether gradients pass through a layer to those "
    "before it. Without, only skip connections carry them.",
    otherwise="--no-input-gradient",
)
@option(
    "trainable",
    "Whether the layers' weights are trained; if not, only the classifier behind them is.",
    otherwise="--no-trainable",
)
@option(
    "backend",
    "What runs the circuits: compiled (TensorFlow operations), or noiseless "
    "(TensorFlow Quantum's simulator, where that is installed), which gives the same numbers far "
    "more slowly.",
)
@option(
    "repetitions",
    "Shots for each Pauli string that is measured.  [default: exact expectation values]",
    type=int,
)
@option(
    "noise",
    "What befalls qubits after each gate, such as depolarizing=0.01,readout_error=0.02; also "
    "amplitude_damping, phase_damping, bit_flip and phase_flip.  [default: nothing]",
    type=Strengths(),
)
@option("epochs", "Passes over the training images.")
@option("batch_size", "Images in a training step.")
@option("learning_rate", "Step size of Adam.")
@option("seed", "Same seed, same numbers: of the data, the weights and the shuffling.")
@click.option(
    "--out",
    type=click.Path(),
    help="Folder to make for the run.  [default: the next free of runs/<dataset>-001, ...]",
)
@click.option("--quiet", is_flag=True, help="No progress bar.")
def train(out, quiet, **settings):
    """Train a network, and write it and everything about the run into a new folder."""
    config = RunConfig(**settings)
    out = Path(out or next_run_folder(config.dataset))
    check_new_folder(out)
    check_run(config)
    load_tensorflow()
    from tfq_resqunn.runs import training

    was_there = os.path.lexists(out)
    try:
        result = training.train(config, out, verbose=0 if quiet else 1)
    except KeyboardInterrupt:
        click.echo(f"\nStopped. {_what_is_left(out)}", err=True)
        sys.exit(INTERRUPTED)
    except Exception:
        if out.is_dir() and not was_there:
            click.echo(f"\nThe training has failed. {_what_is_left(out)}", err=True)
        raise
    click.echo(f"\n{result.gradients}\n")
    click.echo(f"training accuracy  {result.train_accuracy:.4f}")
    click.echo(f"test accuracy      {result.test_accuracy:.4f}\n")
    for name, path in result.paths.items():
        click.echo(f"{name:<10} {path}")
    if result.divergence is not None:
        click.echo(
            f"\nThe training has failed: {result.divergence} The files above are there to see "
            "where it went wrong; their model is of no use. Try a smaller --learning-rate.",
            err=True,
        )
        sys.exit(1)
    click.echo("\nGo on with:")
    click.echo(f"  tensorboard --logdir {result.paths['logs']}")
    click.echo(f"  resqunn predict {result.paths['model']} IMAGES.npz")


def _what_is_left(out: Path) -> str:
    if (out / "model.keras").is_file():
        return f"The model is saved in {out}; what else belongs there may be missing."
    if out.is_dir():
        return (
            f"No model is saved; {out} holds the logs up to here. "
            "Remove it, or choose another --out next time."
        )
    return "Nothing was written."
