"""Where figures are written to: the rule is that of every function that writes one."""

import inspect

import matplotlib.figure
import pytest

from tfq_resqunn import plots
from tfq_resqunn._utils.arguments import PICTURES

pytestmark = pytest.mark.once

WRITERS = [
    name for name in plots.__all__ if "path" in inspect.signature(getattr(plots, name)).parameters
]


@pytest.mark.parametrize("suffix", PICTURES)
def test_matplotlib_writes_every_format(suffix, tmp_path):
    path = tmp_path / f"figure.{suffix}"
    matplotlib.figure.Figure(figsize=(1, 1)).savefig(path)
    assert path.stat().st_size > 0


@pytest.mark.parametrize("path", ["figure", "figure.xyz", "figure.pgf", ".png", "png"])
@pytest.mark.parametrize("name", WRITERS)
def test_files_that_are_no_pictures_are_refused(name, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function = getattr(plots, name)
    others = [None] * (len(inspect.signature(function).parameters) - 1)
    with pytest.raises(ValueError) as error:
        function(*others, path=path)
    assert str(error.value) == (
        f"{name}: `path` must be a file whose suffix is one of {', '.join(PICTURES)}. "
        f"Received {path!r}. Name a file such as picture.png."
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_no_path_is_refused(name):
    function = getattr(plots, name)
    others = [None] * (len(inspect.signature(function).parameters) - 1)
    with pytest.raises(TypeError, match=f"^{name}: `path` must be a path"):
        function(*others, path=3)
