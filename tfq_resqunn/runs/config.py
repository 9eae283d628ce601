"""What a training run is made of, as one value; imports no TensorFlow."""

import csv
import dataclasses
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tfq_resqunn._utils.arguments import (
    Rule,
    check_path,
    check_seed,
    check_size,
    check_text,
    checked,
    integer,
    is_integer,
    number,
)
from tfq_resqunn.datasets.arguments import as_label, check_classes, check_validation
from tfq_resqunn.models.names import CONTROLS
from tfq_resqunn.models.placement import MAX_LAYERS
from tfq_resqunn.runs.settings import (
    COUNT,
    SIZE,
    SWITCH,
    TEXT,
    Form,
    check_keys,
    check_settings,
    join,
    list_of,
    setting,
    words,
)

# --- kinds of values ---------------------------------------------------------------------------
# What concerns the data and the circuits is checked again, with them, when a run is set up.


def _pair(pixels: object) -> tuple:
    return pixels if isinstance(pixels, tuple) else (pixels, pixels)


def _read_strengths(text: str) -> dict[str, float]:
    pairs = (part.split("=") for part in text.split(","))
    return {name.strip(): float(strength) for name, strength in pairs}


def _read_labels(text: str) -> tuple:
    """Reads labels with commas between them; those in double quotes may have commas as well."""
    labels = next(csv.reader([text], skipinitialspace=True))
    return tuple(as_label(x if f'"{x}"' in text else x.strip()) for x in labels)


def _write_labels(labels: Iterable) -> str:
    names = map(str, labels)
    return join(
        '"{}"'.format(x.replace('"', '""')) if "," in x or '"' in x or x != x.strip() else x
        for x in names
    )


DATASET = Form(dataclasses.replace(check_path, convert=os.fspath), str, metavar="NAME|PATH")
LABELS = Form(
    dataclasses.replace(check_classes, broken=lambda labels: None),
    _read_labels,
    _write_labels,
    "LABELS",
    "labels with commas between them, such as 3,8 or cat,dog",
)
PIXELS = Form(
    Rule(
        "an integer or a pair of integers",
        lambda value: len(_pair(value)) == 2 and all(map(is_integer, _pair(value))),
        lambda value: check_size.broken(min(_pair(value))) or check_size.broken(max(_pair(value))),
    ),
    lambda text: list_of(int)(text) if "," in text else int(text),
    lambda value: join(value) if isinstance(value, tuple) else str(value),
    "N|ROWS,COLS",
    "a number of pixels, or those of rows and columns, such as 2,3",
)
STRENGTHS = Form(
    Rule(
        "a dictionary such as {'depolarizing': 0.01}",
        lambda value: isinstance(value, Mapping),
        convert=lambda value: dict(value) or None,
    ),
    _read_strengths,
    lambda value: join(f"{name}={strength!r}" for name, strength in value.items()),
    "NAME=STRENGTH",
    "names with strengths, such as depolarizing=0.01",
)
SHARE = Form(check_validation, float)
DEPTH = Form(integer(1, MAX_LAYERS), int)
STEP = Form(number(0, above=True), float)
SEED = Form(check_seed, int)
DRAW = Form(integer(0), int)


