"""The command `resqunn`: options in, calls to the package, results printed."""

import click

from tfq_resqunn import training
from tfq_resqunn._version import __version__
from tfq_resqunn.files import replacing
from tfq_resqunn.layers import Quanv2D
from tfq_resqunn.run_config import RunConfig

TRAIN_EXAMPLES = """\b
Examples:
  resqunn train
  resqunn train --classes 3,8 --n-train 200 --epochs 5
  resqunn train --placement none --no-input-gradient
  resqunn train --dataset mnist --n-train 2000 --n-test 500 --image-size 14
  resqunn train --dataset my_images.npz --depth 3 --placement "X+O1, O2+O3"
"""
PREDICT_EXAMPLES = """\b
Example:
  resqunn predict runs/digits-001/model.keras new_images.npz --out labels.csv
"""


DRAW_EXAMPLES = """\b
Examples:
  resqunn draw
  resqunn draw --kernel-size 3 --ansatz strongly_entangling --svg circuit.svg
"""


class LibraryError(click.ClickException):
    """A mistake in the options that the library, not click, has found."""

    exit_code = 2


class CleanErrors(click.Group):
    """A group of commands that shows the library's errors without a traceback."""

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except (ValueError, TypeError, OSError) as error:
            raise LibraryError(str(error)) from error


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


def option(flag: str, help: str, **settings):
    """Make an option with the default that `RunConfig` has for it."""
    name = flag.partition("/")[0].strip("-").replace("-", "_")
    default = getattr(RunConfig, name)
    shown = default is not None
    return click.option(flag, help=help, default=default, show_default=shown, **settings)


@click.group(cls=CleanErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="resqunn")
def main():
    """Train residual quanvolutional networks (ResQuNNs), and label images with them."""


@main.command(epilog=TRAIN_EXAMPLES)
@option(
    "--dataset",
    "digits, mnist, fashion_mnist, or an .npz file with x_train, y_train, x_test and y_test.",
    metavar="NAME|FILE",
)
@option("--classes", "Labels to keep, such as 3,8.  [default: all]", type=Labels())
@option("--n-train", "Number of training images to draw.  [default: all]", type=int)
@option("--n-test", "Number of test images to draw.  [default: all]", type=int)
@option(
    "--image-size", "Pixels to resize to in each direction.  [default: the data's own]", type=int
)
@option("--depth", "Number of quanvolutional layers.")
@option(
    "--placement",
    'Where the skip connections are, such as "(X+O1)+O2": X is the image, O1 '
    'the first layer\'s output; "none" for a plain stack.  [default: around every layer]',
    type=str,
)
@option(
    "--kernel-size",
    "Pixels of a patch in each direction; the square of it is the number of "
    "values a circuit takes.",
    type=int,
)
@option(
    "--padding",
    "valid leaves out what a last, incomplete patch would hold; same adds zeros.",
    type=click.Choice(["valid", "same"]),
)
@option("--filters", "Number of circuits in each layer.")
@option("--encoder", "How pixels become angles: angle, angle_rx, angle_ry or angle_rz.")
@option("--ansatz", "The circuits' trainable block: basic_entangler or strongly_entangling.")
@option("--n-layers", "Number of layers of the ansatz in each circuit.")
@option(
    "--readout",
    "Where a patch's outcomes go: to its own pixels, or to channels.",
    type=click.Choice(["pixels", "channels"]),
)
@option(
    "--input-gradient/--no-input-gradient",
    "Whether gradients pass through a layer to those "
    "before it. Without, only skip connections carry them.",
)
@option(
    "--trainable/--no-trainable",
    "Whether the circuits' angles are trained; if not, only the classifier behind them is.",
)
@option(
    "--backend",
    "What runs the circuits: compiled (TensorFlow operations), or noiseless "
    "(TensorFlow Quantum's simulator), which gives the same numbers far more slowly.",
)
@option("--epochs", "Passes over the training images.")
@option("--batch-size", "Images in a training step.")
@option("--learning-rate", "Step size of Adam.")
@option("--seed", "Same seed, same numbers: of the data, the weights and the shuffling.")
@click.option(
    "--out",
    type=click.Path(),
    help="Folder to make for the run.  [default: the next free of runs/<dataset>-001, ...]",
)
@click.option("--quiet", is_flag=True, help="No progress bar.")
def train(out, quiet, **settings):
    """Train a network, and write it and everything about the run into a new folder."""
    config = RunConfig(**settings)
    out = out or training.next_run_folder(config.dataset)
    result = training.train(config, out, verbose=0 if quiet else 1)
    click.echo(f"\n{result.gradients}\n")
    click.echo(f"training accuracy  {result.train_accuracy:.4f}")
    click.echo(f"test accuracy      {result.test_accuracy:.4f}\n")
    for name, path in result.paths.items():
        click.echo(f"{name:<10} {path}")
    click.echo("\nGo on with:")
    click.echo(f"  tensorboard --logdir {result.paths['logs']}")
    click.echo(f"  resqunn predict {result.paths['model']} IMAGES.npz")


@main.command(epilog=PREDICT_EXAMPLES)
@click.argument("model", type=click.Path())
@click.argument("images", metavar="IMAGES.npz", type=click.Path())
@click.option(
    "--out",
    default="predictions.csv",
    show_default=True,
    type=click.Path(),
    help="Table to write: a row for each image, with its label and the probability of "
    "each class. An existing file is replaced.",
)
def predict(model, images, out):
    """Label images with a trained network.

    MODEL is the model.keras of a run. IMAGES.npz has the images as the array x (or x_test, or
    its only array): [n, rows, cols] or [n, rows, cols, channels], integers in 0..255 or floats
    in [0, 1]. If it has labels, as y or y_test, the accuracy is printed.
    """
    predictions = training.predict(model, images)
    predictions.to_csv(out)
    click.echo(f"{len(predictions.labels)} images labelled: {out}")
    if predictions.accuracy is not None:
        click.echo(f"accuracy {predictions.accuracy:.4f}")


@main.command(epilog=DRAW_EXAMPLES)
@option("--kernel-size", "Pixels of a patch in each direction.", type=int)
@click.option("--channels", default=1, show_default=True, help="Channels of the image.")
@option("--encoder", "How pixels become angles, as for train.")
@option("--ansatz", "The circuit's trainable block, as for train.")
@option("--n-layers", "Number of layers of the ansatz.")
@click.option("--svg", type=click.Path(), help="Also write a picture, as SVG, into this file.")
def draw(kernel_size, channels, encoder, ansatz, n_layers, svg):
    """Draw the circuit of a quanvolution, and print how it is computed and at what cost."""
    layer = Quanv2D(kernel_size=kernel_size, encoder=encoder, ansatz=ansatz, n_layers=n_layers)
    layer.build((None, kernel_size, kernel_size, channels))
    circuit = layer.pqcs[0].circuit
    click.echo(circuit.diagram())
    click.echo(f"\n{layer.plan}")
    if svg is not None:
        with replacing(svg) as temporary:
            temporary.write_text(circuit.diagram("svg"), encoding="utf-8")
        click.echo(f"\npicture: {svg}")
