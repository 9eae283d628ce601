"""The second table: networks of two residual quanvolutions, beside the same with `Conv2D`."""

import dataclasses
import functools
import statistics
import time
from collections.abc import Callable

import tfq_resqunn as rq
from benchmarks.panel.alternation import affordable, alternate, timed
from benchmarks.panel.ours import chooses_xla
from benchmarks.steps import N_CLASSES, Case, Form
from benchmarks.tables import markdown_table, ratio, significant
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed

BATCH, DEPTH, EPOCHS = 32, 2, 3
MAX_FIT_STEPS = 200  # in an epoch
OURS, TWIN = "ours", "Conv2D"


@dataclasses.dataclass(frozen=True)
class Network:
    """`rq.resqunn` with the ansatz `basic_entangler`, on a batch of images.

    Args:
        kernel_size: Rows and columns of a patch; images have 28, or the next number that patches
            fill.
        n_layers: Layers of the ansatz.
        rotation: Its rotation.
    """

    kernel_size: int
    n_layers: int
    rotation: str

    @property
    def case(self) -> Case:
        """What `benchmarks.steps` calls it; the ansatz is not part of that."""
        return Case(self.kernel_size, self.n_layers, DEPTH, BATCH)

    def __str__(self) -> str:
        k = self.kernel_size
        return f"{k}x{k}, {self.rotation}, {self.n_layers} layers"

    def model(self, who: str) -> keras.Model:
        """Builds it, or its twin."""
        set_seed(0)
        n = self.kernel_size**2
        ansatz = rq.circuits.basic_entangler(n, self.n_layers, rotation=self.rotation)
        size, build = self.case.size, rq.resqunn if who == OURS else rq.classical_twin
        arguments = {"depth": DEPTH, "kernel_size": self.kernel_size, "ansatz": ansatz}
        return build((size, size, 1), N_CLASSES, **arguments)


