"""The folder of a study: which study it holds, and which runs are done; knows no pandas."""

import json
from pathlib import Path

from tfq_resqunn._utils.files import check_folder
from tfq_resqunn.study.config import StudyConfig, StudyRun

LOCK = ".lock"  # of who runs the study


def read_study(folder: Path) -> tuple[StudyConfig, str]:
    """Read what `study.json` says: the configuration and the command."""
    path = folder / "study.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"load_results: `folder` must be that of a study, with a file study.json.\nReceived "
            f"{folder}, which has none.\nMake a study with `resqunn study`."
        )
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        # Version 0.2.0 wrote --layers for --depth.
        command = described["command"].replace(" --layers ", " --depth ")
        return StudyConfig.from_dict(described["config"]), command
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"load_results: {path} must be what a study has written. It cannot be read: {error}"
        ) from error


def is_done(folder: Path, run: StudyRun) -> bool:
    """Whether a run is there; a run's folder takes its name when it is complete."""
    return (folder / "runs" / run.id / "result.json").is_file()


def partial_folder(folder: Path) -> Path:
    """Name the hidden folder in which a run is written until it is complete."""
    return folder.with_name(f".partial-{folder.name}")


def check_study_folder(config: StudyConfig, folder: Path) -> None:
    """Find out whether a study can be made, or gone on with, in a folder; raises as `run_study`."""
    if (folder / "study.json").is_file():
        there = read_study(folder)[0]
        if not config.extends(there):
            raise FileExistsError(
                "run_study: `folder` must hold this study, a part of it, or nothing.\nReceived "
                f"{folder}, whose study.json differs (here against there):\n  "
                + "\n  ".join(config.differences(there))
                + "\nChoose another folder (--out), or keep its settings; seeds, placements, "
                "variants and the like may be added."
            )
    elif folder.exists() and not (
        folder.is_dir() and all(path.name == LOCK for path in folder.iterdir())
    ):
        raise FileExistsError(
            f"run_study: `folder` must hold this study, or nothing.\nReceived {folder}, which "
            "holds something else.\nChoose another folder (--out)."
        )
    check_folder(folder)
