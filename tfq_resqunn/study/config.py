"""What a placement study is made of, as one value; imports no TensorFlow."""

import dataclasses
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tfq_resqunn._utils.arguments import check_text, checked
from tfq_resqunn.models.names import CONTROLS
from tfq_resqunn.models.placement import Placement
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.settings import (
    SWITCH,
    TEXT,
    Form,
    check_keys,
    join,
    setting,
    settings_of,
    words,
)
from tfq_resqunn.study.yaml_text import read_yaml

HEADS = ("linear", "none")
VARIANTS = ("trainable", "frozen", *CONTROLS)
DEFAULT_VARIANTS = ("trainable", "frozen", "classical")
# Nothing in them is trained, so that input gradients change nothing.
WITHOUT_WEIGHTS = ("frozen", "shortcuts", "pixels")
# The fields of a RunConfig that a study sets itself, run by run.
VARIED = ("placement", "head", "control", "input_gradient", "trainable", "seed")
# Few, large steps: most of a short run is otherwise spent outside the network.
COMMON = RunConfig(epochs=10, batch_size=64, learning_rate=0.02)
MAX_DEPTH_OF_ALL = 6
MAX_SEEDS = 10_000


def _read_seeds(text: str) -> int | tuple[int, ...]:
    numbers = tuple(int(number) for number in text.split(",") if number.strip())
    if not numbers:
        raise ValueError("no seeds")
    return numbers if "," in text else numbers[0]


def _write_seeds(seeds: tuple[int, ...]) -> str:
    if seeds == tuple(range(len(seeds))):
        return str(len(seeds))
    return join(seeds) + ("," if len(seeds) == 1 else "")  # which is no number of seeds


SEEDS = Form(
    check_text,  # StudyConfig has a rule of its own
    _read_seeds,
    _write_seeds,
    "N|SEEDS",
    "a number of seeds, such as 3, or seeds, such as 0,1,7",
)


@dataclass(frozen=True)
class StudyRun:
    """One run of a study: what identifies it.

    Args:
        placement: Where the residuals stand.
        input_gradient: Whether gradients pass through the layers.
        head: `"linear"` or `"none"`.
        variant: `"trainable"`, `"frozen"`, or a control, see `models.control`.
        seed: Of the draws from the data, the initial weights and the shuffling.

    Example:
        >>> StudyRun("(X+O1)+O2", False, "linear", "trainable", 0).id
        '_X+O1_+O2_cut_linear_trainable_0'
    """

    placement: str
    input_gradient: bool
    head: str
    variant: str
    seed: int

    @property
    def id(self) -> str:
        """A name for the run's folder; parentheses become underscores, spaces go."""
        placement = self.placement.translate(str.maketrans("()", "__", " "))
        gradient = "flow" if self.input_gradient else "cut"
        return f"{placement}_{gradient}_{self.head}_{self.variant}_{self.seed}"

    def configure(self, common: RunConfig) -> RunConfig:
        """Gives the configuration of this run, from what all runs have in common."""
        return replace(
            common,
            placement=self.placement,
            head=self.head,
            control=self.variant if self.variant in CONTROLS else None,
            input_gradient=self.input_gradient,
            trainable=self.variant != "frozen",
            seed=self.seed,
        )


