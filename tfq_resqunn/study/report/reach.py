"""Which layers a gradient reaches, before training and at its end, across seeds."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

STATES = ("flows", "zero", "none", "nan")
FROZEN = ("frozen", "static")  # the second in files of versions before 0.3
LAYER = re.compile(r"(?:quanv|conv|surrogate|zeros)_([0-9]+)(?:/|$)")
HEAD_ORDER = 10**6  # after any quanvolutional layer


@dataclass(frozen=True)
class ReachRow:
    """What reaches the layers of one setting, with which heads it does so, over how many seeds.

    `cells` holds for each variant the state of each layer, from the first to the last, as text; see
    `state_text`.
    """

    placement: str
    input_gradient: bool
    heads: tuple[str, ...]
    cells: dict[str, tuple[str, ...]]
    n_seeds: int


def layer_order(name: str) -> int:
    """Gives the place of a layer by its name: 2 for `quanv_2` and for its twin, `conv_2/conv2d`."""
    match = LAYER.match(name)
    return int(match[1]) if match else HEAD_ORDER


def state_of(states: Iterable[str]) -> str | None:
    """Gives the state that all share, or `None` where they disagree."""
    different = set(states)
    return different.pop() if len(different) == 1 else None


def state_text(first: Iterable[str], last: Iterable[str]) -> str:
    """Says in what state a layer is over the seeds, before training and at its end.

    Such as `flows`, or `flows, then flows 1 of 2, zero 1 of 2`.
    """
    texts = [_across_seeds(list(states)) for states in (first, last)]
    return ", then ".join(dict.fromkeys(texts))


def _across_seeds(states: list[str]) -> str:
    counts = Counter(states)
    if len(counts) == 1:
        return states[0]
    ordered = [state for state in STATES if counts[state]]
    return ", ".join(f"{state} {counts[state]} of {len(states)}" for state in ordered)


def reach_rows(gradients: pd.DataFrame) -> list[ReachRow]:
    """Sums up which layers get a gradient, from the table of all runs.

    There is a row for each placement and input gradient, in the order in which they come; heads
    between which nothing differs share it. Frozen layers take no part, nor do those that are
    neither quanvolutions nor their twins.
    """
    gradients = gradients[~gradients.state.isin(FROZEN)]
    gradients = gradients.assign(order=gradients["layer"].map(layer_order))
    gradients = gradients[gradients.order < HEAD_ORDER]
    rows: dict[tuple, list[str]] = {}
    for key, setting in gradients.groupby(["placement", "input_gradient"], sort=False):
        for head, here in setting.groupby("head", sort=False):
            variants = here.groupby("variant", sort=False)
            cells = tuple((variant, _states(runs)) for variant, runs in variants)
            rows.setdefault((*key, cells, setting.seed.nunique()), []).append(head)
    return [
        ReachRow(placement, bool(on), tuple(heads), dict(cells), n_seeds)
        for (placement, on, cells, n_seeds), heads in rows.items()
    ]


def _states(runs: pd.DataFrame) -> tuple[str, ...]:
    texts = []
    for _, layer in runs.groupby("order", sort=True):
        epochs = layer.groupby("seed").epoch
        first = layer.loc[layer.epoch == epochs.transform("min"), "state"]
        last = layer.loc[layer.epoch == epochs.transform("max"), "state"]
        texts.append(state_text(first, last))
    return tuple(texts)
