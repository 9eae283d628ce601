"""One training run: its configuration, its folder, what is done with its model."""

from typing import TYPE_CHECKING

from tfq_resqunn._utils import lazy

if TYPE_CHECKING:
    from tfq_resqunn.runs.config import RunConfig as RunConfig
    from tfq_resqunn.runs.evaluation import Evaluation as Evaluation
    from tfq_resqunn.runs.evaluation import evaluate as evaluate
    from tfq_resqunn.runs.evaluation import load_trained as load_trained
    from tfq_resqunn.runs.prediction import Predictions as Predictions
    from tfq_resqunn.runs.prediction import predict as predict
    from tfq_resqunn.runs.result import RunResult as RunResult
    from tfq_resqunn.runs.training import train as train

_HOMES = {
    "tfq_resqunn.runs.config": ("RunConfig",),
    "tfq_resqunn.runs.evaluation": ("Evaluation", "evaluate", "load_trained"),
    "tfq_resqunn.runs.prediction": ("Predictions", "predict"),
    "tfq_resqunn.runs.result": ("RunResult",),
    "tfq_resqunn.runs.training": ("train",),
}
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = lazy.attach(__name__, _HOMES)