@dataclass(frozen=True)
class StudyConfig:
    """Everything that decides the outcome of a placement study.

    A study trains a network for each combination of placement, input gradient, head, variant and
    seed. With frozen layers, and where there are none, the input gradient changes nothing that is
    trained, so these are run once, with it. `"pixels"` has no placement either: it is run for the
    first one alone.

    Args:
        run: What all runs have in common: the data, the network, the training. Whatever the study
            varies stays at its default there.
        placements: Where the residuals stand. Default: every set of residuals around single
            layers, 2**depth of them.
        input_gradients: With (`True`) and without (`False`) gradients through the layers.
        heads: `"linear"`, a trained `Dense` layer, and `"none"`, a fixed pooling.
        variants: `"trainable"`; `"frozen"`, layers that stay as they are drawn; and the controls
            of `models.control`, of which `"classical"`, convolutions in their place, is there by
            default.
        seeds: The seeds, or how many there are (0, 1, ...).

    Raises:
        TypeError: If a value has the wrong type.
        ValueError: If a value is wrong, or a list is empty or names something twice.

    Example:
        >>> config = StudyConfig(RunConfig(dataset="digits", depth=2), seeds=3)
        >>> config.placements
        ('none', 'X+O1', 'O1+O2', '(X+O1)+O2')
        >>> len(config.runs())
        120
        >>> StudyConfig.from_yaml(config.to_yaml()) == config
        True
    """

    run: RunConfig = COMMON
    placements: tuple[str, ...] = setting(
        None, TEXT, "--placement",
        "Where the residuals are, as for train; may be repeated.  [default: all 2**depth sets of "
        "residuals around single layers]",
        several=True,
    )  # fmt: skip
    input_gradients: tuple[bool, ...] = setting(
        (True, False), SWITCH, "--input-gradient/--no-input-gradient",
        "Only with, or only without gradients through the layers.  [default: both]",
        several=True,
    )  # fmt: skip
    heads: tuple[str, ...] = setting(
        HEADS, words(*HEADS), "--head",
        "What follows the layers, as for train; may be repeated.  [default: both]",
        several=True,
    )  # fmt: skip
    variants: tuple[str, ...] = setting(
        DEFAULT_VARIANTS, words(*VARIANTS), "--variant",
        "Circuits that are trained, that stay as they are drawn, or what --control of train puts "
        "in their place; may be repeated.  [default: trainable, frozen, classical]",
        several=True,
    )  # fmt: skip
    seeds: tuple[int, ...] = setting(3, SEEDS, "--seeds", "How many seeds, or which: 0,1,7.")

    if TYPE_CHECKING:  # more is taken than is kept

        def __init__(
            self,
            run: RunConfig = ...,
            placements: Sequence[str] | None = ...,
            input_gradients: Sequence[bool] = ...,
            heads: Sequence[str] = ...,
            variants: Sequence[str] = ...,
            seeds: Sequence[int] | int = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        _check_common(self.run)
        depth = self.run.depth
        if self.placements is None:
            placements = _every_placement(depth)
        else:
            placements = [Placement.parse(p, depth) for p in _listed("placements", self.placements)]
        seeds = _count_seeds(self.seeds) if isinstance(self.seeds, int) else self.seeds
        kept = {
            "placements": _listed("placements", list(map(str, placements))),
            "input_gradients": _among("input_gradients", self.input_gradients, (True, False)),
            "heads": _among("heads", self.heads, HEADS),
            "variants": _among("variants", self.variants, VARIANTS),
            "seeds": _listed("seeds", seeds),
        }
        for name, value in kept.items():
            object.__setattr__(self, name, value)
        for seed in self.seeds:
            replace(self.run, seed=seed)  # checks it

    def runs(self) -> tuple[StudyRun, ...]:
        """Gives every run, seed by seed, so that a study that is stopped has whole seeds."""
        settings = itertools.product(self.seeds, self.placements, self.heads, self.variants)
        return tuple(
            StudyRun(placement, input_gradient, head, variant, seed)
            for seed, placement, head, variant in settings
            if variant != "pixels" or placement == self.placements[0]
            for input_gradient in ((True,) if variant in WITHOUT_WEIGHTS else self.input_gradients)
        )

    def to_dict(self) -> dict[str, Any]:
        """Gives the configuration as lists, numbers and strings, a key for each argument."""
        values = json.loads(json.dumps(dataclasses.asdict(self)))
        values["run"] = {k: v for k, v in values["run"].items() if k not in VARIED}
        return values

    def to_json(self) -> str:
        """Write the configuration as a JSON object."""
        return json.dumps(self.to_dict(), indent=2)

    def to_yaml(self) -> str:
        """Write the configuration as a YAML document."""
        import yaml  # few commands need it

        return yaml.safe_dump(self.to_dict(), sort_keys=False)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "StudyConfig":
        """Read what `to_dict` gave; an argument that is not there takes its default."""
        check_keys(values, cls.__dataclass_fields__, "StudyConfig: the configuration's keys")
        run = values.get("run", {})
        known = [name for name in settings_of(RunConfig) if name not in VARIED]
        check_keys(run, known, "StudyConfig: the keys of `run`")
        return cls(**{**values, "run": replace(COMMON, **run)})

    @classmethod
    @checked(text=check_text)
    def from_json(cls, text: str) -> "StudyConfig":
        """Read what `to_json` wrote; an argument that is not there takes its default."""
        return cls.from_dict(json.loads(text))

    @classmethod
    @checked(text=check_text)
    def from_yaml(cls, text: str) -> "StudyConfig":
        """Read what `to_yaml` wrote; an argument that is not there takes its default."""
        return cls.from_dict(read_yaml(text))

    def differences(self, other: "StudyConfig") -> list[str]:
        """Lists what another configuration has otherwise: this value against that."""
        mine, theirs = _flatten(self.to_dict()), _flatten(other.to_dict())
        return [
            f"{name}: {json.dumps(mine[name])} against {json.dumps(theirs[name])}"
            for name in mine
            if mine[name] != theirs[name]
        ]

    def extends(self, other: "StudyConfig") -> bool:
        """Tells whether all runs of another study are runs of this one.

        Example:
            >>> StudyConfig(seeds=3).extends(StudyConfig(seeds=2))
            True
            >>> StudyConfig(RunConfig(epochs=5), seeds=3).extends(StudyConfig(seeds=2))
            False
        """
        return self.run == other.run and set(other.runs()) <= set(self.runs())


def _flatten(values: dict[str, Any]) -> dict[str, Any]:
    return {**{f"run.{k}": v for k, v in values["run"].items()}, **values, "run": None}


# --- checks --------------------------------------------------------------------------------


def _check_common(run: object) -> None:
    if not isinstance(run, RunConfig):
        raise TypeError(f"StudyConfig: `run` must be a RunConfig. Received {run!r}.")
    if varied := [name for name in VARIED if getattr(run, name) != getattr(RunConfig, name)]:
        raise ValueError(
            f"StudyConfig: `run` must leave {', '.join(VARIED)} at their defaults, since the "
            f"study varies them.\nReceived a RunConfig that sets {', '.join(varied)}.\n"
            f"Say which of them to run with {', '.join(settings_of(StudyConfig))}."
        )


def _count_seeds(n_seeds: int) -> tuple[int, ...]:
    if isinstance(n_seeds, bool) or n_seeds < 1:
        raise ValueError(
            "StudyConfig: `seeds` must be a list of seeds, or their number, at least 1. "
            f"Received {n_seeds}."
        )
    if n_seeds > MAX_SEEDS:
        raise ValueError(
            f"StudyConfig: `seeds` must number at most {MAX_SEEDS}. Received {n_seeds}. "
            "Make several studies."
        )
    return tuple(range(n_seeds))


def _every_placement(depth: int) -> list[Placement]:
    if depth > MAX_DEPTH_OF_ALL:
        raise ValueError(
            f"StudyConfig: `depth` must be an integer from 1 to {MAX_DEPTH_OF_ALL}, since all "
            f"2**depth placements are run where `placements` names none.\nReceived {depth!r}.\n"
            "Use depth=2, or name placements, such as placements=['none', 'X+O1']."
        )
    return Placement.every(depth)


def _listed(name: str, values: object) -> tuple:
    if isinstance(values, str) or not isinstance(values, list | tuple):
        raise TypeError(f"StudyConfig: `{name}` must be a list. Received {values!r}.")
    if not values or any(value in values[:k] for k, value in enumerate(values)):
        raise ValueError(
            f"StudyConfig: `{name}` must not be empty, and must name nothing twice. "
            f"Received {values!r}."
        )
    return tuple(values)


def _among(name: str, values: object, choices: tuple) -> tuple:
    listed = _listed(name, values)
    for value in listed:
        if type(value) is not type(choices[0]) or value not in choices:
            raise ValueError(
                f"StudyConfig: `{name}` must be among {', '.join(map(repr, choices))}. "
                f"Received {value!r}."
            )
    return listed
