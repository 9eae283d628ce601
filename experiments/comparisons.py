"""What the experiment compares, beyond what the report of a single study does."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from tfq_resqunn.study.report.comparisons import compare_controls, family
from tfq_resqunn.study.report.statistics import Interval, mean_interval
from tfq_resqunn.study.results import select

ACCURACY = "test_accuracy"


def control_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Gives trained minus each control of one data set, without what is no control there.

    In a plain stack, layers that give zero leave nothing to the head.
    """
    rows = table[~((table.placement == "none") & (table.variant == "shortcuts"))]
    return compare_controls(rows)


def placement_differences(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Gives trained networks with residuals minus plain stacks, for each data set, one family."""
    pairs = [_pairs(_trained(t, False), _trained(t, True), name) for name, t in tables.items()]
    return family(pd.concat(pairs), ["comparison"])


def depth_differences(tables: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Gives all comparisons of question 5, as one family; `tables` are those of each depth.

    Each depth of the plain stack, and of the residual network, against one layer; gradients that
    flow against those that are stopped; trained against frozen; and trained residual networks
    against their shortcuts alone.
    """
    pairs = []
    for depth, table in tables.items():
        for placement, is_plain in (("plain", True), ("residuals", False)):
            trained = _trained(table, is_plain)
            here = table[(table.placement == "none") == is_plain]
            others = {"frozen": select(here, variant="frozen")}
            if not is_plain:
                others["shortcuts alone"] = select(here, variant="shortcuts")
            if depth > 1:
                stopped = select(here, variant="trainable", input_gradient=False)
                others["gradients stopped"] = stopped
                others["one layer"] = _trained(tables[1], is_plain)
            for name, other in others.items():
                pairs.append(_pairs(trained, other, f"{depth}, {placement}: trained − {name}"))
    return family(pd.concat(pairs), ["comparison"])


def geometric_interval(values: pd.Series) -> Interval:
    """Gives the geometric mean of positive values, with the interval of their logarithms' mean."""
    found = mean_interval(np.log(values))
    return Interval(math.exp(found.mean), math.exp(found.low), math.exp(found.high), found.n)


def _trained(table: pd.DataFrame, is_plain: bool) -> pd.DataFrame:
    trained = select(table, variant="trainable", input_gradient=True)
    return trained[(trained.placement == "none") == is_plain]


def _pairs(first: pd.DataFrame, second: pd.DataFrame, name: str) -> pd.DataFrame:
    columns = ["seed", ACCURACY]
    merged = first[columns].merge(second[columns], on="seed", suffixes=("", "_second"))
    return merged.assign(comparison=name)
