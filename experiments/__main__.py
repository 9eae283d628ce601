"""Runs the experiment, and goes on with it where it was stopped."""

import time
from dataclasses import replace
from pathlib import Path

import click
import distributed

from experiments.places import with_places
from experiments.studies import Part, parts
from experiments.tables import has_table, read_circuits, read_table, write_circuits, write_table
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.study.choice import rates_by_arm
from tfq_resqunn.study.runner import Progress, run_study

HELP = """Run the studies of docs/plan.md, those alone whose table is not there yet.

NAMES are the beginnings of names, such as arms-mnist or depth; default: all. A study that is
stopped goes on in the folder --work. Data sets are downloaded by Keras, or read from files.

\b
Examples:
  python -m experiments
  python -m experiments --list
  python -m experiments rates-digits arms-digits
  python -m experiments --mnist mnist.npz --fashion folder/of/idx/files
"""


@click.command(help=HELP)
@click.argument("names", nargs=-1)
@click.option("--list", "is_listed", is_flag=True, help="Name the studies and their runs.")
@with_places
@click.option("--work", default="runs/experiment", type=click.Path(path_type=Path), help="Folder.")
@click.option("--jobs", default=2, show_default=True, help="Runs at once.")
@click.option("--minutes", type=float, help="Begin no study after so many.")
def main(
    names: tuple[str, ...], is_listed: bool, work: Path, jobs: int, minutes: float | None,
    **places: str,
) -> None:  # fmt: skip
    listed = [part for part in parts(places) if part.name.startswith(names or ("",))]
    if is_listed:
        for part in listed:
            click.echo(f"{part.name:<40} {len(part.config.runs()):>5} runs")
        return
    load_tensorflow()  # quietly
    started = time.monotonic()
    waiting = [part for part in listed if not is_there(part)]
    with (
        distributed.LocalCluster(
            n_workers=jobs, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        for part in waiting:
            if minutes is not None and time.monotonic() - started > 60 * minutes:
                break
            _run(part, work / part.name, client)
    if any(part.circuit is not None for part in waiting):
        write_circuits(work)


def is_there(part: Part) -> bool:
    """Tells whether what the page needs of a study is there."""
    return has_table(part.name) if part.circuit is None else part.circuit in read_circuits()


def _run(part: Part, folder: Path, client: distributed.Client) -> None:
    config = part.config
    if part.rates_of is not None:
        if not has_table(part.rates_of):
            raise click.ClickException(
                f"{part.name} takes the learning rates that {part.rates_of} chooses, which has not "
                f"been run. Run it first: python -m experiments {part.rates_of}"
            )
        rates = rates_by_arm(read_table(part.rates_of))
        config = replace(config, rates={arm: rates[arm] for arm in config.arms()})
    started = time.monotonic()
    results = run_study(config, folder, client=client, on_progress=_show, report=False)
    if results.failures:
        click.echo(f"{part.name}: {len(results.failures)} runs have failed, see {folder}", err=True)
    if part.circuit is None:
        write_table(part.name, results)
    click.echo(f"{part.name}: {len(results.table)} runs in {time.monotonic() - started:.0f} s")


def _show(progress: Progress) -> None:
    if progress.n_ended % 20 == 0:
        click.echo(f"  {progress.n_ended} of {progress.n_runs}, {progress.seconds_left:.0f} s left")


if __name__ == "__main__":
    main()
