"""The studies of the experiment, as docs/plan.md says, in the order in which they are run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tfq_resqunn.circuits.names import ANSATZES, ENCODERS
from tfq_resqunn.models import Placement
from tfq_resqunn.models.names import CONTROLS
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.study.config import StudyConfig

SEEDS = range(20)
SEEDS_OF_RATES = (100, 101)
SEEDS_OF_CIRCUITS = range(10)
DRAWS = 3
LAYER_RATES = (0.003, 0.01, 0.03, 0.1)
HEAD_RATES = (0.01, 0.03, 0.1)
DEPTH_LAYER_RATES = (0.01, 0.03, 0.1)
DEPTH_HEAD_RATES = (0.03, 0.1)
DEPTHS = (1, 2, 3, 4, 6, 8)
DECISIVE = ("trainable", "frozen", "surrogate", "classical")
STRONG_ARMS = ("trainable", "frozen", "unentangled", "surrogate")
STRONG_LAYER_RATES = (*LAYER_RATES, 0.3)
STRONG_HEAD_RATES = (0.003, *HEAD_RATES)

# Batches divide all numbers of images, so that no step is traced for a smaller one.
DIGITS = RunConfig(
    dataset="digits", n_train=1400, validation=0.2, batch_size=40, epochs=40, patience=5
)
MNIST = RunConfig(
    dataset="mnist", n_train=6_000, validation=0.2, batch_size=50, epochs=20, patience=3
)
STRONG_DATA = ("digits", "mnist", "fashion")
STRONG = {"ansatz": "strongly_entangling", "n_layers": 2}
FEW = {"n_train": 600, "batch_size": 40, "epochs": 40, "patience": 5}
ALL = {"n_train": 60_000, "batch_size": 250}


@dataclass(frozen=True)
class Part:
    """One study of the experiment.

    Args:
        name: Of its table, `docs/results/<name>.csv`.
        config: The study, without the rates of another one.
        rates_of: The part whose study has chosen its learning rates, or `None`.
        circuit: Encoder and ansatz, of a study that is a row of `docs/results/circuits.csv` and has
            no table of its own.
    """

    name: str
    config: StudyConfig
    rates_of: str | None = None
    circuit: tuple[str, str] | None = None


def parts(places: Mapping[str, str]) -> Iterator[Part]:
    """Yields all parts; `places` are the names or paths of data sets, by name."""
    fashion = replace(MNIST, dataset="fashion_mnist")
    cifar = replace(MNIST, dataset="cifar10", n_train=5_000, n_test=1_000, channels="gray")
    data = {
        name: replace(run, dataset=places.get(name, run.dataset))
        for name, run in (
            ("digits", DIGITS), ("mnist", MNIST), ("fashion", fashion), ("cifar10", cifar),
        )
    }  # fmt: skip
    for name in ("digits", "mnist", "fashion"):
        yield from _arms(name, data[name], ("trainable", "frozen", *CONTROLS))
    for depth in DEPTHS:
        yield from _depth(replace(data["digits"], depth=depth))
    yield from _arms("cifar10", data["cifar10"], DECISIVE)
    for name in STRONG_DATA:
        run = replace(data[name], **STRONG)
        yield from _arms(f"strong-{name}", run, STRONG_ARMS, STRONG_LAYER_RATES, STRONG_HEAD_RATES)
    for name, share, size in (("mnist", "1", FEW), ("fashion", "1", FEW), ("mnist", "100", ALL)):
        yield _share(f"{name}-{share}", name, replace(data[name], **size))
    for encoder in ENCODERS:
        if encoder == "angle_ry":  # another name of "angle"
            continue
        for ansatz in ANSATZES:
            yield _circuit(encoder, ansatz, data["digits"])


def _arms(
    name: str,
    run: RunConfig,
    variants: tuple[str, ...],
    layer_rates: tuple[float, ...] = LAYER_RATES,
    head_rates: tuple[float, ...] = HEAD_RATES,
) -> Iterator[Part]:
    config = StudyConfig(
        run, _placements(run.depth), input_gradients=[True], heads=["linear"], variants=variants,
        seeds=SEEDS_OF_RATES, learning_rates=layer_rates, head_learning_rates=head_rates,
    )  # fmt: skip
    yield Part(f"rates-{name}", config)
    yield Part(f"arms-{name}", _with_known_rates(config, draws=DRAWS), f"rates-{name}")


def _depth(run: RunConfig) -> Iterator[Part]:
    config = StudyConfig(
        run, _placements(run.depth), heads=["linear"],
        variants=["trainable", "frozen", "shortcuts"], seeds=SEEDS_OF_RATES,
        learning_rates=DEPTH_LAYER_RATES, head_learning_rates=DEPTH_HEAD_RATES,
    )  # fmt: skip
    name = f"depth-{run.depth}"
    yield Part(f"rates-{name}", config)
    yield Part(name, _with_known_rates(config), f"rates-{name}")


def _share(name: str, of: str, run: RunConfig) -> Part:
    config = StudyConfig(
        run, _placements(run.depth), input_gradients=[True], heads=["linear"], variants=DECISIVE,
        seeds=list(SEEDS),
    )  # fmt: skip
    return Part(name, config, f"rates-{of}")


def _circuit(encoder: str, ansatz: str, run: RunConfig) -> Part:
    run = replace(
        run, depth=1, encoder=encoder, ansatz=ansatz, readout="channels", learning_rate=0.03,
        head_learning_rate=0.01, epochs=5, patience=None, validation=None,
    )  # fmt: skip
    config = StudyConfig(
        run, ["none"], input_gradients=[True], heads=["linear"], variants=["trainable", "frozen"],
        seeds=list(SEEDS_OF_CIRCUITS),
    )  # fmt: skip
    return Part(f"circuit-{encoder}-{ansatz}", config, circuit=(encoder, ansatz))


def _placements(depth: int) -> list[str]:
    """A plain stack, and residuals around every layer."""
    every = "X+O1"
    for k in range(2, depth + 1):
        every = f"({every})+O{k}"
    return ["none", str(Placement.parse(every, depth))]


def _with_known_rates(config: StudyConfig, draws: int = 1) -> StudyConfig:
    return replace(
        config, seeds=list(SEEDS), learning_rates=None, head_learning_rates=None, draws=draws
    )
