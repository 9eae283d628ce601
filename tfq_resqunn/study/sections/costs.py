"""What the study cost, what failed, and how to repeat it."""

import json

import pandas as pd

from tfq_resqunn.study.document import Block, Code, Paragraph, Section, Table
from tfq_resqunn.study.facts import Facts
from tfq_resqunn.study.results import Results
from tfq_resqunn.study.selection import select
from tfq_resqunn.study.wording import HEADS, VARIANTS, count, duration

MAX_FAILURES = 5
MAX_LINES = 12


def missing_text(results: Results) -> str:
    """Says how much of the study is not there; empty if it is complete."""
    runs = list(results.config.runs())
    n_done = len(results.table)
    if n_done == len(runs):
        return ""
    failed = f", {len(results.failures)} of them failed" if results.failures else ""
    if not n_done:
        return f"**No run of this study is finished yet**, of {count(len(runs), 'run')}{failed}."
    return (
        f"**This study is not finished:** {n_done} of {count(len(runs), 'run')} are there, "
        f"{len(runs) - n_done} are missing{failed}. What follows rests on the finished ones."
    )


def cost_section(results: Results) -> Section:
    """Tells seconds and weights, by variant and head, and what is missing or failed."""
    blocks: list[Block] = []
    if len(results.table):
        blocks.append(_cost_table(results.table))
    blocks += _missing_blocks(results)
    if not results.failures:
        blocks.append(Paragraph("No run failed."))
    for run_id, text in list(results.failures.items())[:MAX_FAILURES]:
        blocks += [Paragraph(f"Failed: `{run_id}`"), Code(_last_lines(text))]
    if len(results.failures) > MAX_FAILURES:
        n_left = len(results.failures) - MAX_FAILURES
        blocks.append(Paragraph(f"{n_left} more failed; see the folder `failed`."))
    return Section("What did it cost?", tuple(blocks))


def repeat_section(results: Results, facts: Facts) -> Section:
    """Tells the command, the configuration and the versions."""
    blocks: list[Block] = [
        Paragraph("This command repeats the study, and goes on with one that is not finished:"),
        Code(results.command),
    ]
    values = results.config.to_dict()
    common = {**{k: v for k, v in values.items() if k != "run"}, **values.get("run", {})}
    rows = tuple((f"`{name}`", _value_text(value)) for name, value in common.items())
    blocks.append(Table("Configuration; `null` is the default.", ("Setting", "Value"), rows, 2))
    if facts.versions:
        rows = tuple((package, ", ".join(versions)) for package, versions in facts.versions)
        blocks.append(Table("Versions.", ("Package", "Version"), rows, 2))
        if any(len(versions) > 1 for _, versions in facts.versions):
            blocks.append(Paragraph("**Not all runs were made with the same versions.**"))
    return Section("How can it be repeated?", tuple(blocks))


def _cost_table(table: pd.DataFrame) -> Table:
    rows = []
    for variant in [v for v in VARIANTS if v in set(table.variant)]:
        for head in [h for h in HEADS if h in set(table["head"])]:
            runs = select(table, variant=variant, head=head)
            if len(runs):
                rows.append((VARIANTS[variant], HEADS[head], *_costs(runs)))
    rows.append(("all", "", *_costs(table)))
    header = ("Variant", "Head", "Runs", "Trainable weights", "Seconds a run", "Seconds an epoch")
    caption = "Mean time of a run and of an epoch, and the sum over runs."
    return Table(caption, (*header, "Total"), tuple(rows), 2)


def _costs(runs: pd.DataFrame) -> tuple[str, ...]:
    low, high = int(runs.n_weights.min()), int(runs.n_weights.max())
    return (
        str(len(runs)),
        f"{low:,}" if low == high else f"{low:,} to {high:,}",
        f"{runs.seconds.mean():.3g}",
        f"{runs.seconds_per_epoch.mean():.3g}",
        duration(float(runs.seconds.sum())),
    )


def _missing_blocks(results: Results) -> list[Block]:
    done = set(results.table[["placement", "input_gradient", "head", "variant", "seed"]].itertuples(
        index=False, name=None
    ))  # fmt: skip
    missing = [
        run
        for run in results.config.runs()
        if (run.placement, run.input_gradient, run.head, run.variant, run.seed) not in done
    ]
    if not missing:
        return [Paragraph(f"All {count(len(done), 'run')} of the study are there.")]
    shown = "\n".join(run.id for run in missing[:MAX_LINES])
    if len(missing) > MAX_LINES:
        shown += f"\n... and {len(missing) - MAX_LINES} more"
    return [Paragraph(f"Missing ({len(missing)}):"), Code(shown)]


def _last_lines(text: str) -> str:
    lines = text.strip().splitlines()
    return "\n".join(["...", *lines[-MAX_LINES:]] if len(lines) > MAX_LINES else lines)


def _value_text(value) -> str:
    if isinstance(value, list):
        return "; ".join(map(_value_text, value))
    return value if isinstance(value, str) else json.dumps(value)
