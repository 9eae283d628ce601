"""`Entry`: what is known of one circuit in one network on one data set; imports no NumPy."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tfq_resqunn._utils.arguments import (
    check_flag,
    check_seed,
    integer,
    is_number,
    number,
    received,
)
from tfq_resqunn.models.placement import as_placement
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.settings import settings_of

# What an entry's runs may differ in.
OF_RUNS = ("trainable", "seed")
# What makes a circuit; the rest of a `RunConfig` is about the data, the network and the training.
OF_CIRCUITS = ("encoder", "ansatz", "n_layers", "n_uploads", "observables")
# Entries that differ in these are in different tables.
OF_DATA = ("dataset", "classes", "n_train", "n_test", "image_size", "channels", "validation")
SETTINGS = tuple(name for name in settings_of(RunConfig) if name not in OF_RUNS)
ROUNDING = 1e-6  # accuracies of two runs of one seed that are closer are those of one run


@dataclass(frozen=True)
class Numbers:
    """What a circuit is, whatever it is trained on; `nan` where that cannot be computed.

    Args:
        expressibility: As `tfq_resqunn.expressibility` gives it; 0 is best.
        entangling_capability: As `tfq_resqunn.entangling_capability` gives it, from 0 to 1.
        n_weights: Angles of the circuit.
        microseconds: What a patch and filter take of a training step, as `Plan` estimates it.
    """

    expressibility: float
    entangling_capability: float
    n_weights: float
    microseconds: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            high = 1.0 if name == "entangling_capability" else math.inf
            if not (is_number(value) and (math.isnan(value) or 0 <= value <= high)):
                raise ValueError(f"{name} must be a number from 0 on. Received {received(value)}.")


@dataclass(frozen=True)
class Entry:
    """What is known of one circuit in one network, from one run or several.

    Args:
        config: Of its runs, but for what stands in `OF_RUNS`, which is at its default.
        image_shape: Of one image, `(height, width, channels)`.
        trained: Test accuracies of the runs in which the circuits were trained, by seed.
        frozen: The same of runs in which they stayed as they were drawn.
        parameters: Number of trained weights of the network, head included; `None` without trained
            runs.
        numbers: What the circuit is, once that is known.
        has_chosen_rates: Whether runs have learning rates that were chosen for each arm of their
            study, and not those of `config`.
    """

    config: RunConfig
    image_shape: tuple[int, ...]
    trained: Mapping[int, float]
    frozen: Mapping[int, float]
    parameters: int | None = None
    numbers: Numbers | None = None
    has_chosen_rates: bool = False

    def __post_init__(self) -> None:
        sizes = tuple(integer(1)(n, "image_shape", "Entry") for n in self.image_shape)
        if len(sizes) != 3:
            raise ValueError(f"`image_shape` must be three sizes. Received {received(sizes)}.")
        for accuracies in (self.trained, self.frozen):
            for seed, accuracy in accuracies.items():
                check_seed(seed, "seed", "Entry")
                number(0, 1)(accuracy, "test_accuracy", "Entry")
        parameters = integer(0) if self.trained else integer(0).or_none()
        parameters(self.parameters, "parameters", "Entry")
        check_flag(self.has_chosen_rates, "has_chosen_rates", "Entry")

    @property
    def data(self) -> tuple:
        """What tells the table in which it stands from others."""
        return (*(getattr(self.config, name) for name in OF_DATA), self.image_shape)


def entry_of(
    config: RunConfig, image_shape: tuple[int, ...], accuracy: float, parameters: int,
    has_chosen_rates: bool = False,
) -> Entry:  # fmt: skip
    """Makes an entry of a single run."""
    accuracies = {config.seed: accuracy}
    return Entry(
        config=usual(config),
        image_shape=image_shape,
        trained=accuracies if config.trainable else {},
        frozen={} if config.trainable else accuracies,
        parameters=parameters if config.trainable else None,
        has_chosen_rates=has_chosen_rates,
    )


def usual(config: RunConfig) -> RunConfig:
    """Gives the configuration that all runs of an entry have: what changes nothing is one.

    Example:
        >>> usual(RunConfig(depth=1, seed=3, input_gradient=False)) == usual(
        ...     RunConfig(depth=1, placement="X+O1", trainable=False)
        ... )
        True
    """
    is_known = config.head_learning_rate == config.learning_rate
    passes = (
        config.input_gradient
        or config.depth == 1  # nothing is trained before the only layer
        or not (config.trainable or config.has_trained_sums)
    )
    return dataclasses.replace(
        config,
        placement=str(as_placement(config.placement, config.depth)),
        input_gradient=passes,
        head_learning_rate=None if is_known else config.head_learning_rate,
        trainable=True,
        seed=0,
    )


def merge(entries: Iterable[Entry]) -> tuple[list[Entry], dict[str, int]]:
    """Joins entries of one circuit in one network; those without trained runs go.

    Frozen runs are partners of both kinds of input gradients where these change nothing in them.
    Where runs of one seed differ, the first counts.

    Returns:
        The entries, and how many runs do not count, by what they are.
    """
    alike: dict[tuple, list[Entry]] = {}
    partners: dict[tuple, list[Mapping[int, float]]] = {}
    for entry in entries:
        alike.setdefault(_key(entry), []).append(entry)
        partners.setdefault(_key_of_both(entry), []).append(entry.frozen)
    frozen = {key: _join(found) for key, found in partners.items()}
    n_repeated = sum(n for _, n in frozen.values())
    joined = []
    for found in alike.values():
        trained, n = _join(entry.trained for entry in found)
        n_repeated += n
        if trained:
            entry = dataclasses.replace(
                found[0],
                trained=trained,
                frozen=frozen[_key_of_both(found[0])][0],
                parameters=next((e.parameters for e in found if e.parameters is not None), None),
                numbers=next((e.numbers for e in found if e.numbers is not None), None),
                has_chosen_rates=any(e.has_chosen_rates for e in found),
            )
            joined.append(entry)
    with_partners = {_key_of_both(entry) for entry in joined}
    n_alone = sum(len(runs) for key, (runs, _) in frozen.items() if key not in with_partners)
    return joined, {
        "of frozen circuits without trained ones": n_alone,
        "of a seed that is there with another accuracy": n_repeated,
    }


def circuit_of(entry: Entry) -> tuple:
    """Gives what an entry's circuit, that of the first layer, depends on."""
    names = (*OF_CIRCUITS, "kernel_size", "noise")
    return (*(repr(getattr(entry.config, name)) for name in names), entry.image_shape[2])


def unmeasured(entries: Sequence[Entry]) -> dict[tuple, Entry]:
    """Gives an entry for each circuit of which nothing is known."""
    known = {circuit_of(entry) for entry in entries if entry.numbers is not None}
    return {key: entry for entry in entries if (key := circuit_of(entry)) not in known}


def _key(entry: Entry) -> tuple:
    return entry.config.to_json(), entry.image_shape


def _key_of_both(entry: Entry) -> tuple:
    """What entries have in common whose frozen runs are the same."""
    frozen = dataclasses.replace(entry.config, trainable=False)
    return usual(frozen).to_json(), entry.image_shape


def _join(mappings: Iterable[Mapping[int, float]]) -> tuple[dict[int, float], int]:
    """Joins accuracies by seed, the first of each; counts those that differ from it."""
    joined: dict[int, float] = {}
    n_others = 0
    for seed, accuracy in (pair for mapping in mappings for pair in mapping.items()):
        n_others += abs(joined.setdefault(seed, accuracy) - accuracy) > ROUNDING
    return dict(sorted(joined.items())), n_others
