"""A leaderboard to read: tables and sentences, for a terminal and as Markdown."""

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tfq_resqunn._utils import markdown_page
from tfq_resqunn._utils.shell import command_text
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.settings import option_words, settings_of
from tfq_resqunn.study.leaderboard.correlations import MIN_CIRCUITS, correlations
from tfq_resqunn.study.leaderboard.entries import OF_DATA, SETTINGS
from tfq_resqunn.study.leaderboard.reading import listed
from tfq_resqunn.study.leaderboard.tables import OF_NETWORKS, by_data, by_network, that_differ
from tfq_resqunn.study.report.numbers import accuracy_text, count, interval_text, p_text, points
from tfq_resqunn.study.report.statistics import Interval

ALWAYS = ("encoder", "ansatz")  # of the settings, those that are columns even if all are the same
NOTHING = "-"
WIDTH = 100  # characters in a line of sentences
# Of the columns with numbers; where a line may end in a terminal.
NUMBERS = (
    "seeds", "accuracy\n(95% interval)", "trained - frozen\n(points)", "expressi-\nbility",
    "entangling\ncapability", "angles", "parameters", "us\na patch",
)  # fmt: skip
NAMES = {
    "expressibility": "expressibility",
    "entangling_capability": "entangling capability",
    "n_weights": "the number of angles",
}
EXPLAINED = (
    "Accuracy is that on test images, with trained circuits: the mean over seeds, and its 95% "
    "interval. Trained - frozen is what training the circuits has added, in percentage points, "
    "over the seeds that have both. Expressibility is 0 where a circuit's states are as uniform as "
    "random ones, and larger the less they are; entangling capability goes from 0 to 1. Angles are "
    "those of a circuit, parameters all that the network trains. us a patch is what a circuit "
    "takes of a training step, in microseconds, as `resqunn draw` estimates it, which is the same "
    "on every machine."
)


@dataclass(frozen=True)
class Section:
    """What is said of one data set."""

    title: str
    common: str  # the settings that all rows share
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_labels: int  # columns, the first ones, that hold text
    sentences: tuple[str, ...]
    findings: tuple[str, ...]  # a line for each test


def sections(table: pd.DataFrame) -> list[Section]:
    """Makes a section for each data set of what `to_table` gives."""
    return [_section(part) for part in by_data(table)]


def to_text(section: Section) -> str:
    """Writes a section with aligned columns."""
    words = [name.split("\n") for name in section.header]
    height = max(map(len, words))
    titles = list(zip(*([""] * (height - len(w)) + w for w in words), strict=True))
    widths = [max(map(len, column)) for column in zip(*titles, *section.rows, strict=True)]
    align: list[Callable] = [
        str.ljust if k < section.n_labels else str.rjust for k in range(len(widths))
    ]
    rule = ["-" * width for width in widths]
    lines = (
        "  ".join(a(cell, w) for a, cell, w in zip(align, row, widths, strict=True)).rstrip()
        for row in (*titles, rule, *section.rows)
    )
    table = "\n".join(lines)
    findings = [f"  {finding}" for finding in section.findings]
    sentences = [textwrap.fill(sentence, WIDTH) for sentence in section.sentences]
    parts = [section.title, section.common, "", table, "", *sentences, *findings]
    return "\n".join(parts)


def to_markdown(found: Sequence[Section], notes: Sequence[str]) -> str:
    """Writes all sections as a document."""
    escape = markdown_page.escape
    blocks = ["# Circuits by accuracy", EXPLAINED]
    for section in found:
        header = [name.replace("-\n", "").replace("\n", " ") for name in section.header]
        rows = [[escape(cell) for cell in row] for row in section.rows]
        blocks += [f"## {escape(section.title)}", escape(section.common)]
        blocks.append(markdown_page.table(header, rows, section.n_labels))
        blocks += map(escape, section.sentences)
        if section.findings:
            blocks.append(markdown_page.bullets(map(escape, section.findings)))
    return "\n\n".join([*blocks, *map(escape, notes)]) + "\n"


def notes_of(left_out: Mapping[str, int], problems: Sequence[str]) -> list[str]:
    """Writes a sentence for what does not stand in the tables, and why."""
    notes = [f"Runs that do not count: {listed(left_out)}."] * bool(left_out)
    return [*notes, *problems]


