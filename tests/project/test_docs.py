"""The pages of the documentation: their code runs, and the reference lists what is public."""

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import tfq_resqunn as rq
from tests.project.test_readme import blocks, commands
from tfq_resqunn import cli
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.circuits import ANSATZES, ENCODERS, OBSERVABLES
from tfq_resqunn.models.placement import as_placement
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.study.config import StudyConfig

ROOT = Path(__file__).parents[2]
WITH_SHAPES = ["getting_started", "guide", "own_circuit", "noise", "faster", "from_paper"]
WITH_COMMANDS = ["guide", "noise", "command_line", "limits", "data", "compare", "faster", "gallery"]
PAGES = [
    "docs/getting_started.md",
    *(f"docs/{page}.md" for page in WITH_COMMANDS),
    "CONTRIBUTING.md",
]
EXAMPLES = [
    *(f"docs/{page}.md" for page in WITH_SHAPES),
    pytest.param(
        "docs/keras_tools.md",
        marks=pytest.mark.skipif(not IS_KERAS_3, reason="KerasTuner takes Keras 3 only"),
    ),
]
REFERENCE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


GALLERY = ROOT / "docs" / "images" / "gallery"
MEBIBYTE = 2**20


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture
def registries(monkeypatch):
    """What is registered in here is forgotten afterwards."""
    for registry in (ENCODERS, ANSATZES, OBSERVABLES):
        monkeypatch.setattr(registry, "_functions", dict(registry._functions))


def run(path, at_least=3, **given):
    """Run the Python blocks of a page, one after the other, and give what they define."""
    names = {"__name__": "page", **given}
    found = blocks(read(path), "python")
    assert len(found) == read(path).count("```python") >= at_least
    for number, block in enumerate(found, 1):
        exec(compile(block, f"{path}, python block {number}", "exec"), names)
    return names


def shapes_said(path):
    """The shapes that comments promise for what a line prints."""
    return re.findall(r"print\(.+shape\)  # .*?(\([\d, ]+\))$", read(path), re.MULTILINE)


@pytest.mark.parametrize("path", EXAMPLES)
def test_examples_run_and_print_what_they_say(path, tmp_path, monkeypatch, registries, capsys):
    monkeypatch.chdir(tmp_path)
    run(path, at_least=2 if "noise" in path else 3)
    printed = capsys.readouterr().out
    assert shapes_said(path)
    for shape in shapes_said(path):
        assert shape in printed