# --- the configuration -------------------------------------------------------------------------


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides the outcome of a training run.

    The same configuration gives the same numbers. Each value is checked here by itself; what
    depends on the data or the circuits (whether a label or a name is known, say) is checked when
    the run is set up.

    The arguments, of which `resqunn train --help` says more, beside options of the same names:

    - The images: `dataset`, `classes`, `n_train`, `n_test`, `image_size`, `channels`, `validation`,
      as for `datasets.load`.
    - The network: `depth`, `placement`, `head`, `shortcut`, `merge`, as for `resqunn`; `control`
      puts something else in each quanvolution's place, see `models.control`.
    - Its layers: `kernel_size`, `padding`, `filters`, `encoder`, `ansatz`, `n_layers`, `n_uploads`,
      `observables`, `readout`, `input_gradient`, `trainable`, `backend`, `repetitions` (--shots)
      and `noise`, such as `{"depolarizing": 0.01}`, as for `Quanv2D`.
    - The training: `epochs`, `batch_size`, the `learning_rate` of Adam, the `head_learning_rate` if
      the head has one of its own, the `patience` after which it stops early, and the `seed` of the
      draws from the data, the initial weights and the shuffling, of which another `draw` changes
      the initial weights alone.

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

    dataset: str = setting(
        "digits", DATASET, "--dataset",
        "digits, mnist, fashion_mnist, cifar10, cifar100; pathmnist and others of MedMNIST, where "
        "its package is installed; an .npz file with x and y, or with x_train, y_train, x_test and "
        "y_test; or a folder: with a folder of pictures for each class, or of .npy or IDX files. "
        "`resqunn data` shows what it holds.",
    )  # fmt: skip
    classes: tuple[int | str, ...] | None = setting(
        None, LABELS, "--classes",
        "Labels to keep, such as 3,8 or cat,dog; names with commas in double quotes.  "
        "[default: all]",
    )  # fmt: skip
    n_train: int | None = setting(
        None, COUNT, "--n-train", "Number of training images to draw.  [default: all]"
    )
    n_test: int | None = setting(
        None, COUNT, "--n-test", "Number of test images to draw.  [default: all]"
    )
    image_size: int | tuple[int, int] | None = setting(
        None, PIXELS, "--image-size",
        "Pixels to resize to in each direction.  [default: the data's own]",
    )  # fmt: skip
    channels: str | None = setting(
        None, words("gray", "rgb"), "--channels",
        "gray turns colours gray, so that a pixel is one value and not three; rgb gives gray "
        "images three equal channels.  [default: the data's own]",
    )  # fmt: skip
    validation: float | None = setting(
        None, SHARE, "--validation",
        "Share of the training images to set apart for validation, such as 0.1. Then the test "
        "images are looked at once, at the end.  [default: the data's own validation images, if "
        "any]",
    )  # fmt: skip
    depth: int = setting(2, DEPTH, "--depth", "Number of quanvolutional layers.")
    placement: str | None = setting(
        None, TEXT, "--placement",
        'Where the residuals are, such as "(X+O1)+O2": X is the image, O1 the first layer\'s '
        'output; "none" for a plain stack.  [default: around every layer]',
    )  # fmt: skip
    head: str = setting(
        "linear", words("linear", "none"), "--head",
        "What follows the layers: linear is a trained Dense layer; none averages the features of "
        "each class, so that only the layers before it can learn.",
    )  # fmt: skip
    shortcut: str = setting(
        "pool", words("pool", "conv", "none"), "--shortcut",
        "What brings the terms of a sum to one shape, where they differ: pool averages and "
        "repeats, without weights; conv is a trained 1x1 convolution; none refuses such sums.",
    )  # fmt: skip
    merge: str = setting(
        "add", words("add", "average", "rezero"), "--merge",
        "What becomes of the terms of a sum: add is the sum; average the mean, which stays in the "
        "range that encoders tell apart; rezero the sum with a learned scale that starts at 0.",
    )  # fmt: skip
    control: str | None = setting(
        None, words(*CONTROLS), "--control",
        "What stands in each circuit's place, for a control experiment: unentangled is the same "
        "circuit without its gates on several qubits; surrogate a free linear map on the circuit's "
        "own features; classical a convolution with as many outputs; small one with fewer weights; "
        "shortcuts nothing, so that only the residuals are left; pixels not even these.  "
        "[default: the circuits themselves]",
    )  # fmt: skip
    kernel_size: int | tuple[int, int] = setting(
        2, PIXELS, "--kernel-size",
        "Pixels of a patch in each direction; a circuit takes the values of them all.",
    )  # fmt: skip
    padding: str = setting(
        "valid", words("valid", "same"), "--padding",
        "valid leaves out what a last, incomplete patch would hold; same adds zeros.",
    )  # fmt: skip
    filters: int = setting(1, COUNT, "--filters", "Number of circuits in each layer.")
    encoder: str = setting(
        "angle", TEXT, "--encoder",
        "How pixels enter a circuit, by name; `resqunn circuits` lists all.",
    )  # fmt: skip
    ansatz: str = setting(
        "basic_entangler", TEXT, "--ansatz",
        "The circuits' trainable block, by name; `resqunn circuits` lists all.",
    )  # fmt: skip
    n_layers: int = setting(
        1, SIZE, "--n-layers", "Number of layers of the ansatz in each circuit."
    )
    n_uploads: int = setting(
        1, SIZE, "--n-uploads", "How often encoder and ansatz are repeated (data re-uploading)."
    )
    observables: str = setting(
        "z", TEXT, "--observables",
        "What is measured: a name that `resqunn circuits` lists, or a sum such as Z0*Z1.",
    )  # fmt: skip
    readout: str | None = setting(
        None, words("pixels", "channels"), "--readout",
        "Where a patch's outcomes go: to its own pixels, or to channels.  [default: to pixels "
        "where they are as many, or a multiple]",
    )  # fmt: skip
    input_gradient: bool = setting(
        True, SWITCH, "--input-gradient/--no-input-gradient",
        "Whether gradients pass through a layer to those before it. Without, only residuals carry "
        "them.",
    )  # fmt: skip
    trainable: bool = setting(
        True, SWITCH, "--trainable/--no-trainable",
        "Whether the layers' weights are trained; if not, only the classifier behind them is.",
    )  # fmt: skip
    backend: str = setting(
        "compiled", TEXT, "--backend",
        "What runs the circuits: compiled (TensorFlow operations), or noiseless (TensorFlow "
        "Quantum's simulator, where that is installed), which gives the same numbers far more "
        "slowly.",
    )  # fmt: skip
    repetitions: int | None = setting(
        None, COUNT, "--shots",
        "Shots for each Pauli string that is measured.  [default: exact expectation values]",
    )  # fmt: skip
    noise: dict[str, float] | None = setting(
        None, STRENGTHS, "--noise",
        "What befalls qubits after each gate, such as depolarizing=0.01,readout_error=0.02; also "
        "amplitude_damping, phase_damping, bit_flip and phase_flip.  [default: nothing]",
    )  # fmt: skip
    epochs: int = setting(15, COUNT, "--epochs", "Passes over the training images.")
    batch_size: int = setting(32, COUNT, "--batch-size", "Images in a training step.")
    learning_rate: float = setting(0.01, STEP, "--learning-rate", "Step size of Adam.")
    head_learning_rate: float | None = setting(
        None, STEP, "--head-learning-rate",
        "Step size of Adam for the weights of the head.  [default: that of --learning-rate]",
    )  # fmt: skip
    patience: int | None = setting(
        None, COUNT, "--patience",
        "Stop after so many epochs without a lower validation loss, and keep the weights of the "
        "epoch with the lowest.  [default: never]",
    )  # fmt: skip
    seed: int = setting(
        0, SEED, "--seed",
        "Same seed, same numbers: of the data, the weights and the shuffling.",
    )  # fmt: skip
    draw: int = setting(
        0, DRAW, "--draw",
        "Which initial weights of this seed: 1, 2, ... are others, with the same data and "
        "shuffling.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, list):  # so that JSON's lists compare equal to tuples
                object.__setattr__(self, name, tuple(value))
        check_settings(self)
        if self.head == "none" and self.head_learning_rate is not None:
            raise ValueError(
                "RunConfig: `head_learning_rate` must be left out with head='none', which has no "
                f"weights. Received {self.head_learning_rate!r}. Use head='linear', or no rate of "
                "the head."
            )

    @property
    def has_trained_sums(self) -> bool:
        """Whether residual sums may have weights of their own, which are always trained."""
        return self.shortcut == "conv" or self.merge == "rezero"

    def differences(self, other: "RunConfig") -> list[str]:
        """List what another configuration has otherwise: this value against that.

        Example:
            >>> RunConfig(epochs=5, seed=1).differences(RunConfig(epochs=20, seed=1))
            ['epochs: 5 against 20']
        """
        mine, theirs = (json.loads(config.to_json()) for config in (self, other))
        return [
            f"{name}: {json.dumps(mine[name])} against {json.dumps(theirs[name])}"
            for name in mine
            if mine[name] != theirs[name]
        ]

    def to_json(self) -> str:
        """Write the configuration as a JSON object, a key for each argument."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    @checked(text=check_text)
    def from_json(cls, text: str) -> "RunConfig":
        """Read what `to_json` wrote; an argument that is not there takes its default."""
        values = json.loads(text)
        if isinstance(values, dict) and (classical := values.pop("classical", None)) is not None:
            values["control"] = "classical" if classical else None  # as earlier versions had it
        check_keys(values, cls.__dataclass_fields__, "RunConfig: the JSON's keys")
        return cls(**values)
