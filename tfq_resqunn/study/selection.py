"""Rows of a table by the settings of their runs."""

import pandas as pd


def select(table: pd.DataFrame, **setting) -> pd.DataFrame:
    """Gives the rows whose columns have these values.

    Example:
        >>> table = pd.DataFrame({"head": ["linear", "none"], "seed": [0, 1]})
        >>> select(table, head="none").seed.to_list()
        [1]
    """
    for column, value in setting.items():
        table = table[table[column] == value]
    return table
