"""Every notebook in tutorials/ runs, with fewer images and epochs, and its outputs are clean."""

import itertools
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "tutorials").glob("*.ipynb"))
# What shortens a run: an assignment in the cell that is tagged `parameters`, and its new value.
SHORT = {
    "01_first_quanvolution": {"n_train": 64, "epochs": 1},
    "02_where_residuals_stand": {"n_train": 64, "epochs": 1},
    "03_your_own_circuit": {"curve_epochs": 1, "n_samples": 100, "epochs": 1},
    "04_tensorboard": {"n_train": 64, "epochs": 2, "n_samples": 5},
    "05_shots_noise_devices": {
        "n_train": 64,
        "n_test": 40,
        "epochs": 1,
        "strengths": [0, 0.1],
        "shot_numbers": [10],
    },
    "06_all_of_mnist": {"dataset": "digits", "epochs": 1, "n_slow": 2},
    "07_forty_nine_qubits": {
        "dataset": "digits",
        "n_train": 64,
        "epochs": 1,
        "kernel_sizes": [2, 5],
        "n_patches": 8,
    },
    "08_your_own_pictures": {"n_pictures": 60, "epochs": 1},
    "09_keras_tools": {"n_train": 100, "epochs": 1, "n_trials": 2, "n_folds": 2, "n_few": 20},
}
LITERAL = r"""(?:\d+|"[^"\n]*"|\[[^\]\n]*\])"""  # an integer, text, or a list
QUICK = {"01_first_quanvolution"}  # the others are run by `make slow`

PRIVATE = re.compile(r"/home/|/root/|/tmp/|/work\b|/Users/|[A-Z]:\\")
WARNING = re.compile(r"warning|deprecat|absl::|cuda|oneDNN", re.IGNORECASE)


def read(path):
    return nbformat.read(path, as_version=4)


def name_of(path):
    return path.stem


def parameters_cell(notebook):
    (cell,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", ())]
    return cell


def shorten(notebook, values):
    cell = parameters_cell(notebook)
    for name, value in values.items():
        cell.source, n = re.subn(
            rf"^{name} = {LITERAL}", f"{name} = {value!r}", cell.source, flags=re.MULTILINE
        )
        assert n == 1, f"the parameters cell must assign a value to {name} once, but does {n}x"


def to_be_run():
    marks = {True: (), False: pytest.mark.slow}
    return [pytest.param(p, id=p.stem, marks=marks[p.stem in QUICK]) for p in NOTEBOOKS]


def code_cells(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def texts(output):
    """Give all that one output shows as text (pictures in letters are none)."""
    if output.output_type == "stream":
        yield output.text
    for kind, content in output.get("data", {}).items():
        if not kind.startswith("image/") or kind == "image/svg+xml":
            yield str(content)


def test_every_notebook_is_shortened():
    assert set(SHORT) == set(map(name_of, NOTEBOOKS))


# Jupyter's own warnings, of this process: the notebook runs in another.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", to_be_run())
def test_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = read(path)
    shorten(notebook, SHORT[path.stem])
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    for cell in code_cells(notebook):
        assert cell.execution_count is not None
        assert not [o for o in cell.outputs if o.output_type == "error"], cell.source


def test_a_replacement_that_does_not_match_fails():
    with pytest.raises(AssertionError, match="must assign a value to batch_size once"):
        shorten(read(NOTEBOOKS[0]), {"batch_size": 2})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_was_run_from_top_to_bottom(path):
    cells = [c for c in code_cells(read(path)) if c.source.strip()]
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    assert any(c.outputs for c in cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_stored_outputs_are_clean(path):
    notebook = read(path)
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output
            for text in texts(output):
                assert not PRIVATE.search(text), text
                assert not WARNING.search(text), text
    assert not PRIVATE.search(str(notebook.metadata)), notebook.metadata


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_shows_a_picture(path):
    outputs = [output for cell in code_cells(read(path)) for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_links_lead_to_files(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    targets = [t for t in re.findall(r"\]\(([^)#]+)", text) if not t.startswith("https://")]
    assert [t for t in targets if not (path.parent / t).is_file()] == []


def test_first_cells_are_the_same():
    assert len({code_cells(read(path))[0].source for path in NOTEBOOKS}) == 1


def test_first_cell_installs_what_is_missing_and_changes_nothing_else():
    lines = code_cells(read(NOTEBOOKS[0]))[0].source.splitlines()
    begin = lines.index('if importlib.util.find_spec("tfq_resqunn") is None:') + 1
    within = list(itertools.takewhile(lambda line: line.startswith("    "), lines[begin:]))
    installing = [line for line in lines if "%pip" in line]
    assert set(installing) <= set(within)
    frozen, install = (line.split() for line in installing)
    assert frozen == ["%pip", "list", "--format=freeze", ">", "installed.txt"]
    assert install[:2] == ["%pip", "install"]
    assert install[install.index("--constraint") + 1] == "installed.txt"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_first_cell_says_what_it_found(path):
    (said,) = code_cells(read(path))[0].outputs
    versions = r"tfq_resqunn \S+, Python \S+, TensorFlow \S+, Keras \S+"
    assert re.fullmatch(rf"{versions}, with(out)? TensorFlow Quantum\n", said.text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_installs_in_the_first_cell_only(path):
    assert not [c for c in code_cells(read(path))[1:] if "pip" in c.source.split()]
