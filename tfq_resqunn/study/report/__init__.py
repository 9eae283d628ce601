"""The report of a study: what its runs show, as text, tables and figures."""

from tfq_resqunn.study.report.writing import write_report

__all__ = ["write_report"]
