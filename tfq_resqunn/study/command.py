"""A study as the command that repeats it; imports no TensorFlow."""

from pathlib import Path
from typing import Any

from tfq_resqunn._utils.shell import command_text
from tfq_resqunn.runs.settings import option_words
from tfq_resqunn.study.config import COMMON, MAX_DEPTH_OF_ALL, StudyConfig
from tfq_resqunn.study.shards import Shard, write_shard
from tfq_resqunn.study.yaml_text import read_yaml

ALWAYS = ("dataset", "depth", "seeds")  # shown whatever they are


def command_line(
    config: StudyConfig,
    folder: Path,
    n_jobs: int | None = None,
    *,
    scheduler: str | None = None,
    shard: Shard | None = None,
) -> str:
    """Write the command that makes a study, and goes on with it; defaults are left out.

    Example:
        >>> command_line(StudyConfig(seeds=[0, 1], heads=["linear"]), Path("runs/s"))
        'resqunn study --dataset digits --depth 2 --head linear --seeds 2 --out runs/s'
    """
    is_deep = config.run.depth > MAX_DEPTH_OF_ALL  # which leaves no default for the placements
    usual = StudyConfig(config.run, config.placements if is_deep else None)
    run = option_words(config.run, COMMON, ALWAYS)
    own = option_words(config, usual, (*ALWAYS, "placements") if is_deep else ALWAYS)
    where = {
        "--jobs": n_jobs,
        "--scheduler": scheduler,
        "--shard": None if shard is None else write_shard(shard),
    }
    chosen = [word for flag, value in where.items() if value is not None for word in (flag, value)]
    words = ["resqunn", "study", *run, *own, "--out", folder, *chosen]
    return command_text(map(str, words))


def default_folder(config: StudyConfig) -> Path:
    """Name the folder of a study where none is named, such as `runs/study-digits-2`."""
    return Path("runs") / f"study-{Path(config.run.dataset).stem}-{config.run.depth}"


def read_settings(path: Path) -> dict[str, Any]:
    """Read the settings of a study from YAML or JSON, or from a study's own `study.json`."""
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
