"""Writes the experiment's numbers into docs/results.md, and draws its figures.

Usage: python -m experiments.page
"""

import functools
from collections.abc import Callable

import pandas as pd

from benchmarks.tables import write_place
from experiments import figures
from experiments.comparisons import (
    control_differences,
    depth_differences,
    geometric_interval,
    placement_differences,
)
from experiments.studies import DECISIVE, DEPTHS, STRONG_DATA
from experiments.tables import CIRCUITS, RESULTS, has_table, read_chosen, read_table
from tfq_resqunn._utils import markdown_page
from tfq_resqunn._utils.markdown_page import bullets, code
from tfq_resqunn.study.choice import BEST_FROZEN, choose_rates
from tfq_resqunn.study.config import WITHOUT_WEIGHTS
from tfq_resqunn.study.leaderboard import writing as leaderboard
from tfq_resqunn.study.leaderboard.csv_file import read_table as read_entries
from tfq_resqunn.study.leaderboard.tables import to_table
from tfq_resqunn.study.report.differences import shown_text
from tfq_resqunn.study.report.figures import present
from tfq_resqunn.study.report.numbers import (
    MISSING,
    VARIANTS,
    accuracy_text,
    difference_text,
    effect_text,
    p_text,
    percent,
    points,
    records_table,
)
from tfq_resqunn.study.report.statistics import Interval, mean_interval
from tfq_resqunn.study.results import select

PAGE = RESULTS.parent / "results.md"
IMAGES = {"mnist": "6,000", "fashion": "6,000", "cifar10": "5,000"}  # of training, where not all
DATA = {
    name: f"{title}, {IMAGES[name]}" if name in IMAGES else title
    for name, title in figures.DATA.items()
}
QUANTUM = ("trainable", "frozen", BEST_FROZEN, "unentangled")
NEAR_CHANCE = 0.15  # of ten classes
SHARES = {"mnist": (600, 6_000, 60_000), "fashion": (600, 6_000)}  # training images of question 6
NOISE = ("exact", "plain", "plain-0.1")  # the tables of `resqunn evaluate`
N_BEST, N_WORST = 10, 5  # of the circuits, so many are in the table
PLACEMENTS = ("none", "(X+O1)+O2")


def main() -> None:
    """Fills every place of the page, as far as its tables are there."""
    for name, make in PLACES.items():
        write_place(PAGE, name, make())
    figures.main()


