"""What the user's own choices do to a training step: XLA, precision, what is trained.

Usage: python -m benchmarks.choices --help
"""

import click

from benchmarks.quiet import load_steps
from benchmarks.tables import Document, markdown_table, ratio, show, significant

HELP = """Time training steps of a ResQuNN of two layers with one thing changed each time,
alternately, for patches of 2x2 pixels and one ansatz layer, and for 3x3 pixels and three.

"features stored" trains the head alone, on what frozen circuits have given once.
"""
CASES = ((2, 1), (3, 3))  # rows and columns of a patch, layers of the ansatz
CHOICES = {
    "as it is": {},
    "`jit_compile=True`": {"jit": True},
    "`float64`": {"policy": "float64"},
    "`mixed_bfloat16`": {"policy": "mixed_bfloat16"},
    "`input_gradient=False`": {"input_gradient": False},
    "`trainable=False`": {"trainable": False},
    "features stored": {"stored": True},
}


@click.command(help=HELP)
@click.option("--batch-size", default=32, show_default=True, help="Images in a step.")
@click.option("--image-size", type=int, help="Rows and columns of an image.  [default: 28 or 27]")
@click.option("--seconds", default=8.0, show_default=True, help="Time for each kind of patch.")
@click.option(
    "--write", type=Document("choices"), multiple=True, metavar="FILE",
    help="Document to write the table into, between <!-- choices --> and <!-- /choices -->.",
)  # fmt: skip
def main(batch_size, image_size, seconds, write):
    """Prints the table."""
    steps = load_steps()
    from benchmarks.changed import Changed

    rows = [[name] for name in CHOICES]
    header = ["changed"]
    for kernel_size, n_layers in CASES:
        case = steps.Case(kernel_size, n_layers, 2, batch_size, image_size)
        forms = [
            Changed(case, "compiled", change.pop("jit", False), batch_size, **change)
            for change in map(dict, CHOICES.values())
        ]
        times = steps.time_steps(forms, seconds)
        layers = f"{n_layers} ansatz layer{'s'[: n_layers > 1]}"
        header += [f"{kernel_size}x{kernel_size}, {layers}: ms", "to the first"]
        for row, form in zip(rows, forms, strict=True):
            milliseconds = 1e3 * batch_size * times[form]
            row += [significant(milliseconds), ratio(times[form] / times[forms[0]])]
    table = f"{markdown_table(header, rows)}\n\nBatches of {batch_size} images, two layers."
    show(table, "choices", write)


if __name__ == "__main__":
    main()
