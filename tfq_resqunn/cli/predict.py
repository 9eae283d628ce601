"""`resqunn predict`: images, labelled by a trained network."""

import click

from tfq_resqunn import prediction

EXAMPLES = """\b
Example:
  resqunn predict runs/digits-001/model.keras new_images.npz --out labels.csv
"""


@click.command(epilog=EXAMPLES)
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
    predictions = prediction.predict(model, images)
    predictions.to_csv(out)
    click.echo(f"{len(predictions.labels)} images labelled: {out}")
    if predictions.accuracy is not None:
        click.echo(f"accuracy {predictions.accuracy:.4f}")
