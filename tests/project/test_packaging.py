"""What is handed out: the wheel and the source distribution, addresses, citation, changes."""

import datetime
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
import yaml

from tfq_resqunn._version import __version__

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

ROOT = Path(__file__).parents[2]
SETUP = (ROOT / "setup.py").read_text(encoding="utf-8")
(URL,) = re.findall(r'^URL = "(.+)"$', SETUP, re.MULTILINE)
SLUG = URL.removeprefix("https://github.com/")
NOTEBOOKS = sorted((ROOT / "tutorials").glob("*.ipynb"))
ONLY_IN_CLONES = {".gitignore", ".pre-commit-config.yaml"}
WRITTEN_BY_BUILDING = re.compile(r"PKG-INFO|setup\.cfg|tfq_resqunn\.egg-info/.+")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def run(command, folder, **variables):
    """Run a command as somebody does who has no clone on Python's path."""
    outer = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    result = subprocess.run(
        [str(word) for word in command],
        cwd=folder, env=outer | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


# --- one address ------------------------------------------------------------------------------


def test_address_is_one():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["repository-code"] == citation["url"] == URL
    assert re.findall(r"^repo_url: (\S+)$", read("mkdocs.yml"), re.MULTILINE) == [URL]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_badges_open_the_notebook(path):
    badge = f"https://colab.research.google.com/github/{SLUG}/blob/main/tutorials/{path.name}"
    for text in (path.read_text(encoding="utf-8"), read("README.md")):
        assert text.count(badge) == 1


def test_no_other_address_is_named():
    """An address of the project that is written differently anywhere would be found here."""
    documents = ["README.md", "CITATION.cff", "CHANGELOG.md", "mkdocs.yml", "setup.py"]
    for path in [ROOT / name for name in documents] + NOTEBOOKS:
        text = path.read_text(encoding="utf-8")
        for slug in re.findall(r"github(?:\.com)?/([\w.-]+/tfq[_-]resqunn)", text):
            assert slug == SLUG, path


# --- citation and changes -----------------------------------------------------------------------


def test_citation_names_this_version_and_the_paper():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert citation["version"] == __version__
    assert citation["license"] == "Apache-2.0"
    paper = citation["preferred-citation"]
    assert {"type", "title", "authors"} <= set(paper)
    assert "2402.09146" in paper["doi"]
    readme = " ".join(read("README.md").replace(">", "").split())
    for work in (paper, *citation["references"]):
        assert work["title"] in readme


def test_changelog_begins_with_this_version():
    headings = re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    number, date = re.fullmatch(r"\[(.+)\] - (\S+)", headings[1]).groups()
    assert number == __version__
    released = yaml.safe_load(read("CITATION.cff"))["date-released"]
    assert datetime.date.fromisoformat(date) == released


def test_changelog_has_the_usual_sections():
    sections = set(re.findall(r"^### (.+)$", read("CHANGELOG.md"), re.MULTILINE))
    assert sections <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


# --- what is built ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def files():
    """Name the files of the clone, without what git ignores."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs a clone, to tell the project's files from others")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = run(command, ROOT).split("\0")[:-1]
    return {name for name in names if (ROOT / name).is_file()}


def copied(files, folder):
    """Copy the clone: building leaves files behind, which are to lie elsewhere."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def built(files, tmp_path_factory):
    """Build the source distribution, and the wheel from that. No network is needed."""
    source = copied(files, tmp_path_factory.mktemp("clone"))
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist"], source)
    return source / "dist"


@pytest.fixture(scope="session")
def wheel(built):
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def test_wheel_holds_the_modules_and_nothing_else(files, wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {n for n in archive.namelist() if ".dist-info/" not in n}
    assert wheel.name == f"tfq_resqunn-{__version__}-py3-none-any.whl"
    assert names == {n for n in files if n.startswith("tfq_resqunn/")} | {"resqunn.py"}


def test_sdist_holds_the_clone(files, built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {m.name.partition("/")[2] for m in archive if m.isfile()}
    assert {n for n in names if not WRITTEN_BY_BUILDING.fullmatch(n)} == files - ONLY_IN_CLONES


def test_metadata_pass_the_index_checks(built):
    archives = sorted(built.iterdir())
    assert run([sys.executable, "-m", "twine", "check", "--strict", *archives], ROOT).count("PASS")


def test_metadata(metadata):
    assert metadata["Name"] == "tfq-resqunn"
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Home-page"] == URL
    links = dict(link.split(", ") for link in metadata.get_all("Project-URL"))
    assert links["Source"] == URL


def test_links_of_the_description_lead_to_files(metadata):
    targets = re.findall(r"\]\(([^)\s]+)\)", metadata.get_payload())
    ours = [t for t in targets if t.startswith(URL + "/")]
    assert len(ours) > 10
    for target in ours:
        path = re.fullmatch(rf"{re.escape(URL)}/(?:blob|raw)/main/([^#]+)(?:#.*)?", target)[1]
        assert (ROOT / path).is_file(), target
    assert [t for t in targets if not t.startswith("https://")] == []


# --- the wheel, away from the clone ---------------------------------------------------------------


def scripts_of(environment):
    return environment / ("Scripts" if os.name == "nt" else "bin")


def check_installation(environment, folder):
    """Use an installed package as in the README, from a folder that holds nothing."""
    python, resqunn = (scripts_of(environment) / name for name in ("python", "resqunn"))
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3"}
    for module in ("tfq_resqunn", "resqunn"):
        where = f"import importlib.util as u; print(u.find_spec({module!r}).origin)"
        path = Path(run([python, "-c", where], folder).strip())
        assert path.resolve().is_relative_to(environment.resolve())
    assert run([resqunn, "--version"], folder) == f"resqunn, version {__version__}\n"
    assert "train" in run([python, "-m", "resqunn", "--help"], folder)
    command = [
        resqunn,
        "train",
        "--n-train=16",
        "--n-test=16",
        "--image-size=4",
        "--depth=1",
        "--epochs=1",
    ]
    printed = run([*command, "--out", "run"], folder, **quiet)
    assert "test accuracy" in printed
    assert (folder / "run" / "model.keras").is_file()


def test_wheel_trains_away_from_the_clone(wheel, tmp_path):
    """Install the wheel into an environment of its own.

    What it needs is taken from this environment, which saves minutes: its folders are put behind
    the new environment's own. A `.pth` file that lies in them, as the one of an editable
    installation does, is not read there. So the package itself can only come from the wheel, and
    `check_installation` makes sure that it does.
    """
    environment, empty = tmp_path / "environment", tmp_path / "empty"
    empty.mkdir()
    venv.create(environment)
    python = scripts_of(environment) / "python"
    pip = [sys.executable, "-m", "pip", "--python", python]  # this environment's, which is there
    run([*pip, "install", "--no-deps", "--no-index", wheel], empty)
    installed = "import sysconfig; print(sysconfig.get_path('purelib'))"
    folder = Path(run([python, "-c", installed], empty).strip())
    ours = [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]
    ours += [sysconfig.get_path(kind) for kind in ("purelib", "platlib")]
    (folder / "behind.pth").write_text("\n".join(dict.fromkeys(ours)) + "\n", encoding="utf-8")
    check_installation(environment, empty)


@pytest.mark.slow
def test_wheel_brings_all_that_it_needs(wheel, tmp_path):
    """As a user does it: an empty environment, and everything from the index."""
    environment, empty = tmp_path / "environment", tmp_path / "empty"
    empty.mkdir()
    venv.create(environment, with_pip=True)
    run([scripts_of(environment) / "python", "-m", "pip", "install", wheel], empty)
    check_installation(environment, empty)


@pytest.mark.slow
def test_clone_builds_in_isolation(files, tmp_path):
    """`make dist` in a copy: the tools that build come from the index."""
    source = copied(files, tmp_path)
    stale = source / "build" / "lib" / "tfq_resqunn" / "stale.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    (source / "dist").mkdir()
    (source / "dist" / "tfq_resqunn-0.0.1.tar.gz").touch()
    run(["make", "dist", f"BIN={Path(sys.executable).parent}", "STAMP="], source)
    (wheel,) = (source / "dist").glob("*.whl")
    assert len(list((source / "dist").iterdir())) == 2
    with zipfile.ZipFile(wheel) as archive:
        assert "tfq_resqunn/stale.py" not in archive.namelist()


@pytest.mark.slow
def test_citation_keeps_the_format(tmp_path):
    """Ask the format's own checker, which needs old versions and so has its own environment."""
    venv.create(tmp_path / "environment", with_pip=True)
    scripts = scripts_of(tmp_path / "environment")
    run([scripts / "python", "-m", "pip", "install", "cffconvert==2.0.0"], tmp_path)
    command = [scripts / "cffconvert", "--validate", "--infile", ROOT / "CITATION.cff"]
    run(command, tmp_path)