def test_pictures_are_read_once_and_trained_on(tmp_path, monkeypatch):
    """The blocks of the page on pictures, with a folder of them and a model for their size."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for number in range(20):
        path = tmp_path / "photos" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (40 + number, 36, 3), np.uint8)).save(path)
    head = [keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((32, 32, 3)), *head])
    model.compile("adam", "sparse_categorical_crossentropy")
    names = run("docs/data.md", at_least=2, model=model)
    photos, again = names["photos"], names["again"]
    assert again.classes == photos.classes == ("cat", "dog")
    assert (len(again.x_train), again.image_shape) == (16, (32, 32, 3))
    for name in ("x_train", "y_train", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(again, name), getattr(photos, name))
    sized = rq.datasets.load("photos.npz", image_size=32)
    np.testing.assert_array_equal(sized.x_train, photos.x_train)


@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")
@pytest.mark.parametrize("page", ["gradients", "command_line", "results"])
def test_examples_without_shapes_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run(f"docs/{page}.md", at_least=1)
    said = {"gradients": "quanv_1  Quanv2D  4        none", "command_line": ""}
    assert said.get(page, "") in capsys.readouterr().out


@pytest.mark.parametrize("page", [page for page in [*PAGES, *EXAMPLES] if isinstance(page, str)])
def test_examples_leave_the_seeds_of_keras_2_alone(page):
    """After its `set_random_seed` it draws `randint(1, 1e9)`, which Python 3.12 refuses."""
    assert "set_random_seed" not in read(page)


@pytest.mark.parametrize("section", ["Qiskit", "PennyLane", "OpenQASM 2, and text of your own"])
def test_circuits_come_from_other_packages(section, monkeypatch, capsys):
    pytest.importorskip("openqasm3")
    if section in ("Qiskit", "PennyLane"):
        pytest.importorskip(section.lower())
    page = read("docs/from_other_packages.md")
    found = blocks(page.split(f"\n## {section}\n")[1].split("\n## ")[0], "python")
    names = {"__name__": "page"}
    for number, block in enumerate(found, 1):
        exec(compile(block, f"{section}, python block {number}", "exec"), names)
    printed = capsys.readouterr().out
    said = {
        "Qiskit": "(1, 4, 4, 4)\nTrue\n",
        "PennyLane": "(1, 4, 4, 4)\n",
        "OpenQASM 2, and text of your own": "data: x_0, x_1 | weights: w |",
    }
    assert said[section] in printed


def test_recipes_make_parts_that_work(registries):
    names = run("CONTRIBUTING.md")
    layer = rq.Quanv2D(kernel_size=2, encoder="phase", ansatz="star", n_layers=2)
    images = rq.datasets.load("digits", n_test=10).x_test[:1]
    assert layer(images).shape == (1, 4, 4, 4)
    assert layer.count_params() == 8
    # Z on each qubit is one setting, so one circuit a patch; patches without ink are run once.
    names["layer"](images)
    assert 1 <= names["Counting"].circuits <= 16


@pytest.mark.parametrize("path", PAGES)
def test_commands_and_their_options_exist(path):
    targets = re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)
    found = commands(read(path)) + re.findall(r"`(make [a-z ]+)`", read(path))
    assert found
    for command in found:
        first, *words = command.split()
        if first == "make":
            assert set(words) <= set(targets), command
        if first == "resqunn" and words != ["--help"]:
            known = {o for p in cli.main.commands[words[0]].params for o in p.opts}
            assert {w for w in words if w.startswith("--")} <= known, command


def test_files_that_the_recipes_name_are_there():
    named = re.findall(r"`((?:tfq_resqunn|tests|docs)/[\w/.]+)`", read("CONTRIBUTING.md"))
    assert len(named) > 8
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    "names",
    [
        set(rq.__all__) - {"__version__", "circuits", "datasets"},
        set(rq.circuits.__all__),
        {"load", "load_images", "Dataset"},
    ],
    ids=["tfq_resqunn", "circuits", "datasets"],
)
def test_the_reference_lists_all_public_names(names):
    listed = re.findall(r"^::: [\w.]+\.(\w+)$", REFERENCE, re.MULTILINE)
    registries = re.findall(r"`rq\.circuits\.([A-Z]+)`", REFERENCE)
    assert names <= {*listed, *registries}


# --- the gallery, and the pages of notebooks --------------------------------------------------


def test_the_gallery_shows_every_picture_and_says_who_drew_it():
    parts = re.split(r"^(?=!\[)", read("docs/gallery.md"), flags=re.MULTILINE)[1:]
    shown = [re.match(r"!\[[^\]]+\]\(([^)]+)\)", part)[1] for part in parts]
    assert {path.name for path in GALLERY.iterdir()} == {
        Path(path).name for path in shown if path.startswith("images/gallery/")
    }
    for path, part in zip(shown, parts, strict=True):
        assert (ROOT / "docs" / path).is_file()
        assert re.search(r"\[.+\]\(.+\)|`.+`", part.partition(".png)")[2], re.DOTALL), path


def test_the_gallerys_code_draws_pictures(tmp_path, monkeypatch):
    """What stands under a picture of the package's writes one of its name."""
    monkeypatch.chdir(tmp_path)
    run("docs/gallery.md")
    drawn = {path.stem for path in tmp_path.glob("*.png")}
    assert drawn == {"circuit", "examples", "maps", "curves", "variance"}
    assert (tmp_path / "logs").is_dir()
    for part in re.split(r"^(?=!\[)", read("docs/gallery.md"), flags=re.MULTILINE)[1:]:
        if name := re.search(r"images/gallery/(\w+)\.png", part):
            has_code = "```python" in part or "```console" in part
            assert has_code == (name[1] != "filters"), name[1]  # whose code is thirty lines
            assert name[1] not in drawn or f'"{name[1]}.png")' in part


