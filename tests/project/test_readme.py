"""The README and the design document: their code runs, and what they name is there."""

import re
from pathlib import Path

import nbformat
import pytest
from markdown.extensions.toc import slugify

from tests.gradients.test_gradients import WITHOUT_INPUT_GRADIENT, WITHOUT_INPUT_GRADIENT_3
from tfq_resqunn import cli
from tfq_resqunn.circuits import ANSATZES, ENCODERS, OBSERVABLES

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
STATES = {"-": "none", "g": "flows"}


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(text):
    return re.findall(r"^\$ (.+?)(?: +#.*)?$", "\n".join(blocks(text, "console")), re.MULTILINE)


def test_python_blocks_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "readme"}
    for number, block in enumerate(blocks(README, "python"), 1):
        exec(compile(block, f"README.md, python block {number}", "exec"), names)
    printed = capsys.readouterr().out
    assert "quanv_2  Quanv2D  4        flows" in printed


def test_it_is_short():
    assert README.count("\n") < 250


def test_numbers_of_names():
    page = (ROOT / "docs" / "own_circuit.md").read_text(encoding="utf-8")
    assert "names, of which there are nine, twenty-six and six\n" in page
    assert tuple(map(len, (ENCODERS, ANSATZES, OBSERVABLES))) == (9, 26, 6)


def test_python_blocks_are_all_found():
    assert len(blocks(README, "python")) == README.count("```python") > 1


def test_commands_and_their_options_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    found = commands(README)
    assert {"make demo", "make test"} < set(found)
    for command in found:
        words = command.split()
        if words[0] == "make":
            assert words[1] in targets, command
        if "resqunn" in words:
            _, name, *arguments = words[words.index("resqunn") :]
            known = {o for p in cli.main.commands[name].params for o in p.opts}
            assert {a for a in arguments if a.startswith("--")} <= known, command


def anchors(path):
    """The anchors of the headings of a page or a notebook, as the site makes them."""
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return {slugify(heading, "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "AGENTS.md",
        "CONTRIBUTING.md",
        "llms.txt",
        *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
    ],
)
def test_links_lead_somewhere(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    folder = (ROOT / path).parent
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        linked = folder / file if file else ROOT / path
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked), target


def table_rows(text):
    return set(re.findall(r"^\| `([^`]+)` \| ([a-z, ]+) \| ([a-z, ]+) \|$", text, re.MULTILINE))


def measured_rows(reaches):
    """What `test_gradients.py` measures: the placement, then with and without input gradient."""
    return {
        (placement, ", ".join("flows" for _ in reach), ", ".join(STATES[c] for c in reach))
        for placement, reach in reaches.items()
    }


def test_gradient_tables_are_the_measured_ones():
    two, three = measured_rows(WITHOUT_INPUT_GRADIENT), measured_rows(WITHOUT_INPUT_GRADIENT_3)
    assert table_rows((ROOT / "docs" / "gradients.md").read_text(encoding="utf-8")) == two
    assert table_rows(DESIGN) == two | three
