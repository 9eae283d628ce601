"""Studies: every placement, with and without input gradients, over seeds, and their report."""

from typing import TYPE_CHECKING

from tfq_resqunn._utils import lazy

if TYPE_CHECKING:
    from tfq_resqunn.study.config import StudyConfig as StudyConfig
    from tfq_resqunn.study.report import write_report as write_report
    from tfq_resqunn.study.results import Results as Results
    from tfq_resqunn.study.results import load_results as load_results
    from tfq_resqunn.study.run import StudyRun as StudyRun
    from tfq_resqunn.study.runner import Progress as Progress
    from tfq_resqunn.study.runner import run_study as run_study

_HOMES = {
    "tfq_resqunn.study.config": ("StudyConfig",),
    "tfq_resqunn.study.report": ("write_report",),
    "tfq_resqunn.study.results": ("Results", "load_results"),
    "tfq_resqunn.study.run": ("StudyRun",),
    "tfq_resqunn.study.runner": ("Progress", "run_study"),
}
if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = lazy.attach(__name__, _HOMES)
