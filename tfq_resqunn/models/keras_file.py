"""Models in `.keras` files, which strangers may have written."""

import json
from pathlib import Path

from tfq_resqunn._utils.archives import open_archive, read_member
from tfq_resqunn._utils.keras import IS_KERAS_3, keras

MAX_REASON = 800  # characters of what Keras says of a file that it cannot read
MAX_CONFIG = 2**26  # bytes of the configuration in a model file
# What a model file may name, beside what the program has registered with Keras.
KNOWN_MODULES = ("keras", "tf_keras", "tfq_resqunn")


def read_model(path: Path, argument: str, who: str) -> keras.Model:
    """Reads a model that anybody may have written: nothing in it is run as code.

    Raises:
        ValueError: If another Keras wrote it, if it names modules which the program has not
            registered, or if it cannot be read; the message names `argument` and `who`.
    """
    mine = "3" if IS_KERAS_3 else "2"
    written, config = _read_archive(path, argument, who)
    if written and written.split(".")[0] != mine:
        remedy = "Unset TF_USE_LEGACY_KERAS" if mine == "2" else "Set TF_USE_LEGACY_KERAS=1"
        raise ValueError(
            f"{who}: `{argument}` must be a model that Keras {mine} has written.\nReceived "
            f"{path}, written by Keras {written}.\n{remedy} before the program starts."
        )
    if foreign := sorted(_foreign_modules(config)):
        raise ValueError(
            f"{who}: `{argument}` must hold layers of Keras' and of this package's, and no code of "
            f"others that the program has not registered.\nReceived {path}, which names "
            f"{', '.join(foreign)[:MAX_REASON]}.\nIf you trust it, import and register its classes."
        )
    try:
        model = keras.models.load_model(path, safe_mode=True)
        if not isinstance(model, keras.Model):
            raise TypeError(f"it holds no model, but {type(model).__name__}")
        return model
    except Exception as error:  # of every kind, as the file may be damaged anywhere
        reason = str(error)[:MAX_REASON] or type(error).__name__
        raise ValueError(
            f"{who}: `{argument}` must be a model that Keras {mine} can read.\nReceived {path}, "
            f"of which it says: {reason}\nIf the file is damaged, save or copy it again."
        ) from error


def _foreign_modules(config: object) -> set[str]:
    """Finds the modules from which a model's configuration wants Keras to import anything."""
    if isinstance(config, list):
        return set().union(*map(_foreign_modules, config))
    if not isinstance(config, dict):
        return set()
    found = set().union(*map(_foreign_modules, config.values()))
    module, name = config.get("module"), config.get("registered_name")
    is_known = module is None or str(module).partition(".")[0] in KNOWN_MODULES
    if is_known or (name and keras.utils.get_registered_object(str(name)) is not None):
        return found
    return found | {str(module)}


def _read_archive(path: Path, argument: str, who: str) -> tuple[str, object]:
    """Gives the version of Keras that wrote a file, if it says it, and the configuration in it."""
    try:
        with open_archive(path) as archive:
            texts = {
                name: json.loads(read_member(archive, name, MAX_CONFIG))
                for name in ("metadata.json", "config.json")
                if name in archive.namelist()
            }
            version = texts["metadata.json"]["keras_version"] if "metadata.json" in texts else ""
            return str(version), texts.get("config.json")
    except ValueError as error:
        raise ValueError(
            f"{who}: `{argument}` must be a whole file that Keras has written, such as the "
            f"model.keras of a run.\nReceived {path}, which is none, or was cut off or changed: "
            f"{error}\nSave or copy it again."
        ) from error
