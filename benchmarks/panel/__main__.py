"""The panel's command.

Usage: python -m benchmarks.panel --help
"""

import contextlib
import itertools
import time
from collections.abc import Callable, Sequence

import click

from benchmarks.panel.connection import Peer
from benchmarks.panel.rows import Row, chosen
from benchmarks.quiet import load_steps
from benchmarks.tables import Document, has_place, write_place

HELP = """Time training steps of the same circuits, ours and those of PennyLane and TensorFlow
Quantum, in turns.

A step gives outputs and gradients by weights and by inputs. Ours is a layer in a tf.function,
without XLA and with it; "XLA by Keras" is which of the two Keras takes by itself. PennyLane runs in
.venv-peers, in a process of its own, which `make bench-peers` installs: default.qubit and
default.mixed under jax.jit(jax.vmap), lightning.qubit with adjoint gradients. Nothing is timed
before outputs and gradients are equal; if they are not, the command fails and says where.

A second table has networks of two residual quanvolutions, with a step of each and one of its
Conv2D twin, bare and in model.fit. A third, with --methods, has every method of each row's plan,
chosen or not, so that the plan's choice can be compared with the best one.
"""
EXAMPLES = """\b
Examples:
  make bench-peers                                  # installs the peers, then runs all
  python -m benchmarks.panel --rows '4-*' --no-networks
  python -m benchmarks.panel --rows '9-*,16-product' --methods --no-peers --no-networks
  python -m benchmarks.panel --rows none --kernel-size 5,7
  python -m benchmarks.panel --methods --write docs/performance.md

\b
--write replaces what stands in a document between <!-- panel --> and <!-- /panel -->, for the
first table, between <!-- panel-networks --> and <!-- /panel-networks -->, and between
<!-- panel-methods --> and <!-- /panel-methods -->; a table that was not made stays as it is.
"""
PLACES = ("panel", "panel-networks", "panel-methods")
KERNELS = ("2", "3", "4", "5", "7")
ROTATIONS, N_LAYERS = ("rx", "ry"), (2, 3)


class Kernels(click.ParamType):
    """Some of the kernels of the second table, with commas between them."""

    name = "N,N"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        kernels = tuple(value.split(","))
        if not set(kernels) <= set(KERNELS):
            self.fail(f"{value!r} must be some of {','.join(KERNELS)}, with commas between them.")
        return tuple(map(int, kernels))


def heading(versions: str | None) -> str:
    """Says what was measured on what."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", "") for gpu in gpus]
    where = f"a GPU ({', '.join(names)})" if gpus else "the CPU"
    theirs = f"; peers on the CPU: {versions}" if versions else ""
    return f"Ours on {where}, TensorFlow {tf.__version__}{theirs}."


def progress(number: int, total: int, name: object, start: float, summary: str) -> None:
    click.echo(f"{number}/{total}  {name}: {summary}  [{time.time() - start:.0f} s]", err=True)


def run_all(items: Sequence, measure: Callable) -> list:
    """Measures each, and says how far it is."""
    from benchmarks.panel.ours import Mismatch

    results, start = [], time.time()
    for number, item in enumerate(items, 1):
        try:
            results.append(measure(item))
        except Mismatch as error:
            raise click.ClickException(str(error)) from error
        name = item.name if isinstance(item, Row) else item
        progress(number, len(items), name, start, results[-1].summary)
    return results


@click.command(help=HELP, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--rows", "patterns", default="*", show_default=True, metavar="PATTERN,PATTERN",
    help="Rows of the first table and the third, by name, with * as in a shell; or none.",
)  # fmt: skip
@click.option(
    "--circuits", type=click.IntRange(1),
    help="Circuits in a step, in place of each row's own number.",
)  # fmt: skip
@click.option(
    "--peers/--no-peers", default=True, show_default=True,
    help="Whether PennyLane is timed too.",
)  # fmt: skip
@click.option(
    "--networks/--no-networks", default=True, show_default=True,
    help="Whether the second table is made.",
)  # fmt: skip
@click.option(
    "--kernel-size", type=Kernels(), default=",".join(KERNELS), show_default=True,
    help="Rows and columns of its patches.",
)  # fmt: skip
@click.option(
    "--methods/--no-methods", default=False, show_default=True,
    help="Whether the third table is made.",
)  # fmt: skip
@click.option(
    "--seconds", type=click.FloatRange(0), default=2.0, show_default=True,
    help="For the steps of each side of a row; building and compiling come on top.",
)  # fmt: skip
@click.option(
    "--step-limit", type=click.FloatRange(0, min_open=True), default=2.0, show_default=True,
    help="Seconds that a step of the second and the third table may take, roughly; above, it gets "
    "fewer images or circuits, and its time is scaled and has a ~ before it.",
)  # fmt: skip
@click.option(
    "--write", type=Document(*PLACES), multiple=True, metavar="FILE",
    help="Document to write the tables into; may be given again.",
)  # fmt: skip
def main(
    patterns, circuits, peers, networks, kernel_size, methods, seconds, step_limit, write
):  # fmt: skip
    try:
        rows = chosen(patterns, circuits)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--rows") from error
    with contextlib.ExitStack() as stack:
        peer = stack.enter_context(Peer()) if peers and rows else None
        load_steps()
        from benchmarks.panel import comparison
        from benchmarks.panel import methods as all_methods
        from benchmarks.panel import networks as nets

        above = heading(peer and peer.versions)
        click.echo(above)

        def show(name: str, table: str) -> None:
            click.echo(f"\n{table}")
            for path in write:
                if has_place(path, name):
                    over = above if name == "panel" else heading(None)
                    write_place(path, name, f"{over}\n\n{table}")

        if rows:
            results = run_all(rows, lambda row: comparison.measure(row, peer, seconds))
            show("panel", comparison.table(results))
    if networks:
        grid = itertools.product(kernel_size, N_LAYERS, ROTATIONS)
        built = [nets.Network(*values) for values in grid]
        results = run_all(built, lambda network: nets.measure(network, seconds, step_limit))
        show("panel-networks", nets.table(results))
    if methods and rows:
        results = run_all(rows, lambda row: all_methods.measure(row, seconds, step_limit))
        show("panel-methods", all_methods.table(results))


if __name__ == "__main__":
    main()