@dataclasses.dataclass(frozen=True)
class Result:
    """What was measured of a network; of one that cannot be computed only the reason.

    Args:
        network: Which.
        reason: Why it cannot be computed, or empty.
        plan: How it is computed.
        build_seconds: That building the network took, most of which is deciding on a plan.
        keras_compiles: Whether Keras turns XLA on by itself, for ours.
        images: In a step of ours; fewer than the batch where it would have been too long.
        seconds: Of a step of the whole batch, by who and XLA.
        first_seconds: Likewise, of the first step; not scaled.
        fit_seconds: Of a step of `model.fit`, by who.
    """

    network: Network
    reason: str = ""
    plan: str = "-"
    build_seconds: float | None = None
    keras_compiles: bool = False
    images: int = 0
    seconds: dict[tuple[str, bool], float] = dataclasses.field(default_factory=dict)
    first_seconds: dict[tuple[str, bool], float] = dataclasses.field(default_factory=dict)
    fit_seconds: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times longer ours takes than the twin, each the better of XLA off and on."""
        if not self.seconds:
            return None
        best = {who: min(self.seconds[who, jit] for jit in (False, True)) for who in (OURS, TWIN)}
        return best[OURS] / best[TWIN]

    @property
    def summary(self) -> str:
        """One line."""
        if self.reason:
            return "cannot be computed"
        times = [
            f"{who}{', XLA' * jit} {significant(1e3 * t)} ms"
            for (who, jit), t in self.seconds.items()
        ]
        return ", ".join([self.plan, *times])


def measure(network: Network, seconds: float, step_limit: float) -> Result:
    """Times steps of a network and its twin alternately, then epochs of `model.fit`."""
    start = time.perf_counter()
    try:
        model = network.model(OURS)
    except ValueError as error:
        return Result(network, "; ".join(line.strip(" .:") for line in str(error).splitlines()))
    build_seconds = time.perf_counter() - start
    layer = model.get_layer("quanv_1")
    images = _images(network, step_limit)
    first, contestants = {}, {}
    for who, n in ((OURS, images), (TWIN, BATCH)):
        for jit in (False, True):
            step = Form(network.case, who, jit, n).step(network.model(who))
            start = time.perf_counter()
            step().numpy()
            first[who, jit] = time.perf_counter() - start
            step().numpy()
            contestants[who, jit] = timed(functools.partial(_to_its_end, step))
    times = alternate(contestants, seconds)
    for jit in (False, True):
        times[OURS, jit] *= BATCH / images
    return Result(
        network,
        plan=layer.plan.chosen,
        build_seconds=build_seconds,
        keras_compiles=chooses_xla(model),
        images=images,
        seconds=times,
        first_seconds=first,
        fit_seconds=_fit(network, times, seconds) if images == BATCH else {},
    )


def _to_its_end(step: Callable) -> None:
    step().numpy()


def _images(network: Network, step_limit: float) -> int:
    """Estimates how many images a step can have, without XLA."""

    def of_size(n: int) -> Callable:
        step = Form(network.case, OURS, False, n).step(network.model(OURS))
        return functools.partial(_to_its_end, step)

    return affordable(of_size, 1, BATCH, step_limit)


def _fit(
    network: Network, times: dict[tuple[str, bool], float], seconds: float
) -> dict[str, float]:
    """Times epochs of `model.fit`, as Keras runs it where the user says nothing."""
    models, data, samples = {}, {}, {OURS: [], TWIN: []}
    form = Form(network.case, OURS, False, BATCH)

    def epoch(who: str) -> float:
        x, y = data[who]
        start = time.perf_counter()
        models[who].fit(x, y, batch_size=BATCH, verbose=0)
        return (time.perf_counter() - start) / (len(x) // BATCH)

    for who in samples:
        models[who] = network.model(who)
        models[who].compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
        data[who] = form.batch(2)
        epoch(who)  # traces and compiles
        step = min(times[who, jit] for jit in (False, True))
        data[who] = form.batch(max(2, min(MAX_FIT_STEPS, int(seconds / EPOCHS / step))))
    for _ in range(EPOCHS):
        for who, found in samples.items():
            found.append(epoch(who))
    return {who: statistics.median(found) for who, found in samples.items()}


def table(results: list[Result]) -> str:
    """Lays out a line for each network, then why some cannot be computed."""
    header = [
        "patches", "image", "rotation", "layers", "computed as", "Conv2D, ms (XLA off / on)",
        "ours, ms (XLA off / on)", "XLA by Keras", "ours / Conv2D", "model.fit, ms a step: Conv2D",
        "ours", "ours / Conv2D", "build, s", "first step, s",
    ]  # fmt: skip
    lines, reasons = [], {}
    for result in results:
        network, k, fit = result.network, result.network.kernel_size, result.fit_seconds
        start = [f"{k}x{k}", f"{network.case.size}x{network.case.size}"]
        start += [network.rotation, str(network.n_layers), result.plan]
        if result.reason:
            lines.append(start + ["-"] * (len(header) - len(start)))
            reasons.setdefault(result.reason, []).append(str(network))
            continue
        about = "~" * (result.images < BATCH)
        off, on = (significant(1e3 * result.seconds[OURS, jit]) for jit in (False, True))
        twin = (significant(1e3 * result.seconds[TWIN, jit]) for jit in (False, True))
        lines.append(
            [
                *start,
                " / ".join(twin),
                f"{about}{off} / {about}{on}",
                "on" if result.keras_compiles else "off",
                ratio(result.ratio),
                *(significant(1e3 * fit[who] if fit else None) for who in (TWIN, OURS)),
                ratio(fit[OURS] / fit[TWIN] if fit else None),
                significant(result.build_seconds, 2),
                significant(result.first_seconds[OURS, result.keras_compiles], 2),
            ]
        )
    notes = [f"- {'; '.join(who)}: {reason}" for reason, who in reasons.items()]
    parts = [markdown_table(header, lines)]
    return "\n\n".join([*parts, *(["Not computed:\n\n" + "\n".join(notes)] if notes else [])])
