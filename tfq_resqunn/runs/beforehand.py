"""What can be wrong with a run, a prediction or an evaluation, found before anything is loaded.

Nothing in here needs data, Cirq or TensorFlow, whose import takes seconds. What does need them is
checked where it is used, and says the same: the rules stand in the modules imported here.
"""

import itertools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from tfq_resqunn._utils.arguments import check_count, check_path, check_seed
from tfq_resqunn._utils.named_backends import check_named
from tfq_resqunn.circuits.names import ANSATZES, ENCODERS, OBSERVABLES
from tfq_resqunn.circuits.noise.strengths import as_text, ordered
from tfq_resqunn.circuits.observables.text import parse_sum
from tfq_resqunn.datasets import names
from tfq_resqunn.datasets.arguments import SELECTION
from tfq_resqunn.models.placement import as_placement
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.folder import find_model


def check_run(config: RunConfig) -> None:
    """Checks the names, the placement and the data set of a run; `RunConfig` checks its numbers."""
    for argument, rule in SELECTION.items():
        rule(getattr(config, argument), argument, "load")
    names.find(config.dataset)
    as_placement(config.placement, config.depth)
    check_layer(config)


def check_layer(config: RunConfig, who: str = "Quanv2D") -> None:
    """Checks the names that a run's quanvolutions are made of, and what runs their circuits."""
    for registry in (ENCODERS, ANSATZES):
        if (name := getattr(config, registry.kind)) not in registry:
            raise ValueError(f"{who}: {registry.unknown(name, is_text=True)}")
    if config.observables not in OBSERVABLES:
        parse_sum(config.observables, who)
    _check_backend(config.backend, config.repetitions, config.noise or {}, who)


def check_prediction(model_path: str | os.PathLike, images_path: str | os.PathLike) -> None:
    """Checks that the files that a prediction takes are there, and of the right kind."""
    check_path(model_path, "model_path", "predict")
    check_path(images_path, "images_path", "predict")
    if Path(images_path).suffix == ".keras":
        raise ValueError(
            "predict: `images_path` must be an .npz or .npy file, a picture, or a folder of "
            f"pictures.\nReceived {images_path}, a model.\nThe model comes first, then the images."
        )
    find_model(model_path, "predict")
    names.find_images(images_path, "load_images")


def check_evaluation(model_path: str | os.PathLike, images_path: str | os.PathLike | None) -> None:
    """Checks that the files that an evaluation takes are there, and of the right kind."""
    config_path = find_model(model_path, "evaluate").with_name("config.json")
    if images_path is not None:
        names.find_images(check_path(images_path, "path", "load_images"), "load_images")
    elif not config_path.is_file():
        raise FileNotFoundError(
            "evaluate: `model_path` must be the model.keras in the folder of a run.\n"
            f"{config_path} is no file, so that its test images are not known.\n"
            "Name images with labels (--images)."
        )


def check_grid(
    backends: Iterable[str],
    shots: Iterable[int | None],
    noise: str,
    strengths: Iterable[float],
    seed: int,
) -> None:
    """Checks what an evaluation varies: named backends, repetitions, strengths of a noise."""
    check_seed(seed, "seed", "evaluate")
    for backend, repetitions, strength in itertools.product(backends, shots, strengths):
        check_count.or_none()(repetitions, "repetitions", "evaluate")
        _check_backend(backend, repetitions, {noise: strength}, "evaluate")


def _check_backend(
    backend: str, repetitions: int | None, noise: Mapping[str, float], who: str
) -> None:
    text = as_text(ordered(noise, who)) or None
    check_named(backend, noise=text, repetitions=repetitions, who=who)
