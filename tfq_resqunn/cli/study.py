"""`resqunn study`: every placement, with its controls, over seeds, and a report of it."""

import contextlib
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tfq_resqunn._utils.arguments import check_count
from tfq_resqunn._utils.interrupts import INTERRUPTED
from tfq_resqunn.cli.errors import in_options
from tfq_resqunn.cli.loading import load_tensorflow
from tfq_resqunn.cli.options import Written, add_settings
from tfq_resqunn.runs.beforehand import check_run
from tfq_resqunn.runs.settings import settings_of
from tfq_resqunn.study.address import SchedulerLost, find_scheduler
from tfq_resqunn.study.command import command_line, default_folder, read_settings
from tfq_resqunn.study.config import COMMON, VARIANTS, VARIED, StudyConfig
from tfq_resqunn.study.folder import RATES_FROM, check_study_folder, is_done, read_study
from tfq_resqunn.study.shards import Shard, in_shard, read_shard, write_shard

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
  resqunn study --out runs/my-study --scheduler tcp://10.0.0.1:8786
  resqunn study --out runs/my-study --shard 2/8
  resqunn study --validation 0.2 --learning-rates 0.01,0.1 --seeds 100,101,102 --out runs/rates
  resqunn study --validation 0.2 --rates-from runs/rates --seeds 20 --out runs/fair
\b
On a cluster, --scheduler trains on the workers of Dask, and --shard in the jobs of an array; see
docs/cluster.md.
\b
The same command goes on where it was stopped; with more seeds, placements, rates or draws, the
study in the folder --out grows. A configuration file names placements, input_gradients, heads,
variants, seeds, learning_rates, head_learning_rates, draws and rates, and under run what all runs
have in common, such as:
  seeds: 3
  heads: [linear, none]
  run: {dataset: digits, depth: 2, epochs: 10}
