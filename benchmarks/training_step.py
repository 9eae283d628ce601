"""What a training step costs: compiled circuits, TensorFlow Quantum's, and a Conv2D's.

Usage: python -m benchmarks.training_step --help
"""

import dataclasses
import itertools
import time

import click

from benchmarks.quiet import load_steps
from benchmarks.tables import (
    Document,
    duration,
    has_place,
    markdown_table,
    ratio,
    significant,
    write_place,
)

HELP = """Time training steps of the same ResQuNN with backend="compiled", with
backend="noiseless" (TensorFlow Quantum), as its classical twin (Conv2D), and as that twin with a
matrix product over the patches in place of Conv2D (matmul), alternately.

A step is one tf.function: forward, loss, gradients and Adam's update, on random images. All but
noiseless are timed without and with XLA; the better counts. A case is one of each of
--kernel-size, --n-layers, --depth and --batch-size; every combination is run.

Where a step would take longer than --step-limit by a rough estimate (16 qubits in a deep ansatz,
most of noiseless), it gets fewer images. Its time is then scaled by the circuits, and has a ~
before it. Where that befalls compiled, only the first of --batch-size is run.
"""
EXAMPLES = """\b
Examples:
  python -m benchmarks.training_step
  python -m benchmarks.training_step --kernel-size 2 --batch-size 32,256 --no-noiseless
  python -m benchmarks.training_step --depth 1,2 --batch-size 32,256 \\
      --write docs/performance.md --write README.md

\b
--write replaces what stands in a document between <!-- training-step --> and
<!-- /training-step --> (all tables), and between <!-- training-step-short -->
and <!-- /training-step-short --> (a few rows).
"""
FITTED = ("twin", "compiled")
STARTED = ("twin", "compiled", "noiseless")
PLACES = ("training-step", "training-step-short")


class Numbers(click.ParamType):
    """Positive integers with commas between them."""

    name = "N,N"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(int(n) for n in value.split(","))
        except ValueError:
            numbers = (0,)
        if min(numbers) < 1:
            self.fail(f"{value!r} must be positive integers with commas between them, as in 1,3.")
        return numbers


@dataclasses.dataclass(frozen=True)
class Timing:
    """What was measured of one backend in one case.

    Args:
        images: How many a step had; fewer than the batch where it would have taken too long.
        ms: Milliseconds a step of the whole batch takes, the better of without and with XLA.
        ms_plain: Without XLA.
        ms_jit: With XLA, or `None`.
        us_per_circuit: Microseconds for each circuit of a step.
        first_seconds: Of the first step in a fresh process.
        mib: By which memory grew there.
        fit_ms: Milliseconds for a step of `model.fit`, or `None`.
    """

    images: int
    ms: float
    ms_plain: float
    ms_jit: float | None
    us_per_circuit: float
    first_seconds: float | None
    mib: float | None
    fit_ms: float | None = None


@dataclasses.dataclass(frozen=True)
class Result:
    """What was measured in one case: how circuits were compiled, and a `Timing` per backend."""

    case: object
    plan: str
    timings: dict[str, Timing]

    def ratio(self, backend: str, to: str) -> float | None:
        """How many times longer a step of one takes than a step of another."""
        if backend not in self.timings:
            return None
        return self.timings[backend].ms / self.timings[to].ms

    @property
    def summary(self) -> str:
        """One line."""
        steps = (f"{name} {duration(t.ms)}" for name, t in self.timings.items())
        return ", ".join(steps)


