"""What noise and shots cost in training.

Usage: python -m benchmarks.noise --help
"""

import click

from benchmarks.quiet import load_steps
from benchmarks.tables import Document, markdown_table, ratio, show, significant

HELP = """Time training steps of a ResQuNN of two layers with circuits of four qubits on patches of
2x2 pixels: exact and noiseless, with exact noise, with shots, and with the trajectories of
TensorFlow Quantum's noisy simulator, alternately.

Compiled steps are timed without and with XLA where it can compile them; the better counts. The
noisy simulator gets --noisy-images images, and its time is scaled to the batch.
"""
DEPOLARIZING = (("depolarizing", 0.01),)
DAMPING = (("amplitude_damping", 0.01), ("phase_damping", 0.01))
FORMS = (
    ("compiled", (), None),
    ("compiled", DEPOLARIZING, None),
    ("compiled", DAMPING, None),
    ("compiled", (), 1000),
    ("noisy", DEPOLARIZING, 100),
)


@click.command(help=HELP)
@click.option("--batch-size", default=32, show_default=True, help="Images in a step.")
@click.option("--n-layers", default=1, show_default=True, help="Layers of the ansatz.")
@click.option(
    "--noisy-images", default=1, show_default=True, help="Images for the noisy simulator."
)
@click.option("--noisy-size", default=8, show_default=True, help="Their rows and columns.")
@click.option("--seconds", default=6.0, show_default=True, help="Time for the quick ones together.")
@click.option(
    "--write", type=Document("noise"), multiple=True, metavar="FILE",
    help="Document to write the table into, between <!-- noise --> and <!-- /noise -->.",
)  # fmt: skip
def main(batch_size, n_layers, noisy_images, noisy_size, seconds, write):
    """Prints the table."""
    steps = load_steps()
    case = steps.Case(2, n_layers, 2, batch_size)
    small = steps.Case(2, n_layers, 2, noisy_images, noisy_size)
    forms = {
        settings: [
            steps.Form(case, settings[0], jit, batch_size, *settings[1:])
            for jit in ((False,) if settings[2] else (False, True))
        ]
        for settings in FORMS
        if settings[0] != "noisy"
    }
    forms[FORMS[-1]] = [steps.Form(small, "noisy", False, noisy_images, *FORMS[-1][1:])]
    times = steps.time_steps([form for group in forms.values() for form in group], seconds)
    rows, first = [], None
    for (backend, noise, repetitions), group in forms.items():
        per_circuit = min(times[form] / form.case.circuits_per_image for form in group)
        first = first or per_circuit
        milliseconds = 1e3 * per_circuit * case.circuits_per_image * batch_size
        scaled = "~" if backend == "noisy" else ""
        kind = "trajectories" if backend == "noisy" else "shots"
        rows.append(
            [
                backend,
                ", ".join(f"{name} {p:g}" for name, p in noise) or "none",
                "exact" if repetitions is None else f"{repetitions} {kind}",
                scaled + significant(milliseconds),
                significant(1e6 * per_circuit),
                ratio(per_circuit / first),
            ]
        )
    header = ["backend", "noise", "outcomes", "step, ms", "circuit, µs", "to the first"]
    s = "s"[: n_layers > 1]
    note = f"Batches of {batch_size} images of 28 x 28, {n_layers} ansatz layer{s}."
    table = f"{markdown_table(header, rows)}\n\n{note}"
    show(table, "noise", write)


if __name__ == "__main__":
    main()
