"""Which learning rates, and which draws, validation images have chosen."""

import pandas as pd

from tfq_resqunn._utils.markdown_page import code
from tfq_resqunn.study.choice import choose_rates
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.report.numbers import (
    HEADS,
    MISSING,
    VARIANTS,
    gradient_word,
    percent,
    records_table,
)
from tfq_resqunn.study.results import Results

SAID = """\
Several runs of each arm and seed differ in their learning rates alone. For each arm, those count \
whose rates have the highest mean accuracy on validation images over the seeds; the accuracy on \
test images has no part in the choice."""
KNOWN = "The learning rates of each arm were given; those of a study that has tried several, say."
DRAWS = """\
Frozen circuits have {n} draws of their angles for each seed. The first stands for them; the best \
frozen draw is, seed by seed, the one with the highest accuracy on validation images."""


def rate_section(results: Results) -> list[str]:
    """Tells what was chosen, and how; nothing where each arm has one run a seed at usual rates."""
    config, said = results.config, []
    if config.learning_rates is not None or config.head_learning_rates is not None:
        said.append(SAID)
    elif config.rates is not None:
        said.append(KNOWN)
    if said:
        said.append(_table(config, choose_rates(results.table)))
    if config.draws > 1:
        said.append(DRAWS.format(n=config.draws))
    return ["## What was chosen?", *said] if said else []


def _table(config: StudyConfig, chosen: pd.DataFrame) -> str:
    return records_table([
        {
            "Head": HEADS[row["head"]],
            "Placement": code(row["placement"]),
            "Input gradients": gradient_word(row["input_gradient"]),
            "Arm": VARIANTS[row["variant"]],
            "Rate of the layers": _rate(
                row["learning_rate"], config.trains_before_head(row["variant"])
            ),
            "Rate of the head": _rate(row["head_learning_rate"], row["head"] != "none"),
            "Validation accuracy": percent(row["val_accuracy"]),
        }
        for row in chosen.to_dict("records")
    ], n_labels=4)  # fmt: skip


def _rate(rate: float, is_trained: bool) -> str:
    return f"{rate:g}" if is_trained else MISSING