class Bench:
    """Runs cases, and remembers what need not be measured again."""

    def __init__(self, *, seconds, step_limit, noiseless, memory, fit):
        self.steps = load_steps()
        self.seconds, self.step_limit = seconds, step_limit
        self.noiseless, self.memory, self.fit = noiseless, memory, fit
        self._times, self._firsts = {}, {}

    def run(self, case) -> Result | None:
        """Measure one case; `None` where a smaller batch was one already of which steps were cut.

        Such steps would be the same again.
        """
        forms = self.steps.forms_of(case, noiseless=self.noiseless, step_limit=self.step_limit)
        compiled = next(form for form in forms if form.backend == "compiled")
        if compiled.images < case.batch_size and _same(compiled) in self._times:
            return None
        # A step that got fewer images is the same for every batch.
        known = {form: self._times.get(_same(form)) for form in forms}
        new = [form for form in forms if known[form] is None or form.images == case.batch_size]
        known |= self.steps.time_steps(new, self.seconds)
        self._times |= {_same(form): seconds for form, seconds in known.items()}
        best = {}
        for form in forms:
            if form.backend not in best or known[form] < known[best[form.backend]]:
                best[form.backend] = form
        fits = {}
        if self.fit:
            full = [f for f in best.values() if f.images == case.batch_size]
            fitted = {f: known[f] for f in full if f.backend in FITTED}
            fits = self.steps.time_fit(fitted, self.seconds)
        measured = [form for form in best.values() if form.backend in STARTED]
        firsts = self._first_steps(measured) if self.memory else {}
        timings = {}
        for backend, form in best.items():
            ms = {f.jit: 1e3 * case.batch_size * known[f] for f in forms if f.backend == backend}
            first_seconds, mib = firsts.get(form, (None, None))
            timings[backend] = Timing(
                images=form.images,
                ms=ms[form.jit],
                ms_plain=ms[False],
                ms_jit=ms.get(True),
                us_per_circuit=1e6 * known[form] / case.circuits_per_image,
                first_seconds=first_seconds,
                mib=mib,
                fit_ms=1e3 * case.batch_size * fits[form] if form in fits else None,
            )
        return Result(case, self.steps.plan_of(case)[0], timings)

    def _first_steps(self, forms):
        new = [form for form in forms if _same(form) not in self._firsts]
        found = self.steps.first_steps(new)
        self._firsts |= {_same(form): measured for form, measured in found.items()}
        return {form: self._firsts[_same(form)] for form in forms}


def _same(form):
    """The form, without what makes no difference to it."""
    n_layers = 1 if form.backend == "twin" else form.case.n_layers
    case = dataclasses.replace(form.case, batch_size=1, n_layers=n_layers)
    return dataclasses.replace(form, case=case)


# --- tables --------------------------------------------------------------------------------


def _case_cells(case) -> list[str]:
    k = case.kernel_size
    return [f"{k}x{k}", *map(str, (case.n_layers, case.depth, case.batch_size))]


CASE_COLUMNS = ["patches", "ansatz layers", "depth", "batch"]


def _both(timing: Timing, batch_size: int) -> str:
    about = "~" if timing.images < batch_size else ""
    cells = [timing.ms_plain] + [timing.ms_jit] * (timing.ms_jit is not None)
    return " / ".join(about + significant(ms) for ms in cells)


def step_table(results: list[Result]) -> str:
    """Lay out milliseconds per step, and ratios."""
    names = ("twin", "matmul", "compiled")
    header = [
        *CASE_COLUMNS,
        *(f"{name}, ms (XLA off / on)" for name in names),
        "noiseless, ms",
        "compiled / twin",
        "compiled / matmul",
        "noiseless / compiled",
    ]
    rows = []
    for result in results:
        batch = result.case.batch_size
        noiseless = result.timings.get("noiseless")
        ratios = (
            result.ratio("compiled", "twin"),
            result.ratio("compiled", "matmul"),
            result.ratio("noiseless", "compiled"),
        )
        rows.append(
            [
                *_case_cells(result.case),
                *(_both(result.timings[name], batch) for name in names),
                _both(noiseless, batch) if noiseless else "-",
                *map(ratio, ratios),
            ]
        )
    return markdown_table(header, rows)


def circuit_table(results: list[Result]) -> str:
    """Lay out how circuits are computed, the time for each, and steps of `model.fit`."""
    header = [
        *CASE_COLUMNS,
        "compiled as",
        "compiled, µs per circuit",
        "noiseless, µs per circuit",
        "images in a step: compiled, noiseless",
        "model.fit, ms a step: twin",
        "compiled",
        "compiled / twin",
    ]
    rows = []
    for result in results:
        found = [result.timings.get(backend) for backend in ("compiled", "noiseless")]
        fit = [result.timings[backend].fit_ms for backend in FITTED]
        rows.append(
            [
                *_case_cells(result.case),
                result.plan,
                *(significant(t and t.us_per_circuit, 2) for t in found),
                " / ".join("-" if t is None else str(t.images) for t in found),
                *map(significant, fit),
                ratio(fit[1] / fit[0] if all(fit) else None),
            ]
        )
    return markdown_table(header, rows)


