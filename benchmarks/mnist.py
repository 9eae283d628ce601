"""What it takes to train a ResQuNN on the whole of MNIST.

Usage: python -m benchmarks.mnist --help
"""

import statistics
import time
from pathlib import Path

import click

from benchmarks.quiet import load_steps
from benchmarks.tables import Document, markdown_table, show, significant

HELP = """Train a ResQuNN of two layers, (X+O1)+O2, with circuits of four qubits on patches of 2x2
pixels, and its classical twin, on all training images, with model.fit.

Prints seconds per epoch, the first one included and after it, the accuracy on the test images
after the last epoch, and what an epoch would take with TensorFlow Quantum's simulator: its
microseconds per circuit, timed here on a small batch, times the circuits of an epoch.
"""
EXAMPLES = """\b
Examples:
  python -m benchmarks.mnist
  python -m benchmarks.mnist --data my_images.npz --epochs 2
  python -m benchmarks.mnist --write docs/performance.md

\b
--write replaces what stands in a document between <!-- mnist --> and <!-- /mnist -->.
"""


def train(model, data, batch_size, epochs, learning_rate, seed):
    """Fits a model; gives the seconds of each epoch and the accuracy on the test images."""
    from tfq_resqunn._utils.keras import keras
    from tfq_resqunn._utils.seeding import set_seed

    class Clock(keras.callbacks.Callback):
        """Notes the seconds of each epoch."""

        def __init__(self):
            super().__init__()
            self.seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)
            click.echo(
                f"  {model.name}, epoch {epoch + 1}/{epochs}: {self.seconds[-1]:.1f} s, "
                f"training accuracy {logs['accuracy']:.4f}",
                err=True,
            )

    clock = Clock()
    set_seed(seed)  # so that both models see the images in the same order
    adam = keras.optimizers.Adam(learning_rate)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        data.x_train, data.y_train,
        batch_size=batch_size, epochs=epochs, callbacks=[clock], verbose=0,
    )  # fmt: skip
    scores = model.evaluate(data.x_test, data.y_test, verbose=0, return_dict=True)
    return clock.seconds, float(scores["accuracy"])


@click.command(help=HELP, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data", default="mnist", show_default=True, metavar="NAME|PATH",
    help="mnist (downloaded once), fashion_mnist, digits, or an .npz file with x_train, y_train, "
    "x_test and y_test.",
)  # fmt: skip
@click.option("--epochs", type=click.IntRange(1), default=10, show_default=True)
@click.option("--batch-size", type=click.IntRange(1), default=256, show_default=True)
@click.option("--n-layers", type=click.IntRange(1), default=1, show_default=True,
              help="Layers of the ansatz.")  # fmt: skip
@click.option("--learning-rate", default=0.005, show_default=True, help="Step size of Adam.")
@click.option("--seed", default=0, show_default=True, help="Of the weights and the shuffling.")
@click.option(
    "--write", type=Document("mnist"), multiple=True, metavar="FILE",
    help="Document to write the table into; may be given again.",
)  # fmt: skip
def main(data, epochs, batch_size, n_layers, learning_rate, seed, write):
    steps = load_steps()
    import tfq_resqunn as rq
    from tfq_resqunn._utils.seeding import set_seed

    data = rq.datasets.load(Path(data) if data.endswith(".npz") else data)
    arguments = {"depth": 2, "placement": "(X+O1)+O2", "kernel_size": 2, "n_layers": n_layers}
    rows, settings = [], (data, batch_size, epochs, learning_rate, seed)
    for build in (rq.classical_twin, rq.resqunn):
        set_seed(seed)
        model = build(data.image_shape, data.n_classes, **arguments)
        seconds, accuracy = train(model, *settings)
        rest = significant(statistics.median(seconds[1:]) if epochs > 1 else None)
        rows.append([model.name, significant(seconds[0]), rest, f"{accuracy:.4f}"])
    case = steps.Case(2, n_layers, 2, steps.MAX_NOISELESS_IMAGES, data.image_shape[0])
    form = steps.Form(case, "noiseless", False, case.batch_size)
    click.echo("  timing TensorFlow Quantum", err=True)
    per_image = steps.time_steps([form], 0)[form]
    rows.append(["resqunn, noiseless", "-", f"~{per_image * len(data.x_train):.0f}", "-"])
    header = ["network", "first epoch, s", "epoch, s", f"test accuracy after {epochs} epochs"]
    table = markdown_table(header, rows)
    note = (
        f"{len(data.x_train)} training images, batches of {batch_size}, {n_layers} ansatz "
        f"layer{'s'[: n_layers > 1]}; {case.circuits_per_image * len(data.x_train):,} circuits an "
        f"epoch, at {1e6 * per_image / case.circuits_per_image:.0f} µs each with `noiseless`."
    )
    show(f"{table}\n\n{note}", "mnist", write)


if __name__ == "__main__":
    main()
