"""What a colour picture costs, by how its channels go into circuits.

Usage: python -m benchmarks.channels --help
"""

import dataclasses
import functools

import click
import numpy as np

from benchmarks.quiet import load_steps
from benchmarks.tables import Document, markdown_table, show, significant
from benchmarks.training_step import Numbers

steps = load_steps()
rq, keras = steps.rq, steps.keras

HELP = """Time training steps of one quanvolution on colour pictures, for each way in which channels
go into circuits, alternately.

The network is the quanvolution, the mean over all patches, and a Dense layer. A step is one
tf.function: forward, loss, gradients and Adam's update, on random pictures, without and with XLA;
the better counts.
"""
PLACE = "channels"
# What the layer is given, by what the table calls it.
WAYS = {
    "gray": {},
    "a value a qubit": {},
    "`values_per_qubit=3`": {
        "encoder": functools.partial(rq.circuits.dense_angle_encoder, values_per_qubit=3)
    },
    "`groups=3`, `filters=3`": {"groups": 3, "filters": 3},
    '`encoder="amplitude"`': {"encoder": "amplitude"},
}


@dataclasses.dataclass(frozen=True)
class ColourForm(steps.Form):
    """A way to train on colour pictures, or on gray ones.

    Args:
        way: One of `WAYS`.
    """

    way: str = "gray"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a picture."""
        return self.case.size, self.case.size, 1 if self.way == "gray" else 3

    def layer(self):
        """Builds the quanvolution."""
        layer = rq.Quanv2D(
            kernel_size=self.case.kernel_size, n_layers=self.case.n_layers,
            **{"filters": 1, **WAYS[self.way]},
        )  # fmt: skip
        layer.build((None, *self.shape))
        return layer

    def model(self):
        """Builds the network."""
        steps.set_seed(0)
        head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10, "softmax")]
        return keras.Sequential([keras.Input(self.shape), self.layer(), *head])

    def batch(self, n_batches: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Draws pictures and labels for some steps."""
        n = self.images * n_batches
        pictures = np.random.default_rng(0).random((n, *self.shape), np.float32)
        return pictures, np.arange(n) % 10


def measure(kernel_size: int, n_layers: int, batch_size: int, image_size: int, seconds: float):
    """Gives the seconds that a step takes for a picture, for each of `WAYS`, and a layer of it."""
    case = steps.Case(kernel_size, n_layers, 1, batch_size, image_size // kernel_size * kernel_size)
    forms = [
        ColourForm(case, "compiled", jit, batch_size, way=way)
        for way in WAYS
        for jit in (False, True)
    ]
    times = steps.time_steps(forms, seconds)
    return {
        form.way: (min(times[form], times[dataclasses.replace(form, jit=True)]), form)
        for form in forms
        if not form.jit
    }


def row(way: str, form: ColourForm, seconds: dict[int, float]) -> list[str]:
    """Gives a row of the table; `seconds` are those for a picture, by layers of the ansatz."""
    layer, k = form.layer(), form.case.kernel_size
    cells = [f"{k}x{k}", way, str(len(layer.circuit.qubits)), str(layer.groups)]
    cells.append(str(layer.compute_output_shape((1, *form.shape))[-1]))
    for per_picture in seconds.values():
        cells += [
            significant(1e6 * per_picture / form.case.circuits_per_image, 2),
            significant(1e3 * per_picture * form.images, 2),
        ]
    return cells


@click.command(help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--kernel-size", type=Numbers(), default="2,3", show_default=True,
    help="Rows and columns of a patch.",
)  # fmt: skip
@click.option(
    "--n-layers", type=Numbers(), default="1,3", show_default=True, help="Layers of the ansatz."
)
@click.option(
    "--batch-size", type=click.IntRange(1), default=32, show_default=True,
    help="Pictures in a step.",
)  # fmt: skip
@click.option(
    "--image-size", type=click.IntRange(3), default=32, show_default=True,
    help="Rows and columns of a picture; less, where patches do not fill it.",
)  # fmt: skip
@click.option(
    "--seconds", type=click.FloatRange(0), default=8.0, show_default=True,
    help="To spend on each kernel size and ansatz; building and compiling come on top.",
)  # fmt: skip
@click.option(
    "--write", type=Document(PLACE), multiple=True, metavar="FILE",
    help="Document to write the table into; may be given again.",
)  # fmt: skip
def main(kernel_size, n_layers, batch_size, image_size, seconds, write):
    header = ["patches", "channels", "qubits", "circuits a patch", "outcomes a patch"]
    for n in n_layers:
        what = f"{n} ansatz layer{'s'[: n > 1]}"
        header += [f"{what}: µs a patch", "ms a step"]
    rows = []
    for k in kernel_size:
        found = {n: measure(k, n, batch_size, image_size, seconds) for n in n_layers}
        for way in WAYS:
            form = found[n_layers[0]][way][1]
            rows.append(row(way, form, {n: found[n][way][0] for n in n_layers}))
            click.echo(" ".join(rows[-1]), err=True)
    table = markdown_table(header, rows)
    show(table, PLACE, write)


if __name__ == "__main__":
    main()