def start_table(results: list[Result]) -> str:
    """Lay out the first step and the memory."""
    header = [
        *CASE_COLUMNS,
        "first step, s: twin",
        "compiled",
        "noiseless",
        "peak memory, MiB: twin",
        "compiled",
        "noiseless",
    ]
    rows = []
    for result in results:
        found = [result.timings.get(backend) for backend in STARTED]
        first = [significant(t and t.first_seconds, 2) for t in found]
        mib = ["-" if t is None or t.mib is None else f"{t.mib:,.0f}" for t in found]
        rows.append([*_case_cells(result.case), *first, *mib])
    return markdown_table(header, rows)


def short_table(results: list[Result]) -> str:
    """Lay out four cases at most: the smallest and the largest patches, of the smallest batch."""
    batch = min(r.case.batch_size for r in results)
    depth = max(r.case.depth for r in results)
    sizes = {r.case.kernel_size for r in results}
    chosen = [
        r
        for r in results
        if (r.case.batch_size, r.case.depth) == (batch, depth)
        and r.case.kernel_size in (min(sizes), max(sizes))
    ]
    header = ["patches", "qubits", "ansatz layers", "`Conv2D`", "`compiled`", "`noiseless`"]
    rows = []
    for result in chosen[:4]:
        k = result.case.kernel_size
        steps = [result.timings.get(backend) for backend in ("twin", "compiled", "noiseless")]
        cells = [
            "-" if t is None else ("~" if t.images < batch else "") + duration(t.ms) for t in steps
        ]
        rows.append([f"{k}x{k}", str(k * k), str(result.case.n_layers), *cells])
    return markdown_table(header, rows)


# --- the command ---------------------------------------------------------------------------


@click.command(help=HELP, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--kernel-size", type=Numbers(), default="2,3,4", show_default=True,
    help="Rows and columns of a patch: 2 is 4 qubits, 3 is 9, 4 is 16.",
)  # fmt: skip
@click.option(
    "--n-layers", type=Numbers(), default="1,3", show_default=True, help="Layers of the ansatz."
)
@click.option(
    "--depth", type=Numbers(), default="2", show_default=True, help="Quanvolutional layers."
)
@click.option(
    "--batch-size", type=Numbers(), default="32", show_default=True, help="Images in a step."
)
@click.option(
    "--image-size", type=click.IntRange(1),
    help="Rows and columns of an image.  [default: 28, or 27 where patches are 3x3]",
)  # fmt: skip
@click.option(
    "--seconds", type=click.FloatRange(0), default=1.5, show_default=True,
    help="To spend on a case's steps, and again on model.fit; building and compiling come on top.",
)  # fmt: skip
@click.option(
    "--step-limit", type=click.FloatRange(0, min_open=True), default=0.8, show_default=True,
    help="Seconds that a step may take, roughly; above, it gets fewer images.",
)  # fmt: skip
@click.option(
    "--noiseless/--no-noiseless", default=True, show_default=True,
    help="Whether TensorFlow Quantum's simulator is timed too.",
)  # fmt: skip
@click.option(
    "--memory/--no-memory", default=True, show_default=True,
    help="Whether first step and memory are measured, in a fresh process for each.",
)  # fmt: skip
@click.option(
    "--fit/--no-fit", default=True, show_default=True, help="Whether model.fit is timed too."
)
@click.option(
    "--write", type=Document(*PLACES), multiple=True, metavar="FILE",
    help="Document to write the tables into; may be given again.",
)  # fmt: skip
def main(kernel_size, n_layers, depth, batch_size, image_size, write, **settings):
    bench = Bench(**settings)
    grid = itertools.product(kernel_size, n_layers, depth, batch_size)
    cases = [bench.steps.Case(*values, image_size) for values in grid]
    results, start = [], time.time()
    for number, case in enumerate(cases, 1):
        click.echo(f"{number}/{len(cases)}  {case}, batch {case.batch_size}: ", nl=False, err=True)
        result = bench.run(case)
        done = "as with fewer images" if result is None else result.summary
        click.echo(f"{done}  [{time.time() - start:.0f} s]", err=True)
        results += [] if result is None else [result]
    tables = "\n\n".join(lay_out(results) for lay_out in (step_table, circuit_table, start_table))
    click.echo(tables)
    for path in write:
        for name, text in zip(PLACES, (tables, short_table(results)), strict=True):
            if has_place(path, name):
                write_place(path, name, text)


if __name__ == "__main__":
    main()
