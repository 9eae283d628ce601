"""Asks what the outcomes of frozen circuits hold, whatever their size.

Usage: python -m experiments.outcomes

Networks learn little from outcomes that are all small. Here the outcomes of each frozen plain stack
on digits, before the head, get the mean 0 and the standard deviation 1, and scikit-learn fits a
logistic regression to them: a head as the network has, but for the size of what it sees.
"""

import os

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from experiments.again import config_of
from experiments.studies import parts
from experiments.tables import RESULTS, read_chosen
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.study.results import select

OUTCOMES = RESULTS / "frozen-outcomes.csv"


def main() -> None:
    """Writes a row for each seed: what the network reached, and what the regression does."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    (part,) = (part for part in parts({}) if part.name == "arms-digits")
    frozen = select(read_chosen(part.name), placement="none", variant="frozen")
    rows = []
    for _, record in frozen.sort_values("seed").iterrows():
        spread, accuracy = read_out(config_of(part, record))
        rows.append((record.seed, record.test_accuracy, spread, accuracy))
        print(*rows[-1], flush=True)
    columns = ["seed", "network", "spread", "regression"]
    pd.DataFrame(rows, columns=columns).to_csv(OUTCOMES, index=False, float_format="%.6g")


def read_out(config: RunConfig) -> tuple[float, float]:
    """Gives the largest standard deviation of an outcome, and the regression's test accuracy."""
    from tfq_resqunn import set_seed
    from tfq_resqunn._utils.keras import keras
    from tfq_resqunn.runs.training import build_model, load_data

    data = load_data(config)
    set_seed(config.seed)
    model = build_model(config, data)
    body = keras.Model(model.inputs, model.layers[-2].output)
    train, test = (body.predict(x, verbose=0) for x in (data.x_train, data.x_test))
    regression = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    regression.fit(train, data.y_train)
    return float(np.std(train, axis=0).max()), float(regression.score(test, data.y_test))


if __name__ == "__main__":
    main()
