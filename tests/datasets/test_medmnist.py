"""MedMNIST's data sets by name, with a package that has its interface and files made here."""

import hashlib
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from tfq_resqunn import cli, datasets
from tfq_resqunn.datasets.labels import check_labels
from tfq_resqunn.datasets.medmnist_names import IMAGE_SETS, SEVERAL_LABELS, VOLUMES
from tfq_resqunn.datasets.names import find

LABELS = {
    "pathmnist": ["mucus", "debris", "background"],  # in no order, as there
    "breastmnist": ["malignant", "normal, benign"],
    "retinamnist": ["0", "1", "2"],
}


def write_file(path, n_classes, rng):
    """Writes a file as MedMNIST's are: bytes, and labels in a column."""
    arrays = {}
    for part, n in (("train", 24), ("val", 6), ("test", 12)):
        arrays[f"{part}_images"] = rng.integers(0, 256, (n, 8, 8, 3), "uint8")
        arrays[f"{part}_labels"] = (np.arange(n)[:, None] % n_classes).astype("uint8")
    np.savez_compressed(path, **arrays)
    return arrays


@pytest.fixture
def package(tmp_path, monkeypatch, rng):
    """The package, which must not be imported as a whole; gives the arrays of each data set."""
    folder, server, root = (tmp_path / name for name in ("site/medmnist", "server", "root"))
    for each in (folder, server, root):
        each.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('it would import PyTorch')\n")
    info, arrays = {}, {}
    for name, labels in LABELS.items():
        path = server / f"{name}.npz"
        arrays[name] = write_file(path, len(labels), rng)
        info[name] = {
            "url": path.as_uri(),
            "MD5": hashlib.md5(path.read_bytes()).hexdigest(),
            "label": {str(k): label for k, label in enumerate(labels)},
        }
    (folder / "info.py").write_text(f"DEFAULT_ROOT = {str(root)!r}\nINFO = {info!r}\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return arrays


@pytest.fixture
def no_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "medmnist", None)


@pytest.mark.parametrize("name", ["pathmnist", "breastmnist"])
def test_labels_are_the_names_of_classes(package, name):
    data, arrays = datasets.load(name), package[name]
    assert data.name == name
    assert data.classes == tuple(sorted(LABELS[name]))
    for part in ("train", "val", "test"):
        x, y = getattr(data, f"x_{part}"), getattr(data, f"y_{part}")
        np.testing.assert_allclose(x, arrays[f"{part}_images"] / 255, rtol=1e-6)
        named = [LABELS[name][label] for label in arrays[f"{part}_labels"][:, 0]]
        assert [data.classes[k] for k in y] == named


def test_names_that_are_numbers_are_integers(package):
    assert datasets.load("retinamnist").classes == (0, 1, 2)


def test_a_file_is_downloaded_once_and_checked(package, tmp_path):
    datasets.load("pathmnist")
    assert (tmp_path / "root/pathmnist.npz").is_file()
    (tmp_path / "server/pathmnist.npz").unlink()
    datasets.load("pathmnist")
    (tmp_path / "root/pathmnist.npz").write_bytes(b"cut off")
    with pytest.raises(ConnectionError, match='(?s)"pathmnist", which failed: .*name the file'):
        datasets.load("pathmnist")


def test_another_file_in_its_place_is_refused(package, tmp_path, rng):
    write_file(tmp_path / "server/pathmnist.npz", 2, rng)
    with pytest.raises(ConnectionError, match="which failed: "):
        datasets.load("pathmnist")


def test_a_command_takes_the_name(package):
    result = CliRunner().invoke(cli.main, ["data", "breastmnist", "--channels", "gray"])
    assert result.exit_code == 0, result.output
    assert "breastmnist: 2 classes, images of 8 x 8 pixels in 1 channel" in result.output
    assert "\nnormal, benign        12           3     6\n" in result.output


@pytest.mark.once
@pytest.mark.parametrize("name", IMAGE_SETS)
def test_without_the_package_the_error_says_how_to_get_it(no_package, name):
    with pytest.raises(ImportError) as error:
        datasets.load(name)
    assert str(error.value) == (
        "load: `name` must be one of MedMNIST's data sets only where its package, medmnist, "
        f'is installed.\nReceived "{name}", and it is not.\nInstall it: pip install medmnist '
        "(--no-deps leaves out PyTorch, which is not needed here); or download "
        f"{name}.npz from https://medmnist.com, and name the file."
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("names", "reason"),
    [(VOLUMES, "volumes of 28 x 28 x 28"), (SEVERAL_LABELS, "14 labels, none or several")],
)
def test_what_is_no_images_with_one_label_is_refused(no_package, names, reason):
    for name in names:
        with pytest.raises(ValueError, match=f"images with one label each.\nReceived .*{reason}"):
            find(name)


@pytest.mark.once
def test_labels_of_several_are_refused_in_files_too():
    y = np.array([[0, 1, 1], [0, 0, 0]])
    with pytest.raises(ValueError, match="several labels an image"):
        check_labels(y, 2, "load: `train_labels`", "train_images")


@pytest.mark.once
def test_a_folder_of_that_name_is_a_folder(no_package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("x", "y"):
        (tmp_path / "pathmnist").mkdir(exist_ok=True)
        np.save(tmp_path / "pathmnist" / f"{name}.npy", np.zeros((4, 8, 8) if name == "x" else 4))
    assert find("pathmnist").name == "pathmnist"


@pytest.mark.once
def test_a_name_that_is_nearly_right(no_package):
    with pytest.raises(ValueError, match='Did you mean "bloodmnist"?'):
        find("blodmnist")
