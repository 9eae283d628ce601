"""What a placement study is made of, as one value; imports no TensorFlow."""

import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tfq_resqunn._utils.arguments import check_text, checked, integer
from tfq_resqunn.models.names import CONTROLS
from tfq_resqunn.models.placement import Placement
from tfq_resqunn.runs.config import STEP, RunConfig
from tfq_resqunn.runs.settings import (
    COUNT,
    SWITCH,
    TEXT,
    check_keys,
    setting,
    settings_of,
    words,
)
from tfq_resqunn.study.forms import ARMS, RATES, SEEDS
from tfq_resqunn.study.run import StudyRun
from tfq_resqunn.study.yaml_text import read_yaml

HEADS = ("linear", "none")
VARIANTS = ("trainable", "frozen", *CONTROLS)
DEFAULT_VARIANTS = ("trainable", "frozen", "classical")
# Nothing in their layers is trained.
WITHOUT_WEIGHTS = ("frozen", "shortcuts", "pixels")
# The fields of a RunConfig that a study sets itself, run by run.
VARIED = ("placement", "head", "control", "input_gradient", "trainable", "seed", "draw")
# Few, large steps: most of a short run is otherwise spent outside the network.
COMMON = RunConfig(epochs=10, batch_size=64, learning_rate=0.02)
MAX_DEPTH_OF_ALL = 6
MAX_SEEDS = 10_000
MAX_DRAWS = 1_000


