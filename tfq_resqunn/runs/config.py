"""What a training run is made of, as one value; imports no TensorFlow."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass

from tfq_resqunn._utils.arguments import (
    MAX_SIZE,
    Rule,
    check_count,
    check_flag,
    check_path,
    check_seed,
    check_size,
    check_text,
    checked,
    choice,
    is_integer,
    number,
    received,
)

# Fields whose option on the command line has another name.
FLAGS = {"repetitions": "--shots"}


def _is_size(value) -> bool:
    values = value if isinstance(value, tuple) else (value, value)
    return len(values) == 2 and all(map(is_integer, values))


def _beyond_size(value) -> str | None:
    values = value if isinstance(value, tuple) else (value,)
    if min(values) < 1:
        return "at least 1"
    return f"at most {MAX_SIZE}" if max(values) > MAX_SIZE else None


_LABELS = Rule(
    "a list of integers", lambda value: isinstance(value, tuple) and all(map(is_integer, value))
)
_SIZE = Rule("an integer or a pair of integers", _is_size, _beyond_size)
_STRENGTHS = Rule(
    "a dictionary such as {'depolarizing': 0.01}", lambda value: isinstance(value, Mapping)
)
# What concerns the data and the circuits is checked again, with them, when a run is set up.
RULES: dict[str, Rule] = {
    "dataset": check_path,
    "classes": _LABELS.or_none(),
    "n_train": check_count.or_none(),
    "n_test": check_count.or_none(),
    "image_size": _SIZE.or_none(),
    "depth": check_size,
    "placement": check_text.or_none(),
    "head": choice("linear", "none"),
    "shortcut": choice("pool", "conv", "none"),
    "classical": check_flag,
    "kernel_size": _SIZE,
    "padding": choice("valid", "same"),
    "filters": check_count,
    "encoder": check_text,
    "ansatz": check_text,
    "n_layers": check_size,
    "n_uploads": check_size,
    "observables": check_text,
    "readout": choice("pixels", "channels").or_none(),
    "input_gradient": check_flag,
    "trainable": check_flag,
    "backend": check_text,
    "repetitions": check_count.or_none(),
    "noise": _STRENGTHS.or_none(),
    "epochs": check_count,
    "batch_size": check_count,
    "learning_rate": number(0, above=True),
    "seed": check_seed,
}


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides the outcome of a training run.

    The same configuration gives the same numbers. Each value is checked here by itself; what
    depends on the data or the circuits (whether a label or a name is known, say) is checked when
    the run is set up.

    Args:
        dataset: Name of a data set or path of an `.npz` file, see `datasets.load`.
        classes: Labels to keep. Default: all.
        n_train: Number of training images. Default: all.
        n_test: Number of test images. Default: all.
        image_size: Pixels to resize to, one number or `(rows, cols)`. Default: the data's own.
        depth: Number of quanvolutional layers.
        placement: Where the skip connections are, such as `"(X+O1)+O2"`, or `"none"`.
            Default: around every layer.
        head: `"linear"` or `"none"`, see `resqunn`.
        shortcut: `"pool"`, `"conv"` or `"none"`, see `resqunn`.
        classical: Whether a convolution stands in each quanvolution's place, see
            `classical_twin`.
        kernel_size: Pixels of a patch in each direction, one number or `(rows, cols)`.
        padding: `"valid"` or `"same"`, see `Quanv2D`.
        filters: Number of circuits in each layer.
        encoder: How pixels become angles, see `Quanv2D`.
        ansatz: The trainable block, see `Quanv2D`.
        n_layers: Number of the ansatz' layers in each circuit.
        n_uploads: How often encoder and ansatz are repeated in each circuit.
        observables: What is measured, see `Quanv2D`.
        readout: `"pixels"` or `"channels"`, see `Quanv2D`. Default: as `resqunn` chooses for each
            layer.
        input_gradient: Whether gradients pass through the layers to what lies before them.
        trainable: Whether the layers' weights are trained; if not, only the head is.
        backend: What runs the circuits, see `Quanv2D`.
        repetitions: Shots for each Pauli string. Default: exact expectations.
        noise: Strengths by name, such as `{"depolarizing": 0.01}`. Default: none.
        epochs: Passes over the training images.
        batch_size: Images in a training step.
        learning_rate: Of Adam.
        seed: Of the draws from the data, the initial weights and the shuffling.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If an argument does not keep a limit: a count below 1, a word that is no
            choice, a `seed` that is not in 0 ... 2**32 - 1.

    Example:
        >>> config = RunConfig(dataset="digits", classes=(3, 8), depth=3)
        >>> config.placement is None
        True
        >>> RunConfig.from_json(config.to_json()) == config
        True
    """

    dataset: str = "digits"
    classes: tuple[int, ...] | None = None
    n_train: int | None = None
    n_test: int | None = None
    image_size: int | tuple[int, int] | None = None
    depth: int = 2
    placement: str | None = None
    head: str = "linear"
    shortcut: str = "pool"
    classical: bool = False
    kernel_size: int | tuple[int, int] = 2
    padding: str = "valid"
    filters: int = 1
    encoder: str = "angle"
    ansatz: str = "basic_entangler"
    n_layers: int = 1
    n_uploads: int = 1
    observables: str = "z"
    readout: str | None = None
    input_gradient: bool = True
    trainable: bool = True
    backend: str = "compiled"
    repetitions: int | None = None
    noise: dict[str, float] | None = None
    epochs: int = 15
    batch_size: int = 32
    learning_rate: float = 0.01
    seed: int = 0

    def __post_init__(self):
        for name, value in vars(self).items():
            if isinstance(value, list):  # so that JSON's lists compare equal to tuples
                object.__setattr__(self, name, tuple(value))
        for name, rule in RULES.items():
            object.__setattr__(self, name, rule(getattr(self, name), name, "RunConfig"))

    @classmethod
    def flag(cls, field: str) -> str:
        """Give the option of the command line that stands for a field.

        Example:
            >>> RunConfig.flag("n_train"), RunConfig.flag("repetitions")
            ('--n-train', '--shots')
        """
        return FLAGS.get(field, f"--{field.replace('_', '-')}")

    def to_json(self) -> str:
        """Write the configuration as a JSON object, a key for each argument."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    @checked(text=check_text)
    def from_json(cls, text: str) -> "RunConfig":
        """Read what `to_json` wrote; an argument that is not there takes its default."""
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError(f"RunConfig: the JSON must be an object. Received {received(values)}.")
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = [name for name in values if name not in known]
        if unknown:
            raise ValueError(
                f"RunConfig: the JSON's keys must be among {', '.join(known)}.\n"
                f"Received {', '.join(unknown)} as well.\nRemove what is not in that list."
            )
        return cls(**values)
