"""The report of a study: Markdown, one HTML page, its figures, and a table of all runs."""

import os
from pathlib import Path

from tfq_resqunn._utils.arguments import check_path, checked
from tfq_resqunn._utils.files import replacing, write_text
from tfq_resqunn.study.comparisons import (
    MIN_PAIRS_EXACT,
    Compared,
    compare_placements,
    compare_variants,
    summary,
)
from tfq_resqunn.study.document import Block, Bullets, Document, Paragraph, Section
from tfq_resqunn.study.facts import Facts, read_facts
from tfq_resqunn.study.markdown import to_markdown
from tfq_resqunn.study.reach import reach_rows
from tfq_resqunn.study.results import Results, load_results
from tfq_resqunn.study.sections.accuracies import (
    accuracy_section,
    comparison_section,
    curve_section,
)
from tfq_resqunn.study.sections.costs import cost_section, missing_text, repeat_section
from tfq_resqunn.study.sections.gradients import gradient_section, reach_sentences
from tfq_resqunn.study.sections.learning import (
    frozen_sentence,
    headless_sentence,
    learning_section,
)
from tfq_resqunn.study.statistics import MIN_PAIRS
from tfq_resqunn.study.web_page import to_html
from tfq_resqunn.study.wording import VARIANTS, count, listed

PAPER = "[Kashif and Shafique, ResQuNNs](https://arxiv.org/abs/2402.09146)"


@checked(folder=check_path)
def write_report(folder: str | os.PathLike) -> dict[str, Path]:
    """Write what a study has found into its folder, finished or not.

    Args:
        folder: The folder of a study.

    Returns:
        The files: `markdown` (report.md), `html` (report.html, which needs no other file),
        `results` (results.csv, a row for each run), and each picture of the folder `figures`
        under its name.

    Raises:
        FileNotFoundError: If the folder holds no study.
        ValueError: If one of its files cannot be read.
    """
    folder = Path(folder)
    results, facts = load_results(folder), read_facts(folder)
    document = make_document(results, facts)
    (folder / "figures").mkdir(exist_ok=True)
    texts = {
        picture.name: (folder / "figures" / f"{picture.name}.svg", picture.svg)
        for picture in document.pictures
    }
    texts["results"] = (
        folder / "results.csv",
        results.table.to_csv(index=False, lineterminator="\n"),
    )
    texts["markdown"] = (folder / "report.md", to_markdown(document))
    texts["html"] = (folder / "report.html", to_html(document))
    for path, text in texts.values():
        with replacing(path) as temporary:
            write_text(temporary, text)
    return {name: path for name, (path, _) in texts.items()}


def make_document(results: Results, facts: Facts) -> Document:
    """Gives the report as a document, from the results alone."""
    sections: list[Section] = []
    if len(results.table):
        sections = [
            gradient_section(results),
            accuracy_section(results, facts),
            comparison_section(results),
            curve_section(results),
            learning_section(results, facts),
        ]
    sections += [cost_section(results), repeat_section(results, facts)]
    return Document("Where residuals stand in quanvolutional networks", _opening(results, facts),
                    tuple(sections))  # fmt: skip


def _opening(results: Results, facts: Facts) -> tuple[Block, ...]:
    missing = missing_text(results)
    blocks: list[Block] = [Paragraph(missing)] if missing else []
    blocks += [
        Paragraph(
            "A **quanvolutional layer** slides a small quantum circuit over an image, as a "
            "convolution slides a kernel: the pixels of a patch set angles of the circuit, further "
            "angles are trained, and what is measured becomes the pixels of its output. "
            f"{PAPER}, claim that gradients do not reach the earlier ones of stacked "
            "quanvolutional layers, that residual connections (sums around layers) bring them "
            "there, and that where these stand decides how well the network trains. This study "
            "asks whether that holds, and why."
        ),
        Bullets(
            (
                "**Placement**: X is the image and O1, O2, ... are the outputs of the layers. "
                "`X+O1` adds the image to the first layer's output and passes the sum on, `O1+O2` "
                "adds the first output to the second's, `(X+O1)+O2` does both, and `none` is the "
                "plain stack.",
                "**Input gradients** on: gradients pass through a quanvolutional layer to what "
                "lies before it. Cut: they do not, as when the outputs are measured and encoded "
                "anew by a classical program that nobody differentiates.",
                "**Head**: a trained linear layer, or none (a fixed pooling), so that only the "
                "layers before it can learn.",
                "**Controls**: the same quantum layers frozen as drawn; and the classical twin, a "
                "convolution in each layer's place with the same cuts.",
            )
        ),
        Paragraph(_what_was_run(results, facts)),
    ]
    if len(results.table):
        blocks += [Paragraph("**In short**"), Bullets(tuple(_short(results, facts)))]
    return tuple(blocks)


def _what_was_run(results: Results, facts: Facts) -> str:
    config, table = results.config, results.table
    run = config.run
    data = f"Data: {Path(run.dataset).name}"
    if facts.image_shape:
        data += f", images of {' x '.join(map(str, facts.image_shape))}, {facts.n_classes} classes"
    if run.n_train and run.n_test:
        data += f", {run.n_train} to train on and {run.n_test} to test"
    text = f"{data}. Networks of {count(run.depth, 'layer')}, {count(run.epochs, 'epoch')}. "
    if table.empty:
        return text.rstrip()
    variants = listed(VARIANTS[v] for v in VARIANTS if v in set(table.variant))
    return text + (
        f"Runs: {len(table)} ({count(table.placement.nunique(), 'placement')}, "
        f"{count(table.seed.nunique(), 'seed')}; layers: {variants})."
    )


def _short(results: Results, facts: Facts) -> list[str]:
    table = results.table
    sentences = reach_sentences(reach_rows(results.gradients))
    placements = compare_placements(table)
    if placements:
        counted = summary(placements)
        sentences.append(f"Placements, by test accuracy: {counted}{_largest(placements)}")
        sentences.append(_caution(max(c.result.n for c in placements)))
    frozen = compare_variants(table, "frozen")
    sentences += [frozen_sentence(frozen), headless_sentence(table, frozen, facts.chance)]
    twin = compare_variants(table, "classical")
    if twin:
        sentences.append(f"Trained quantum networks against their classical twins: {summary(twin)}")
    return [sentence for sentence in sentences if sentence]


def _caution(n_pairs: int) -> str:
    if n_pairs >= MIN_PAIRS_EXACT:
        return ""
    seeds = f"With {count(n_pairs, 'seed')}"
    if n_pairs < MIN_PAIRS:
        return f"{seeds} no difference between accuracies can be shown, however large it is."
    return (
        f"{seeds} only differences that are large beside their spread can be shown; what is not "
        "shown may still be there."
    )


def _largest(compared: list[Compared]) -> str:
    shown = [c for c in compared if c.result.is_shown]
    if not shown:
        return ""
    largest = max(shown, key=lambda c: abs(c.result.difference.mean))
    return f" The largest: {largest.sentence}"
