"""The first table: each row's step, ours and the peers'."""

import dataclasses

from benchmarks.panel import ours
from benchmarks.panel.alternation import alternate, timed
from benchmarks.panel.connection import Peer
from benchmarks.panel.rows import TFQ, Row
from benchmarks.tables import markdown_table, significant
from tfq_resqunn._utils.tfq import import_tfq

PLAIN, XLA = "ours", "ours, XLA"


@dataclasses.dataclass(frozen=True)
class Result:
    """What was measured of a row.

    Args:
        row: Which.
        plan: How ours was computed.
        plan_seconds: That deciding on it took.
        keras_compiles: Whether Keras turns XLA on by itself.
        seconds: Of a step, for `PLAIN`, `XLA` and each peer.
        first_seconds: Likewise, of the first step, with tracing and compilation.
    """

    row: Row
    plan: str
    plan_seconds: float
    keras_compiles: bool
    seconds: dict[str, float]
    first_seconds: dict[str, float]

    @property
    def peers(self) -> list[str]:
        """Who was measured besides ours."""
        return [name for name in self.seconds if name not in (PLAIN, XLA)]

    @property
    def default(self) -> str:
        """Ours, as Keras runs it where the user says nothing."""
        return XLA if self.keras_compiles else PLAIN

    def ratio(self, peer: str) -> float:
        """How many times longer ours takes than a peer, as Keras runs it."""
        return self.seconds[self.default] / self.seconds[peer]

    def best_ratio(self, peer: str) -> float:
        """Likewise, with the better of XLA off and on."""
        return min(self.seconds[PLAIN], self.seconds[XLA]) / self.seconds[peer]

    @property
    def summary(self) -> str:
        """One line."""
        parts = [f"{name} {significant(1e3 * t)} ms" for name, t in self.seconds.items()]
        return ", ".join([*parts, *(f"{significant(self.ratio(p), 2)} of {p}" for p in self.peers)])


def measure(row: Row, peer: Peer | None, seconds: float) -> Result:
    """Checks that all sides compute the same, then times their steps alternately.

    Args:
        row: What to compute.
        peer: PennyLane's process, or `None` for ours (and TensorFlow Quantum's) alone.
        seconds: For the steps of each side.

    Raises:
        Mismatch: If two sides disagree.
    """
    mine = ours.Ours.of(row)
    steps = {PLAIN: mine.step(jit=False), XLA: mine.step(jit=True)}
    first = {}
    first[PLAIN], results = ours.first(steps[PLAIN])
    first[XLA], compiled = ours.first(steps[XLA])
    ours.check_equal(row.name, compiled, "the same without XLA", results)
    if TFQ in row.peers and import_tfq() is not None:
        steps[TFQ] = ours.Ours.of(row, "noiseless").step(jit=False)
        first[TFQ], theirs = ours.first(steps[TFQ])
        ours.check_equal(row.name, results, TFQ, theirs)
    contestants = {name: timed(step) for name, step in steps.items()}
    for device in [name for name in row.peers if name != TFQ]:
        if peer is None:
            break
        first[device], theirs = peer.first_step(row, device)
        ours.check_equal(row.name, results, device, theirs)
        contestants[device] = peer.contestant(device)
    times = alternate(contestants, seconds)
    if peer:
        peer.forget()
    return Result(row, mine.layer.plan.chosen, mine.plan_seconds, mine.keras_compiles, times, first)


def table(results: list[Result]) -> str:
    """Lays out a line for each row and peer."""
    header = [
        "row", "circuit", "qubits", "circuits", "computed as", "ours, ms (XLA off / on)",
        "XLA by Keras", "peer", "peer, ms", "ours / peer", "best of ours / peer", "plan, s",
        "first step, s: ours", "peer",
    ]  # fmt: skip
    lines = []
    for result in results:
        row, ms = result.row, {name: 1e3 * t for name, t in result.seconds.items()}
        start = [
            row.name, row.about, str(row.n_qubits), f"{row.n_circuits:,}", result.plan,
            f"{significant(ms[PLAIN])} / {significant(ms[XLA])}",
            "on" if result.keras_compiles else "off",
        ]  # fmt: skip
        firsts = {name: significant(t, 2) for name, t in result.first_seconds.items()}
        end = [significant(result.plan_seconds, 2), firsts[result.default]]
        for peer in result.peers:
            ratios = (significant(r, 2) for r in (result.ratio(peer), result.best_ratio(peer)))
            lines.append([*start, peer, significant(ms[peer]), *ratios, *end, firsts[peer]])
        if not result.peers:
            lines.append([*start, *["-"] * 4, *end, "-"])
    return markdown_table(header, lines)