@dataclass(frozen=True)
class StudyConfig:
    """Everything that decides the outcome of a placement study.

    A study trains a network for each combination of placement, input gradient, head, variant and
    seed. Where nothing is trained before a layer that passes gradients on, the input gradient
    changes nothing, so these are run once, with it: frozen layers, unless the residual sums beside
    them are trained, and controls without layers. `"pixels"` has no placement either: it is run for
    the first one alone.

    Learning rates that suit one arm may not suit another. So a study may try several for each arm,
    and its report takes those with the highest accuracy on validation images; or it is given those
    that were chosen in another study, which needs fewer seeds (`rates`).

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
        learning_rates: Rates to try for all weights but the head's, wherever there are some; the
            head keeps that of all runs.
        head_learning_rates: Rates to try for the head, wherever it is trained.
        draws: How many draws of their angles frozen circuits have for each seed; the report takes
            the first, and beside it the best on validation images.
        rates: By the `arm` of its runs, the learning rates of the layers and of the head; `None`
            for those of all runs. It must name every arm; a rate that changes nothing in an arm,
            such as that of a head without weights, is not used.

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
    learning_rates: tuple[float, ...] | None = setting(
        None, RATES, "--learning-rates",
        "Learning rates of the layers to try, such as 0.01,0.03,0.1; the report takes each arm's "
        "best on validation images. The head keeps its own.  [default: that of --learning-rate]",
    )  # fmt: skip
    head_learning_rates: tuple[float, ...] | None = setting(
        None, RATES, "--head-learning-rates",
        "The same for the head.  [default: that of --head-learning-rate]",
    )  # fmt: skip
    draws: int = setting(
        1, COUNT, "--draws",
        "How many draws of their angles frozen circuits have; the report takes the first, and "
        "beside it the best on validation images.",
    )  # fmt: skip
    rates: dict[str, tuple[float | None, float | None]] | None = setting(
        None, ARMS, "--rates",
        "Learning rates of layers and head for each arm; --rates-from takes them from a study "
        "that has tried several.",
    )  # fmt: skip

    if TYPE_CHECKING:  # more is taken than is kept

        def __init__(
            self,
            run: RunConfig = ...,
            placements: Sequence[str] | None = ...,
            input_gradients: Sequence[bool] = ...,
            heads: Sequence[str] = ...,
            variants: Sequence[str] = ...,
            seeds: Sequence[int] | int = ...,
            learning_rates: Sequence[float] | None = ...,
            head_learning_rates: Sequence[float] | None = ...,
            draws: int = ...,
            rates: Mapping[str, Sequence[float | None]] | None = ...,
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
            "learning_rates": _rates("learning_rates", self.learning_rates),
            "head_learning_rates": _rates("head_learning_rates", self.head_learning_rates),
            "draws": integer(1, MAX_DRAWS)(self.draws, "draws", "StudyConfig"),
        }
        for name, value in kept.items():
            object.__setattr__(self, name, value)
        if self.draws > 1 and "frozen" not in self.variants:
            raise ValueError(
                "StudyConfig: `draws` must be 1 without the variant 'frozen', since other circuits "
                f"are trained. Received {self.draws}, and the variants "
                f"{', '.join(self.variants)}."
            )
        if self.heads == ("none",):
            self._check_no_head_rates()
        if self.rates is not None:
            object.__setattr__(self, "rates", self._checked_rates())
        for seed in self.seeds:
            replace(self.run, seed=seed)  # checks it

    def runs(self) -> tuple[StudyRun, ...]:
        """Gives every run, seed by seed, so that a study that is stopped has whole seeds."""
        return tuple(
            replace(arm, seed=seed, learning_rate=rate, head_learning_rate=head_rate, draw=draw)
            for seed in self.seeds
            for arm in self._arms()
            for rate, head_rate in self._rates_of(arm)
            for draw in range(self.draws if arm.variant == "frozen" else 1)
        )

    def arms(self) -> tuple[str, ...]:
        """Gives the name of every arm: of what is repeated over seeds."""
        return tuple(run.arm for run in self._arms())

    @property
    def has_choice(self) -> bool:
        """Whether an arm has several runs of one seed, among which validation images decide."""
        return len(self.runs()) > len(self.arms()) * len(self.seeds)

    def trains_before_head(self, variant: str) -> bool:
        """Tells whether anything but the head is trained, such as the shortcuts beside layers."""
        return variant not in WITHOUT_WEIGHTS or (self.run.has_trained_sums and variant != "pixels")

    def feels_input_gradients(self, variant: str) -> bool:
        """Tells whether there may be something to train before a layer that passes gradients on."""
        return variant not in WITHOUT_WEIGHTS or (
            self.run.has_trained_sums and variant == "frozen"  # others have no layers
        )

    def _arms(self) -> Iterator[StudyRun]:
        """Yields a run of each arm, of the first seed."""
        settings = itertools.product(self.placements, self.heads, self.variants)
        for placement, head, variant in settings:
            if variant == "pixels" and placement != self.placements[0]:
                continue
            for flows in self.input_gradients if self.feels_input_gradients(variant) else (True,):
                yield StudyRun(placement, flows, head, variant, self.seeds[0])

    def _rates_of(self, arm: StudyRun) -> Iterable[tuple[float | None, float | None]]:
        """Gives each pair of rates that an arm is run with; one that changes nothing is `None`."""
        of_layers: Sequence[float | None] | None = self.learning_rates
        of_head: Sequence[float | None] | None = self.head_learning_rates
        if self.rates is not None:
            of_layers, of_head = ([rate] for rate in self.rates[arm.arm])
        if not self.trains_before_head(arm.variant):
            of_layers = None
        if arm.head == "none":
            of_head = None
        return itertools.product(of_layers or (None,), of_head or (None,))

    def _check_no_head_rates(self) -> None:
        """Checks that a study without trained heads has no rates for them."""
        given = {
            "head_learning_rates": self.head_learning_rates,
            "head_learning_rate": self.run.head_learning_rate,
        }
        for name, value in given.items():
            if value is not None:
                raise ValueError(
                    f"StudyConfig: `{name}` must be left out where 'none' is the only head, which "
                    f"has no weights. Received {value!r}. Add the head 'linear', or leave it out."
                )

    def _checked_rates(self) -> dict[str, tuple[float | None, ...]]:
        """Checks the rates of arms, and puts them in the order of the arms."""
        if self.learning_rates is not None or self.head_learning_rates is not None:
            raise ValueError(
                "StudyConfig: `rates` must be left out with `learning_rates` or "
                "`head_learning_rates`. Received both. Either rates are tried, or they are known."
            )
        given = self.rates
        if not isinstance(given, Mapping) or not all(
            isinstance(pair, list | tuple) and len(pair) == 2 for pair in given.values()
        ):
            raise TypeError(
                "StudyConfig: `rates` must be a dictionary with a pair of rates for each arm, such "
                f"as {{'none_flow_linear_trainable': (0.1, 0.01)}}. Received {given!r}."
            )
        arms = self.arms()
        if missing := [arm for arm in arms if arm not in given]:
            raise ValueError(
                "StudyConfig: `rates` must name every arm of the study.\nReceived none for "
                f"{', '.join(missing)}.\nTry rates for these as well, or leave them out."
            )
        if unknown := [arm for arm in given if arm not in arms]:
            raise ValueError(
                f"StudyConfig: `rates` must name arms of the study: {', '.join(arms)}.\nReceived "
                f"{', '.join(map(str, unknown))} as well.\nLeave these out."
            )
        rule = STEP.rule.or_none()
        return {
            arm: tuple(rule(rate, f"rates[{arm!r}]", "StudyConfig") for rate in given[arm])
            for arm in arms
        }

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
            "Say which of them to run with placements, input_gradients, heads, variants, seeds, "
            "draws."
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


def _rates(name: str, values: object) -> tuple | None:
    if values is None:
        return None
    return tuple(STEP.rule(rate, name, "StudyConfig") for rate in _listed(name, values))


def _among(name: str, values: object, choices: tuple) -> tuple:
    listed = _listed(name, values)
    for value in listed:
        if type(value) is not type(choices[0]) or value not in choices:
            raise ValueError(
                f"StudyConfig: `{name}` must be among {', '.join(map(repr, choices))}. "
                f"Received {value!r}."
            )
    return listed