def title_of(part: pd.DataFrame) -> str:
    """Names the images of a table whose rows have the same."""
    first = part.iloc[0]
    shape = " x ".join(map(str, first["image_shape"]))
    config = RunConfig(**{name: first[name] for name in OF_DATA})
    words = command_text(option_words(config, RunConfig(dataset=config.dataset)))
    return ", ".join(filter(None, [f"{config.dataset}, images of {shape}", words]))


def titled(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Divides a table so that rows of a part differ in nothing but the circuit; gives titles."""
    return {
        ", ".join(filter(None, [title_of(part), network_of(part, alike)])): alike
        for part in by_data(table)
        for alike in by_network(part)
    }


def network_of(part: pd.DataFrame, alike: pd.DataFrame) -> str:
    """Says in what the networks of some rows differ from others of their data set."""
    row = alike.iloc[0]
    return ", ".join(
        f"{name.replace('_', ' ')} {_setting(name, row[name])}"
        for name in that_differ(part, OF_NETWORKS)
    )


def _section(part: pd.DataFrame) -> Section:
    tests = correlations(part)
    differing = [name for name in SETTINGS if name in ALWAYS or name in that_differ(part, SETTINGS)]
    labels = sorted(differing, key=lambda name: name not in ALWAYS)
    first = {name: part.iloc[0][name] for name in SETTINGS if name not in OF_DATA}
    shared = {name: value for name, value in first.items() if name not in differing}
    words = option_words(RunConfig(**shared), RunConfig(), always={"depth", "epochs"} & {*shared})
    rows = [
        (*(_setting(name, row[name]) for name in labels), *_numbers(row))
        for row in part.to_dict("records")
    ]
    return Section(
        title=title_of(part),
        common=f"all with {command_text(words)}",
        header=(*(name.replace("_", " ") for name in labels), *NUMBERS),
        rows=tuple(rows),
        n_labels=len(labels),
        sentences=(*_caution(part), _tested(tests)),
        findings=tuple(_finding(part, test) for test in tests.to_dict("records")),
    )


def _setting(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NOTHING if value is None else settings_of(RunConfig)[name].form.write(value)


def _numbers(row: Mapping[str, Any]) -> tuple[str, ...]:
    accuracy = Interval(row["accuracy"], row["low"], row["high"], int(row["n_seeds"]))
    return (
        str(accuracy.n),
        accuracy_text(accuracy),
        _difference(row),
        _number(row["expressibility"], ".3f"),
        _number(row["entangling_capability"], ".3f"),
        _number(row["n_weights"], ".0f"),
        f"{row['parameters']:,}",
        _number(row["microseconds"], ".3g"),
    )


def _difference(row: Mapping[str, Any]) -> str:
    if not row["n_pairs"]:
        return NOTHING
    text = points(row["difference"])
    if not math.isnan(row["difference_low"]):
        text += f" ({interval_text(row['difference_low'], row['difference_high'])})"
    if row["n_pairs"] != row["n_seeds"]:
        text += f" of {count(int(row['n_pairs']), 'seed')}"
    return text


def _number(value: float, form: str) -> str:
    return NOTHING if math.isnan(value) else f"{value:{form}}"


def _caution(part: pd.DataFrame) -> list[str]:
    if len(part) == 1:
        return []
    if part["low"].isna().all():
        return ["No row has an interval, and the order may be luck alone: train more seeds."]
    return [
        f"The first of {len(part)} rows has had luck as well: where intervals overlap, the order "
        "may be another with other seeds."
    ]


def _tested(tests: pd.DataFrame) -> str:
    if tests.empty:
        return (
            "Whether accuracy goes with expressibility, entangling capability or the number of "
            f"angles is not tested: that takes {MIN_CIRCUITS} circuits or more in networks that "
            "are otherwise the same."
        )
    return (
        "Does accuracy go with what a circuit is? Spearman's rank correlations; p from "
        f"permutations, and corrected for {count(len(tests), 'test')} (Holm). They hold for these "
        "circuits and images, and do not say why."
    )


def _finding(part: pd.DataFrame, test: Mapping[str, Any]) -> str:
    where = network_of(part, by_network(part)[test["network"]])
    return (
        f"{f'{where}, ' if where else ''}{NAMES[test['predictor']]}: {test['rho']:+.2f} over "
        f"{test['n']} circuits, p {p_text(test['p'])}, corrected {p_text(test['p_corrected'])}: "
        f"{'shown' if test['is_shown'] else 'not shown'}"
    )