"""
OWN = settings_of(StudyConfig)
NAMES = {
    "trainable": "trained",
    "best_frozen": "best frozen",
}  # of variants, where they are others than in the options


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
@click.option(
    "--scheduler",
    metavar="ADDRESS|FILE",
    help="Train on the workers of a Dask cluster: the address of its scheduler, such as "
    "tcp://10.0.0.1:8786, or its scheduler file.  [default: on this machine]",
)
@click.option(
    "--shard",
    type=Written(read_shard, "I/N, part I of N with 1 <= I <= N, such as 2/8"),
    metavar="I/N",
    help="Train part I of N, from 1 on, while other commands train the other parts into the same "
    "folder.  [default: all]",
)
@click.option(
    "--rates-from",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Train each arm with the learning rates that it had the best validation accuracy with in "
    "this study, which has tried several.",
)
@click.option("--report-only", is_flag=True, help="Write the report of what is there already.")
@click.option("--quiet", is_flag=True, help="No line for each run.")
@click.pass_context
def study(
    ctx: click.Context, config: Path | None, out: Path | None, jobs: int | None,
    scheduler: str | None, shard: Shard | None, rates_from: Path | None, report_only: bool,
    quiet: bool, **settings: Any,
) -> None:  # fmt: skip
    """Train every placement with its controls, over seeds, and report what it shows."""
    values = read_settings(config) if config else {}
    values["run"] = dict(values.get("run", {}))
    for name, value in settings.items():  # options come before what is in a file
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            (values if name in OWN else values["run"])[name] = value
    configured = None if report_only else StudyConfig.from_dict(values)
    if configured is not None and rates_from is not None:
        read_study(rates_from, RATES_FROM)  # which is quick
        from tfq_resqunn.study.choice import with_rates_from

        configured = with_rates_from(configured, rates_from)
    folder = out or default_folder(configured or StudyConfig.from_dict(values))
    where: dict[str, Any] = {"n_jobs": jobs, "scheduler": scheduler, "shard": shard}
    again = command_line(configured, folder, **where) if configured else "the same command"
    if report_only and not (scheduler is shard is rates_from is None):
        raise click.UsageError(
            "--report-only trains nothing: leave out --scheduler and --shard, and --rates-from."
        )
    try:
        if configured is None:
            read_study(folder)  # which is quick
            from tfq_resqunn.study.report import write_report
            from tfq_resqunn.study.results import load_results

            write_report(folder)
            results = load_results(folder)
        else:
            results = _run(configured, folder, where, quiet)
    except KeyboardInterrupt:
        done = f" {_runs_done(configured, folder, shard)}." if configured else ""
        click.echo(f"\nStopped.{done} To go on: {again}", err=True)
        ctx.exit(INTERRUPTED)
    except SchedulerLost as error:
        click.echo(f"Error: {in_options(str(error), ctx.command)}", err=True)
        click.echo(f"To go on: {again}", err=True)
        ctx.exit(1)
    _show_results(ctx, results, folder, where)


def _run(config: StudyConfig, folder: Path, where: dict[str, Any], quiet: bool) -> "Results":
    """Checks all that can be checked at once, then loads TensorFlow and trains."""
    check_count.or_none()(where["n_jobs"], "n_jobs", "run_study")
    scheduler = where["scheduler"]
    if scheduler is not None and where["n_jobs"] is not None:
        raise ValueError(
            "run_study: `n_jobs` must be left out with `scheduler`. Received both. Runs at once "
            "are as many as the cluster has workers."
        )
    address = None if scheduler is None else find_scheduler(scheduler)
    check_study_folder(config, folder)
    if not all(is_done(folder, run) for run in in_shard(config.runs(), where["shard"])):
        check_run(config.run)
    with contextlib.ExitStack() as stack:
        client = None
        if address is not None:
            from tfq_resqunn.study.cluster import connected

            client = stack.enter_context(connected(address))
        if not quiet:
            # TensorFlow, data and workers take some time, in which nothing else is said.
            going_on = "Going on in" if (folder / "study.json").is_file() else "Training into"
            click.echo(f"{going_on} {folder}: {_runs_done(config, folder, where['shard'])}.")
        load_tensorflow()
        from tfq_resqunn.study.runner import run_study

        return run_study(
            config,
            folder,
            n_jobs=where["n_jobs"],
            client=client,
            shard=where["shard"],
            on_progress=None if quiet else _show,
            on_message=None if quiet else click.echo,
        )


def _runs_done(config: StudyConfig, folder: Path, shard: Shard | None) -> str:
    """Says how far a study has come, or a shard of it, such as `13 of 80 runs are done`."""
    runs = in_shard(config.runs(), shard)
    return f"{sum(is_done(folder, run) for run in runs)} of {len(runs)} runs are done"


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
    own = [
        f"{name} {value}"
        for name, value in (
            ("rate", run.learning_rate), ("head's rate", run.head_learning_rate),
            ("draw", run.draw or None),
        )
        if value is not None
    ]  # fmt: skip
    which = ", ".join([f"seed {run.seed}", *own])
    click.echo(
        f"{counted}  placement {run.placement}, head {run.head}, {run.variant}, {gradient}, "
        f"{which}: {outcome}{left}"
    )


def _headline(error: str) -> str:
    """Gives the line of a traceback that names the error; the last line where there is none."""
    lines = error.strip().splitlines()
    named = [line for line in lines if re.match(r"[A-Za-z_][\w.]*(Error|Exception): ", line)]
    return [*lines[-1:], *named[-1:]][-1]


def _show_results(
    ctx: click.Context, results: "Results", folder: Path, where: dict[str, Any]
) -> None:
    click.echo(f"\n{accuracy_table(results)}\n")
    shard = where["shard"]
    mine = {run.id for run in in_shard(results.config.runs(), shard)}
    if shard is None or not results.n_missing:
        if results.n_missing:
            n_runs = len(results.config.runs())
            click.echo(f"{n_runs - results.n_missing} of {n_runs} runs are done.\n")
        files = {"report": "report.html", "text": "report.md", "table": "results.csv"}
        for name, file in files.items():
            click.echo(f"{name:<7} {folder / file}")
    else:
        n_runs = len(results.config.runs())
        click.echo(
            f"Shard {write_shard(shard)} has ended; {n_runs - results.n_missing} of the study's "
            f"{n_runs} runs are done. The report is written when all are, or by --report-only."
        )
    failures = {run: error for run, error in results.failures.items() if run in mine}
    for run, error in failures.items():
        click.echo(f"failed  {folder / 'failed' / run}.txt: {_headline(error)}", err=True)
    if failures:
        again = command_line(results.config, folder, **where)
        click.echo(f"\nTo try those again: {again}", err=True)
        ctx.exit(1)


def accuracy_table(results: "Results") -> str:
    """Writes the mean test accuracies as text; "stopped" is without input gradients."""
    from tfq_resqunn.study.choice import BEST_FROZEN, choose

    table = choose(results).table
    if table.empty:
        return "No run is done yet." if results.table.empty else "No first draw is done yet."
    networks = [
        NAMES.get(variant, variant) + ("" if on else ", stopped")
        for variant, on in zip(table["variant"], table["input_gradient"], strict=True)
    ]
    table = table.assign(network=networks)
    means = table.pivot_table(
        index=["head", "placement"], columns="network", values="test_accuracy", sort=False
    )
    variants = (*VARIANTS, BEST_FROZEN)
    names = [NAMES.get(variant, variant) + end for variant in variants for end in ("", ", stopped")]
    means = means[[name for name in names if name in means.columns]]
    cells = [["head", "placement", *means.columns]]
    for names, values in means.iterrows():
        cells.append([*names, *("-" if math.isnan(value) else f"{value:.3f}" for value in values)])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    n_seeds = table["seed"].nunique()
    title = f"test accuracy, mean of {n_seeds} seeds" if n_seeds > 1 else "test accuracy, one seed"
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)
    return "\n".join([title, *lines])