def test_the_gallery_is_drawn_by_its_script():
    source = read("docs/images/draw_gallery.py")
    (drawn,) = re.findall(r"^DRAWINGS = \{(.+?)^\}", source, re.MULTILINE | re.DOTALL)
    assert sorted(re.findall(r'"(\w+)"', drawn)) == sorted(path.stem for path in GALLERY.iterdir())


def test_the_gallery_is_small():
    assert sum(path.stat().st_size for path in GALLERY.iterdir()) < 1.5 * MEBIBYTE


def test_the_plan_that_is_shown_is_the_layers():
    (shown,) = blocks(read("docs/faster.md"), "text")
    layer = rq.Quanv2D(kernel_size=3, n_layers=3)
    layer.build((None, 27, 27, 1))
    assert str(layer.plan).strip() == shown.strip()


def test_the_costs_of_noise_are_the_plans(capsys):
    page = read("docs/noise.md")
    (block,) = (block for block in blocks(page, "python") if "layer.plan" in block)
    exec(compile(block, "docs/noise.md", "exec"), {"rq": rq})
    assert blocks(page, "text") == [capsys.readouterr().out]


def test_the_glossary_explains_what_plans_say():
    glossary = read("docs/glossary.md").lower()
    layers = {
        "strings": {"n_layers": 3},
        "phases": {"encoder": "iqp"},
        "noise": {"encoder": "iqp", "noise": {"depolarizing": 0.01}},
        "many qubits": {"kernel_size": 4, "ansatz": "brick"},
    }
    words = set()
    for arguments in layers.values():
        layer = rq.Quanv2D(**arguments)
        layer.build((None, 8, 8, 1))
        for candidate in layer.plan.candidates:
            words |= set(candidate.name.lower().split(", "))
            note, _, _ = candidate.note.lower().partition(":")  # why one is not open
            words |= set(re.findall(r"[a-z]{4,}|not open|not weighed", note))
    assert {"late split", "by phases", "coordinates", "not open", "channels"} <= words
    assert sorted(word for word in words if word not in glossary) == []


@pytest.mark.parametrize("path", sorted(path.name for path in (ROOT / "tutorials").glob("*.ipynb")))
def test_pages_of_notebooks_link_to_the_notebook_and_to_colab(path):
    pytest.importorskip("mkdocs")
    pytest.importorskip("nbconvert")
    specification = importlib.util.spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    hooks = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(hooks)
    file = hooks.Notebook(f"tutorials/{path}", str(ROOT), "site", use_directory_urls=False)
    page = SimpleNamespace(file=file)
    text = hooks.on_page_markdown(file.content_string, page, config=None, files=None)
    assert text.count(f'<a class="md-button" href="{path}" download>Download</a>') == 1
    assert len(re.findall(rf"\[Open in Colab\]\(https://colab\.\S+/{path}\)", text)) == 1
    assert "colab-badge.svg" not in text


def test_the_link_in_the_header_asks_nobody_for_stars():
    link = read("docs/theme/partials/source.html")
    assert 'href="{{ config.repo_url }}"' in link
    assert 'data-md-component="source"' not in link  # for which Material's script asks GitHub


def test_the_defaults_of_studies_are_those_that_the_page_tells():
    def told(run):
        return f"{run.epochs}", f"{run.batch_size}", f"{run.learning_rate:g}"

    study, train = StudyConfig(), RunConfig()
    words = " ".join(read("docs/compare.md").split())
    epochs, size, rate = told(study.run)
    assert f"{epochs} epochs, batches of {size} and a learning rate of {rate} in the place" in words
    assert "in the place of {}, {} and {},".format(*told(train)) in words
    assert str(as_placement(train.placement, train.depth)) in study.placements
    assert '`--placement "(X+O1)+O2" --head linear`' in words and "linear" in study.heads
