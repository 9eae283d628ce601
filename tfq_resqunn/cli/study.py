"""`resqunn study`: every placement, with its controls, over seeds, and a report of it."""

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from tfq_resqunn.study.results import Results
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
NETWORKS = {  # variants and input gradients
    ("trainable", True): "trained",
    ("trainable", False): "trained, stopped",
    ("frozen", True): "frozen",
    ("classical", True): "classical",
    ("classical", False): "classical, stopped",
}


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
def study(
    ctx: click.Context, config: Path | None, out: Path | None, jobs: int | None, report_only: bool,
    quiet: bool, **settings: Any,
) -> None:  # fmt: skip
    """Train every placement with its controls, over seeds, and report what it shows."""
    values = read_settings(config) if config else {}
    values["run"] = dict(values.get("run", {}))
    for name, value in settings.items():  # options come before what is in a file
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            (values if name in OWN else values["run"])[name] = value
    configured = None if report_only else StudyConfig.from_dict(values)
    folder = out or default_folder(configured or StudyConfig.from_dict(values))
    try:
        if configured is None:
            read_study(folder)  # which is quick
            from tfq_resqunn.study.report import write_report
            from tfq_resqunn.study.results import load_results

            write_report(folder)
            results = load_results(folder)
        else:
            check_count.or_none()(jobs, "n_jobs", "run_study")
            check_study_folder(configured, folder)
            if not all(is_done(folder, run) for run in configured.runs()):
                check_run(configured.run)
            load_tensorflow()
            from tfq_resqunn.study.runner import run_study

            show = None if quiet else _show
            results = run_study(configured, folder, n_jobs=jobs, on_progress=show)
    except KeyboardInterrupt:
        again = command_line(configured, folder, jobs) if configured else "the same command"
        click.echo(f"\nStopped; nothing is lost. To go on: {again}", err=True)
        ctx.exit(INTERRUPTED)
    _show_results(ctx, results, folder, jobs)


def _show(progress: "Progress") -> None:
    from tfq_resqunn.study.duration import duration

    run = progress.run
    gradient = "with input gradient" if run.input_gradient else "no input gradient"
    if progress.result is not None:
        outcome = f"test accuracy {progress.result['test_accuracy']:.3f}"
    else:
        outcome = f"FAILED: {_headline(str(progress.error))}"
    counted = f"{progress.n_ended:>{len(str(progress.n_runs))}}/{progress.n_runs}"
    left = f"  {duration(round(progress.seconds_left))} left" if progress.seconds_left else ""
    click.echo(
        f"{counted}  {run.placement}, {run.head} head, {run.variant}, {gradient}, seed {run.seed}: "
        f"{outcome}{left}"
    )


def _headline(error: str) -> str:
    """Gives the line of a traceback that names the error; the last line where there is none."""
    lines = error.strip().splitlines()
    named = [line for line in lines if re.match(r"[A-Za-z_][\w.]*(Error|Exception): ", line)]
    return [*lines[-1:], *named[-1:]][-1]


def _show_results(ctx: click.Context, results: "Results", folder: Path, jobs: int | None) -> None:
    click.echo(f"\n{accuracy_table(results)}\n")
    for name, file in (("report", "report.html"), ("text", "report.md"), ("table", "results.csv")):
        click.echo(f"{name:<7} {folder / file}")
    for run, error in results.failures.items():
        click.echo(f"failed  {folder / 'failed' / run}.txt: {_headline(error)}", err=True)
    if results.failures:
        again = command_line(results.config, folder, jobs)
        click.echo(f"\nTo try those again: {again}", err=True)
        ctx.exit(1)


def accuracy_table(results: "Results") -> str:
    """Writes the mean test accuracies as text; "stopped" is without input gradients."""
    if results.table.empty:
        return "No run is done yet."
    table = results.table
    pairs = zip(table["variant"], table["input_gradient"], strict=True)
    table = table.assign(network=[NETWORKS[pair] for pair in pairs])
    means = table.pivot_table(
        index=["head", "placement"], columns="network", values="test_accuracy", sort=False
    )
    means = means[[name for name in NETWORKS.values() if name in means.columns]]
    cells = [["head", "placement", *means.columns]]
    for names, values in means.iterrows():
        cells.append([*names, *("-" if math.isnan(value) else f"{value:.3f}" for value in values)])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    n_seeds = table["seed"].nunique()
    title = f"test accuracy, mean of {n_seeds} seeds" if n_seeds > 1 else "test accuracy, one seed"
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)
    return "\n".join([title, *lines])
