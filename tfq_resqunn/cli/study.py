"""`resqunn study`: every placement, with its controls, over seeds, and a report of it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from tfq_resqunn._utils.arguments import check_count
from tfq_resqunn._utils.interrupts import INTERRUPTED
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.cli.options import add_settings
from tfq_resqunn.runs.beforehand import check_run
from tfq_resqunn.runs.settings import settings_of
from tfq_resqunn.study.command import command_line, default_folder, read_settings
from tfq_resqunn.study.config import COMMON, VARIED, StudyConfig
from tfq_resqunn.study.folder import check_study_folder, is_done, read_study

if TYPE_CHECKING:
    from tfq_resqunn.study.runner import Progress

EXAMPLES = """\b
Examples:
  resqunn study
  resqunn study --dataset digits --depth 2 --seeds 3
  resqunn study --depth 3 --placement none --placement "X+O1, O2+O3" --head none
  resqunn study --dataset my_images.npz --n-train 500 --variant trainable --seeds 0,1,7
  resqunn study --config study.yaml --out runs/my-study
  resqunn study --out runs/my-study --report-only
\b
The same command goes on where it was stopped; with more seeds or placements, the study in the
folder --out grows. A configuration file names placements, input_gradients, heads, variants and
seeds, and under run what all runs have in common, such as:
  seeds: 3
  heads: [linear, none]
  run: {dataset: digits, depth: 2, epochs: 10}
"""


OWN = settings_of(StudyConfig)


@click.command(epilog=EXAMPLES)
@add_settings(StudyConfig)
@add_settings(COMMON, but=VARIED)
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML or JSON file with settings; options on the command line come before it.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the study, a new one or one to go on with.  [default: "
    "runs/study-<dataset>-<depth>]",
)
@click.option("--jobs", type=int, help="Runs at once.  [default: the number of cores]")
@click.option("--report-only", is_flag=True, help="Write the report of what is there already.")
@click.option("--quiet", is_flag=True, help="No line for each run.")
@click.pass_context
def study(ctx, config, out, jobs, report_only, quiet, **settings):
    """Train every placement with its controls, over seeds, and report what it shows."""
    given = {
        name: value
        for name, value in settings.items()
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    file = read_settings(config) if config else {}
    try:
        configured = None if report_only and out else StudyConfig.from_dict(_merge(file, given))
        out = out or default_folder(configured)
        if report_only:
            read_study(out)  # which is quick
            from tfq_resqunn.study.report import write_report

            write_report(out)
        else:
            check_count.or_none()(jobs, "n_jobs", "run_study")
            check_study_folder(configured, out)
            if not all(is_done(out, run) for run in configured.runs()):
                check_run(configured.run)
            load_tensorflow()
            from tfq_resqunn.study.runner import run_study

            run_study(configured, out, n_jobs=jobs, on_progress=None if quiet else _show)
    except KeyboardInterrupt:
        again = "the same command" if report_only else command_line(configured, out, jobs)
        click.echo(f"\nStopped; nothing is lost. To go on: {again}", err=True)
        ctx.exit(INTERRUPTED)
    _show_results(ctx, out, jobs)


def _merge(file: dict, given: dict) -> dict:
    """Puts options over the settings of a file; those of a run have a place of their own there."""
    own = {name: value for name, value in given.items() if name in OWN}
    run = {name: value for name, value in given.items() if name not in OWN}
    return {**file, **own, "run": {**file.get("run", {}), **run}}


def _show(progress: "Progress") -> None:
    run = progress.run
    gradient = "with input gradient" if run.input_gradient else "no input gradient"
    if progress.result is not None:
        outcome = f"test accuracy {progress.result['test_accuracy']:.3f}"
    else:
        outcome = f"FAILED: {_headline(str(progress.error))}"
    counted = f"{progress.n_ended:>{len(str(progress.n_runs))}}/{progress.n_runs}"
    left = f"  {_duration(progress.seconds_left)} left" if progress.seconds_left else ""
    click.echo(
        f"{counted}  {run.placement}, {run.head} head, {run.variant}, {gradient}, seed {run.seed}: "
        f"{outcome}{left}"
    )


def _headline(error: str) -> str:
    r"""Gives the line of a traceback that names the error; the last line where there is none.

    Example:
        >>> _headline("Traceback:\n  code\nValueError: `n` must be 1.\nReceived 2.\n")
        'ValueError: `n` must be 1.'
    """
    lines = error.strip().splitlines()
    named = [line for line in lines if re.match(r"[A-Za-z_][\w.]*(Error|Exception): ", line)]
    return [*lines[-1:], *named[-1:]][-1]


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def _show_results(ctx, folder: Path, jobs: int | None) -> None:
    from tfq_resqunn.study.accuracies import accuracy_table
    from tfq_resqunn.study.results import load_results

    results = load_results(folder)
    click.echo(f"\n{accuracy_table(results)}\n")
    for name, file in (("report", "report.html"), ("text", "report.md"), ("table", "results.csv")):
        click.echo(f"{name:<7} {folder / file}")
    for run, error in results.failures.items():
        click.echo(f"failed  {folder / 'failed' / run}.txt: {_headline(error)}", err=True)
    if results.failures:
        again = command_line(results.config, folder, jobs)
        click.echo(f"\nTo try those again: {again}", err=True)
        ctx.exit(1)
