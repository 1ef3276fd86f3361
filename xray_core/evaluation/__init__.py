"""Evaluation: how good the predictions are, on how many images, and how sure we are."""

from xray_core.evaluation.metrics import confusion_counts, recall_per_class, summarise
from xray_core.evaluation.report import build_report, report_run

__all__ = ["build_report", "confusion_counts", "recall_per_class", "report_run", "summarise"]
