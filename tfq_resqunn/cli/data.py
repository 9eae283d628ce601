"""`resqunn data`: what a data set holds, and what an epoch of it would be."""

import contextlib
import math
from typing import TYPE_CHECKING, Any

import click

from tfq_resqunn._utils.arguments import check_picture
from tfq_resqunn._utils.files import replacing
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.cli.options import add_settings
from tfq_resqunn.runs.beforehand import check_run
from tfq_resqunn.runs.config import RunConfig

if TYPE_CHECKING:
    from tfq_resqunn.datasets import Dataset
    from tfq_resqunn.datasets.selection import Images

EXAMPLES = """\b
Examples:
  resqunn data digits
  resqunn data photos/ --image-size 32 --picture photos.png
  resqunn data mnist --classes 3,8 --n-train 1000 --kernel-size 3
"""

SETTINGS = (
    "classes", "n_train", "n_test", "image_size", "kernel_size", "padding", "filters",
    "channels", "validation", "seed",
)  # fmt: skip
PARTS = {"train": "training", "val": "validation", "test": "test"}


@click.command(epilog=EXAMPLES)
@click.argument("dataset", metavar="NAME|PATH")
@add_settings(RunConfig, only=SETTINGS)
@click.option(
    "--picture", type=click.Path(), help="Also draw some images of each class, into this file."
)
def data(dataset: str, picture: str | None, **settings: Any) -> None:
    """Show what a data set holds: classes, images, pixels, and what an epoch would be.

    NAME|PATH is what `resqunn train` takes as --dataset, and the options are those of `train`, so
    that what is shown is what a network would be trained on.
    """
    with replacing(picture) if picture is not None else contextlib.nullcontext() as temporary:
        check_picture.or_none()(picture, "picture", "data")
        config = RunConfig(dataset=dataset, **settings)
        check_run(config)
        load_tensorflow()
        from tfq_resqunn.plots import examples_figure
        from tfq_resqunn.runs.training import load_data

        found = load_data(config, verbose=1)
        click.echo("\n".join([*_images(found), "", *_counts(found), "", *_epoch(found, config)]))
        if temporary is not None:
            examples_figure(found.x_train, found.y_train, found.classes, temporary)
    if picture is not None:
        click.echo(f"\npicture: {picture}")


def _images(data: "Dataset") -> list[str]:
    rows, cols, channels = data.image_shape
    low, high, mean = _range(data.x_train)
    return [
        f"{data.name}: {data.n_classes} classes, images of {rows} x {cols} pixels in "
        f"{_number(channels, 'channel')}",
        f"pixels from {low:.3g} to {high:.3g}, {mean:.3g} on average (0 is black, 1 is white)",
    ]


def _range(images: "Images") -> tuple[float, float, float]:
    """Gives the lowest pixel, the highest and their mean."""
    from tfq_resqunn.datasets.stored_images import StoredImages

    parts = images.parts() if isinstance(images, StoredImages) else [images]
    found = [(part.min(), part.max(), part.mean(dtype=float) * len(part)) for part in parts]
    lows, highs, sums = zip(*found, strict=True)
    return min(lows), max(highs), sum(sums) / len(images)


def _counts(data: "Dataset") -> list[str]:
    """Makes a table of how many images of each class there are in each part."""
    import numpy as np

    parts = {title: getattr(data, f"y_{part}") for part, title in PARTS.items()}
    counts = {
        title: np.bincount(y, minlength=data.n_classes).tolist()
        for title, y in parts.items()
        if y is not None
    }
    rows = [
        ("class", *counts),
        *zip(data.classes, *counts.values(), strict=True),
        ("all", *map(sum, counts.values())),
    ]
    rows = [tuple(map(str, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]


def _epoch(data: "Dataset", config: RunConfig) -> list[str]:
    """Says how many patches and circuits an epoch would be."""
    from tfq_resqunn.layers import Quanv2D

    layer = Quanv2D(config.filters, config.kernel_size, padding=config.padding, readout="channels")
    outputs = layer.compute_output_shape((1, *data.image_shape))
    n_an_image = math.prod(n for n in outputs[:-1] if n is not None)
    n_patches = len(data.x_train) * n_an_image
    n_values = math.prod(layer.kernel_size) * data.image_shape[-1]
    size = " x ".join(map(str, layer.kernel_size))
    return [
        f"{n_patches:,} patches of {size} pixels an epoch, {n_an_image} an image; each has "
        f"{_number(n_values, 'value')}",
        f"{n_patches * config.filters:,} circuits an epoch in the first layer, with "
        f"{_number(config.filters, 'filter')}; as many for each layer of this size",
    ]


def _number(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
