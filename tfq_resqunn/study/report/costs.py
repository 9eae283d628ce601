"""What the study cost, what failed, and how to repeat it."""

import json

import pandas as pd

from tfq_resqunn._utils.markdown_page import code, code_block, escape
from tfq_resqunn.study.duration import duration
from tfq_resqunn.study.report.figures import present
from tfq_resqunn.study.report.numbers import HEADS, VARIANTS, count, records_table
from tfq_resqunn.study.results import Results, select

MAX_FAILURES = 5
MAX_LINES = 12


def cost_section(results: Results) -> list[str]:
    """Tells seconds and weights, by variant and head, and what is missing or failed."""
    blocks = ["## What did it cost?"]
    if len(results.table):
        blocks += [
            "Mean time of a run and of an epoch, and the sum over runs.",
            _cost_table(results.table),
        ]
    if missing := [run.id for run in results.missing]:
        more = [f"... and {len(missing) - MAX_LINES} more"] * (len(missing) > MAX_LINES)
        blocks += [f"Missing ({len(missing)}):", code_block("\n".join(missing[:MAX_LINES] + more))]
    else:
        blocks.append(f"All {count(len(results.table), 'run')} of the study are there.")
    if not results.failures:
        blocks.append("No run failed.")
    for run_id, text in list(results.failures.items())[:MAX_FAILURES]:
        blocks += [f"Failed: {code(run_id)}", code_block(_last_lines(text))]
    if len(results.failures) > MAX_FAILURES:
        n_left = len(results.failures) - MAX_FAILURES
        blocks.append(f"{n_left} more failed; see the folder `failed`.")
    return blocks


def repeat_section(results: Results) -> list[str]:
    """Tells the command, the configuration and the versions."""
    settings = results.config.to_dict()
    settings |= settings.pop("run")
    blocks = [
        "## How can it be repeated?",
        "This command repeats the study, and goes on with one that is not finished:",
        code_block(results.command),
        "Configuration; `null` is the default.",
        records_table(
            [{"Setting": code(name), "Value": _value_text(v)} for name, v in settings.items()], 2
        ),
    ]
    versions = {name: ", ".join(found) for name, found in results.versions.items()}
    if versions:
        records = [{"Package": escape(p), "Version": escape(v)} for p, v in versions.items()]
        blocks += ["Versions.", records_table(records, 2)]
    if any(len(found) > 1 for found in results.versions.values()):
        blocks.append("**Not all runs were made with the same versions.**")
    return blocks


def _cost_table(runs: pd.DataFrame) -> str:
    records = [
        {"Variant": VARIANTS[variant], "Head": HEADS[head], **_costs(here)}
        for variant in present(runs.variant, VARIANTS)
        for head in present(runs["head"], HEADS)
        if len(here := select(runs, variant=variant, head=head))
    ]
    return records_table([*records, {"Variant": "all", "Head": "", **_costs(runs)}], 2)


def _costs(runs: pd.DataFrame) -> dict[str, str]:
    low, high = int(runs.n_weights.min()), int(runs.n_weights.max())
    return {
        "Runs": str(len(runs)),
        "Trainable weights": f"{low:,}" if low == high else f"{low:,} to {high:,}",
        "Seconds a run": f"{runs.seconds.mean():.3g}",
        "Seconds an epoch": f"{runs.seconds_per_epoch.mean():.3g}",
        "Total": duration(float(runs.seconds.sum())),
    }


def _last_lines(text: str) -> str:
    lines = text.strip().splitlines()
    return "\n".join(["...", *lines[-MAX_LINES:]] if len(lines) > MAX_LINES else lines)


def _value_text(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(_value_text, value))
    return escape(value if isinstance(value, str) else json.dumps(value))
