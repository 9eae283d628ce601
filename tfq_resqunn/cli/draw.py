"""`resqunn draw`: a quanvolution's circuit, and how it is computed."""

import contextlib
from typing import Any

import click

from tfq_resqunn._utils.arguments import check_count, check_picture
from tfq_resqunn._utils.files import check_different, replacing, write_text
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.cli.options import add_settings
from tfq_resqunn.runs.beforehand import check_layer
from tfq_resqunn.runs.config import RunConfig

EXAMPLES = """\b
Examples:
  resqunn draw
  resqunn draw --kernel-size 3 --ansatz strongly_entangling --svg circuit.svg
  resqunn draw --kernel-size 4 --ansatz brick --plan plan.png
  resqunn draw --encoder iqp --ansatz sim_14 --noise depolarizing=0.01
"""

CIRCUIT = (
    "kernel_size", "encoder", "ansatz", "n_layers", "n_uploads", "observables", "noise",
)  # fmt: skip


@click.command(epilog=EXAMPLES)
@add_settings(RunConfig, only=CIRCUIT)
@click.option("--channels", default=1, help="Channels of the image.")
@click.option("--svg", type=click.Path(), help="Also write a picture, as SVG, into this file.")
@click.option(
    "--plan", type=click.Path(), help="Also draw what each method would cost, and light cones, "
    "into this file, such as plan.png or plan.svg.",
)  # fmt: skip
def draw(channels: int, svg: str | None, plan: str | None, **settings: Any) -> None:
    """Draw the circuit of a quanvolution, and print how it is computed and at what cost."""
    check_different({"svg": svg, "plan": plan}, "draw")
    with contextlib.ExitStack() as stack:
        picture = None if svg is None else stack.enter_context(replacing(svg))
        figure = None if plan is None else stack.enter_context(replacing(plan))
        check_picture.or_none()(plan, "plan", "draw")
        check_count(channels, "channels", "draw")
        check_layer(RunConfig(**settings))
        load_tensorflow()
        from tfq_resqunn.layers import Quanv2D

        layer = Quanv2D(**settings)
        layer.build((None, *layer.kernel_size, channels))
        circuit = layer.pqcs[0].circuit
        click.echo(circuit.diagram())
        click.echo(f"\n{layer.plan}")
        if picture is not None:
            write_text(picture, circuit.diagram("svg"))
        if figure is not None:
            from tfq_resqunn.plots import plan_figure

            plan_figure(layer, figure)
    for path, what in ((svg, "picture"), (plan, "plan")):
        if path is not None:
            click.echo(f"\n{what}: {path}")
