"""Where figures are written to: the rule is that of every function that writes one."""

import inspect

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest

import tfq_resqunn as rq
from tfq_resqunn import plots
from tfq_resqunn._utils.arguments import PICTURES

pytestmark = pytest.mark.once

WRITERS = plots.__all__
IMAGES = np.linspace(0, 1, 64).reshape(4, 4, 4, 1)
INTERVAL = {"accuracy": [0.5], "low": [0.4], "high": [0.6]}
BOARD = pd.DataFrame(
    {"encoder": ["angle"], "ansatz": ["brick"], **INTERVAL, "expressibility": [0.1],
     "entangling_capability": [0.5]}
)  # fmt: skip
NOISE = {"backend": ["compiled"], "shots": [None], "noise": ["bit_flip"], "strength": [0.0]}
VARIANCE = {"n_layers": [1], "layer": ["q"], "variance": [0.2], "low": [0.1], "high": [0.3]}


def built():
    layer = rq.Quanv2D(kernel_size=2)
    layer.build((None, 4, 4, 1))
    return layer


# What each function draws, without the path.
DRAWN = {
    "circuit_figure": lambda: [built().circuit],
    "training_curves": lambda: [{"loss": [1.0, 0.5]}],
    "examples_figure": lambda: [IMAGES, np.arange(4) % 2, ("a", "b")],
    "feature_maps_figure": lambda: [IMAGES, built()(IMAGES)],
    "plan_figure": lambda: [built()],
    "accuracy_by_descriptor": lambda: [{"digits": BOARD}],
    "accuracy_by_strength": lambda: [pd.DataFrame({**NOISE, **INTERVAL})],
    "variance_figure": lambda: [pd.DataFrame(VARIANCE), ["n_layers"]],
}


@pytest.mark.parametrize("name", plots.__all__)
def test_every_function_gives_a_figure_and_writes_it(name, tmp_path):
    function, arguments, path = getattr(plots, name), DRAWN[name](), tmp_path / "figure.png"
    assert isinstance(function(*arguments), matplotlib.figure.Figure)
    assert not path.exists()
    assert isinstance(function(*arguments, path), matplotlib.figure.Figure)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert list(inspect.signature(function).parameters)[-1] == "path"


@pytest.mark.parametrize("suffix", PICTURES)
def test_matplotlib_writes_every_format(suffix, tmp_path):
    path = tmp_path / f"figure.{suffix}"
    matplotlib.figure.Figure(figsize=(1, 1)).savefig(path)
    assert path.stat().st_size > 0


@pytest.mark.parametrize("path", ["figure", "figure.xyz", "figure.pgf", ".png", "png"])
@pytest.mark.parametrize("name", WRITERS)
def test_files_that_are_no_pictures_are_refused(name, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function, others = getattr(plots, name), DRAWN[name]()
    with pytest.raises(ValueError) as error:
        function(*others, path=path)
    assert str(error.value) == (
        f"{name}: `path` must be a file whose suffix is one of {', '.join(PICTURES)}. "
        f"Received {path!r}. Name a file such as picture.png."
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_no_path_is_refused(name):
    function, others = getattr(plots, name), DRAWN[name]()
    with pytest.raises(TypeError, match=f"^{name}: `path` must be a path"):
        function(*others, path=3)