def _once_run(form: str, what: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Makes a place that says what was not run where none of its tables is there."""

    def decorate(make: Callable[[], str]) -> Callable[[], str]:
        @functools.wraps(make)
        def place() -> str:
            return make() if _there(form, DATA) else _nothing(what)

        return place

    return decorate


@_once_run("arms-{}", "all arms")
def summary() -> str:
    """Trained minus each control, a column for each data set."""
    return _summary("arms-{}")


def _summary(form: str) -> str:
    tables = {
        title: control_differences(read_chosen(form.format(name)))
        for name, title in _there(form, DATA)
    }
    return _by_arm(tables, "Trained minus", _short)


@_once_run("arms-strong-{}", "circuits that can do more")
def strong() -> str:
    """The picture of question 8, accuracies, and all that is compared."""
    form = "arms-strong-{}"
    picture = "![The same for circuits that can do more](results/strong.png)"
    missing = [DATA[name] for name in STRONG_DATA if not has_table(form.format(name))]
    blocks = [
        picture, "Trained minus each control:", _summary(form), "Test accuracies:",
        _accuracies(form), _controls(form),
    ]  # fmt: skip
    return "\n\n".join(blocks + ([_nothing("; ".join(missing))] if missing else []))


@_once_run("arms-{}", "all arms")
def placements() -> str:
    """Trained networks with residuals minus plain stacks."""
    tables = {title: read_chosen(f"arms-{name}") for name, title in _there("arms-{}", DATA)}
    return _differences(placement_differences(tables))


def _by_arm(
    tables: dict[str, pd.DataFrame], label: str, write: Callable[[pd.DataFrame], str]
) -> str:
    """A row for each placement and variant that is anywhere, a column for each data set."""
    records = []
    every = pd.concat(tables.values())
    for placement in PLACEMENTS:
        for variant in present(every.variant, VARIANTS):
            found = {
                title: select(table, placement=placement, variant=variant)
                for title, table in tables.items()
            }
            if any(map(len, found.values())):
                labels = {"Placement": code(placement), label: VARIANTS[variant]}
                cells = {t: write(rows) if len(rows) else MISSING for t, rows in found.items()}
                records.append(labels | cells)
    return records_table(records, n_labels=2)


def _short(rows: pd.DataFrame) -> str:
    row = rows.iloc[0]
    shown = {"no": "", "equal within a point": ", equal"}.get(word := shown_text(row), f", {word}")
    return points(row.difference) + shown


@_once_run("arms-{}", "all arms")
def accuracies() -> str:
    """The picture of all controls; a row for each arm and placement, a column for each data set."""
    picture = "![Trained circuits minus each control, for each data set](results/controls.png)"
    return f"{picture}\n\n{_accuracies('arms-{}')}"


def _accuracies(form: str) -> str:
    tables = {title: read_chosen(form.format(name)) for name, title in _there(form, DATA)}
    return _by_arm(tables, "Arm", _mean)


@_once_run("arms-{}", "all arms")
def chance() -> str:
    """How many seeds of each arm have learned next to nothing."""
    tables = {title: read_chosen(f"arms-{name}") for name, title in _there("arms-{}", DATA)}
    tables = {t: table[table.variant.isin(QUANTUM)] for t, table in tables.items()}
    return _by_arm(tables, "Arm", lambda runs: f"{(runs.test_accuracy <= NEAR_CHANCE).sum()}")


def outcomes() -> str:
    """What a regression reads from the outcomes of frozen plain stacks, see `outcomes.py`."""
    path = RESULTS / "frozen-outcomes.csv"
    if not path.is_file():
        return _nothing("outcomes of frozen circuits")
    table = pd.read_csv(path)
    record = {
        "Seeds": str(len(table)),
        "The network": accuracy_text(mean_interval(table.network)),
        "Regression": accuracy_text(mean_interval(table.regression)),
        "its lowest seed": percent(table.regression.min()),
        "Largest standard deviation of an outcome": (
            f"{table.spread.min():.4f} to {table.spread.max():.4f}"
        ),
    }
    return records_table([record])


@_once_run("arms-{}", "all arms")
def controls() -> str:
    """A table of trained minus each control, for each data set."""
    return _controls("arms-{}")


def _controls(form: str) -> str:
    blocks = []
    for name, title in _there(form, DATA):
        rows = control_differences(read_chosen(form.format(name)))
        blocks += [
            f"**{title}**, p corrected for {rows.p.notna().sum()} tests:",
            _differences(rows),
        ]
    return "\n\n".join(blocks)


@_once_run("rates-{}", "learning rates")
def rates() -> str:
    """The learning rates that validation images have chosen, and how many are the last ones."""
    blocks = []
    for form, title in (("rates-{}", ""), ("rates-strong-{}", "Of the circuits of question 8:")):
        tables = {t: read_table(form.format(name)) for name, t in _there(form, DATA)}
        if tables:
            chosen = {t: choose_rates(table) for t, table in tables.items()}
            n, n_rows = (
                sum(_n_last(tables[t], chosen[t]) for t in tables),
                sum(map(len, chosen.values())),
            )
            said = (
                f"In {n} of {n_rows} rows a rate is best that is the smallest or the largest tried."
            )
            blocks += [title, _by_arm(chosen, "Arm", _pair), said]
    tables = {d: read_table(f"rates-depth-{d}") for d in DEPTHS if has_table(f"rates-depth-{d}")}
    chosen = {d: choose_rates(table) for d, table in tables.items()}
    if chosen:
        blocks += ["Of question 5:", _by_depth(chosen, figures.DEPTH_ARMS, _pair)]
    return "\n\n".join(filter(None, blocks))


def _n_last(tried: pd.DataFrame, chosen: pd.DataFrame) -> int:
    """Counts rows of which a rate is at the end of those that were tried."""
    is_last = pd.Series(False, index=chosen.index)
    for column in ("learning_rate", "head_learning_rate"):
        ends = [tried[column].min(), tried[column].max()]
        has_rate = True if column == "head_learning_rate" else ~chosen.variant.isin(WITHOUT_WEIGHTS)
        is_last |= chosen[column].isin(ends) & has_rate
    return int(is_last.sum())


def _pair(rows: pd.DataFrame) -> str:
    if not len(rows):
        return MISSING
    row = rows.iloc[0]
    is_trained = row.variant not in WITHOUT_WEIGHTS
    return f"{f'{row.learning_rate:g}' if is_trained else MISSING} / {row.head_learning_rate:g}"


def depths() -> str:
    """The picture of depth; a table of accuracies, and one of gradient norms."""
    tables = figures.depth_tables()
    if not tables:
        return _nothing("depths")
    blocks = [
        "![Accuracy and gradient norms against the number of layers](results/depth.png)",
        _by_depth(tables, figures.DEPTH_ARMS, _mean),
        "Gradient norm at the first layer before the training, geometric means over seeds:",
        _by_depth(tables, figures.TRAINED_ARMS, _mean_gradient),
    ]
    if missing := [str(depth) for depth in DEPTHS if depth not in tables]:
        blocks.append(_nothing(f"networks of {', '.join(missing)} layers"))
    return "\n\n".join(blocks)


def _by_depth(
    tables: dict[int, pd.DataFrame], arms: dict[str, dict], write: Callable[[pd.DataFrame], str]
) -> str:
    """A row for each depth, a column for each arm of plain stacks and of residual networks."""
    records = []
    for depth, table in tables.items():
        record = {"Layers": str(depth)}
        for placement in ("plain", "residuals"):
            here = table[(table.placement == "none") == (placement == "plain")]
            for name, setting in arms.items():
                if placement == "residuals" or setting["variant"] != "shortcuts":
                    record[f"{placement}, {name}"] = write(select(here, **setting))
        records.append(record)
    return records_table(records)


def depth_comparisons() -> str:
    """All that is compared over depths, one family."""
    tables = figures.depth_tables()
    return _differences(depth_differences(tables)) if tables else _nothing("depths")


def shares() -> str:
    """The picture of shares; a row for each number of images and placement."""
    records, missing = [], []
    for name in SHARES:
        title = figures.DATA[name]
        tables = figures.share_tables(name)
        missing += [f"{title}, {size:,} images" for size in SHARES[name] if size not in tables]
        for size, table in tables.items():
            for placement in PLACEMENTS:
                here = select(table, placement=placement)
                record = {
                    "Data": title,
                    "Images": f"{size:,}",
                    "Placement": code(placement),
                }
                for variant in DECISIVE:
                    record[VARIANTS[variant]] = _mean(select(here, variant=variant))
                rows = control_differences(table)
                for variant in ("frozen", "surrogate"):
                    (row,) = select(rows, placement=placement, variant=variant).to_dict("records")
                    row = pd.Series(row)
                    record[f"Trained − {VARIANTS[variant]}"] = (
                        f"{difference_text(row.difference, row.low, row.high)}: {shown_text(row)}"
                    )
                records.append(record)
    if not records:
        return _nothing("shares")
    picture = "![Accuracy against the number of training images](results/shares.png)"
    blocks = [picture, records_table(records, n_labels=3)]
    return "\n\n".join(blocks + ([_nothing("; ".join(missing))] if missing else []))


def circuits() -> str:
    """The picture of all circuits; the best and the worst of them, and what goes with accuracy."""
    if not CIRCUITS.is_file():
        return _nothing("circuits")
    (section,) = leaderboard.sections(to_table(read_entries(CIRCUITS)))
    header = [name.replace("-\n", "").replace("\n", " ") for name in section.header]
    gap = ["..."] * len(header)
    rows = [*section.rows[:N_BEST], gap, *section.rows[-N_WORST:]]
    return "\n\n".join([
        "![Accuracy against expressibility and entangling capability](results/circuits.png)",
        f"The best and the worst of {len(section.rows)} circuits:",
        markdown_page.table(header, rows, section.n_labels),
        *section.sentences,
        bullets(section.findings),
    ])  # fmt: skip


def noise(name: str) -> str:
    """A row for each number of shots, a column for each strength of noise."""
    path = RESULTS / "noise" / f"{name}.csv"
    if not path.is_file():
        return _nothing(f"noise, {name}")
    records = []
    for shots, rows in pd.read_csv(path).groupby("shots", sort=False, dropna=False):
        cells = {
            f"{row.strength:g}" if row.strength else "no noise": accuracy_text(
                Interval(row.accuracy, row.low, row.high, row.n_images)
            )
            for row in rows.itertuples()
        }
        records.append({"Outcomes": "exact" if pd.isna(shots) else f"{shots:g} shots"} | cells)
    return records_table(records)


def times() -> str:
    """How long each study's runs have taken, one after the other."""
    records = []
    for path in sorted(RESULTS.glob("*.csv")):
        table = pd.read_csv(path)
        if "seconds" in table:
            records.append({
                "Study": code(path.stem), "Runs": f"{len(table):,}",
                "Minutes, all runs": f"{table.seconds.sum() / 60:.0f}",
            })  # fmt: skip
    return records_table(records) if records else _nothing("studies")


def _differences(rows: pd.DataFrame) -> str:
    records = []
    for _, row in rows.iterrows():
        record = {}
        if "comparison" in rows:
            record["Compared"] = row.comparison
        else:
            record |= {"Placement": code(row.placement), "Trained minus": VARIANTS[row.variant]}
        record |= {
            "n": str(row.n),
            "Difference (points)": difference_text(row.difference, row.low, row.high),
            "d": effect_text(row.effect, row.effect_low, row.effect_high),
            "p corrected": p_text(row.p_corrected),
            "p sign-flip": p_text(row.p_sign_flip),
            "p equal, corrected": p_text(row.p_equal_corrected),
            "Shown": shown_text(row),
        }
        records.append(record)
    return records_table(records, n_labels=1 if "comparison" in rows else 2)


def _mean(runs: pd.DataFrame) -> str:
    return accuracy_text(mean_interval(runs.test_accuracy)) if len(runs) else MISSING


def _mean_gradient(runs: pd.DataFrame) -> str:
    norms = runs.gradient_before.dropna()
    if not len(norms):
        return "none"
    mean = geometric_interval(norms)
    ends = f" ({mean.low:.4f} to {mean.high:.4f})" if mean.is_known else ""
    return f"{mean.mean:.4f}{ends}"


def _there(form: str, names: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, title) for name, title in names.items() if has_table(form.format(name))]


def _nothing(what: str) -> str:
    return f"*Not run yet: {what}.*"


PLACES: dict[str, Callable[[], str]] = {
    "summary": summary,
    "placements": placements,
    "accuracies": accuracies,
    "chance": chance,
    "outcomes": outcomes,
    "controls": controls,
    "strong": strong,
    "rates": rates,
    "depths": depths,
    "depth comparisons": depth_comparisons,
    "shares": shares,
    "circuits": circuits,
    **{f"noise {name}": functools.partial(noise, name) for name in NOISE},
    "times": times,
}

if __name__ == "__main__":
    main()
