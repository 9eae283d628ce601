"""`resqunn evaluate`: what a trained network is worth with shots and noise."""

from pathlib import Path

import click

from tfq_resqunn._utils.files import check_folder, replacing
from tfq_resqunn.circuits.noise.strengths import NAMES
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.cli.options import Written
from tfq_resqunn.runs.beforehand import check_evaluation, check_grid
from tfq_resqunn.runs.folder import find_model
from tfq_resqunn.runs.settings import list_of

EXAMPLES = """\b
Examples:
  resqunn evaluate runs/digits-001/model.keras
  resqunn evaluate runs/digits-001/model.keras --shots exact,10,100,1000 --strengths 0,0.01,0.05,0.1
  resqunn evaluate runs/digits-001/model.keras --noise amplitude_damping --n-images 100
"""

TABLE, PLOTS = "evaluation.csv", ("evaluation.png", "evaluation.svg")

SHOTS = Written(
    list_of(lambda text: None if text.strip() == "exact" else int(text)),
    "numbers of shots or exact, such as exact,10,100",
)
STRENGTHS = Written(list_of(float), "numbers with commas between them, such as 0,0.01,0.1")


@click.command(epilog=EXAMPLES)
@click.argument("model", type=click.Path())
@click.option(
    "--images",
    type=click.Path(),
    help="An .npz file with images and labels, or a folder with a folder of pictures for each "
    "class.  [default: the test images of the model's run]",
)
@click.option("--n-images", type=click.IntRange(1), help="How many of them.  [default: all]")
@click.option(
    "--backend",
    default="compiled",
    help="What runs the circuits; several with commas between them: compiled, and where TensorFlow "
    "Quantum is installed noiseless (with --strengths 0 only) and noisy (with --shots for "
    "trajectories, and strengths above 0 only).",
)
@click.option(
    "--shots",
    type=SHOTS,
    metavar="N,N,...",
    default="exact",
    help="Shots for each Pauli string, several with commas between them; exact is none.",
)
@click.option(
    "--noise",
    type=click.Choice(NAMES),
    default="depolarizing",
    help="What befalls qubits after each gate, or when they are read out.",
)
@click.option(
    "--strengths",
    type=STRENGTHS,
    metavar="P,P,...",
    default="0,0.01,0.05,0.1",
    help="Its strengths, each a probability or a damping rate.",
)
@click.option("--seed", default=0, help="Same seed, same outcomes of shots.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for evaluation.csv, .png and .svg; replaced if there.  [default: the model's]",
)
def evaluate(
    model: str, images: str | None, n_images: int | None, backend: str,
    shots: tuple[int | None, ...], noise: str, strengths: tuple[float, ...], seed: int,
    out: Path | None,
) -> None:  # fmt: skip
    """Measure a network's accuracy with finite shots and under noise.

    MODEL is the model.keras of a run. Its weights stay as they are; only what runs the circuits
    is exchanged.
    """
    out = out or find_model(model, "evaluate").parent
    check_folder(out, (TABLE, *PLOTS))
    check_evaluation(model, images)
    backends = backend.split(",")
    check_grid(backends, shots, noise, strengths, seed)
    load_tensorflow()
    from tfq_resqunn.runs.evaluation import evaluate as run
    from tfq_resqunn.runs.evaluation import read_labelled

    trained, x, y, note = read_labelled(model, images)
    if note:
        click.echo(note, err=True)
    x, y = x[:n_images], y[:n_images]
    n_points = len(backends) * len(shots) * len(strengths)
    with click.progressbar(length=n_points, label="evaluating", show_pos=True) as bar:
        found = run(
            trained.model, x, y,
            backends=backends, shots=shots, noise=noise, strengths=strengths, seed=seed,
            progress=bar.update,
        )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    click.echo(f"\n{found}\n")
    with replacing(out / TABLE) as temporary:
        found.table.to_csv(temporary, index=False, lineterminator="\n")
    click.echo(f"table  {out / TABLE}")
    for name in PLOTS:
        with replacing(out / name) as temporary:
            found.plot(temporary)
        click.echo(f"plot   {out / name}")
