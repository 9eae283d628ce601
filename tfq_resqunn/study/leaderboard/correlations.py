"""Whether numbers of circuits predict accuracy: rank correlations, and what they show."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from tfq_resqunn.study.leaderboard.columns import PREDICTORS
from tfq_resqunn.study.leaderboard.tables import by_network
from tfq_resqunn.study.report.statistics import holm

MIN_CIRCUITS = 6  # from here on three corrected tests can fall below 0.05
SIGNIFICANCE = 0.05
N_RESAMPLES = 9999  # permutations; all of them, where they are no more


def correlations(table: pd.DataFrame) -> pd.DataFrame:
    """Tests whether circuits that are better by a predictor's rank are better by accuracy.

    Circuits are compared where all else is the same: the network, its training, the images. A row
    is a test: `network` (its place in `by_network`), `predictor`, `n` circuits, Spearman's `rho`,
    its two-sided `p` from permutations, `p_corrected` by Holm's method for all rows, and whether
    the correlation `is_shown`: whether that is below 0.05.

    Fewer than six circuits are not tested, nor is a predictor that is the same for all.
    """
    tests = []
    for network, alike in enumerate(by_network(table)):
        for predictor in PREDICTORS:
            values = alike[[predictor, "accuracy"]].dropna()
            if len(values) >= MIN_CIRCUITS and (np.ptp(values, axis=0) > 0).all():
                x, y = values.to_numpy().T
                tests.append((network, predictor, len(values), *spearman(x, y)))
    found = pd.DataFrame(tests, columns=["network", "predictor", "n", "rho", "p"])
    found["p_corrected"] = holm(found.p)
    found["is_shown"] = found.p_corrected < SIGNIFICANCE
    return found


def spearman(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Gives Spearman's rank correlation, and its two-sided p from permutations of one side.

    SciPy's own p of Spearman's rests on a t distribution, which needs hundreds of pairs. With up to
    seven pairs all permutations are counted; beyond, 9999 of a fixed seed.

    Example:
        >>> rho, p = spearman([1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60])
        >>> round(rho, 9), round(720 * p)  # of all 6! orders, 2 are as extreme
        (1.0, 2)
    """
    permutations = stats.PermutationMethod(
        n_resamples=N_RESAMPLES, random_state=np.random.default_rng(0)
    )
    # Spearman's is Pearson's of ranks.
    result = stats.pearsonr(stats.rankdata(x), stats.rankdata(y), method=permutations)
    return float(result.statistic), float(result.pvalue)
