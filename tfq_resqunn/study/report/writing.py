"""The report of a study: Markdown, one HTML page, its figures, and a table of all runs."""

import os
from pathlib import Path

from tfq_resqunn._utils.arguments import check_path, checked
from tfq_resqunn._utils.files import replacing, write_text
from tfq_resqunn._utils.markdown_page import bullets, escape, to_html
from tfq_resqunn.study.choice import choose
from tfq_resqunn.study.report.accuracies import accuracy_section, curve_section
from tfq_resqunn.study.report.comparisons import compare
from tfq_resqunn.study.report.costs import cost_section, repeat_section
from tfq_resqunn.study.report.differences import caution, difference_section, summary_table
from tfq_resqunn.study.report.figures import Picture, present, to_svg
from tfq_resqunn.study.report.gradients import gradient_section, reach_summary
from tfq_resqunn.study.report.learning import learning_section
from tfq_resqunn.study.report.numbers import VARIANTS, count
from tfq_resqunn.study.report.rates import rate_section
from tfq_resqunn.study.report.reach import reach_rows
from tfq_resqunn.study.results import Results, load_results

TITLE = "# Where residuals stand in quanvolutional networks"
QUESTION = """\
A **quanvolutional layer** slides a small quantum circuit over an image, as a convolution slides a \
kernel: the pixels of a patch set angles of the circuit, further angles are trained, and what is \
measured becomes the pixels of its output. \
[Kashif and Shafique, ResQuNNs](https://arxiv.org/abs/2402.09146), claim that gradients do not \
reach the earlier ones of stacked quanvolutional layers, that residual connections (sums around \
layers) bring them there, and that where these stand decides how well the network trains. This \
study asks whether that holds, and why."""
TERMS = (
    "**Placement**: X is the image and O1, O2, ... are the outputs of the layers. `X+O1` adds the "
    "image to the first layer's output and passes the sum on, `O1+O2` adds the first output to the "
    "second's, `(X+O1)+O2` does both, and `none` is the plain stack.",
    "**Input gradients** flow where gradients pass through a quanvolutional layer to what lies "
    "before it. They are stopped where they do not, as when the outputs are measured and encoded "
    "anew by a classical program that nobody differentiates.",
    "**Head**: a trained linear layer, or none (a fixed pooling), so that only the layers before "
    "it can learn.",
    "**Controls**: networks in which something else stands in each circuit's place, or circuits "
    "stay as drawn. [What is it that learns?](#what-is-it-that-learns) tells what each of them is, "
    "and what it would mean if trained circuits were not above it.",
)


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
    results = load_results(folder)
    blocks = report_blocks(results)
    text = "\n\n".join(map(str, blocks)) + "\n"
    pictures = {b.address: to_svg(b.figure) for b in blocks if isinstance(b, Picture)}
    contents = {
        **pictures,
        "results.csv": results.table.to_csv(index=False, lineterminator="\n"),
        "report.md": text,
        "report.html": to_html(text, pictures),
    }
    (folder / "figures").mkdir(exist_ok=True)
    for name, content in contents.items():
        with replacing(folder / name) as temporary:
            write_text(temporary, content)
    keys = {"report.md": "markdown", "report.html": "html"}
    return {keys.get(name, Path(name).stem): folder / name for name in contents}


def report_blocks(results: Results) -> list[str | Picture]:
    """Gives the report as pieces of Markdown and pictures, from the results alone."""
    blocks: list[str | Picture] = [TITLE, *_unfinished(results), QUESTION, bullets(TERMS)]
    blocks.append(_what_was_run(results))
    chosen = choose(results)
    if len(chosen.table):  # later draws of frozen circuits may be there alone
        blocks += _findings(chosen)
        blocks += rate_section(results)
    return [*blocks, *cost_section(results), *repeat_section(results)]


def _findings(results: Results) -> list[str | Picture]:
    comparisons = compare(results)
    reach = reach_rows(results.gradients)
    in_short = (
        "**In short**",
        reach_summary(reach),
        summary_table(comparisons),
        caution(results.table.seed.nunique()),
    )
    return [
        *filter(None, in_short),
        *gradient_section(results, reach),
        *accuracy_section(results),
        *difference_section(comparisons),
        *curve_section(results),
        *learning_section(results, comparisons),
    ]


def _unfinished(results: Results) -> list[str]:
    n_done, n_runs = len(results.table), len(results.config.runs())
    if n_done == n_runs:
        return []
    failed = f", {len(results.failures)} of them failed" if results.failures else ""
    if not n_done:
        return [f"**No run of this study is finished yet**, of {count(n_runs, 'run')}{failed}."]
    return [
        f"**This study is not finished:** {n_done} of {count(n_runs, 'run')} are there, "
        f"{n_runs - n_done} are missing{failed}. What follows rests on the finished ones."
    ]


def _what_was_run(results: Results) -> str:
    run, runs = results.config.run, results.table
    said = [f"Data: {escape(Path(run.dataset).name)}"]
    if results.image_shape:
        shape = " x ".join(map(str, results.image_shape))
        said[0] += f", images of {shape}, {results.n_classes} classes"
    if run.n_train and run.n_test:
        said[0] += f", {run.n_train} to train on and {run.n_test} to test"
    said.append(f"Networks of {count(run.depth, 'layer')}, {count(run.epochs, 'epoch')}")
    if len(runs):
        variants = ", ".join(VARIANTS[name] for name in present(runs.variant, VARIANTS))
        numbers = (count(runs.placement.nunique(), "placement"), count(runs.seed.nunique(), "seed"))
        said.append(f"Runs: {len(runs)} ({', '.join(numbers)}; {variants})")
    return ". ".join(said) + "."
