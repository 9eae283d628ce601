"""`resqunn draw`: a quanvolution's circuit, and how it is computed."""

import contextlib

import click

from tfq_resqunn._utils.arguments import check_count
from tfq_resqunn._utils.files import replacing, write_text
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.cli.options import Strengths, option
from tfq_resqunn.runs.beforehand import check_layer
from tfq_resqunn.runs.config import RunConfig

EXAMPLES = """\b
Examples:
  resqunn draw
  resqunn draw --kernel-size 3 --ansatz strongly_entangling --svg circuit.svg
  resqunn draw --encoder iqp --ansatz sim_14 --noise depolarizing=0.01
"""


@click.command(epilog=EXAMPLES)
@option("kernel_size", "Pixels of a patch in each direction.", type=int)
@click.option("--channels", default=1, show_default=True, help="Channels of the image.")
@option("encoder", "How pixels become angles, as for train.")
@option("ansatz", "The circuit's trainable block, as for train.")
@option("n_layers", "Number of layers of the ansatz.")
@option("n_uploads", "How often encoder and ansatz are repeated.")
@option("observables", "What is measured, as for train.")
@option("noise", "What befalls qubits, as for train.  [default: nothing]", type=Strengths())
@click.option("--svg", type=click.Path(), help="Also write a picture, as SVG, into this file.")
def draw(kernel_size, channels, svg, **circuit):
    """Draw the circuit of a quanvolution, and print how it is computed and at what cost."""
    with replacing(svg) if svg is not None else contextlib.nullcontext() as temporary:
        check_count(channels, "channels", "draw")
        check_layer(RunConfig(kernel_size=kernel_size, **circuit))
        load_tensorflow()
        from tfq_resqunn.layers import Quanv2D

        layer = Quanv2D(kernel_size=kernel_size, **circuit)
        layer.build((None, kernel_size, kernel_size, channels))
        circuit = layer.pqcs[0].circuit
        click.echo(circuit.diagram())
        click.echo(f"\n{layer.plan}")
        if temporary is not None:
            write_text(temporary, circuit.diagram("svg"))
    if svg is not None:
        click.echo(f"\npicture: {svg}")
