"""The test accuracies of a study as plain text, for the terminal."""

import pandas as pd

from tfq_resqunn.study.results import Results

NAMES = {
    ("trainable", True): "trained",
    ("trainable", False): "trained, stopped",
    ("frozen", True): "frozen",
    ("classical", True): "classical",
    ("classical", False): "classical, stopped",
}


def accuracy_table(results: Results) -> str:
    """Writes the mean test accuracy over the seeds; "stopped" is without input gradients."""
    if results.table.empty:
        return "No run is done yet."
    table = results.table
    pairs = zip(table["variant"], table["input_gradient"], strict=True)
    table = table.assign(network=[NAMES[pair] for pair in pairs])
    means = table.pivot_table(
        index=["head", "placement"], columns="network", values="test_accuracy", sort=False
    )
    means = means[[name for name in NAMES.values() if name in means.columns]]
    n_seeds = table["seed"].nunique()
    title = f"test accuracy, mean of {n_seeds} seeds" if n_seeds > 1 else "test accuracy, one seed"
    return f"{title}\n{_align(means)}"


def _align(means: pd.DataFrame) -> str:
    rows = [["head", "placement", *means.columns]]
    for (head, placement), values in means.iterrows():
        rows.append([head, placement, *("-" if pd.isna(v) else f"{v:.3f}" for v in values)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    )
