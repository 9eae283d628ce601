"""The third table: every method of a row's plan, chosen or not, beside the best of them."""

import dataclasses
import functools

import numpy as np

from benchmarks.panel import ours
from benchmarks.panel.alternation import affordable, alternate, timed
from benchmarks.panel.rows import Row
from benchmarks.tables import markdown_table, ratio, significant

FEW = 8  # circuits, by which methods are compared and estimated
OFF, ON = False, True


@dataclasses.dataclass(frozen=True)
class Result:
    """What was measured of the methods of a row.

    Args:
        row: Which.
        chosen: The method that the plan chose, and whether Keras turns XLA on for it.
        seconds: Of a step, by a method's name and XLA.
        n_circuits: In a step, by a method's name; fewer than the row has where the step would
            have been too long.
        closed: Methods that are not open, and why.
    """

    row: Row
    chosen: tuple[str, bool]
    seconds: dict[tuple[str, bool], float]
    n_circuits: dict[str, int]
    closed: dict[str, str]

    @property
    def best(self) -> tuple[str, bool]:
        """The method and XLA that took least."""
        return min(self.seconds, key=self.seconds.__getitem__)

    @property
    def ratio(self) -> float:
        """How many times longer the chosen one takes than the best."""
        return self.seconds[self.chosen] / self.seconds[self.best]

    @property
    def summary(self) -> str:
        """One line."""
        return f"{_show(self.chosen)} chosen, {_show(self.best)} best: {ratio(self.ratio)}"


def measure(row: Row, seconds: float, step_limit: float) -> Result:
    """Times steps of all methods, without and with XLA, alternately.

    Raises:
        Mismatch: If two methods disagree.
    """
    mine = ours.Ours.of(row)
    methods, closed = ours.forced(row)
    contestants, n_circuits, few = {}, {}, {}
    for method in methods:
        step = method.step(_first(row, FEW), jit=False)
        _, few[method.name] = ours.first(step)
        of_size = functools.partial(_step, row, method)
        n_circuits[method.name] = affordable(of_size, FEW, row.n_circuits, step_limit)
        for jit in (OFF, ON):
            full = method.step(_first(row, n_circuits[method.name]), jit=jit)
            ours.first(full)
            contestants[method.name, jit] = timed(full)
        name = f"{row.name}, {method.name}"
        ours.check_equal(name, few[method.name], methods[0].name, few[methods[0].name])
    times = alternate(contestants, seconds)
    scaled = {key: t * row.n_circuits / n_circuits[key[0]] for key, t in times.items()}
    chosen = mine.layer.plan.chosen, mine.keras_compiles
    return Result(row, chosen, scaled, n_circuits, closed)


def _step(row: Row, method: ours.Forced, n: int) -> ours.Step:
    return method.step(_first(row, n), jit=False)


def _first(row: Row, n: int) -> dict[str, np.ndarray]:
    return {name: a if name == "w" else a[:n] for name, a in row.arrays().items()}


def table(results: list[Result]) -> str:
    """Lays out a line for each method, then one for each row, then why methods are not open."""
    header = ["row", "circuits", "method", "ms (XLA off / on)", "to the best", "chosen"]
    lines, short, reasons = [], [], []
    for result in results:
        row = result.row
        for name, n in result.n_circuits.items():
            off, on = (result.seconds[name, jit] for jit in (OFF, ON))
            about = "~" * (n < row.n_circuits)
            lines.append(
                [
                    row.name,
                    f"{row.n_circuits:,}",
                    name,
                    f"{about}{significant(1e3 * off)} / {about}{significant(1e3 * on)}",
                    ratio(min(off, on) / result.seconds[result.best]),
                    "yes" if name == result.chosen[0] else "",
                ]
            )
        ms = [significant(1e3 * result.seconds[key]) for key in (result.chosen, result.best)]
        short.append(
            [row.name, _show(result.chosen), ms[0], _show(result.best), ms[1], ratio(result.ratio)]
        )
        reasons += [f"- {row.name}, {name}: {reason}" for name, reason in result.closed.items()]
    chosen = markdown_table(["row", "chosen", "ms", "best", "ms", "chosen / best"], short)
    parts = [markdown_table(header, lines), chosen]
    return "\n\n".join([*parts, *(["Not open:\n\n" + "\n".join(reasons)] if reasons else [])])


def _show(key: tuple[str, bool]) -> str:
    return f"{key[0]}, XLA {'on' if key[1] else 'off'}"
