"""`resqunn predict`: images, labelled by a trained network."""

import click

from tfq_resqunn._utils.files import replacing
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.runs.beforehand import check_prediction

EXAMPLES = """\b
Examples:
  resqunn predict runs/digits-001/model.keras new_images.npz --out labels.csv
  resqunn predict runs/digits-001/model.keras new_pictures
"""


@click.command(epilog=EXAMPLES)
@click.argument("model", type=click.Path())
@click.argument("images", metavar="IMAGES", type=click.Path())
@click.option(
    "--out",
    default="predictions.csv",
    type=click.Path(),
    help="Table to write: a row for each image, with its label and the probability of "
    "each class. An existing file is replaced.",
)
def predict(model: str, images: str, out: str) -> None:
    """Label images with a trained network.

    MODEL is the model.keras of a run. IMAGES is an .npz file, with images as the array x (or
    x_test, or its only array): [n, rows, cols] or [n, rows, cols, channels], integers in 0..255
    or floats in [0, 1]. If it has labels, as y or y_test, the accuracy is printed. An .npy file
    has images alone.

    Or IMAGES is a picture, a folder of pictures, or a folder with a folder of pictures for each
    class, whose names are the labels. Of a folder with train and test those in test are labelled.
    The table then names the pictures.

    Images are resized as those of the run were. There may be more than memory holds.

    The most probable class is chosen; a model with one output chooses its second class above a
    probability of 0.5 (a logit of 0).
    """
    with replacing(out) as temporary:  # before the work, so that a bad path is found first
        check_prediction(model, images)
        load_tensorflow()
        from tfq_resqunn.runs import prediction

        labelled = prediction.predict_to_csv(model, images, temporary)
    if labelled.note:
        click.echo(labelled.note, err=True)
    n = labelled.n_images
    click.echo(f"{n} {'image' if n == 1 else 'images'} labelled: {out}")
    if labelled.accuracy is not None:
        click.echo(f"accuracy {labelled.accuracy:.4f}")
