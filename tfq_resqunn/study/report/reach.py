"""Which layers a gradient reaches, before training and at its end, across seeds."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

STATES = ("flows", "zero", "none", "nan")
FROZEN = ("frozen", "static")  # the second in files of versions before 0.3
HEAD_ORDER = 10**6  # after any quanvolutional layer


@dataclass(frozen=True)
class ReachRow:
    """What reaches the layers of one setting.

    Attributes:
        placement: Of the residuals.
        input_gradient: Whether input gradients flow.
        heads: The heads with which it is so.
        cells: By variant, the state of each layer, from the first to the last, as text; see
            `state_text`.
        n_seeds: Over so many seeds.
    """

    placement: str
    input_gradient: bool
    heads: tuple[str, ...]
    cells: dict[str, tuple[str, ...]]
    n_seeds: int


def layer_order(name: str) -> int:
    """Gives the place of a layer in the network by its name, for quanvolutions and their twins.

    Example:
        >>> layer_order("quanv_2"), layer_order("conv_1/conv2d"), layer_order("head") > 2
        (2, 1, True)
    """
    match = re.match(r"(?:quanv|conv)_([0-9]+)(?:/|$)", name)
    return int(match[1]) if match else HEAD_ORDER


def layer_label(name: str) -> str:
    """Says the place of a layer for the eye: `layer 2`, or the layer's own name."""
    order = layer_order(name)
    return name if order == HEAD_ORDER else f"layer {order}"


def state_of(states: Iterable[str]) -> str | None:
    """Gives the state that all share, or `None` where they disagree."""
    different = set(states)
    return different.pop() if len(different) == 1 else None


def state_text(first: Iterable[str], last: Iterable[str]) -> str:
    """Says in what state a layer is over the seeds, before training and at its end.

    Example:
        >>> state_text(["flows", "flows"], ["flows", "flows"])
        'flows'
        >>> state_text(["flows", "flows"], ["zero", "flows"])
        'flows, then flows 1 of 2, zero 1 of 2'
    """
    texts = [_across_seeds(list(states)) for states in (first, last)]
    return texts[0] if texts[0] == texts[1] else f"{texts[0]}, then {texts[1]}"


def _across_seeds(states: list[str]) -> str:
    counts = Counter(states)
    if len(counts) == 1:
        return states[0]
    ordered = [state for state in STATES if counts[state]]
    return ", ".join(f"{state} {counts[state]} of {len(states)}" for state in ordered)


def reach_rows(gradients: pd.DataFrame) -> list[ReachRow]:
    """Sums up which layers get a gradient; heads between which nothing differs share a row.

    Args:
        gradients: Of all runs, as in `Results`. Frozen layers have none and take no part, nor do
            layers other than quanvolutions and their twins.

    Returns:
        A row for each placement and input gradient, in the order in which they come.
    """
    gradients = gradients[~gradients.state.isin(FROZEN)]
    gradients = gradients.assign(order=gradients["layer"].map(layer_order))
    gradients = gradients[gradients.order < HEAD_ORDER]
    rows: dict[tuple, list[str]] = {}
    for key, setting in gradients.groupby(["placement", "input_gradient"], sort=False):
        for head, here in setting.groupby("head", sort=False):
            cells = {
                variant: _states(runs) for variant, runs in here.groupby("variant", sort=False)
            }
            same = (*key, tuple(cells.items()), setting.seed.nunique())
            rows.setdefault(same, []).append(head)
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
