"""A study as the command that repeats it; imports no TensorFlow."""

import dataclasses
from pathlib import Path

from tfq_resqunn._utils.shell import command_text
from tfq_resqunn.models.placement import Placement
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.study.config import COMMON, MAX_DEPTH_OF_ALL, VARIED, StudyConfig
from tfq_resqunn.study.yaml_text import read_yaml

ALWAYS = ("dataset", "depth")  # shown whatever they are


def command_line(config: StudyConfig, folder: Path, n_jobs: int | None = None) -> str:
    """Write the command that makes a study, and goes on with it.

    What has its default is left out. A value that no option takes (a pair of numbers) is taken
    from the study's own file. `n_jobs`, which changes no result, is said where it is given.

    Example:
        >>> command_line(StudyConfig(seeds=[0, 1], heads=["linear"]), Path("runs/s"))
        'resqunn study --dataset digits --layers 2 --head linear --seeds 2 --out runs/s'
    """
    try:
        options = [*_run_options(config.run), *_study_options(config)]
    except _NoOptionError:
        options = ["--config", str(folder / "study.json")]
    jobs = [] if n_jobs is None else ["--jobs", str(n_jobs)]
    return command_text(["resqunn", "study", *options, "--out", str(folder), *jobs])


def default_folder(config: StudyConfig) -> Path:
    """Name the folder of a study where none is named: the same for the same data and depth.

    Example:
        >>> default_folder(StudyConfig(RunConfig(dataset="data/shapes.npz"))).as_posix()
        'runs/study-shapes-2'
    """
    return Path("runs") / f"study-{Path(config.run.dataset).stem}-{config.run.depth}"


def read_settings(path: Path) -> dict:
    """Read the settings of a study from YAML or JSON, or from a study's own `study.json`.

    Raises:
        ValueError: If the file is neither YAML nor JSON, or no mapping.
    """
    try:
        values = read_yaml(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"read_settings: {path} is neither YAML nor JSON: {error}") from error
    if isinstance(values, dict):
        values = values.get("config", values)
    if not isinstance(values, dict) or not isinstance(values.get("run", {}), dict):
        raise ValueError(
            f"read_settings: {path} must hold names and values, such as `seeds: 3`, and those of "
            f"`run` likewise, such as `run: {{epochs: 3}}`. Received {values!r}."
        )
    return values


class _NoOptionError(Exception):
    """There is no option for a value."""


def _run_options(run: RunConfig):
    for field in dataclasses.fields(run):
        value = getattr(run, field.name)
        if field.name in VARIED or (
            field.name not in ALWAYS and value == getattr(COMMON, field.name)
        ):
            continue
        if field.name == "classes":
            value = ",".join(map(str, value))
        if isinstance(value, dict):
            value = ",".join(f"{name}={strength!r}" for name, strength in value.items())
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise _NoOptionError
        yield from ("--layers" if field.name == "depth" else run.flag(field.name), str(value))


def _study_options(config: StudyConfig):
    if config.placements != _default_placements(config.run.depth):
        for placement in config.placements:
            yield from ("--placement", placement)
    if config.input_gradients != StudyConfig.input_gradients:
        if len(config.input_gradients) > 1:
            raise _NoOptionError  # both, in another order
        yield "--input-gradient" if config.input_gradients[0] else "--no-input-gradient"
    for name in ("heads", "variants"):
        if getattr(config, name) != getattr(StudyConfig, name):
            for value in getattr(config, name):
                yield from (f"--{name[:-1]}", value)
    counted = config.seeds == tuple(range(len(config.seeds)))
    yield from ("--seeds", str(len(config.seeds)) if counted else _listed(config.seeds))


def _default_placements(depth: int) -> tuple[str, ...]:
    return tuple(map(str, Placement.every(depth))) if depth <= MAX_DEPTH_OF_ALL else ()


def _listed(seeds: tuple[int, ...]) -> str:
    return ",".join(map(str, seeds)) + ("," if len(seeds) == 1 else "")
