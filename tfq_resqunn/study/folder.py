"""The folder of a study: which study it holds, and which runs are done; knows no pandas."""

import json
import re
import shutil
from pathlib import Path

from tfq_resqunn._utils.files import PROBE, check_folder, rename_patiently
from tfq_resqunn.runs.folder import FILES
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.images import Images
from tfq_resqunn.study.run import StudyRun

RATES_FROM = "with_rates_from: `rates_from`"
LOCK = ".lock"  # of who runs the study; those of shards begin like it
# What is in a folder before its study.json, if others begin with it at this moment.
BEGUN = re.compile(rf"{re.escape(LOCK)}.*|\.\d+-study\.json|{re.escape(PROBE)}.*")


def read_study(folder: Path, argument: str = "load_results: `folder`") -> tuple[StudyConfig, str]:
    """Read what `study.json` says: the configuration and the command.

    `argument`, and who asks for it, are named where there is no study.
    """
    path = folder / "study.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"{argument} must be that of a study, with a file study.json.\nReceived {folder}, "
            "which has none.\nMake a study with `resqunn study`."
        )
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        # Version 0.2.0 wrote --layers for --depth.
        command = described["command"].replace(" --layers ", " --depth ")
        return StudyConfig.from_dict(described["config"]), command
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"load_results: {path} must be what a study has written. It cannot be read: {error}"
        ) from error


def read_images(folder: Path) -> Images | None:
    """Read what `study.json` says of the images; `None` if it says nothing, as in older studies."""
    path = folder / "study.json"
    if not path.is_file():
        return None
    described = json.loads(path.read_text(encoding="utf-8")).get("images")
    try:
        return None if described is None else Images(**described)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"run_study: {path} must be what a study has written. It cannot be read: {error}\n"
            "Remove its `images`, if the images are those of its runs."
        ) from error


def check_images(images: Images | None, folder: Path) -> None:
    """Raises a ValueError if the runs in a folder were trained on other images.

    `images` are those of now; `None`, and nobody needs them.
    """
    there = read_images(folder)
    if images is not None and there is not None and not images.is_like(there):
        what = "labels" if images.labels != there.labels else "images, with the same labels,"
        raise ValueError(
            "run_study: `run.dataset` must hold the same images as when the study was begun.\n"
            f"Received other {what} than those of {folder}.\n"
            "Restore them, or choose another folder (--out)."
        )


def is_done(folder: Path, run: StudyRun) -> bool:
    """Whether a run is there; a run's folder takes its name when it is complete."""
    return (folder / "runs" / run.id / "result.json").is_file()


def partial_folder(folder: Path) -> Path:
    """Name the hidden folder in which a run is written until it is complete."""
    return folder.with_name(f".partial-{folder.name}")


def store_run(files: dict[str, bytes], folder: Path) -> dict[str, float]:
    """Write the files of a run, and give what is in its `result.json`.

    The folder is complete, or it is not there.
    """
    if not {FILES["result"]} <= set(files) <= set(FILES.values()):
        raise ValueError(f"a run must have files of these names: {', '.join(FILES.values())}")
    partial = partial_folder(folder)
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir()
        for name, content in files.items():
            (partial / name).write_bytes(content)
        result = json.loads(files[FILES["result"]])
        rename_patiently(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return result


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
                "variants, rates and the like may be added."
            )
    elif folder.exists() and not _is_new(folder):
        raise FileExistsError(
            f"run_study: `folder` must hold this study, or nothing.\nReceived {folder}, which "
            "holds something else.\nChoose another folder (--out)."
        )
    check_folder(folder)


def _is_new(folder: Path) -> bool:
    try:
        return all(BEGUN.fullmatch(path.name) for path in folder.iterdir())
    except FileNotFoundError:  # somebody else has just tried whether it can be made
        return True
    except NotADirectoryError:
        return False
